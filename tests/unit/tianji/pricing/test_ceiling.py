"""What a call costs at most, and how long an answer an amount pays for: two sides of one line."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tianji.pricing.ceiling import UNBOUNDED, Ceilings, Manner
from tianji.pricing.cost import cost
from tianji.pricing.price import Price, bands_of
from tianji.wire.neutral import Usage

RATES = {
    "input": Decimal("0.0000001234567"),
    "output": Decimal("0.00000046"),
    "input>1000": Decimal("0.000002"),
    "input@priority": Decimal("0.000009"),
    "cache_write": Decimal("0.0000003"),
    "output_audio": Decimal("0.00001"),
    "request": Decimal("0.0001"),
    "search_high": Decimal("0.05"),
}
CEILINGS = Ceilings(Price(known=True, bands=bands_of(RATES)))
tokens = st.integers(0, 200_000)


@given(tokens, tokens)
def test_no_call_costs_more_than_its_ceiling_and_none_is_held_to_much_more(input: int, output: int) -> None:
    price = Price(known=True, bands=bands_of(RATES))
    spent = cost(Usage(input_tokens=input, output_tokens=output), price).total * 10**9

    most = CEILINGS.of(input, Manner()).nano(input, output)

    assert spent <= most < spent + 1


@given(tokens, st.integers(0, 10**9))
def test_an_amount_pays_for_so_many_tokens_and_for_no_more(input: int, nano: int) -> None:
    ceiling = CEILINGS.of(input, Manner())

    paid = ceiling.output_for(nano, input)

    assert ceiling.nano(input, paid) <= nano or paid == 0
    assert ceiling.nano(input, paid + 1) > nano


def test_what_a_call_may_do_beside_raises_its_ceiling() -> None:
    def nano(input: int, **manner: object) -> int:
        return CEILINGS.of(input, Manner(**manner)).nano(input, 10)

    plain = nano(1000)
    assert plain == 100_000 + 123_457 + 4_600  # the call, 1000 times 123.4567, the output
    assert nano(1000, cached=True) == 100_000 + 300_000 + 4_600
    assert nano(1000, sound=True) == 100_000 + 123_457 + 100_000
    assert nano(1000, searches=2) == plain + 2 * 50_000_000
    assert nano(1000, tier="priority") == 100_000 + 9_000_000 + 4_600
    assert nano(1000, tier="a tier that nobody knows") == plain
    assert nano(1001) == 100_000 + 2_002_000 + 4_600, "a longer prompt is dearer"


def test_a_free_model_answers_for_ever() -> None:
    free = Ceilings(Price(known=False)).of(10, Manner())

    assert (free.nano(10, 1000), free.output_for(0, 10)) == (0, UNBOUNDED)
