import pytest

from tianji.config import parse


def told(text: str, environ: dict[str, str] | None = None) -> list[str]:
    return [f"{p.severity} {p.path}: {p.message}" for p in parse(text, "c.yaml", environ or {}).problems]


def of_params(params: str) -> list[str]:
    found = told(f"model_list: [{{model_name: a, litellm_params: {{model: openai/a, {params}}}}}]")
    return [problem.replace("model_list[0].litellm_params.", "") for problem in found]


def test_a_field_of_a_later_feature_is_told_once_with_what_happens_instead() -> None:
    assert told("litellm_settings: {cache: true, cache_params: {type: redis, host: os.environ/GONE}}") == [
        "warning litellm_settings.cache: is not supported yet: no answer is cached",
        "warning litellm_settings.cache_params: is not supported yet: no answer is cached",
    ]


def test_a_later_feature_that_is_switched_off_is_not_worth_a_word() -> None:
    assert told("litellm_settings: {cache: false, callbacks: [], cache_params: null}") == []


def test_a_later_feature_is_still_checked_for_kinds_and_names() -> None:
    assert told(
        "guardrails: [{guardrail_name: a, litellm_params: {guardrail: x, default_on: maybe}, guardial: 1}]"
    ) == [
        "warning guardrails: is not supported yet: no guardrail runs",
        "error guardrails[0].litellm_params.default_on: must be true or false, not text",
        "warning guardrails[0].guardial: is not a known field: it is ignored; did you mean guardrail_id?",
    ]


def test_an_unknown_field_names_the_nearest_known_one() -> None:
    assert of_params("temperture: 0.3") == [
        "warning temperture: is not a known field: it is sent to the provider as a request parameter; "
        "did you mean temperature?"
    ]
    assert told("litelm_settings: {}") == [
        "warning litelm_settings: is not a known field: it is ignored; did you mean litellm_settings?"
    ]


def test_a_field_in_the_wrong_section_is_told_where_it_belongs() -> None:
    assert told("general_settings: {drop_params: true}") == [
        "warning general_settings.drop_params: is not a known field: it is ignored; "
        "it belongs to litellm_settings"
    ]


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ("timeout: soon", "error timeout: must be a number, not text"),
        ("timeout: [1]", "error timeout: must be a number, not a list"),
        ("timeout: .nan", "error timeout: must be a number, not a number with a fraction"),
        ("max_tokens: 1.5", "error max_tokens: must be a whole number, not a number with a fraction"),
        ("drop_params: maybe", "error drop_params: must be true or false, not text"),
        ("api_key: 5", "error api_key: must be text, not a whole number"),
        ("api_base: {a: b}", "error api_base: must be text, not a mapping"),
        ("extra_body: text", "error extra_body: must be a mapping, not text"),
        ("stop: 5", "error stop: must be text or a list, not a whole number"),
        ("allowed_openai_params: [a, 5]", "error allowed_openai_params[1]: must be text, not a whole number"),
        ("seed: 99999999999999999999", "error seed: must be a whole number"),
        ("extra_body: {a: !!binary aGk=}", "error extra_body.a: must be any value"),
        ("temperature: !odd 1", "error temperature: the YAML tag !odd is not supported"),
    ],
)
def test_a_wrong_kind_is_an_error(params: str, problem: str) -> None:
    [found] = of_params(params)

    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("params", "name", "value"),
    [
        ("input_cost_per_token: 1e-6", "input_cost_per_token", 1e-6),
        ("timeout: '30'", "timeout", 30.0),
        ("max_tokens: 20.0", "max_tokens", 20),
        ("drop_params: 'True'", "drop_params", True),
        ("api_version: 2024-02-01", "api_version", "2024-02-01"),
        ("api_base: null", "api_base", None),
        ("extra_body: {when: 2024-02-01}", "extra_body", {"when": "2024-02-01"}),
    ],
)
def test_what_is_meant_is_understood(params: str, name: str, value: object) -> None:
    text = f"model_list: [{{model_name: a, litellm_params: {{model: openai/a, {params}}}}}]"

    loaded = parse(text, "c.yaml", {})

    assert loaded.problems == []
    assert loaded.models[0].params[name] == value


def test_a_value_that_does_not_work_yet_is_told_apart_from_one_that_does() -> None:
    assert told("router_settings: {routing_strategy: simple-shuffle}") == []
    assert told("router_settings: {routing_strategy: least-busy}") == [
        "warning router_settings.routing_strategy: the value least-busy is not supported yet: "
        "simple-shuffle is used"
    ]
    [error] = told("router_settings: {routing_strategy: fastest}")
    assert error.startswith("error router_settings.routing_strategy: must be one of cost-based-routing, ")


def test_callbacks_are_told_of_unless_each_of_them_works() -> None:
    for one in ("dynamic_rate_limiter", "[dynamic_rate_limiter_v3]", "[]"):
        assert told(f"litellm_settings: {{callbacks: {one}}}") == []
    for one in ("langfuse", "[dynamic_rate_limiter_v3, langfuse]"):
        assert told(f"litellm_settings: {{callbacks: {one}}}") == [
            "warning litellm_settings.callbacks: is not supported yet: "
            "spend is recorded, but no callback is called"
        ]


def test_a_required_field_that_is_empty_is_missing() -> None:
    text = "model_list: [{model_name: '', litellm_params: {model: null}}]"

    assert told(text) == [
        "error model_list[0].model_name: a required field is missing",
        "error model_list[0].litellm_params.model: a required field is missing",
    ]


def test_both_spellings_of_a_section_are_one() -> None:
    loaded = parse("litellm_settings: {drop_params: true}\ntianji_settings: {num_retries: 3}", "c.yaml", {})

    assert loaded.problems == []
    assert loaded.litellm_settings == {"drop_params": True, "num_retries": 3}


def test_two_spellings_of_one_value_are_a_warning_and_the_later_one_counts() -> None:
    loaded = parse("general_settings: {litellm_license: a, tianji_license: b}", "c.yaml", {})

    assert [p.message for p in loaded.problems if "replaces" in p.message] == [
        "replaces litellm_license, another spelling of the same field"
    ]
