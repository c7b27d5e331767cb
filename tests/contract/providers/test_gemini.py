"""What Gemini is asked, whatever a client says, and what it refuses is told."""

import json
from typing import Any

import msgspec
import pytest

from tianji.errors import BadRequest, UnsupportedParameter
from tianji.providers.gemini import model_url
from tianji.wire.chat import ChatFront
from tianji.wire.messages import MessagesFront
from tianji.wire.neutral import Opaque, ToolCall

chat, messages = ChatFront(), MessagesFront()
OLD, NEW, PRO = "gemini-2.5-flash", "gemini-3-flash-preview", "gemini-2.5-pro"
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
USER = {"role": "user", "content": "hi"}


def call(identity: str, name: str = "f", arguments: str = "{}") -> dict[str, Any]:
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(identity: str, content: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": identity, "content": content}


@pytest.fixture
def sent(bound, fields):
    """Send a chat request to a Gemini model and return the body that Google gets."""

    def send(model: str = NEW, deployment: Any = None, **body: Any) -> dict[str, Any]:
        upstream = bound("gemini", model, **(deployment or {}))
        return json.loads(upstream.request(chat.read(fields(**body))).body)

    return send


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("https://a.test", "https://a.test/v1beta/models/m"),
        ("https://a.test/x/7", "https://a.test/x/7/v1beta/models/m"),
        ("https://a.test/v1alpha", "https://a.test/v1alpha/models/m"),
        ("https://a.test/v1beta/models/other", "https://a.test/v1beta/models/other"),
    ],
)
def test_a_base_may_name_the_version_or_the_model(base, url):
    assert model_url(base, "m") == url


def test_the_method_is_in_the_address_and_the_key_in_a_header(bound, fields):
    upstream = bound("gemini", NEW, environ={"GOOGLE_API_KEY": "secret-key"})
    base = f"https://generativelanguage.googleapis.com/v1beta/models/{NEW}"

    assert upstream.request(chat.read(fields())).url == f"{base}:generateContent"
    assert upstream.request(chat.read(fields(stream=True))).url == f"{base}:streamGenerateContent?alt=sse"
    assert upstream.headers["x-goog-api-key"] == "secret-key"
    assert "secret-key" not in repr(upstream)


def test_turns_of_one_side_are_merged_empty_ones_left_out_and_instructions_stand_apart(sent):
    body = sent(
        messages=[
            {"role": "system", "content": "a"},
            {"role": "assistant", "content": "first"},
            {"role": "user", "content": "b"},
            {"role": "developer", "content": "c"},
            {"role": "user", "content": [{"type": "text", "text": ""}, {"type": "text", "text": "d"}]},
            {"role": "assistant", "content": ""},
        ]
    )

    assert body["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "c"}]}
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "."}]},
        {"role": "model", "parts": [{"text": "first"}]},
        {"role": "user", "parts": [{"text": "b"}, {"text": "d"}]},
    ]


def test_a_picture_among_the_instructions_is_shown_by_the_user(sent):
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    body = sent(messages=[{"role": "system", "content": [{"type": "text", "text": "a"}, picture]}, USER])

    assert body["systemInstruction"] == {"parts": [{"text": "a"}]}
    assert [list(part) for part in body["contents"][0]["parts"]] == [["inlineData"], ["text"]]


def test_instructions_alone_are_what_the_user_says(sent):
    body = sent(messages=[{"role": "system", "content": "a"}])

    assert body == {"contents": [{"role": "user", "parts": [{"text": "a"}]}]}


def test_results_stand_in_one_turn_in_the_order_of_their_calls(sent):
    body = sent(
        OLD,
        messages=[
            USER,
            {"role": "assistant", "tool_calls": [call("1", "f", '{"x":1}'), call("2", "g"), call("3", "h")]},
            result("2", '{"warm": true}'),
            result("1", "fine"),
            {"role": "user", "content": "and?"},
        ],
    )

    assert body["contents"][1]["parts"][0] == {"functionCall": {"id": "1", "name": "f", "args": {"x": 1}}}
    answers = [part["functionResponse"] for part in body["contents"][2]["parts"][:3]]
    assert [(one["id"], one["name"]) for one in answers] == [("1", "f"), ("2", "g"), ("3", "h")]
    assert [one["response"] for one in answers[:2]] == [{"result": "fine"}, {"warm": True}]
    assert "error" in answers[2]["response"]  # nobody answered the third
    assert body["contents"][2]["parts"][3:] == [{"text": "and?"}]


