from __future__ import annotations

from decimal import Decimal as D

import pytest

from tianji.pricing.price import Price, bands_of, join_key, rate_of, split_key


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("input", ("input", 0, "")),
        ("input@batch", ("input", 0, "batch")),
        ("cache_read>200000", ("cache_read", 200_000, "")),
        ("output>272000@flex", ("output", 272_000, "flex")),
    ],
)
def test_a_rate_key_comes_apart_and_together_again(key, parts):
    assert split_key(key) == parts
    assert join_key(*parts) == key


def test_a_longer_prompt_inherits_what_its_band_does_not_name():
    price = Price(
        known=True, bands=bands_of({"input": D(1), "output": D(2), "input>100": D(3), "output>200": D(4)})
    )

    assert price.rates(100) == {"input": D(1), "output": D(2)}
    assert price.rates(101) == {"input": D(3), "output": D(2)}
    assert price.rates(201) == {"input": D(3), "output": D(4)}


def test_a_long_prompt_in_a_tier_without_long_rates_costs_the_standard_long_ones():
    price = Price(known=True, bands=bands_of({"input": D(2), "input@flex": D(1), "input>100": D(4)}))

    assert price.rates(50, "flex") == {"input": D(1)}
    assert price.rates(101, "flex") == {"input": D(4)}


def test_a_price_without_rates_has_none():
    assert Price(known=False).rates(5) == {}
    assert rate_of({}, "cache_write_1h") == 0


def test_an_image_model_bills_its_output_as_image_tokens():
    assert rate_of({"output_image_token": D(7)}, "reasoning") == D(7)


def test_an_ability_is_had_lacked_or_unknown():
    price = Price(known=False, has=frozenset({"vision"}), lacks=frozenset({"sampling_params"}))

    assert [price.supports(a) for a in ("vision", "sampling_params", "audio_input")] == [True, False, None]
