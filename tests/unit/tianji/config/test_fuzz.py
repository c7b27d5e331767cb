from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from tianji.config import as_written, parse, revealed
from tianji.config.fields import table
from tianji_testkit.properties import times

SEED = """\
model_list:
  - model_name: gpt-4o
    litellm_params: &params
      model: openai/gpt-4o
      api_key: os.environ/KEY
      timeout: 30
      extra_headers: {Authorization: "Bearer ${TOKEN}"}
  - model_name: other
    tianji_params: {<<: *params, model: azure/other, api_version: 2024-02-01}
    model_info: {id: 1, mode: chat}
litellm_settings: {drop_params: true, callbacks: [langfuse]}
router_settings: {routing_strategy: simple-shuffle, num_retries: 2, model_group_alias: {a: b}}
general_settings: {master_key: $MASTER, alerting: [slack]}
environment_variables: {TOKEN: 5}
credential_list: [{credential_name: east, credential_values: {api_key: x}}]
guardrails: [{guardrail_name: g, litellm_params: {guardrail: aporia, mode: pre_call}}]
policies: {p: {guardrails: {add: [g]}}}
router: {routing_strategy: simple}
include: [x.yaml]
"""
PIECES = [
    *("\n", " ", "  ", ":", ": ", "- ", "[", "]", "{", "}", "'", '"', "?", "=", "#", "\t", "|\n", ">\n"),
    *(
        "&a ",
        "*a",
        "*params",
        "<<: ",
        "<<",
        "!x ",
        "!!int ",
        "!!set ",
        "!!omap ",
        "---\n",
        "...\n",
        "%YAML 9\n",
    ),
    *("null", "~", "1e999", "-1", ".nan", "0x1F", "1:30", "2024-99-99", "true", "$X", "${X}", "os.environ/"),
    *("\x00", "\ufeff", "\ud800", "é"),
]
edits = st.lists(
    st.tuples(st.integers(0, len(SEED)), st.integers(0, 40), st.sampled_from(PIECES) | st.text(max_size=3)),
    min_size=1,
    max_size=6,
)
names = st.sampled_from([*table().sections["(top)"], "model_name", "litellm_params", "odd"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=25,
)


def judged(text: str) -> None:
    loaded = parse(text, "c.yaml", {"KEY": "k"})
    for problem in loaded.problems:
        assert problem.message
        assert problem.severity in ("error", "warning")
    for model in loaded.models:
        assert isinstance(revealed(model.params), dict)
        assert isinstance(as_written(model.params), dict)
    assert repr(loaded)


@times(4)
@given(edits)
def test_no_edit_of_a_config_raises(changes: list[tuple[int, int, str]]) -> None:
    text = SEED
    for at, length, piece in changes:
        text = text[:at] + piece + text[at + length :]

    judged(text)


@times(2)
@given(st.dictionaries(names, trees, max_size=6))
def test_no_tree_of_values_raises(tree: dict[str, Any]) -> None:
    judged(yaml.safe_dump(tree, allow_unicode=True))


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    judged(text)
