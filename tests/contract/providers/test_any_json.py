"""Whatever JSON a client sends: it is read, or refused with a BadRequest that names the place."""

import copy
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianji.domain.deployments import Deployment
from tianji.errors import BadRequest
from tianji.providers import provider
from tianji.wire.chat import ChatFront
from tianji.wire.front import Fields, Front
from tianji.wire.messages import MessagesFront
from tianji_testkit.properties import times

FRONTS: list[Front] = [ChatFront(), MessagesFront()]
UPSTREAMS = [
    provider(name).bind(
        Deployment(
            id="d", model_name="m", provider=name, model=model, params={"api_base": "http://p.test"} | more
        ),
        {"environment": {}},
    )
    for name, model, more in (
        ("openai", "o3", {}),
        ("azure", "gpt-4o", {"drop_params": True}),
        ("anthropic", "claude-3-haiku-20240307", {}),
        ("anthropic", "claude-opus-4-8", {"drop_params": True, "modify_params": True}),
        (
            "hosted_vllm",
            "llama",
            {"additional_drop_params": ["tools[*].function.strict", "messages[0].name"]},
        ),
        ("openai", "gpt-4o", {"mock_response": "hi"}),
    )
]

_CACHE = {"type": "ephemeral", "ttl": "1h"}
_SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
CHAT: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "be brief", "cache_control": _CACHE},
        {
            "role": "user",
            "name": "ann",
            "content": [
                {"type": "text", "text": "look", "cache_control": _CACHE},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "f"}},
                {"type": "document", "source": {"type": "text", "data": "d"}, "citations": {"enabled": True}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "text", "text": "ok"},
            ],
            "reasoning_content": "hm",
            "thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}],
            "tool_calls": [{"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            "provider_specific_fields": {"citations": []},
        },
        {"role": "tool", "tool_call_id": "t", "content": "42"},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "42"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": _SCHEMA, "strict": True}}],
    "functions": [{"name": "f"}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "function_call": "auto",
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": _SCHEMA}},
    "stop": ["a"],
    "thinking": {"type": "enabled", "budget_tokens": 2000},
    "reasoning_effort": "low",
    "stream_options": {"include_usage": True},
    "metadata": {"user_id": "u"},
    "web_search_options": {"search_context_size": "low", "user_location": {"type": "approximate"}},
    "extra_body": {"x": 1},
    "logit_bias": {},
    "max_tokens": 5,
    "temperature": 1,
    "n": 1,
    "stream": True,
}
MESSAGES: dict[str, Any] = {
    "model": "m",
    "max_tokens": 5000,
    "system": [{"type": "text", "text": "s", "cache_control": _CACHE}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "look"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {"type": "document", "source": {"type": "text", "data": "d"}, "citations": {"enabled": True}},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "redacted_thinking", "data": "s"},
                {"type": "text", "text": "ok", "citations": []},
                {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "x"}]}
            ],
        },
    ],
    "tools": [{"name": "g", "input_schema": _SCHEMA, "strict": True, "cache_control": _CACHE}],
    "tool_choice": {"type": "tool", "name": "g", "disable_parallel_tool_use": True},
    "stop_sequences": ["a"],
    "thinking": {"type": "enabled", "budget_tokens": 2000},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": _SCHEMA}},
    "metadata": {"user_id": "u"},
    "temperature": 1,
    "stream": True,
}
FULL = {"chat": CHAT, "messages": MESSAGES}

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "role", "name", "content", "url", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


PLACES = {name: [place for place in places(body) if place] for name, body in FULL.items()}


def replaced(body: dict[str, Any], place: tuple[Any, ...], value: Any, *, remove: bool) -> dict[str, Any]:
    body = copy.deepcopy(body)
    holder: Any = body
    for key in place[:-1]:
        holder = holder[key]
    if remove:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return body


def fields_of(body: dict[str, Any]) -> Fields:
    return msgspec.json.decode(json.dumps(body), type=dict[str, msgspec.Raw])


def carried(front: Front, fields: Fields) -> None:
    """Take a request all the way to every provider; anything but BadRequest is a fault."""
    for upstream in UPSTREAMS:
        if front.name in upstream.speaks:
            try:
                upstream.forward(front.name, fields, stream=True)
            except BadRequest as error:
                assert error.message
    try:
        ask = front.read(fields)
    except BadRequest as error:
        assert error.message
        return
    for upstream in UPSTREAMS:
        try:
            upstream.request(ask)
        except BadRequest as error:
            assert error.message


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
def test_the_requests_that_are_spoilt_below_are_taken_when_whole(front: Front):
    ask = front.read(fields_of(FULL[front.name]))

    for upstream in UPSTREAMS:
        assert upstream.request(ask)


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
@times(5)
@given(data=st.data())
def test_one_wrong_value_anywhere_is_read_or_refused(front: Front, data: st.DataObject):
    place = data.draw(st.sampled_from(PLACES[front.name]))
    carried(
        front,
        fields_of(replaced(FULL[front.name], place, data.draw(anything), remove=data.draw(st.booleans()))),
    )


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
@times(2)
@given(data=st.data())
def test_any_object_is_read_or_refused(front: Front, data: st.DataObject):
    carried(front, fields_of(data.draw(st.dictionaries(st.sampled_from(sorted(FULL[front.name])), anything))))


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
@pytest.mark.parametrize(
    "text",
    [
        b'{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"\xff"}]}',
        b'{"model":"m","max_tokens":1e999,"messages":[{"role":"user","content":"x"}]}',
        b'{"model":"m","max_tokens":' + b"9" * 5000 + b',"messages":[{"role":"user","content":"x"}]}',
        b'{"model":"m","max_tokens":1,"x":123456789012345678901234567890,"messages":[{"role":"user","content":"x"}]}',
        b'{"model":"m","max_tokens":1,"x":'
        + b"[" * 900
        + b"]" * 900
        + b',"messages":[{"role":"user","content":"x"}]}',
    ],
    ids=["not UTF-8", "infinite", "5000 digits", "30 digits", "deep"],
)
def test_json_at_its_edges_is_read_or_refused(front: Front, text: bytes):
    carried(front, msgspec.json.decode(text, type=dict[str, msgspec.Raw]))
