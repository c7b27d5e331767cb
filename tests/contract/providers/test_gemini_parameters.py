"""Addresses and parameters of what Gemini is asked, and what it refuses."""

import json
from typing import Any

import msgspec
import pytest

from tianji.errors import UnsupportedParameter
from tianji.providers.gemini import model_url
from tianji.wire.chat import ChatFront
from tianji.wire.messages import MessagesFront
from tianji_testkit.gemini import NEW, OLD, PRO, USER, sender

chat, messages = ChatFront(), MessagesFront()


@pytest.fixture
def sent(bound, fields):
    return sender(bound, fields)


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