def test_a_result_that_nobody_called_for_is_told_in_words(sent):
    body = sent(messages=[USER, result("gone", "fine")])

    assert body["contents"][0]["parts"] == [{"text": 'Result of gone: {"result":"fine"}'}, {"text": "hi"}]


def test_calls_at_the_end_get_an_answer(sent):
    body = sent(messages=[USER, {"role": "assistant", "tool_calls": [call("1")]}])

    assert [content["role"] for content in body["contents"]] == ["user", "model", "user"]


def test_a_failed_result_and_a_picture_in_one_are_kept(bound, fields):
    picture = {"type": "base64", "media_type": "image/png", "data": "AA=="}
    request = fields(
        max_tokens=5,
        messages=[
            USER,
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t",
                        "is_error": True,
                        "content": [{"type": "text", "text": "no"}, {"type": "image", "source": picture}],
                    }
                ],
            },
        ],
    )
    inline = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}

    def parts(model: str) -> list[Any]:
        body = json.loads(bound("gemini", model).request(messages.read(request)).body)
        found: list[Any] = body["contents"][2]["parts"]
        return found

    answer = {"id": "t", "name": "f", "response": {"error": "no"}}
    assert parts(NEW) == [{"functionResponse": {**answer, "parts": [inline]}}]
    assert parts(OLD) == [{"functionResponse": answer}, inline]


def test_a_signature_comes_back_with_its_call_and_an_unsigned_first_call_says_so(sent):
    def signatures(model: str) -> list[Any]:
        body = sent(
            model,
            messages=[
                USER,
                {"role": "assistant", "tool_calls": [call("0")]},
                result("0", "x"),
                {"role": "user", "content": "next"},
                {"role": "assistant", "tool_calls": [call("1__thought__c2ln"), call("2")]},
                result("1__thought__c2ln", "x"),
                result("2", "x"),
                {"role": "assistant", "tool_calls": [call("3")]},
                result("3", "x"),
            ],
        )
        parts = [part for content in body["contents"] for part in content["parts"] if "functionCall" in part]
        return [(part["functionCall"]["id"], part.get("thoughtSignature")) for part in parts]

    unsigned = "skip_thought_signature_validator"
    assert signatures(NEW) == [("0", None), ("1", "c2ln"), ("2", None), ("3", unsigned)]
    assert signatures(OLD) == [("0", None), ("1", "c2ln"), ("2", None), ("3", None)]


def test_only_geminis_own_thoughts_go_back(sent):
    def thought(signature: str, text: str = "hm") -> dict[str, str]:
        return {"type": "thinking", "thinking": text, "signature": signature}

    blocks = [
        thought("ErUBanthropic"),
        thought("openai:x"),
        thought("gemini:c2ln"),
        thought("gemini:dGV4", ""),
    ]
    body = sent(messages=[USER, {"role": "assistant", "content": "so", "thinking_blocks": blocks}, USER])

    assert body["contents"][1]["parts"] == [
        {"text": "hm", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "", "thoughtSignature": "dGV4"},
        {"text": "so"},
    ]


def test_parameters_have_googles_names(sent):
    body = sent(
        NEW,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        max_completion_tokens=9,
        stop=["a", "b"],
        seed=3,
        n=2,
        presence_penalty=0.1,
        frequency_penalty=0.2,
        logprobs=True,
        top_logprobs=4,
        parallel_tool_calls=False,
        service_tier="flex",
        user="me",
        stream_options={"include_usage": True},
    )

    assert body["generationConfig"] == {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "maxOutputTokens": 9,
        "stopSequences": ["a", "b"],
        "seed": 3,
        "candidateCount": 2,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "responseLogprobs": True,
        "logprobs": 4,
    }
    assert body["serviceTier"] == "flex"
    assert body.keys() == {"contents", "generationConfig", "serviceTier"}


