"""Requests to Bedrock's Converse: what AWS' own model of the API takes, whatever the client sent."""

import base64
import json
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from tianji.errors import BadRequest, UnsupportedParameter, UpstreamError
from tianji.wire.neutral import (
    Ask,
    CacheMark,
    Document,
    Image,
    NativeTool,
    Opaque,
    Reasoning,
    Shape,
    Source,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    Video,
)

SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
OLD = "anthropic.claude-3-5-sonnet-20240620-v1:0"
NOVA = "us.amazon.nova-pro-v1:0"
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
LLAMA = "us.meta.llama4-maverick-17b-instruct-v1:0"
KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret", "aws_region_name": "us-east-1"}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()
WEATHER = Tool(
    "weather", "Tells the weather.", {"type": "object", "properties": {"city": {"type": "string"}}}
)


def ask(*turns: Turn, **more: Any) -> Ask:
    return Ask("m", list(turns) or [user("hi")], front=more.pop("front", "chat"), **more)


def user(text: str) -> Turn:
    return Turn("user", [Text(text)])


def called(*ids: str) -> Turn:
    return Turn("assistant", [ToolCall(one, "weather", '{"city":"Bern"}') for one in ids])


def result(identity: str, text: str = "sunny") -> Turn:
    return Turn("tool", [ToolResult(identity, [Text(text)])])


@pytest.fixture
def sent(bound: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    def send(request: Ask, model: str = SONNET, **params: Any) -> dict[str, Any]:
        written = bound("bedrock", model, **KEYS, **params).request(request)
        body: dict[str, Any] = json.loads(written.body)
        if written.url.endswith(("/converse", "/converse-stream")):
            assert_legal(body)
        return body

    return send


@cache
def converse_shape() -> Any:
    service = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))
    return service.operation_model("Converse").input_shape


def assert_legal(body: dict[str, Any]) -> None:
    """Hold a body against AWS' model of the API, and against what Bedrock refuses besides."""
    report = ParamValidator().validate({"modelId": "m", **body}, converse_shape())
    assert not report.has_errors(), report.generate_report()
    roles = [message["role"] for message in body["messages"]]
    assert roles[0] == "user"
    assert all(one != other for one, other in pairwise(roles))
    open_calls: set[str] = set()
    has_calls = False
    for message in body["messages"]:
        assert message["content"]
        blocks = message["content"]
        assert all(block["text"].strip() for block in blocks if "text" in block)
        results = [block["toolResult"]["toolUseId"] for block in blocks if "toolResult" in block]
        if message["role"] == "user":
            assert sorted(results) == sorted(open_calls)
            assert "toolConfig" in body or not results
        open_calls = {block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block}
        has_calls = has_calls or bool(open_calls)
    assert not open_calls
    assert "toolConfig" in body or not has_calls


def test_a_plain_request_holds_what_was_asked(sent: Callable[..., Any]):
    body = sent(
        ask(
            Turn("system", [Text("Be kind.")]),
            user("Hi"),
            max_tokens=5,
            temperature=0.5,
            top_p=0.9,
            stop=["X"],
        )
    )

    assert body == {
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "system": [{"text": "Be kind."}],
        "inferenceConfig": {"maxTokens": 5, "temperature": 0.5, "topP": 0.9, "stopSequences": ["X"]},
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
    }


@pytest.mark.parametrize(
    "turns",
    [
        [Turn("system", [Text("only")])],
        [Turn("assistant", [Text("first")])],
        [user(""), user("  "), user("x")],
        [user("a"), Turn("assistant", [Text("")]), user("b")],
        [user("a"), called("1", "2"), result("2"), result("1"), user("and?")],
        [user("a"), called("1", "2"), result("2"), user("the other?")],
        [user("a"), called("1")],
        [user("a"), called("1"), user("never mind"), result("1"), result("unknown")],
        [result("nobody asked")],
        [user("a"), called("toolu:weird/id with spaces" * 5), result("toolu:weird/id with spaces" * 5)],
        [user("a"), called("1"), result("1", "")],
        [user("a"), Turn("assistant", [Reasoning("unsigned"), Text("b")]), user("c")],
        [user("a"), Turn("assistant", [Text("go on  ")])],
        [Turn("user", [Document(Source(data="JVBERi0=", media_type="application/pdf"), name="A/b: c.pdf")])],
        [Turn("user", [Text(" "), Image(Source(data=PNG, media_type="image/png"))])],
        [Turn("user", [])],
    ],
)
def test_whatever_the_client_sent_is_legal(sent: Callable[..., Any], turns: list[Turn]):
    for model in (SONNET, NOVA, LLAMA, "us.anthropic.claude-sonnet-4-6"):
        sent(ask(*turns), model)
        sent(ask(*turns, tools=[WEATHER], tool_choice=ToolChoice("none")), model)


