import pytest

from tianji.errors import BadRequest
from tianji_gateway.snapshot.params import count_of, number_of, resolved

ENVIRON = {"OPENAI_API_KEY": "sk-1", "TIANJI_MASTER_KEY": "sk-master", "HOST": "h"}


@pytest.mark.parametrize("text", ["os.environ/OPENAI_API_KEY", "$OPENAI_API_KEY", "${OPENAI_API_KEY}"])
def test_references_are_filled_in_from_the_environment(text: str) -> None:
    assert resolved({"api_key": text}, ENVIRON, trusted=True) == {"api_key": "sk-1"}


def test_references_are_filled_in_wherever_they_are() -> None:
    params = {"extra_headers": {"x-host": "http://${HOST}/v1"}, "list": ["os.environ/HOST", 7, None]}

    assert resolved(params, ENVIRON, trusted=True) == {
        "extra_headers": {"x-host": "http://h/v1"},
        "list": ["h", 7, None],
    }


def test_a_parameter_whose_variable_is_not_set_is_left_out() -> None:
    assert resolved({"api_base": "os.environ/NOWHERE", "n": None}, ENVIRON, trusted=True) == {"n": None}


def test_a_model_made_by_a_call_cannot_read_our_own_secrets() -> None:
    params = {"extra_headers": {"x": "os.environ/TIANJI_MASTER_KEY"}}

    with pytest.raises(BadRequest, match="TIANJI_MASTER_KEY") as caught:
        resolved(params, ENVIRON, trusted=False)

    assert "sk-master" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "number"),
    [("60", 60.0), (1, 1.0), (0, None), (-1, None), (True, None), ("x", None), (None, None), ([1], None)],
)
def test_numbers_are_read_as_configs_spell_them(value: object, number: float | None) -> None:
    assert number_of(value) == number
    assert count_of(value) == (None if number is None else int(number))
