import pytest

from tianji.config import Reference, as_written, parse, revealed, without_secrets
from tianji.config.references import find_reference, holds_secret
from tianji.settings import Secret


def model(params: str, environ: dict[str, str]) -> tuple[dict[str, object], list[str]]:
    text = f"model_list: [{{model_name: a, litellm_params: {{model: openai/a, {params}}}}}]"
    loaded = parse(text, "c.yaml", environ)
    return loaded.models[0].params, [f"{p.severity}: {p.message}" for p in loaded.problems]


@pytest.mark.parametrize("text", ["os.environ/KEY", "$KEY", "${KEY}"])
def test_every_form_of_reference_takes_the_variable(text: str) -> None:
    params, problems = model(f"api_key: '{text}'", {"KEY": "sk-1"})

    assert problems == []
    assert revealed(params)["api_key"] == "sk-1"
    assert as_written(params)["api_key"] == text


@pytest.mark.parametrize("text", ["price: $5", "$", "${}", "a$KEY", "cost $KEY", "os.environ/", "$1"])
def test_text_with_a_dollar_is_not_a_reference(text: str) -> None:
    assert find_reference(text, {"KEY": "x"}) is None


def test_a_braced_reference_is_filled_in_inside_a_text() -> None:
    params, problems = model("api_base: 'http://${HOST}:${PORT}/v1'", {"HOST": "h", "PORT": "1"})

    assert problems == []
    assert revealed(params)["api_base"] == "http://h:1/v1"


def test_an_unset_variable_is_a_warning_and_its_value_is_as_if_not_given() -> None:
    params, problems = model("api_key: os.environ/KEY", {})

    assert problems == ["warning: the environment variable KEY is not set; the value counts as not given"]
    assert params["api_key"] == Reference("os.environ/KEY", ("KEY",))
    assert revealed(params)["api_key"] is None


def test_an_unset_variable_inside_a_text_leaves_the_text() -> None:
    params, problems = model("api_base: 'http://${HOST}/v1'", {})

    assert problems == ["warning: the environment variable HOST is not set; the text stays as it is written"]
    assert revealed(params)["api_base"] == "http://${HOST}/v1"


def test_an_unset_variable_for_a_required_field_is_an_error() -> None:
    loaded = parse("model_list: [{model_name: a, litellm_params: {model: $MODEL}}]", "c.yaml", {})

    assert [p.message for p in loaded.errors] == ["the environment variable MODEL is not set"]


def test_a_variable_is_held_against_the_kind_of_its_field() -> None:
    params, problems = model("timeout: $SECONDS, drop_params: $DROP", {"SECONDS": "30", "DROP": "true"})

    assert problems == []
    assert (revealed(params)["timeout"], revealed(params)["drop_params"]) == (30.0, True)


def test_a_variable_of_the_wrong_kind_is_an_error_that_does_not_show_it() -> None:
    _, problems = model("timeout: $SECONDS", {"SECONDS": "hidden"})

    assert problems == ["error: SECONDS must hold a number"]


def test_what_surrounds_a_reference_is_not_printed() -> None:
    reference = find_reference("https://user:hidden@${HOST}", {"HOST": "h"})

    assert "hidden" not in repr(reference)


def test_secrets_and_references_are_parted_from_the_rest() -> None:
    params, _ = model(
        "api_key: sk-1, api_base: $BASE, timeout: 3, extra_headers: {api-key: x}", {"BASE": "b"}
    )

    plain, hidden = without_secrets(params)

    assert plain == {"model": "openai/a", "timeout": 3}
    assert as_written(hidden) == {"api_key": "sk-1", "api_base": "$BASE", "extra_headers": {"api-key": "x"}}


def test_lists_are_opened_too() -> None:
    assert revealed([Secret("a"), {"b": Secret("c")}]) == ["a", {"b": "c"}]
    assert as_written([Secret("a"), Reference("$B", ("B",))]) == ["a", "$B"]


@pytest.mark.parametrize(
    "name", ["api_key", "Authorization", "x-api-key", "client_secret", "password", "token"]
)
def test_names_that_hold_secrets_are_known(name: str) -> None:
    assert holds_secret(name)


@pytest.mark.parametrize(
    "name", ["max_tokens", "input_cost_per_token", "model", "public_key", "monkey", "keyword"]
)
def test_names_that_hold_none_are_left_alone(name: str) -> None:
    assert not holds_secret(name)
