"""Models that take one text and give one: who wants it how, and how the answer tells it."""

from __future__ import annotations

import re
import time
from typing import Any

import msgspec
from msgspec import Struct

from tianji.providers._params import Params
from tianji.providers.dialects import prompt_forms
from tianji.providers.dialects.events import object_of, objects_of
from tianji.providers.dialects.instructed import instruct
from tianji.providers.dialects.openai_chat.think_tags import TAG, parted
from tianji.providers.dialects.transcript import dialogue
from tianji.providers.dialects.tuning import vendor_fields, without_thinking, write_tuning
from tianji.wire import values
from tianji.wire.neutral import Answer, Ask, Choice, Finish, Text, Usage
from tianji.wire.usage import count
from tianji.wire.values import Object

_LENGTH = frozenset(("length", "max_tokens", "max_length"))
_FILTERED = frozenset(("content_filtered", "guardrail_intervened", "content_filter", "error_toxic"))
_LISTS = ("results", "outputs", "generations", "choices", "completions")
_TEXT = ("generation", "text", "outputText", "completion")
_REASON = ("stop_reason", "completionReason", "finish_reason")
THOUGHT, _END_OF_THOUGHT = f"<{TAG}>", f"</{TAG}>"


class Family(Struct, frozen=True):
    """How one vendor's models are asked."""

    template: prompt_forms.Template
    prompt: str = "prompt"
    tuning: dict[str, str] = msgspec.field(default_factory=dict)
    inside: str | None = None
    """The field that holds the tuning parameters, if not the top."""
    thinks: bool = False
    """Whether its prompt ends where a thought begins, which the answer ends by a mark."""
    streams_by_word: bool = False
    """Whether a stream must be asked for in the body too."""
    demands: dict[str, int] = msgspec.field(default_factory=dict)
    """What must be said where the client does not."""


_LLAMA = {"max_tokens": "max_gen_len", "temperature": "temperature", "top_p": "top_p"}
_PLAIN = {"max_tokens": "max_tokens", "temperature": "temperature", "top_p": "top_p", "stop": "stop"}
_LLAMA_3 = Family(prompt_forms.llama3, tuning=_LLAMA)
_FAMILIES = {
    "meta": _LLAMA_3,
    "mistral": Family(prompt_forms.mistral, tuning={**_PLAIN, "top_k": "top_k"}),
    "titan": Family(
        prompt_forms.spoken,
        prompt="inputText",
        inside="textGenerationConfig",
        tuning={
            "max_tokens": "maxTokenCount",
            "temperature": "temperature",
            "top_p": "topP",
            "stop": "stopSequences",
        },
    ),
    "cohere": Family(
        prompt_forms.spoken,
        tuning={
            "max_tokens": "max_tokens",
            "temperature": "temperature",
            "top_p": "p",
            "top_k": "k",
            "stop": "stop_sequences",
        },
        streams_by_word=True,
    ),
    "ai21": Family(
        prompt_forms.spoken,
        tuning={
            "max_tokens": "maxTokens",
            "temperature": "temperature",
            "top_p": "topP",
            "stop": "stopSequences",
        },
    ),
    "qwen": Family(prompt_forms.chatml, tuning={**_LLAMA, "top_k": "top_k", "stop": "stop"}),
    "deepseek": Family(prompt_forms.deepseek, tuning=_PLAIN, thinks=True),
}
_FIRST_CLAUDES = Family(
    prompt_forms.human,
    tuning={
        "max_tokens": "max_tokens_to_sample",
        "temperature": "temperature",
        "top_p": "top_p",
        "top_k": "top_k",
        "stop": "stop_sequences",
    },
    demands={"max_tokens_to_sample": 4096},
)
_LLAMA_2 = re.compile(r"llama-?2")


def family_named(name: str, model_id: str, *, imported: bool) -> Family:
    """Return a vendor's family."""
    if name == "meta" and _LLAMA_2.search(model_id):
        return Family(prompt_forms.llama2, tuning=_LLAMA)
    if name == "anthropic":
        return _FIRST_CLAUDES
    if name == "deepseek" and imported:
        return Family(prompt_forms.deepseek, tuning=_LLAMA, thinks=True)
    return _FAMILIES.get(name, _LLAMA_3)


def write(ask: Ask, family: Family, params: Params) -> tuple[Object, list[str]]:
    """Return the body of a request, and what was dropped. Raises BadRequest for what is no text."""
    if ask.shape is not None:
        ask = instruct(ask, ask.shape)
    body: Object = {family.prompt: family.template(dialogue(ask, "bedrock"))}
    tuning: Object = dict(family.demands)
    changed = write_tuning(tuning, ask, params, "bedrock", family.tuning) + without_thinking(ask)
    if family.inside is None:
        body |= tuning
    elif tuning:
        body[family.inside] = tuning
    if ask.stream and family.streams_by_word:
        body["stream"] = True
    return body | vendor_fields(ask, params), changed


class Told(Struct):
    """What one answer, or one piece of it, tells."""

    text: str = ""
    reason: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


def read_told(raw: Any) -> Told:
    """Read an answer or a piece of one, by whichever vendor."""
    whole = values.mapping(raw, "body")
    lists = (objects_of(whole.get(name)) for name in _LISTS)
    inner = next((found[0] for found in lists if found), whole)
    data = object_of(inner.get("data"))
    text = next((found for name in _TEXT if isinstance(found := inner.get(name, data.get(name)), str)), "")
    reason = next((found for name in _REASON if isinstance(found := inner.get(name), str)), None)
    if reason is None:
        told = object_of(inner.get("finishReason")).get("reason")
        reason = told if isinstance(told, str) else None
    usage = object_of(whole.get("usage"))
    return Told(
        text,
        reason,
        _first(whole.get("prompt_token_count"), whole.get("inputTextTokenCount"), usage.get("prompt_tokens")),
        _first(
            whole.get("generation_token_count"),
            inner.get("tokenCount"),
            whole.get("totalOutputTextTokenCount"),
            usage.get("completion_tokens"),
        ),
    )


def _first(*counts: Any) -> int | None:
    return next((count(value) for value in counts if value is not None), None)


def read(body: bytes, family: Family, model: str) -> Answer:
    """Read a whole answer. Raises BadRequest or ValueError for what is none."""
    told = read_told(msgspec.json.decode(body))
    # What begins in the prompt is ended in the answer.
    whole = f"{THOUGHT}{told.text}" if family.thinks and _END_OF_THOUGHT in told.text else told.text
    blocks = parted(Text(whole)) if whole else []
    return Answer(
        model=model,
        created=int(time.time()),
        choices=[Choice(blocks=blocks, finish=finish_of(told.reason), finish_raw=told.reason)],
        usage=usage_of(told),
    )


def usage_of(told: Told) -> Usage | None:
    """Return the tokens that were told."""
    if told.input_tokens is None and told.output_tokens is None:
        return None
    return Usage(told.input_tokens or 0, told.output_tokens or 0)


def finish_of(raw: str | None) -> Finish:
    """Say why the model stopped."""
    word = (raw or "").lower()
    if word in _LENGTH:
        return "length"
    return "content_filter" if word in _FILTERED else "stop"
