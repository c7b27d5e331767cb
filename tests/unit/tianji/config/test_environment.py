from tianji.config import parse, revealed


def told(text: str, environ: dict[str, str] | None = None) -> list[str]:
    return [f"{p.severity} {p.path}: {p.message}" for p in parse(text, "c.yaml", environ or {}).problems]


def test_variables_of_the_config_are_there_for_references_and_go_first() -> None:
    loaded = parse(
        "environment_variables: {KEY: sk-config}\n"
        "model_list: [{model_name: a, litellm_params: {model: x/a, api_key: os.environ/KEY}}]",
        "c.yaml",
        {"KEY": "sk-process"},
    )

    assert loaded.problems == []
    assert revealed(loaded.models[0].params)["api_key"] == "sk-config"
    assert revealed(loaded.environment) == {"KEY": "sk-config"}


def test_numbers_and_truth_values_are_taken_as_they_are_written() -> None:
    loaded = parse("environment_variables: {REDIS_PORT: 6379, DEBUG: yes, EMPTY: }", "c.yaml", {})

    assert revealed(loaded.environment) == {"REDIS_PORT": "6379", "DEBUG": "yes"}


def test_a_variable_may_refer_to_one_of_the_process() -> None:
    loaded = parse("environment_variables: {OPENAI_API_KEY: os.environ/MINE}", "c.yaml", {"MINE": "sk-1"})

    assert loaded.errors == []
    assert revealed(loaded.environment) == {"OPENAI_API_KEY": "sk-1"}


def test_a_known_variable_that_nothing_reads_is_a_warning() -> None:
    assert told("environment_variables: {LANGFUSE_HOST: http://l}") == [
        "warning environment_variables.LANGFUSE_HOST: is not supported yet: "
        "references can use it, and nothing else reads it"
    ]


def test_an_unknown_variable_names_the_nearest_known_one() -> None:
    [warning] = told("environment_variables: {OPNEAI_API_KEY: x}")

    assert warning.endswith("did you mean OPENAI_API_KEY?")


def test_a_variable_that_is_no_text_is_an_error() -> None:
    assert told("environment_variables: {A: [1]}") == [
        "error environment_variables.A: must be text, not a list"
    ]
    assert told("environment_variables: [A]") == [
        "error environment_variables: must be a mapping, not a list"
    ]


def test_a_key_that_a_provider_looks_up_needs_no_reference() -> None:
    assert (
        told("environment_variables: {OPENAI_API_KEY: x, AZURE_API_BASE: https://a, HOSTED_VLLM_API_KEY: y}")
        == []
    )
