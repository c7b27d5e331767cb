from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianji.pricing.cost import cost, text
from tianji.pricing.price import Price, bands_of, join_key
from tianji.wire.neutral import Usage


def price(**rates: str) -> Price:
    return Price(known=True, bands=bands_of({key: D(rate) for key, rate in rates.items()}))


OPENAI = price(input="2.5e-6", cache_read="1.25e-6", output="10e-6", **{"input@batch": "1.25e-6"})
ANTHROPIC = price(
    input="3e-6", output="15e-6", cache_read="0.3e-6", cache_write="3.75e-6", cache_write_1h="6e-6"
)
GEMINI = price(
    **{
        "input": "1.25e-6",
        "input>200000": "2.5e-6",
        "output": "10e-6",
        "output>200000": "15e-6",
        "cache_read": "0.125e-6",
        "cache_read>200000": "0.25e-6",
    }
)
AUDIO = price(input="2.5e-6", output="10e-6", input_audio="40e-6", output_audio="80e-6")


def test_openai_charges_cached_tokens_once_at_the_cached_rate():
    spent = cost(Usage(input_tokens=2006, output_tokens=300, cache_read_tokens=1920), OPENAI)

    # 86 x 2.5 + 1920 x 1.25 + 300 x 10 millionths
    assert spent.input == D("0.000215")
    assert spent.cache_read == D("0.0024")
    assert spent.output == D("0.003")
    assert spent.total == D("0.005615")


def test_anthropic_charges_writes_of_five_minutes_of_one_hour_and_reads_apart():
    usage = Usage(
        input_tokens=100 + 2000 + 3000 + 40000,
        output_tokens=500,
        cache_read_tokens=40000,
        cache_write_tokens=5000,
        cache_write_1h_tokens=3000,
    )

    spent = cost(usage, ANTHROPIC)

    assert spent.input == D("0.0003")
    assert spent.cache_creation == D("0.0255")  # 2000 x 3.75 + 3000 x 6 millionths
    assert spent.cache_read == D("0.012")
    assert spent.output == D("0.0075")
    assert spent.total == D("0.0453")


def test_gemini_charges_the_whole_call_at_the_long_rates_above_200k_cached_tokens_included():
    usage = Usage(input_tokens=250_000, output_tokens=3000, cache_read_tokens=100_000, reasoning_tokens=2000)

    spent = cost(usage, GEMINI)

    assert spent.input == D("0.375")
    assert spent.cache_read == D("0.025")
    assert spent.reasoning == D("0.03")
    assert spent.output == D("0.015")
    assert spent.total == D("0.445")


def test_a_prompt_of_exactly_the_threshold_still_costs_the_short_rates():
    assert cost(Usage(input_tokens=200_000), GEMINI).total == D("0.25")
    assert cost(Usage(input_tokens=200_001), GEMINI).total == D("0.5000025")


def test_audio_tokens_are_charged_apart_from_text():
    usage = Usage(input_tokens=1100, input_audio_tokens=1000, output_tokens=250, output_audio_tokens=200)

    spent = cost(usage, AUDIO)

    assert spent.input == D("0.00025")
    assert spent.input_audio == D("0.04")
    assert spent.output == D("0.0005")
    assert spent.output_audio == D("0.016")
    assert spent.total == D("0.05675")


def test_a_reasoning_rate_of_its_own_takes_the_reasoning_tokens_out_of_the_output():
    spent = cost(
        Usage(input_tokens=0, output_tokens=1000, reasoning_tokens=600),
        price(output="4e-6", reasoning="10e-6"),
    )

    assert (spent.output, spent.reasoning) == (D("0.0016"), D("0.006"))


def test_cached_tokens_without_a_rate_cost_as_much_as_plain_input():
    usage = Usage(input_tokens=100, cache_read_tokens=40, cache_write_tokens=30, cache_write_1h_tokens=10)

    assert cost(usage, price(input="1e-6")).total == D("0.0001")


def test_an_explicit_zero_is_a_real_rate():
    usage = Usage(input_tokens=100, cache_read_tokens=40)

    assert cost(usage, price(input="1e-6", cache_read="0")).total == D("0.00006")


def test_a_batch_costs_its_own_rate_and_the_standard_one_where_it_has_none():
    usage = Usage(input_tokens=1000, output_tokens=100)

    assert cost(usage, OPENAI, "batch").parts() == {"input": D("0.00125"), "output": D("0.001")}


