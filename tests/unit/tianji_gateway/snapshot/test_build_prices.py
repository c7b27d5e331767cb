"""Prices in a snapshot: the published table, and what the settings take off and put on."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tianji.domain.deployments import Deployment
from tianji.domain.sealed import Sealer
from tianji.domain.snapshot import DEPLOYMENT, PRICES, SETTINGS, Prices, Settings, record_name
from tianji.pricing.packed import pack
from tianji.providers import provider
from tianji_gateway.snapshot.apply import Revision
from tianji_gateway.snapshot.build import Builder, BuildFailed

MODEL = Deployment(id="d", model_name="m", provider="openai", model="gpt-4o", params={"api_key": "k"})


def revision(rate: str | None = None, **calls: Any) -> Revision:
    records = {
        record_name(DEPLOYMENT, "d"): msgspec.json.encode(MODEL),
        record_name(SETTINGS, "global"): msgspec.json.encode(Settings(calls=calls)),
    }
    if rate is not None:
        line = f'{{"model":"gpt-4o","provider":"openai","rates":{{"input":"{rate}e-6"}}}}\n'
        table = b'{"version":"v","source":""}\n' + line.encode()
        records[record_name(PRICES, "global")] = msgspec.json.encode(Prices(version="v", packed=pack(table)))
    return Revision(1, 1, records)


@pytest.fixture
def builder() -> Builder:
    return Builder(Sealer("salt"), {}, provider)


def input_of(builder: Builder, revision: Revision) -> float:
    (target,) = builder.build(revision).targets_for("m")
    return float(target.price.rates(1)["input"] * 1_000_000)


def test_a_published_table_takes_the_place_of_the_shipped_one_and_gives_it_back(builder: Builder) -> None:
    shipped = input_of(builder, revision())
    assert input_of(builder, revision("77")) == 77
    assert input_of(builder, revision("78")) == 78
    assert input_of(builder, revision()) == shipped != 77


def test_discounts_and_margins_are_in_the_price(builder: Builder) -> None:
    discounts, margins = {"openai": 0.5}, {"global": 0.1}
    assert input_of(builder, revision("100", cost_discount_config=discounts)) == 50
    both = revision("100", cost_discount_config=discounts, cost_margin_config=margins)
    assert input_of(builder, both) == 55


def test_a_table_that_cannot_be_read_is_no_revision(builder: Builder) -> None:
    broken = revision("1")
    records = {**broken.records, record_name(PRICES, "global"): b'{"version":"v","packed":"AAAA"}'}
    with pytest.raises(BuildFailed):
        builder.build(Revision(1, 1, records))


def test_addresses_are_known_to_the_snapshot(builder: Builder) -> None:
    assert builder.build(revision()).allowed_ips is None
    settings = msgspec.json.encode(Settings(general={"allowed_ips": ["10.0.0.1"]}))
    given = Revision(1, 1, {record_name(SETTINGS, "global"): settings})
    assert builder.build(given).allowed_ips == ("10.0.0.1",)