def test_results_stand_first_in_the_turn_behind_their_calls(sent: Callable[..., Any]):
    body = sent(ask(user("a"), called("1"), user("well?"), result("1"), tools=[WEATHER]))

    assert [next(iter(block)) for block in body["messages"][2]["content"]] == ["toolResult", "text"]


def test_foreign_ids_of_calls_are_made_legal_and_stay_apart(sent: Callable[..., Any]):
    body = sent(ask(user("a"), called("a/1", "a:1"), result("a:1", "x"), result("a/1", "y"), tools=[WEATHER]))

    uses = [block["toolUse"]["toolUseId"] for block in body["messages"][1]["content"]]
    assert len(set(uses)) == 2
    answers = {
        block["toolResult"]["toolUseId"]: block["toolResult"]["content"]
        for block in body["messages"][2]["content"]
    }
    assert answers == {uses[0]: [{"text": "y"}], uses[1]: [{"text": "x"}]}


def test_arguments_that_are_no_object_are_wrapped(sent: Callable[..., Any]):
    turn = Turn("assistant", [ToolCall("1", "weather", "not json"), ToolCall("2", "weather", "")])
    body = sent(ask(user("a"), turn, result("1"), result("2"), tools=[WEATHER]))

    inputs = [block["toolUse"]["input"] for block in body["messages"][1]["content"]]
    assert inputs == [{"input": "not json"}, {}]


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (ToolChoice("auto"), {"auto": {}}),
        (ToolChoice("required"), {"any": {}}),
        (ToolChoice("tool", "weather"), {"tool": {"name": "weather"}}),
    ],
)
def test_the_choice_of_tools(sent: Callable[..., Any], choice: ToolChoice, written: Any):
    assert sent(ask(tools=[WEATHER], tool_choice=choice))["toolConfig"]["toolChoice"] == written


def test_no_tool_is_offered_where_none_may_be_called(sent: Callable[..., Any]):
    assert "toolConfig" not in sent(ask(tools=[WEATHER], tool_choice=ToolChoice("none")))


def test_a_choice_among_some_tools_offers_only_these(sent: Callable[..., Any]):
    other = Tool("other", schema={"type": "object"})
    choice = ToolChoice("required", allowed=["other"])

    tools = sent(ask(tools=[WEATHER, other], tool_choice=choice))["toolConfig"]["tools"]

    assert [tool["toolSpec"]["name"] for tool in tools] == ["other"]


def test_a_model_that_cannot_be_forced_chooses_itself(sent: Callable[..., Any]):
    body = sent(ask(tools=[WEATHER], tool_choice=ToolChoice("required")), LLAMA)

    assert body["toolConfig"]["toolChoice"] == {"auto": {}}


def test_one_call_at_a_time_is_asked_for_in_claudes_own_words(sent: Callable[..., Any]):
    body = sent(ask(tools=[WEATHER], parallel_tool_calls=False))

    assert body["additionalModelRequestFields"]["tool_choice"] == {
        "type": "auto",
        "disable_parallel_tool_use": True,
    }
    assert "toolChoice" not in body["toolConfig"]