@pytest.mark.parametrize("tier", [None, "", "auto", "default", "standard", "unheard_of"])
def test_an_unpriced_service_tier_costs_the_standard_rates(tier):
    assert cost(Usage(input_tokens=1000), OPENAI, tier).total == D("0.0025")


def test_counts_that_contradict_each_other_never_charge_a_token_twice():
    usage = Usage(
        input_tokens=10, cache_read_tokens=8, cache_write_tokens=8, input_audio_tokens=8, output_tokens=-5
    )

    assert cost(usage, price(input="1", output="1")).total == D(10)


def test_web_searches_and_other_units_are_parts_of_their_own():
    searching = price(input="1e-6", search_medium="0.03", search_high="0.05", output_image="0.04")

    by_usage = cost(Usage(input_tokens=1, web_searches=2), searching)
    by_units = cost(
        Usage(web_searches=2), searching, units={"search_high": 2, "output_image": 3, "unknown": 9}
    )

    assert by_usage.tools == D("0.06")
    assert (by_units.tools, by_units.units) == (D("0.10"), D("0.12"))
    assert by_units.unit_parts == {"search_high": D("0.10"), "output_image": D("0.12")}


def test_a_price_per_call_is_charged_with_every_call():
    assert cost(Usage(), price(request="0.005")).total == D("0.005")


def test_an_unknown_price_costs_nothing_and_says_so():
    spent = cost(Usage(input_tokens=1000), Price(known=False))

    assert (spent.known, spent.total, spent.parts()) == (False, D(0), {})


def test_an_unknown_price_takes_what_the_provider_says_the_call_cost():
    spent = cost(Usage(input_tokens=1000, cost_usd="0.00123"), Price(known=False))

    assert (spent.known, spent.total) == (True, D("0.00123"))


@pytest.mark.parametrize("stated", ["", "free", "-1", "NaN", "Infinity"])
def test_a_stated_cost_that_is_no_amount_is_not_believed(stated):
    assert cost(Usage(cost_usd=stated), Price(known=False)).known is False


@pytest.mark.parametrize(
    ("amount", "written"), [("0.0000001", "0.0000001"), ("2.500", "2.5"), ("0", "0"), ("1E+2", "100")]
)
def test_money_is_written_without_exponent(amount, written):
    assert text(D(amount)) == written


NAMES = ["input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning", "input_audio"]
rate = st.decimals(min_value=0, max_value=1, places=12)
prices = st.dictionaries(
    st.builds(
        join_key,
        st.sampled_from(NAMES),
        st.sampled_from([0, 1000]),
        st.sampled_from(["", "batch", "priority"]),
    ),
    rate,
).map(lambda flat: Price(known=True, bands=bands_of(flat)))
count = st.integers(min_value=-10, max_value=10_000_000)
usages = st.builds(
    Usage,
    input_tokens=count,
    output_tokens=count,
    cache_read_tokens=count,
    cache_write_tokens=count,
    cache_write_1h_tokens=count,
    reasoning_tokens=count,
    input_audio_tokens=count,
    output_audio_tokens=count,
)
tiers = st.sampled_from([None, "batch", "priority", "flex"])


@given(usages, prices, tiers)
def test_parts_are_never_negative_and_add_up_to_the_total(usage, price, tier):
    spent = cost(usage, price, tier)

    assert all(part >= 0 for part in spent.parts().values())
    assert sum(spent.parts().values(), D(0)) == spent.total
    assert D(text(spent.total)) == spent.total


@given(usages, prices, tiers, st.integers(min_value=1, max_value=1000))
def test_one_token_more_never_costs_less_within_a_band(usage, price, tier, more):
    before = cost(usage, price, tier).total

    usage.output_tokens += more
    longer = cost(usage, price, tier).total
    assert longer >= before

    same_band = price.rates(usage.input_tokens) is price.rates(usage.input_tokens + more)
    usage.input_tokens += more
    if same_band:
        assert cost(usage, price, tier).total >= longer


@given(usages, rate)
def test_with_one_rate_for_all_every_token_is_charged_exactly_once(usage, rate):
    flat = Price(known=True, bands=bands_of({"input": rate, "output": rate}))

    tokens = max(usage.input_tokens, 0) + max(usage.output_tokens, 0)

    assert cost(usage, flat).total == rate * tokens
