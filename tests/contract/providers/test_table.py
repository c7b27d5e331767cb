"""Every row of the table is a vendor that can be called: where it should be, with its key in its place."""

import json
import tomllib
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import pytest

from tianji.errors import BadRequest
from tianji.providers import names, profile, provider, split_model

ROWS: dict[str, dict[str, Any]] = tomllib.loads(files("tianji.providers").joinpath("table.toml").read_text())
BASE = "http://vendor.test/v1"
LATE = {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]}
ASKED = {
    "messages": [
        LATE,
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "ho", "reasoning_content": "hm", "thinking_blocks": []},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
    ],
    "max_completion_tokens": 5,
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
}


def sent(upstream: Any, fields: Any, **body: Any) -> dict[str, Any]:
    request = upstream.forward("chat", fields(**body), stream=False)
    return json.loads(request.body)


def test_rows_and_modules_have_names_of_their_own():
    assert len(names()) == len(set(names()))
    assert not {name for name in ROWS if f"{name.replace('-', '_')}.py" in _modules()}


def _modules() -> set[str]:
    return {path.name for path in files("tianji.providers").iterdir()}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_posts_where_it_says_with_its_key(bound, fields, name):
    row = ROWS[name]
    base = row.get("base_url") or BASE
    variable = row.get("api_key_env", ["NONE"])[0]
    params = {} if row.get("base_url") else {"api_base": BASE}
    upstream = bound(name, "org/some-model", environ={variable: "key-of-env"}, **params)

    request = upstream.forward("chat", fields(), stream=True)
    body = json.loads(request.body)

    assert request.url == base.rstrip("/") + row.get("path", "/chat/completions")
    assert urlsplit(request.url).scheme in ("http", "https")
    assert body["model"] == "org/some-model"
    assert ("stream_options" in body) == row.get("include_usage", True)
    if variable != "NONE":
        header, scheme = row.get("key_header", "authorization"), row.get("key_scheme", "Bearer ")
        assert request.headers[header] == f"{scheme}key-of-env"
    assert "key-of-env" not in repr(upstream) + repr(request)


@pytest.mark.parametrize("name", ROWS)
def test_a_deployments_own_words_go_before_the_environment(bound, fields, name):
    row = ROWS[name]
    environ = dict.fromkeys(row.get("api_key_env", []), "key-of-env")
    environ |= dict.fromkeys(row.get("api_base_env", []), "http://elsewhere.test")
    upstream = bound(name, api_base=BASE, api_key="own", environ=environ)

    request = upstream.forward("chat", fields(), stream=False)

    assert request.url.startswith(BASE)
    assert request.headers[row.get("key_header", "authorization")].endswith("own")


@pytest.mark.parametrize("name", [name for name in ROWS if "base_url" not in ROWS[name]])
def test_a_server_of_ones_own_needs_an_address(bound, name):
    with pytest.raises(BadRequest, match="api_base"):
        bound(name)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_renames_drops_and_rewrites_as_it_says(bound, fields, name):
    row = ROWS[name]
    refused = dict.fromkeys([*row.get("drop", []), *row.get("ignore", [])], 1)
    old = dict.fromkeys(row.get("rename", {}), 7)
    asked = {name: value for name, value in ASKED.items() if name not in row.get("rename", {}).values()}
    upstream = bound(name, api_base=BASE, drop_params=True)

    body = sent(upstream, fields, **{**asked, **refused, **old})

    assert not refused.keys() & body.keys()
    for before, after in row.get("rename", {}).items():
        assert before not in body
        assert body[after] == 7
    assert ("json_schema" in json.dumps(body["response_format"])) == row.get("schemas", True)
    first, *_, third, last = body["messages"]
    assert first["role"] == ("developer" if row.get("developer") else "system")
    assert isinstance(last["content"], str) == row.get("text_only", False)
    assert ("thinking_blocks" in third) == (not row.get("strict", False))
    thoughts = row.get("thoughts") or "reasoning_content"
    assert (thoughts in third) == (thoughts == "reasoning" or not row.get("strict", False))


@pytest.mark.parametrize("name", [name for name in ROWS if "drop" in ROWS[name]])
def test_what_a_vendor_refuses_is_left_to_it_where_nothing_is_dropped(bound, fields, name):
    refused = dict.fromkeys(ROWS[name]["drop"], 1)

    body = sent(bound(name, api_base=BASE), fields, **ASKED, **refused)

    assert refused.items() <= body.items()


@pytest.mark.parametrize("name", ROWS)
def test_a_row_can_be_named_in_a_config(name):
    assert split_model(profile(name).example, {}) == (name, profile(name).example.partition("/")[2])
    assert callable(provider(name).bind)


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("opnrouter", "openrouter"),
        ("togetherai", "together_ai"),
        ("fireworks", "fireworks_ai"),
        ("deep_seek", "deepseek"),
        ("mistrall", "mistral"),
        ("nanogpt2", "nanogpt"),
        ("perplexety", "perplexity"),
        ("hosted-vlm", "hosted_vllm"),
        ("lmstudio", "lm_studio"),
        ("moonshoot", "moonshot"),
    ],
)
def test_a_typo_is_told_with_the_name_that_was_meant(typo, meant):
    with pytest.raises(BadRequest, match=f"'{typo}'; did you mean '{meant}'"):
        split_model(f"{typo}/some-model", {})