def test_what_gemini_lacks_is_refused_or_dropped(sent):
    with pytest.raises(UnsupportedParameter, match="logit_bias"):
        sent(logit_bias={"1": 2})
    assert "logit_bias" not in json.dumps(sent(NEW, {"drop_params": True}, logit_bias={"1": 2}))


@pytest.mark.parametrize(
    ("model", "asked", "config"),
    [
        (OLD, {"reasoning_effort": "low"}, {"includeThoughts": True, "thinkingBudget": 1024}),
        (OLD, {"reasoning_effort": "max"}, {"includeThoughts": True, "thinkingBudget": 24576}),
        (PRO, {"reasoning_effort": "max"}, {"includeThoughts": True, "thinkingBudget": 32768}),
        (OLD, {"reasoning_effort": "none"}, {"includeThoughts": False, "thinkingBudget": 0}),
        (PRO, {"reasoning_effort": "none"}, {"includeThoughts": False, "thinkingBudget": 128}),
        (OLD, {"thinking": {"type": "adaptive"}}, {"includeThoughts": True, "thinkingBudget": -1}),
        (NEW, {"reasoning_effort": "minimal"}, {"includeThoughts": True, "thinkingLevel": "MINIMAL"}),
        (NEW, {"reasoning_effort": "xhigh"}, {"includeThoughts": True, "thinkingLevel": "HIGH"}),
        (NEW, {"reasoning_effort": "none"}, {"includeThoughts": False, "thinkingLevel": "MINIMAL"}),
        (
            "gemini-3-pro-preview",
            {"reasoning_effort": "minimal"},
            {"includeThoughts": True, "thinkingLevel": "LOW"},
        ),
        (
            NEW,
            {"thinking": {"type": "enabled", "budget_tokens": 99}},
            {"includeThoughts": True, "thinkingBudget": 99},
        ),
        (
            "gemini-flash-latest",
            {"reasoning_effort": "low"},
            {"includeThoughts": True, "thinkingLevel": "LOW"},
        ),
    ],
)
def test_thinking_is_asked_for_as_the_model_takes_it(sent, model, asked, config):
    assert sent(model, **asked)["generationConfig"]["thinkingConfig"] == config


def test_a_model_that_does_not_think_is_not_asked_to(sent):
    assert "generationConfig" not in sent("gemini-2.0-flash", reasoning_effort="high")


def test_the_first_pro_model_with_levels_has_two(sent):
    def level(model: str) -> Any:
        return sent(model, reasoning_effort="medium")["generationConfig"]["thinkingConfig"]["thinkingLevel"]

    assert level("gemini-3-pro-preview") == "HIGH"
    assert level("gemini-3.1-pro-preview") == "MEDIUM"


def test_what_other_formats_add_stays_with_them(bound, fields):
    request = fields(max_tokens=5, context_management={"edits": []}, messages=[USER])
    body = json.loads(bound("gemini", NEW).request(messages.read(request)).body)

    assert body.keys() == {"contents", "generationConfig"}
    assert "later" in bound("gemini", NEW).request(chat.read(fields(later=1))).body.decode()


def test_a_deployment_drops_by_openais_names_and_adds_in_googles(sent):
    dropped = ["temperature", "response_format", "reasoning_effort", "web_search_options"]
    asked = {"temperature": 1, "response_format": {"type": "json_object"}, "reasoning_effort": "low"}
    own = {"generationConfig": {"imageConfig": {"aspectRatio": "1:1"}}}
    body = sent(
        NEW,
        {"additional_drop_params": dropped, "extra_body": own},
        top_p=0.5,
        web_search_options={},
        **asked,
    )

    assert body.keys() == {"contents", "generationConfig"}
    assert body["generationConfig"] == {"topP": 0.5, "imageConfig": {"aspectRatio": "1:1"}}
    assert sent(NEW, {"extra_body": own})["generationConfig"] == own["generationConfig"]


def test_a_clients_tool_config_is_merged_into_the_choice(sent):
    own = {"function_calling_config": {"streamFunctionCallArguments": True}}
    config = sent(tools=[TOOL], tool_choice="required", tool_config=own)["toolConfig"]

    assert config == {"functionCallingConfig": {"mode": "ANY", "streamFunctionCallArguments": True}}