def test_cache_marks_become_cache_points(sent: Callable[..., Any]):
    mark = CacheMark("1h")
    tool = Tool("weather", schema={"type": "object"}, cache=CacheMark())
    body = sent(
        ask(
            Turn("system", [Text("long", cache=mark)]),
            Turn("user", [Text("a", cache=mark), Text("b")]),
            called("1"),
            Turn("tool", [ToolResult("1", [Text("x", cache=CacheMark())])]),
            tools=[tool],
        )
    )

    hour = {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert body["system"] == [{"text": "long"}, hour]
    assert body["messages"][0]["content"] == [{"text": "a"}, hour, {"text": "b"}]
    assert body["messages"][2]["content"][1] == {"cachePoint": {"type": "default"}}
    assert body["toolConfig"]["tools"][1] == {"cachePoint": {"type": "default"}}


def test_models_that_cache_nothing_get_no_cache_points(sent: Callable[..., Any]):
    body = sent(ask(Turn("user", [Text("a", cache=CacheMark())])), LLAMA)

    assert body["messages"][0]["content"] == [{"text": "a"}]


def test_pictures_documents_and_films_go_as_bytes_or_from_s3(sent: Callable[..., Any]):
    body = sent(
        ask(
            Turn(
                "user",
                [
                    Text("see"),
                    Image(Source(data=PNG, media_type="image/jpg")),
                    Image(Source(url="s3://bucket/a/b.webp")),
                    Video(Source(data="AAAA", media_type="video/quicktime")),
                    Document(Source(text="plain"), title="Notes 1.0 (draft)"),
                    Document(Source(data="AAAA", media_type="text/csv"), name="a.csv", citations=True),
                    Document(Source(data="JVBERi0=", media_type="application/pdf"), name="a.pdf"),
                ],
            )
        ),
        NOVA,
    )

    content = body["messages"][0]["content"]
    assert content[1] == {"image": {"format": "jpeg", "source": {"bytes": PNG}}}
    assert content[2]["image"] == {
        "format": "webp",
        "source": {"s3Location": {"uri": "s3://bucket/a/b.webp"}},
    }
    assert content[3]["video"]["format"] == "mov"
    assert content[4]["document"]["source"] == {"text": "plain"}
    assert content[5]["document"]["citations"] == {"enabled": True}
    assert [block["document"]["name"] for block in content[4:]] == ["Notes 1", "a", "a-2"]


@pytest.mark.parametrize(
    "block",
    [
        Image(Source(url="https://example.com/a.png")),
        Image(Source(data="AAAA", media_type="image/tiff")),
        Document(Source(url="https://example.com/a.pdf")),
    ],
)
def test_what_bedrock_cannot_take_is_told_clearly(sent: Callable[..., Any], block: Any):
    with pytest.raises(BadRequest, match=r"messages\[0\].*Bedrock"):
        sent(ask(Turn("user", [block])))


def test_only_claude_gets_back_what_claude_signed(sent: Callable[..., Any]):
    thoughts = [
        Reasoning("mine", signature="c2ln"),
        Reasoning(encrypted="aGlkZGVu"),
        Reasoning("of openai", signature="openai:x", id="rs_1"),
        Reasoning(encrypted="gAAA", id="rs_2"),
        Text("so"),
    ]
    turns = [user("a"), Turn("assistant", thoughts), user("b")]

    kept = sent(ask(*turns))["messages"][1]["content"]
    assert kept == [
        {"reasoningContent": {"reasoningText": {"text": "mine", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": base64.b64encode(b"aGlkZGVu").decode()}},
        {"text": "so"},
    ]
    assert sent(ask(*turns), NOVA)["messages"][1]["content"] == [{"text": "so"}]


@pytest.mark.parametrize(
    ("model", "thinking", "own"),
    [
        (SONNET, Thinking(effort="low"), {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        (
            SONNET,
            Thinking(enabled=True, budget_tokens=2000),
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
        ),
        (
            "us.anthropic.claude-sonnet-4-6",
            Thinking(effort="high"),
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
        ),
        (
            NOVA_2,
            Thinking(effort="low"),
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}},
        ),
        ("openai.gpt-oss-120b-1:0", Thinking(effort="minimal"), {"reasoning_effort": "low"}),
        ("qwen.qwen3-32b-v1:0", Thinking(effort="high"), {"reasoning_config": "high"}),
        (SONNET, Thinking(effort="none"), None),
    ],
)
def test_each_vendor_is_told_in_its_own_words_how_much_to_think(
    sent: Callable[..., Any], model: str, thinking: Thinking, own: Any
):
    assert sent(ask(thinking=thinking), model).get("additionalModelRequestFields") == own


def test_nova_takes_no_limits_at_its_highest_effort(sent: Callable[..., Any]):
    body = sent(ask(thinking=Thinking(effort="high"), max_tokens=10, temperature=0.1), NOVA_2)

    assert "inferenceConfig" not in body


def test_a_model_that_does_not_think_refuses_an_effort_unless_such_are_dropped(sent: Callable[..., Any]):
    with pytest.raises(UnsupportedParameter, match="reasoning_effort"):
        sent(ask(thinking=Thinking(effort="low")), LLAMA)

    sent(ask(thinking=Thinking(effort="low")), LLAMA, drop_params=True)


def test_a_thinking_claude_is_not_forced_to_call(sent: Callable[..., Any]):
    body = sent(ask(thinking=Thinking(effort="low"), tools=[WEATHER], tool_choice=ToolChoice("required")))

    assert body["toolConfig"]["toolChoice"] == {"auto": {}}


@pytest.mark.parametrize(
    ("model", "own"),
    [(SONNET, {"top_k": 5}), (NOVA, {"inferenceConfig": {"topK": 5}}), ("cohere.command-r-v1:0", {"k": 5})],
)
def test_top_k_goes_where_the_vendor_takes_it(sent: Callable[..., Any], model: str, own: Any):
    assert sent(ask(top_k=5), model)["additionalModelRequestFields"] == own


def test_parameters_that_nobody_has_are_refused_or_dropped(sent: Callable[..., Any]):
    with pytest.raises(UnsupportedParameter, match="seed"):
        sent(ask(seed=1))

    assert sent(ask(seed=1), drop_params=True).keys() == {"messages"}


def test_fields_of_converse_itself_are_passed_on(sent: Callable[..., Any]):
    guard = {"guardrailIdentifier": "abc", "guardrailVersion": "1", "trace": "enabled"}
    body = sent(
        ask(
            extra={
                "performanceConfig": {"latency": "optimized"},
                "additionalModelRequestFields": {"a": 1},
                "requestMetadata": {"team": "x"},
                "top_a": 2,
            },
            service_tier="priority",
        ),
        guardrailConfig=guard,
    )

    assert body["guardrailConfig"] == guard
    assert body["performanceConfig"] == {"latency": "optimized"}
    assert body["serviceTier"] == {"type": "priority"}
    assert body["requestMetadata"] == {"team": "x"}
    assert body["additionalModelRequestFields"] == {"a": 1, "top_a": 2}


@pytest.mark.parametrize("front", ["chat", "messages", "responses", "generate_content"])
def test_the_guardrail_of_a_deployment_holds_for_every_client_format(
    sent: Callable[..., Any], bound: Callable[..., Any], front: str
):
    guard = {"guardrailIdentifier": "abc", "guardrailVersion": "1", "trace": "enabled"}

    assert sent(ask(front=front), guardrailConfig=guard)["guardrailConfig"] == guard
    invoked = bound("bedrock", f"invoke/{SONNET}", **KEYS, guardrailConfig=guard).request(ask(front=front))
    assert b"guardrail" not in invoked.body
    assert invoked.headers["x-amzn-bedrock-guardrailidentifier"] == "abc"
    assert invoked.headers["x-amzn-bedrock-guardrailversion"] == "1"
    assert invoked.headers["x-amzn-bedrock-trace"] == "ENABLED"


def test_what_only_claude_knows_goes_to_claude_alone(sent: Callable[..., Any]):
    request = ask(front="messages", extra={"context_management": {"edits": []}})

    assert sent(request)["additionalModelRequestFields"] == {
        "context_management": {"edits": []},
        "anthropic_beta": ["context-management-2025-06-27"],
    }
    assert "additionalModelRequestFields" not in sent(request, NOVA)


def test_a_profile_that_does_not_tell_its_model_is_taken_for_claude_where_claudes_words_are_used(
    sent: Callable[..., Any],
):
    profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    switch = Thinking(enabled=True, budget_tokens=2048)

    body = sent(ask(front="messages", thinking=switch, extra={"context_management": {}}), profile)

    assert body["additionalModelRequestFields"] == {
        "context_management": {},
        "thinking": {"type": "enabled", "budget_tokens": 2048},
        "anthropic_beta": ["context-management-2025-06-27"],
    }


def test_what_a_client_says_of_credentials_is_not_passed_on(sent: Callable[..., Any]):
    assert sent(ask(extra={"aws_secret_access_key": "x", "aws_region_name": "y"})).keys() == {"messages"}


def test_guarded_text_goes_to_the_guardrail(sent: Callable[..., Any]):
    block = Opaque("chat", {"type": "guarded_text", "text": "look at this"})

    content = sent(ask(Turn("user", [block])))["messages"][0]["content"]

    assert content == [{"guardContent": {"text": {"text": "look at this"}}}]


def test_a_schema_is_kept_by_models_that_can(sent: Callable[..., Any]):
    shape = Shape("json_schema", "city", schema={"type": "object", "properties": {"n": {"type": "string"}}})

    form = sent(ask(shape=shape))["outputConfig"]["textFormat"]

    schema = form["structure"]["jsonSchema"]
    assert (form["type"], schema["name"]) == ("json_schema", "city")
    assert json.loads(schema["schema"])["additionalProperties"] is False


def test_a_schema_is_a_forced_tool_for_others_and_words_for_the_rest(sent: Callable[..., Any]):
    shape = Shape("json_schema", "city", schema={"type": "object", "properties": {}})

    forced = sent(ask(shape=shape), OLD)
    assert forced["toolConfig"]["toolChoice"] == {"tool": {"name": "json_tool_call"}}
    assert sent(ask(shape=shape, tools=[WEATHER]), OLD)["toolConfig"]["toolChoice"] == {"any": {}}
    told = sent(ask(shape=shape), LLAMA)
    assert "toolConfig" not in told
    assert "JSON" in told["system"][0]["text"]


def test_models_without_a_system_are_told_in_the_first_turn(sent: Callable[..., Any]):
    body = sent(ask(Turn("system", [Text("Be brief.")]), user("Hi")), "mistral.mistral-7b-instruct-v0:2")

    assert "system" not in body
    assert body["messages"] == [{"role": "user", "content": [{"text": "Be brief."}, {"text": "Hi"}]}]


def test_tools_of_anthropics_own_go_to_claude_with_their_beta(sent: Callable[..., Any]):
    bash = {"type": "computer_20250124", "name": "computer", "display_width_px": 1, "display_height_px": 1}

    own = sent(ask(tools=[NativeTool("messages", bash)]))["additionalModelRequestFields"]

    assert own == {"tools": [bash], "anthropic_beta": ["computer-use-2025-01-24"]}


def test_betas_of_the_deployment_go_into_the_body(sent: Callable[..., Any], bound: Callable[..., Any]):
    headers = {"anthropic-beta": "context-1m-2025-08-07", "x-team": "a"}
    request = bound("bedrock", SONNET, **KEYS, extra_headers=headers).request(ask())

    assert json.loads(request.body)["additionalModelRequestFields"]["anthropic_beta"] == [
        "context-1m-2025-08-07"
    ]
    assert "anthropic-beta" not in request.headers
    assert request.headers["x-team"] == "a"


def test_nova_searches_the_web_by_its_own_tool(sent: Callable[..., Any]):
    body = sent(ask(extra={"web_search_options": {}}), NOVA_2)

    assert body["toolConfig"]["tools"] == [{"systemTool": {"name": "nova_grounding"}}]


def test_a_tool_that_nobody_has_is_refused(sent: Callable[..., Any]):
    with pytest.raises(BadRequest, match="web_fetch"):
        sent(ask(tools=[NativeTool("messages", {"type": "web_fetch_20250910", "name": "web_fetch"})]), LLAMA)


def test_claude_behind_invoke_is_asked_in_anthropics_form(sent: Callable[..., Any]):
    body = sent(ask(stream=True, max_tokens=7), f"invoke/{SONNET}")

    assert body == {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 7,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            "invoke/meta.llama3-8b-instruct-v1:0",
            {
                "prompt": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|>"
                "<|start_header_id|>assistant<|end_header_id|>\n\n",
                "max_gen_len": 7,
            },
        ),
        ("invoke/mistral.mistral-7b-instruct-v0:2", {"prompt": "<s>[INST] hi [/INST]", "max_tokens": 7}),
        (
            "invoke/amazon.titan-text-express-v1",
            {"inputText": "hi", "textGenerationConfig": {"maxTokenCount": 7}},
        ),
        ("invoke/cohere.command-text-v14", {"prompt": "hi", "max_tokens": 7}),
        (
            "invoke/us.amazon.nova-lite-v1:0",
            {
                "schemaVersion": "messages-v1",
                "messages": [{"role": "user", "content": [{"text": "hi"}]}],
                "inferenceConfig": {"maxTokens": 7},
            },
        ),
        (
            "invoke/openai.gpt-oss-20b-1:0",
            {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 7},
        ),
        (
            "qwen3/arn:aws:bedrock:us-east-1:123456789012:imported-model/abc",
            {"prompt": "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", "max_gen_len": 7},
        ),
    ],
)
def test_each_vendor_behind_invoke_is_asked_in_its_own_form(
    sent: Callable[..., Any], model: str, expected: dict[str, Any]
):
    assert sent(ask(max_tokens=7), model) == expected


def test_a_model_of_text_refuses_pictures(sent: Callable[..., Any]):
    with pytest.raises(BadRequest, match="text alone"):
        sent(ask(Turn("user", [Image(Source(data=PNG))])), "invoke/meta.llama3-8b-instruct-v1:0")


@pytest.mark.parametrize(
    ("status", "kind", "message", "code", "type_"),
    [
        (
            400,
            "ValidationException:http://x/",
            "Input is too long for requested model.",
            "context_length_exceeded",
            None,
        ),
        (
            400,
            "ValidationException",
            "expected maxLength: 50000, actual: 50001, please reformat",
            "context_length_exceeded",
            None,
        ),
        (429, "ThrottlingException", "Too many tokens, please wait", None, "rate_limit_error"),
        (403, "AccessDeniedException", "You don't have access", None, "permission_error"),
        (404, "ResourceNotFoundException", "no such model", None, "not_found_error"),
        (503, "ServiceUnavailableException", "busy", None, "api_error"),
        (400, "ServiceQuotaExceededException", "quota", None, "rate_limit_error"),
    ],
)
def test_errors_keep_their_kind(
    bound: Callable[..., Any], status: int, kind: str, message: str, code: str | None, type_: str | None
):
    body = json.dumps({"message": message}).encode()
    error = bound("bedrock", SONNET, **KEYS).error(status, {"x-amzn-ErrorType": kind}, body)

    assert isinstance(error, UpstreamError)
    assert message in error.message
    assert error.code == code
    assert type_ is None or error.type == type_


def test_the_stop_sequence_that_was_met_is_told(bound: Callable[..., Any]):
    body = {
        "output": {"message": {"role": "assistant", "content": [{"text": "a"}]}},
        "stopReason": "stop_sequence",
        "additionalModelResponseFields": {"stop_sequence": "X"},
    }
    answer = bound("bedrock", SONNET, **KEYS).response(json.dumps(body).encode(), ask())

    assert (answer.choices[0].finish, answer.choices[0].stop_sequence) == ("stop", "X")


def test_a_fault_of_the_models_host_may_be_tried_again(bound: Callable[..., Any]):
    error = bound("bedrock", SONNET, **KEYS).error(
        424, {"x-amzn-errortype": "ModelErrorException"}, b'{"message":"x"}'
    )

    assert error.retryable


def test_an_answer_that_is_none_is_an_error(bound: Callable[..., Any]):
    for body in (b"", b"<html>", b"[]", b'{"output": 1}'):
        for model in (
            SONNET,
            f"invoke/{SONNET}",
            "invoke/openai.gpt-oss-20b-1:0",
            "invoke/us.amazon.nova-lite-v1:0",
        ):
            with pytest.raises(UpstreamError, match="cannot be read"):
                bound("bedrock", model, **KEYS).response(body, ask())
