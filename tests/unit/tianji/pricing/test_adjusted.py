"""Discounts and margins: taken off and put on a price once, when it is looked up."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tianji.pricing.adjusted import adjusted
from tianji.pricing.cost import cost
from tianji.pricing.lookup import price_of
from tianji.wire.neutral import Usage

PRICE = price_of("openai", "gpt-4o", {"input_cost_per_token": 0.001, "output_cost_per_token": 0.002})
USAGE = Usage(input_tokens=1000, output_tokens=500)
BASE = Decimal(2)


@pytest.mark.parametrize(
    ("discounts", "margins", "wanted"),
    [
        ({}, {}, "2"),
        ({"openai": 0.25}, {}, "1.5"),
        ({"azure": 0.25}, {}, "2"),
        ({"openai": 0.25, "openai/gpt-4*": 0.5}, {}, "1"),
        ({"openai": 0.25, "openai/claude*": 0.5}, {}, "1.5"),
        ({}, {"openai": 0.1}, "2.2"),
        ({}, {"global": 0.1}, "2.2"),
        ({}, {"openai": 0, "global": 0.1}, "2"),
        ({}, {"openai": {"percentage": 0.1, "fixed_amount": 0.05}}, "2.25"),
        ({"openai": 0.5}, {"openai": 0.1}, "1.1"),
        ({"openai": "much"}, {"openai": None}, "2"),
    ],
)
def test_a_call_costs_what_is_left_and_what_is_put_on(discounts, margins, wanted) -> None:
    assert cost(USAGE, PRICE).total == BASE
    assert cost(USAGE, adjusted(PRICE, "openai", "gpt-4o", discounts, margins)).total == Decimal(wanted)


def test_a_price_that_nobody_knows_stays_unknown() -> None:
    unknown = price_of("openai", "no-such-model")
    assert adjusted(unknown, "openai", "no-such-model", {}, {"global": {"fixed_amount": 1}}).known is False