def test_schemas_become_json_schema_in_lower_case_without_what_is_refused(sent):
    schema = {
        "$schema": "x",
        "type": "OBJECT",
        "properties": {
            "const": {"const": "a"},
            "n": {"type": "INTEGER", "nullable": True, "exclusiveMinimum": 0},
            "$schema": {"type": 1},
        },
        "additionalProperties": False,
    }
    body = sent(tools=[{"type": "function", "function": {"name": "f", "parameters": schema}}, TOOL])

    first, second = body["tools"][0]["functionDeclarations"]
    assert first["parametersJsonSchema"] == {
        "type": "object",
        "properties": {
            "const": {"enum": ["a"]},
            "n": {"type": ["integer", "null"], "exclusiveMinimum": 0},
            "$schema": {"type": "string"},
        },
        "additionalProperties": False,
    }
    assert second["parametersJsonSchema"] == {"type": "object", "properties": {}}


def test_an_answers_schema_stands_in_words_where_the_model_takes_none_beside_tools(sent):
    shape = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object", "title": "T"}}}
    told = {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object", "title": "T"}}

    assert sent(OLD, response_format=shape)["generationConfig"] == told
    assert sent(NEW, response_format=shape, tools=[TOOL])["generationConfig"] == told
    body = sent(OLD, response_format=shape, tools=[TOOL])
    assert "generationConfig" not in body
    assert '"title":"T"' in body["systemInstruction"]["parts"][0]["text"]
    assert sent(OLD, response_format={"type": "json_object"})["generationConfig"] == {
        "responseMimeType": "application/json"
    }


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "f"}}, {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_a_choice_among_tools_is_a_mode(sent, choice, config):
    assert sent(tools=[TOOL], tool_choice=choice)["toolConfig"] == {"functionCallingConfig": config}


def test_tools_that_may_be_chosen_are_the_only_ones_declared(sent):
    allowed = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "g"}}]}
    other = {"type": "function", "function": {"name": "g"}}
    body = sent(tools=[TOOL, other], tool_choice={"type": "allowed_tools", "allowed_tools": allowed})

    assert [one["name"] for one in body["tools"][0]["functionDeclarations"]] == ["g"]


@pytest.mark.parametrize(
    ("tool", "own"),
    [
        ({"googleSearch": {}}, {"googleSearch": {}}),
        ({"google_search": {}}, {"googleSearch": {}}),
        ({"type": "url_context"}, {"urlContext": {}}),
        ({"type": "web_search_20250305", "name": "web_search"}, {"googleSearch": {}}),
        ({"type": "code_interpreter", "container": {"type": "auto"}}, {"codeExecution": {}}),
    ],
)
def test_tools_that_google_runs_are_named_in_its_words_or_another_providers(sent, tool, own):
    assert sent(tools=[tool])["tools"] == [own]
    beside = sent(NEW, tools=[tool, TOOL])
    assert beside["tools"][1] == own
    assert beside["toolConfig"] == {"includeServerSideToolInvocations": True}


def test_a_tool_that_nobody_knows_is_refused(sent):
    with pytest.raises(BadRequest, match="'time_machine'"):
        sent(tools=[{"type": "time_machine"}])


def test_a_search_is_also_asked_for_by_its_options(sent):
    assert sent(web_search_options={})["tools"] == [{"googleSearch": {}}]


def test_googles_own_fields_go_where_they_belong_in_either_spelling(sent):
    safety = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    body = sent(
        NEW,
        {"safety_settings": safety},
        cachedContent="cachedContents/1",
        media_resolution="MEDIA_RESOLUTION_LOW",
        modalities=["text", "image"],
        generation_config={"audio_timestamp": True},
    )

    assert (body["safetySettings"], body["cachedContent"]) == (safety, "cachedContents/1")
    assert body["generationConfig"] == {
        "responseModalities": ["TEXT", "IMAGE"],
        "mediaResolution": "MEDIA_RESOLUTION_LOW",
        "audioTimestamp": True,
    }


def test_a_voice_is_asked_for_in_openais_words(sent):
    config = sent(modalities=["text", "audio"], audio={"voice": "Kore", "format": "pcm16"})[
        "generationConfig"
    ]

    assert config["responseModalities"] == ["AUDIO"]
    assert config["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"] == "Kore"


