"""Hugging Face's text generation server: one text in, one out."""

from __future__ import annotations

import re
import time
from typing import Any

import msgspec
from msgspec import Struct

from tianji.providers._params import Params
from tianji.providers.dialects import prompt_forms
from tianji.providers.dialects.events import EventDecoder, Lines, object_of
from tianji.providers.dialects.instructed import instruct
from tianji.providers.dialects.openai_chat.sides import Side
from tianji.providers.dialects.transcript import dialogue
from tianji.providers.dialects.tuning import vendor_fields, without_thinking, write_tuning
from tianji.wire import values
from tianji.wire.neutral import (
    Answer,
    Ask,
    Choice,
    Event,
    Failed,
    Finish,
    Finished,
    Started,
    Text,
    Usage,
    Used,
)
from tianji.wire.sse import ServerEvent
from tianji.wire.usage import count
from tianji.wire.values import Object

_TEMPLATES = (
    (re.compile(r"llama-?3|llama-?4", re.IGNORECASE), prompt_forms.llama3),
    (re.compile(r"llama", re.IGNORECASE), prompt_forms.llama2),
    (re.compile(r"mi[sx]tral", re.IGNORECASE), prompt_forms.mistral),
    (re.compile(r"qwen|chatml", re.IGNORECASE), prompt_forms.chatml),
)
_TUNING = {
    "max_tokens": "max_new_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop": "stop",
    "seed": "seed",
}


def template_of(name: str) -> prompt_forms.Template:
    """Return how a model's conversations are written, as far as its name or its endpoint's tells."""
    return next((template for pattern, template in _TEMPLATES if pattern.search(name)), prompt_forms.spoken)


def write(
    ask: Ask, template: prompt_forms.Template, params: Params, provider: str
) -> tuple[Object, list[str]]:
    """Return the body of a request, and what was dropped. Raises BadRequest for what is no text."""
    tuning: Object = {}
    changed = write_tuning(tuning, ask, params, provider, _TUNING) + without_thinking(ask)
    body: Object = {"inputs": _prompt(ask, template, provider), "parameters": tuning}
    for name, value in vendor_fields(ask, params).items():
        tuning[name] = value
    if ask.stream:
        body["stream"] = True
    return body, changed


def _prompt(ask: Ask, template: prompt_forms.Template, provider: str) -> str:
    if ask.shape is not None:
        ask = instruct(ask, ask.shape)
    return template(dialogue(ask, provider))


def read(body: bytes, model: str, template: prompt_forms.Template, ask: Ask, provider: str) -> Answer:
    """Read a whole answer. Raises BadRequest or ValueError for what is none."""
    found = msgspec.json.decode(body)
    whole = values.mapping(found[0] if isinstance(found, list) and found else found, "body")
    text = values.required(values.string, whole, "generated_text", "")
    # Some containers repeat what they were asked.
    text = text.removeprefix(_prompt(ask, template, provider))
    details = object_of(whole.get("details"))
    raw = details.get("finish_reason")
    return Answer(
        model=model,
        created=int(time.time()),
        choices=[Choice(blocks=[Text(text)], finish=_finish(raw), finish_raw=raw)],
        usage=_usage(details),
    )


def _finish(raw: Any) -> Finish:
    return "length" if raw == "length" else "stop"


def _usage(details: Object) -> Usage | None:
    written = details.get("generated_tokens")
    if written is None or details.get("input_length") is None:
        return None
    return Usage(count(details["input_length"]), count(written))


class _Line(Struct):
    token: dict[str, Any] | None = None
    generated_text: str | None = None
    details: dict[str, Any] | None = None
    error: str | None = None
    error_type: str | None = None


_decoder = msgspec.json.Decoder(_Line)


class GenerationDecoder(EventDecoder):
    """Reads one stream: a token an event, the whole text in the last one."""

    def __init__(self, provider: str, model: str) -> None:
        super().__init__(provider, Lines())
        self._side = Side(0)
        self._start: Started | None = Started(model=model, created=int(time.time()))

    def _event(self, out: list[Event], event: ServerEvent) -> None:
        line = _decoder.decode(event.data)
        if line.error is not None:
            self._failed = True
            status = 429 if line.error_type == "overloaded" else 502
            out.append(Failed(f"{self._provider}: {line.error}", status=status))
            return
        if self._start is not None:
            out.append(self._start)
            self._start = None
        token = line.token or {}
        text = token.get("text")
        if isinstance(text, str) and text and not token.get("special"):
            self._side.grow(out, Text, text)
        if line.generated_text is not None or line.details:
            details = line.details or {}
            self._side.stop(out)
            raw = details.get("finish_reason")
            out.append(Finished(_finish(raw), raw if isinstance(raw, str) else None))
            if (usage := _usage(details)) is not None:
                out.append(Used(usage))
            self.complete = True
