import json

import pytest

from tianji.errors import BadRequest
from tianji.wire.chat import ChatFront

front = ChatFront()


def test_only_the_model_of_a_chat_request_is_changed(bound, fields):
    said = fields(messages=[{"role": "user", "content": [{"type": "novel", "x": 1}]}], future=[1, 2.50])

    request = bound("openai", "gpt-4o", api_key="sk-1").forward("chat", said, stream=False)

    assert json.loads(request.body) == {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": [{"type": "novel", "x": 1}]}],
        "future": [1, 2.50],
    }
    assert request.url == "https://api.openai.com/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer sk-1"


@pytest.mark.parametrize("options", [None, {}, {"include_usage": False}, {"include_obfuscation": False}])
def test_a_stream_is_always_asked_for_its_usage(bound, fields, options):
    said = fields(stream=True) if options is None else fields(stream=True, stream_options=options)

    body = json.loads(bound("openai").forward("chat", said, stream=True).body)

    assert body["stream_options"] == {**(options or {}), "include_usage": True}


def test_what_is_said_to_the_gateway_goes_no_further(bound, fields):
    said = fields(
        metadata={"team": "a"}, tags=["x"], num_retries=2, guardrails=["g"], extra_body={"top_k": 3}
    )

    assert json.loads(bound("openai").forward("chat", said, stream=False).body).keys() == {
        "model",
        "messages",
        "top_k",
    }
    assert "metadata" in json.loads(
        bound("openai").forward("chat", fields(store=True, metadata={}), stream=False).body
    )


def test_a_deployments_parameters_are_defaults_and_its_extra_body_is_the_last_word(bound, fields):
    upstream = bound(
        "openai", temperature=0.1, top_p=0.2, rpm=5, extra_body={"seed": 1}, extra_headers={"X-A": "b"}
    )

    request = upstream.forward("chat", fields(temperature=0.9, seed=7), stream=False)

    body = json.loads(request.body)
    assert (body["temperature"], body["top_p"], body["seed"]) == (0.9, 0.2, 1)
    assert "rpm" not in body
    assert request.headers["X-A"] == "b"


def test_a_parameter_that_only_the_vendor_knows_is_sent_unless_it_may_be_a_secret(bound, fields):
    params = {"vendor_mode": "fast", "vendor_secret": "x", "my_api_key": "y", "tpm": 5, "mock_delay": 1}

    body = json.loads(bound("openai", **params).forward("chat", fields(), stream=False).body)

    assert body.keys() == {"model", "messages", "vendor_mode"}


def test_named_parameters_are_dropped_also_inside_tools(bound, fields):
    tool = {"type": "function", "function": {"name": "f", "strict": True}}
    upstream = bound("openai", additional_drop_params=["seed", "tools[*].function.strict", "absent"])

    request = upstream.forward("chat", fields(seed=1, tools=[tool, tool]), stream=False)

    plain = {"type": "function", "function": {"name": "f"}}
    assert json.loads(request.body)["tools"] == [plain, plain]
    assert request.warnings == ("dropped seed", "dropped tools[*].function.strict")


@pytest.mark.parametrize("model", ["o1", "o3-mini", "gpt-5", "gpt-5-mini"])
def test_a_reasoning_model_gets_its_own_words(bound, fields, model):
    said = fields(max_tokens=5, temperature=0.3, top_p=0.5)

    kept = json.loads(bound("openai", model).forward("chat", said, stream=False).body)
    assert (kept["max_completion_tokens"], kept["temperature"]) == (5, 0.3)
    assert "max_tokens" not in kept

    request = bound("openai", model, drop_params=True).forward("chat", said, stream=False)
    assert json.loads(request.body).keys() == {"model", "messages", "max_completion_tokens"}
    assert "dropped temperature" in request.warnings


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-5-chat-latest", "foo1", "o", "gpt-4o1"])
def test_other_models_keep_what_was_said(bound, fields, model):
    request = bound("openai", model, drop_params=True).forward("chat", fields(max_tokens=5), stream=False)

    assert json.loads(request.body)["max_tokens"] == 5


def test_a_request_that_was_read_is_written_as_it_was(bound, fields):
    said = fields(
        messages=[
            {"role": "system", "content": "s"},
            {
                "role": "user",
                "content": [{"type": "text", "text": "t", "cache_control": {"type": "ephemeral"}}],
            },
            {"role": "assistant", "content": "a", "name": "bob"},
        ],
        stop=["x"],
        logit_bias={"1": -1},
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "strict": True}},
        tool_choice={"type": "function", "function": {"name": "f"}},
        tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}],
        reasoning_effort="low",
        modalities=["text"],
    )
    upstream = bound("openai")

    read, passed = upstream.request(front.read(said)), upstream.forward("chat", said, stream=False)

    assert json.loads(read.body) == json.loads(passed.body)


def test_openai_gets_no_marks_and_thoughts_meant_for_others_but_servers_like_it_get_thoughts(bound, fields):
    mark = {"type": "ephemeral"}
    foreign = fields(
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": mark}]},
            {"role": "assistant", "content": "b", "thinking_blocks": [{}], "reasoning_content": "c"},
        ],
        tools=[{"type": "function", "function": {"name": "f"}, "cache_control": mark}],
    )

    request = bound("openai").forward("chat", foreign, stream=False)
    body = json.loads(request.body)
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "a"}]},
        {"role": "assistant", "content": "b"},
    ]
    assert body["tools"] == [{"type": "function", "function": {"name": "f"}}]
    assert "dropped cache_control of tools" in request.warnings

    elsewhere = bound("openai", api_base="http://mine.test/v1").forward("chat", foreign, stream=False)
    thoughts = {"thinking_blocks": [{}], "reasoning_content": "c"}
    assert json.loads(elsewhere.body)["messages"] == [body["messages"][0], body["messages"][1] | thoughts]


def test_the_environments_key_goes_to_openai_only(bound):
    environ = {"OPENAI_API_KEY": "sk-env"}

    assert bound("openai", environ=environ).headers["authorization"] == "Bearer sk-env"
    assert (
        bound("openai", environ=environ, api_base="http://mine.test/v1").headers["authorization"]
        == "Bearer sk-env"
    )
    made_by_a_call = bound("openai", environ=environ, api_base="http://theirs.test/v1", source="api")
    assert "authorization" not in made_by_a_call.headers


def test_nothing_shows_a_key(bound, fields):
    upstream = bound("openai", api_key="sk-secret-1")
    body = b'{"error":{"message":"Incorrect API key provided: sk-secret-1."}}'

    shown = [
        repr(upstream),
        repr(upstream.forward("chat", fields(), stream=False)),
        upstream.error(401, {}, body).message,
    ]

    assert not any("sk-secret-1" in text for text in shown)


def test_a_wrong_address_is_told_when_the_deployment_is_bound(bound):
    with pytest.raises(BadRequest, match="api_base must be a URL"):
        bound("openai", api_base="host:80")


def test_rows_of_the_table_name_their_own_address_and_words(bound, fields):
    upstream = bound("hosted_vllm", "org/llama", api_base="http://vllm.test/v1/")

    request = upstream.forward("chat", fields(max_completion_tokens=5), stream=False)

    assert request.url == "http://vllm.test/v1/chat/completions"
    assert json.loads(request.body)["max_tokens"] == 5
    with pytest.raises(BadRequest, match="hosted_vllm: a deployment needs api_base"):
        bound("hosted_vllm")