@pytest.mark.parametrize(
    ("part", "written"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/webp;base64,AA==", "detail": "high"}},
            {
                "inlineData": {"mimeType": "image/webp", "data": "AA=="},
                "mediaResolution": {"level": "MEDIA_RESOLUTION_HIGH"},
            },
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://a.test/b/c.jpg?d=e"}},
            {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://a.test/b/c.jpg?d=e"}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "mp3"}},
            {"inlineData": {"mimeType": "audio/mpeg", "data": "AA=="}},
        ),
        (
            {"type": "video_url", "video_url": {"url": "https://www.youtube.com/watch?v=1"}},
            {"fileData": {"mimeType": "video/mp4", "fileUri": "https://www.youtube.com/watch?v=1"}},
        ),
        (
            {"type": "file", "file": {"file_id": "https://generativelanguage.googleapis.com/v1beta/files/1"}},
            {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/1"}},
        ),
        (
            {
                "type": "file",
                "file": {"file_id": "gs://b/c.mp4", "format": "video/mp4", "video_metadata": {"fps": 5}},
            },
            {
                "fileData": {"mimeType": "video/mp4", "fileUri": "gs://b/c.mp4"},
                "videoMetadata": {"fps": 5},
            },
        ),
        (
            {"type": "file", "file": {"file_id": "gs://b/report", "format": "application/pdf"}},
            {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://b/report"}},
        ),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA==", "filename": "a.pdf"}},
            {"inlineData": {"mimeType": "application/pdf", "data": "AA=="}},
        ),
    ],
)
def test_media_are_inline_or_named_by_their_address(sent, part, written):
    assert sent(messages=[{"role": "user", "content": [part]}])["contents"][0]["parts"] == [written]


def test_a_request_of_its_own_format_passes_untouched_but_for_what_is_in_the_address(bound):
    raw = (
        b'{"model":"m","stream":true,"contents":[{"parts":[{"text":"a"}]}],"generationConfig": {"topK":1.0}}'
    )
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    upstream = bound("gemini", NEW, safety_settings=[])

    request = upstream.forward("generate_content", fields, stream=True)

    assert "generate_content" in upstream.speaks
    assert request.url.endswith(":streamGenerateContent?alt=sse")
    assert request.body == (
        b'{"contents":[{"parts":[{"text":"a"}]}],"generationConfig":{"topK":1.0},"safetySettings":[]}'
    )


def answered(bound: Any, ask: Any, *parts: Any, **candidate: Any) -> Any:
    body = {"candidates": [{"content": {"parts": list(parts)}, **candidate}], "modelVersion": NEW}
    return bound("gemini", NEW).response(json.dumps(body).encode(), ask)


def test_what_google_ran_itself_is_no_call_for_the_client_and_goes_back_as_it_came(bound, fields, sent):
    ran = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "c2ln"}
    gave = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}
    ask = chat.read(fields())
    answer = answered(bound, ask, {"text": "a"}, ran, gave, {"text": "b"}, finishReason="STOP")

    blocks = answer.choices[0].blocks
    assert [block.value for block in blocks if isinstance(block, Opaque)] == [ran, gave]
    assert not any(isinstance(block, ToolCall) for block in blocks)
    message = json.loads(chat.write(answer, ask))["choices"][0]["message"]
    body = sent(messages=[USER, message, USER])
    assert body["contents"][1]["parts"] == [{"text": "a"}, ran, gave, {"text": "b"}]


