"""Which vendor's form a model of Bedrock speaks behind InvokeModel, and how it is written and read."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct, structs

from tianji.providers._bedrock_names import IMPORTED, Named
from tianji.providers._params import Params
from tianji.providers.contract import Decoder
from tianji.providers.dialects.anthropic import answer as claude_answer
from tianji.providers.dialects.anthropic import request as claude_request
from tianji.providers.dialects.anthropic.betas import betas_of
from tianji.providers.dialects.anthropic.shape import emulated as claude_emulated
from tianji.providers.dialects.anthropic.stream import AnthropicDecoder
from tianji.providers.dialects.bedrock_invoke import nova, texts
from tianji.providers.dialects.bedrock_invoke.stream import InvokeDecoder
from tianji.providers.dialects.bedrock_invoke.text_stream import text_decoder
from tianji.providers.dialects.cohere.v1.answer import read as read_cohere
from tianji.providers.dialects.cohere.v1.request import write as write_cohere
from tianji.providers.dialects.cohere.v1.stream import CohereV1Decoder
from tianji.providers.dialects.converse import answer as converse_answer
from tianji.providers.dialects.converse.model import CLAUDE, NOVA, Model
from tianji.providers.dialects.converse.names import own_names
from tianji.providers.dialects.converse.shape import emulated
from tianji.providers.dialects.events import object_of
from tianji.providers.dialects.openai_chat import answer as chat_answer
from tianji.providers.dialects.openai_chat import request as chat_request
from tianji.providers.dialects.openai_chat.foreign import without_foreign
from tianji.providers.dialects.openai_chat.stream import ChatDecoder
from tianji.providers.dialects.openai_chat.think_tags import ThinkingDecoder, parted
from tianji.providers.dialects.spoken_tools import heard, listening
from tianji.wire.neutral import Answer, Ask
from tianji.wire.values import Object

VERSION = "bedrock-2023-05-31"
REASONING = "reasoning"
"""The mark around the thoughts that OpenAI's open models write into their text at Bedrock."""
_IN_THE_ADDRESS = ("model", "stream", "stream_options")
"""What the vendors' own APIs take in the body and InvokeModel in its path."""
_TEXT_ALONE = re.compile(
    r"claude-(?:instant|v1)|titan-|llama|mistral-7b|mixtral-8x7b|mistral-(?:large|small)-2402|command-(?:light-)?text|ai21\.j2"
    r"|deepseek\.r1"
)
_MARKS_OF_TEXT = ("deepseek_r1", "llama", "qwen2", "qwen3", "meta", "amazon")
_COMMAND_R = re.compile(r"command-r")


_GUARD, _SPEED, _TIER = "guardrailConfig", "performanceConfig", "serviceTier"
_HEADER = "x-amzn-bedrock-"


class Form(Struct, frozen=True):
    """A vendor's form, put into InvokeModel's envelope."""

    write: Callable[[Ask], tuple[Object, list[str]]]
    read: Callable[[bytes, Ask], Answer]
    decoder: Callable[[Ask], Decoder]


def form_of(named: Named, model: Model, params: Params, betas: tuple[str, ...]) -> Form:
    """Find a model's form; the one of OpenAI's chat completions is that of most."""
    texts_alone = named.mark in _MARKS_OF_TEXT or _TEXT_ALONE.search(named.known_as)
    if model.family == CLAUDE and not texts_alone:
        return _claude(model, params, betas)
    if model.family == NOVA:
        return _nova(model, params)
    if _COMMAND_R.search(named.known_as):
        return _cohere(model, params)
    if texts_alone:
        family = texts.family_named(model.family, named.known_as, imported=named.mark in IMPORTED)
        return _text(family, model, params)
    return _chat(model, params)


def into_headers(params: Params) -> tuple[Params, dict[str, str]]:
    """Take out of a deployment's parameters what InvokeModel wants in headers, in Converse's words."""
    said = dict(params.defaults)
    guard, speed, tier = (object_of(said.pop(name, None)) for name in (_GUARD, _SPEED, _TIER))
    found = {
        "guardrailidentifier": guard.get("guardrailIdentifier"),
        "guardrailversion": guard.get("guardrailVersion"),
        "trace": str(guard["trace"]).upper() if "trace" in guard else None,
        "performanceconfig-latency": speed.get("latency"),
        "service-tier": tier.get("type"),
    }
    headers = {f"{_HEADER}{name}": str(value) for name, value in found.items() if value is not None}
    return structs.replace(params, defaults=said), headers


def _claude(model: Model, params: Params, betas: tuple[str, ...]) -> Form:
    def write(ask: Ask) -> tuple[Object, list[str]]:
        body, changed = claude_request.write(ask, model.claude, params)
        for name in (*_IN_THE_ADDRESS, "service_tier"):
            body.pop(name, None)
        if found := list(dict.fromkeys([*betas, *betas_of(body)])):
            body["anthropic_beta"] = found
        return {"anthropic_version": VERSION, **body}, changed

    def read(body: bytes, ask: Ask) -> Answer:
        try:
            return claude_answer.read(body, emulated=claude_emulated(ask, model.claude))
        except claude_answer.Unreadable as error:
            raise ValueError(str(error)) from None

    def decoder(ask: Ask) -> Decoder:
        return _framed(AnthropicDecoder("bedrock", emulated=claude_emulated(ask, model.claude)))

    return Form(write, read, decoder)


def _nova(model: Model, params: Params) -> Form:
    return Form(
        lambda ask: nova.write(ask, model, params),
        lambda body, ask: converse_answer.read(body, model.id, own_names(ask), emulated=emulated(ask, model)),
        lambda ask: _framed(
            nova.NovaDecoder("bedrock", model.id, own_names(ask), emulated=emulated(ask, model))
        ),
    )


def _cohere(model: Model, params: Params) -> Form:
    def write(ask: Ask) -> tuple[Object, list[str]]:
        body, changed = write_cohere(ask, model.id, params, "bedrock")
        return _enveloped(body), changed

    return Form(
        write,
        lambda body, ask: read_cohere(body, "bedrock", model.id),
        lambda ask: _framed(CohereV1Decoder("bedrock", model.id)),
    )


def _text(family: texts.Family, model: Model, params: Params) -> Form:
    return Form(
        lambda ask: texts.write(ask, family, params),
        lambda body, ask: heard(texts.read(body, family, model.id), ask),
        lambda ask: _framed(listening(text_decoder("bedrock", model.id, family), ask)),
    )


def _chat(model: Model, params: Params) -> Form:
    def write(ask: Ask) -> tuple[Object, list[str]]:
        body = _enveloped(chat_request.write(ask, model.id))
        body.pop("metadata", None)
        return body, without_foreign(body, params)

    def read(body: bytes, ask: Ask) -> Answer:
        try:
            answer = chat_answer.read(body)
        except chat_answer.Unreadable as error:
            raise ValueError(str(error)) from None
        for choice in answer.choices:
            choice.blocks = [part for block in choice.blocks for part in parted(block, REASONING)]
        return answer

    return Form(write, read, lambda ask: _framed(ThinkingDecoder(ChatDecoder("bedrock"), REASONING)))


def _enveloped(body: Object) -> Object:
    return {name: value for name, value in body.items() if name not in _IN_THE_ADDRESS}


def _framed(inner: Decoder) -> InvokeDecoder:
    return InvokeDecoder("bedrock", inner)
