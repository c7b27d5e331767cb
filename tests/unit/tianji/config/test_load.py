from pathlib import Path

import pytest

from tianji.config import Reference, load, parse, revealed
from tianji.settings import Secret

CONFIG = """\
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/OPENAI_API_KEY
      timeout: 30
      extra_headers: {Authorization: Bearer hidden, x-team: blue}
    model_info: {id: 7, mode: chat}
litellm_settings: {drop_params: true, request_timeout: 600}
router_settings: {num_retries: 2, model_group_alias: {gpt-4: gpt-4o}}
general_settings: {master_key: sk-hidden}
credential_list:
  - credential_name: east
    credential_values: {api_key: hidden, api_base: http://east}
    credential_info: {custom_llm_provider: azure}
"""


def told(text: str, environ: dict[str, str] | None = None) -> list[str]:
    """Say each problem as `severity line path: message`."""
    problems = parse(text, "c.yaml", environ or {}).problems
    return [f"{p.severity} {p.line} {p.path}: {p.message}" for p in problems]


def test_a_plain_config_loads_without_a_word() -> None:
    loaded = parse(CONFIG, "c.yaml", {"OPENAI_API_KEY": "sk-1"})

    assert loaded.problems == []
    [model] = loaded.models
    assert model.model_name == "gpt-4o"
    assert revealed(model.params) == {
        "model": "openai/gpt-4o",
        "api_key": "sk-1",
        "timeout": 30,
        "extra_headers": {"Authorization": "Bearer hidden", "x-team": "blue"},
    }
    assert model.model_info == {"id": "7", "mode": "chat"}
    assert (model.path, model.place.line) == ("model_list[0]", 2)
    assert loaded.litellm_settings == {"drop_params": True, "request_timeout": 600}
    assert loaded.router_settings == {"num_retries": 2, "model_group_alias": {"gpt-4": "gpt-4o"}}
    assert loaded.general_settings == {"master_key": Secret("sk-hidden")}
    assert loaded.credentials["east"].info == {"custom_llm_provider": "azure"}
    assert revealed(loaded.credentials["east"].values) == {"api_key": "hidden", "api_base": "http://east"}


def test_nothing_that_is_printed_shows_a_secret() -> None:
    loaded = parse(CONFIG, "c.yaml", {"OPENAI_API_KEY": "hidden"})

    assert "hidden" not in repr(loaded)
    assert isinstance(loaded.models[0].params["api_key"], Reference)


def test_all_problems_are_told_at_once_from_top_to_bottom() -> None:
    assert told(
        """\
model_list:
  - model_name: a
    litellm_params: {model: openai/a, timeout: soon}
  - litellm_params: {model: openai/b}
  - model_name: c
    tianji_params: {api_key: x}
  - 5
router_settings: {num_retries: many}
general_settings: {master_kye: x}
"""
    ) == [
        "error 3 model_list[0].litellm_params.timeout: must be a number, not text",
        "error 4 model_list[1].model_name: a required field is missing",
        "error 6 model_list[2].tianji_params.model: a required field is missing",
        "error 7 model_list[3]: must be a mapping, not a whole number",
        "error 8 router_settings.num_retries: must be a whole number, not text",
        "warning 9 general_settings.master_kye: is not a known field: it is ignored; "
        "did you mean master_key?",
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("model_list: [", 2, "not valid YAML"),
        ("a: b: c", 1, "mapping values are not allowed"),
        ("\n- 1\n", 2, "must hold a mapping"),
        ("", 0, "the file is empty"),
        ("a: 1\n---\nb: 2\n", 2, "single document"),
        ("a: *nothing", 1, "undefined alias"),
        ("a: \x07", 0, "characters that YAML does not allow"),
    ],
)
def test_text_that_is_no_config_is_an_error_with_its_place(text: str, line: int, words: str) -> None:
    [error] = parse(text, "c.yaml", {}).errors

    assert (error.file, error.line) == ("c.yaml", line)
    assert words in error.message


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    loaded = load(tmp_path / "none.yaml", {})

    assert [str(p) for p in loaded.errors] == [
        f"{tmp_path}/none.yaml: error: the file cannot be read: No such file or directory"
    ]
    assert loaded.documents == [tmp_path / "none.yaml"]


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe\x00")

    assert "not UTF-8" in load(tmp_path / "c.yaml", {}).errors[0].message


def test_max_retries_of_the_router_is_another_name_for_num_retries() -> None:
    assert parse("router_settings: {max_retries: 3}", "c.yaml", {}).router_settings == {"num_retries": 3}


def test_sections_that_nothing_acts_on_are_kept() -> None:
    loaded = parse(
        "prompts:\n- {prompt_id: p, litellm_params: {prompt_integration: dotprompt}}", "c.yaml", {}
    )

    assert loaded.other["prompts"][0]["prompt_id"] == "p"


def test_three_thousand_deployments_give_one_warning_a_field() -> None:
    params = "model: openai/m, api_key: os.environ/K, dimensions: 3, odd: 1"
    one = "- {model_name: m%d, litellm_params: {" + params + "}}\n"

    loaded = parse("model_list:\n" + "".join(one % at for at in range(3000)), "c.yaml", {})

    assert len(loaded.models) == 3000
    assert [(p.path, p.message.partition("(")[2]) for p in loaded.problems] == [
        ("model_list[0].litellm_params.api_key", "2999 more like this)"),
        ("model_list[0].litellm_params.dimensions", "2999 more like this)"),
        ("model_list[0].litellm_params.odd", "2999 more like this)"),
    ]