def test_pictures_and_logprobs_reach_the_client(bound, fields):
    ask = chat.read(fields(logprobs=True))
    token = {"token": "é", "logProbability": -0.5}
    answer = answered(
        bound,
        ask,
        {"text": "é"},
        {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
        logprobsResult={"chosenCandidates": [token], "topCandidates": [{"candidates": [token]}]},
    )

    choice = json.loads(chat.write(answer, ask))["choices"][0]
    told = {"token": "é", "logprob": -0.5, "bytes": [195, 169]}
    assert choice["message"]["images"][0]["image_url"]["url"] == "data:image/png;base64,AA=="
    assert choice["logprobs"]["content"] == [{**told, "top_logprobs": [told]}]


def test_grounding_becomes_annotations_at_places_in_characters(bound, fields):
    grounding = {
        "webSearchQueries": ["a", "b"],
        "groundingChunks": [{"web": {"uri": "https://a.test", "title": "A"}}, {"web": {"title": "nowhere"}}],
        "groundingSupports": [
            {"segment": {"startIndex": 3, "endIndex": 6, "text": "fü"}, "groundingChunkIndices": [0, 1, 9]}
        ],
    }
    ask = chat.read(fields())
    answer = answered(bound, ask, {"text": "ü "}, {"text": "für"}, groundingMetadata=grounding)

    body = json.loads(chat.write(answer, ask))
    assert body["choices"][0]["message"]["annotations"] == [
        {
            "type": "url_citation",
            "url_citation": {"url": "https://a.test", "title": "A", "start_index": 2, "end_index": 4},
        }
    ]
    assert body["vertex_ai_grounding_metadata"] == [grounding]


@pytest.mark.parametrize(
    ("raw", "finish"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "error"),
        ("SOMETHING_NEW", "stop"),
    ],
)
def test_each_end_has_a_word(bound, fields, raw, finish):
    choice = answered(bound, chat.read(fields()), {"text": "a"}, finishReason=raw).choices[0]

    assert (choice.finish, choice.finish_raw) == (finish, raw)


def test_tokens_are_counted_disjointly(bound, fields):
    metadata = {
        "promptTokenCount": 100,
        "toolUsePromptTokenCount": 20,
        "cachedContentTokenCount": 60,
        "candidatesTokenCount": 10,
        "thoughtsTokenCount": 5,
        "totalTokenCount": 135,
        "promptTokensDetails": [
            {"modality": "AUDIO", "tokenCount": 30},
            {"modality": "TEXT", "tokenCount": 70},
        ],
    }
    body = json.dumps({"candidates": [], "promptFeedback": {}, "usageMetadata": metadata}).encode()

    usage = bound("gemini", NEW).response(body, chat.read(fields())).usage
    assert (usage.input_tokens, usage.output_tokens) == (120, 15)
    assert (usage.cache_read_tokens, usage.reasoning_tokens, usage.input_audio_tokens) == (60, 5, 30)


def test_a_tool_of_free_text_is_declared_with_one_argument_and_called_with_plain_text(bound, fields, sent):
    tool = {"type": "custom", "custom": {"name": "patch"}}
    ask = chat.read(fields(tools=[tool]))

    schema = sent(tools=[tool])["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"]
    assert schema["required"] == ["input"]
    answer = answered(bound, ask, {"functionCall": {"name": "patch", "args": {"input": "a\nb"}}})
    called = answer.choices[0].blocks[0]
    assert (called.custom, called.arguments) == (True, "a\nb")
    assert called.id.startswith("call_")


def test_signatures_of_texts_are_kept_for_clients_that_follow_thoughts(bound, fields):
    part = {"text": "a", "thoughtSignature": "c2ln"}
    plain, thinking = chat.read(fields()), chat.read(fields(reasoning_effort="low"))

    assert len(answered(bound, plain, part).choices[0].blocks) == 1
    assert answered(bound, thinking, part).choices[0].blocks[1].signature == "gemini:c2ln"


def test_an_error_with_status_200_is_an_error(bound, fields):
    body = b'{"error":{"code":503,"message":"Overloaded","status":"UNAVAILABLE"}}'

    with pytest.raises(Exception, match="Overloaded"):
        bound("gemini", NEW).response(body, chat.read(fields()))


def test_an_error_says_how_long_to_wait_and_whose_key_is_wrong(bound):
    upstream = bound("gemini", NEW, api_key="secret-key")
    quota = {
        "code": 429,
        "message": "later",
        "status": "RESOURCE_EXHAUSTED",
        "details": [{"retryDelay": "1.2s"}],
    }
    key = {"code": 400, "message": "bad secret-key", "details": [{"reason": "API_KEY_INVALID"}]}

    error = upstream.error(429, {}, json.dumps({"error": quota}).encode())
    assert (error.status, error.headers) == (429, {"retry-after": "2"})
    error = upstream.error(400, {}, json.dumps([{"error": key}]).encode())
    assert (error.status, error.type) == (401, "authentication_error")
    assert "gemini" in error.message
    assert "secret-key" not in error.message
