"""watsonx.ai's generation: one text in, one text out, whole or in pieces."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tianji.errors import BadRequest
from tianji.providers._params import Params
from tianji.providers.dialects.events import EventDecoder
from tianji.providers.dialects.fresh_ids import answer_id
from tianji.providers.dialects.instructed import instruct
from tianji.providers.dialects.openai_chat.sides import Side
from tianji.providers.dialects.transcript import transcribe
from tianji.providers.dialects.tuning import vendor_fields, write_tuning
from tianji.providers.dialects.watsonx.errors import told_error
from tianji.wire.neutral import Answer, Ask, Choice, Event, Finish, Finished, Started, Text, Usage, Used
from tianji.wire.sse import ServerEvent, Splitter
from tianji.wire.usage import count
from tianji.wire.values import Object

_NAMES = {
    "max_tokens": "max_new_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "seed": "random_seed",
    "stop": "stop_sequences",
    "frequency_penalty": "repetition_penalty",
}
_MOST = 1024
"""How many tokens are asked for where the client names no limit: IBM stops after 20."""
_SAMPLED = ("temperature", "top_p", "top_k")
_BESIDE = ("moderations", "project_id", "space_id")
"""Fields of IBM's own that are no parameters of the model."""
_UNFINISHED = ("", "not_finished")
_FINISH: dict[str, Finish] = {
    "max_tokens": "length",
    "token_limit": "length",
    "time_limit": "length",
    "cancelled": "error",
    "error": "error",
}


class _Result(Struct):
    generated_text: str = ""
    generated_token_count: Any = 0
    input_token_count: Any = 0
    stop_reason: Any = None


class _Answer(Struct):
    results: list[_Result]
    model_id: Any = None


_decoder = msgspec.json.Decoder(_Answer)


def write(ask: Ask, place: Mapping[str, str], params: Params, provider: str) -> tuple[Object, list[str]]:
    """Return the body of a request, and what was dropped on the way."""
    if ask.shape is not None:
        ask = instruct(ask, ask.shape)
    told = transcribe(ask, provider, with_tools=True)
    if told.images:
        raise BadRequest(f"{provider} takes a prompt, and no pictures", param="messages")
    tuning: Object = {"max_new_tokens": _MOST}
    changed = write_tuning(tuning, ask, params, provider, _NAMES)
    own = vendor_fields(ask, params)
    beside = {name: own.pop(name) for name in _BESIDE if name in own}
    tuning |= own
    if "decoding_method" not in tuning and any(tuning.get(name) for name in _SAMPLED):
        tuning["decoding_method"] = "sample"
    text = f"{told.system}\n\n{told.prompt}" if told.system else told.prompt
    return {"input": text, "parameters": tuning, **beside, **place}, changed


def read(body: bytes, model: str) -> Answer:
    """Read a whole answer."""
    answer = _decoder.decode(body)
    if not answer.results:
        raise ValueError("it has no results")
    result = answer.results[0]
    return Answer(
        id=answer_id(),
        model=_name(answer, model),
        created=int(time.time()),
        choices=[
            Choice(
                blocks=[Text(result.generated_text)],
                finish=_finish(result.stop_reason),
                finish_raw=str(result.stop_reason or "") or None,
            )
        ],
        usage=Usage(count(result.input_token_count), count(result.generated_token_count)),
    )


class GenerationDecoder(EventDecoder):
    """Reads one stream; IBM counts the input in its first event and the output in its last."""

    def __init__(self, provider: str, model: str) -> None:
        super().__init__(provider, Splitter())
        self._model = model
        self._side = Side(0)
        self._started = False
        self._usage = Usage()

    def _event(self, out: list[Event], event: ServerEvent) -> None:
        error = told_error(self._provider, event.data)
        if error is not None:
            self._fail(out, error.message.partition(": ")[2], code=error.code, status=error.status)
            return
        answer = _decoder.decode(event.data)
        if not self._started:
            self._started = True
            out.append(Started(answer_id(), _name(answer, self._model), int(time.time())))
        for result in answer.results[:1]:
            self._result(out, result)

    def _result(self, out: list[Event], result: _Result) -> None:
        usage = self._usage
        usage.input_tokens = max(usage.input_tokens, count(result.input_token_count))
        usage.output_tokens = max(usage.output_tokens, count(result.generated_token_count))
        if result.generated_text:
            self._side.grow(out, Text, result.generated_text)
        raw = str(result.stop_reason or "").lower()
        if raw in _UNFINISHED:
            return
        self._side.stop(out)
        out += [Used(usage), Finished(_finish(raw), raw)]
        self.complete = True


def _name(answer: _Answer, model: str) -> str:
    return answer.model_id if isinstance(answer.model_id, str) and answer.model_id else model


def _finish(raw: Any) -> Finish:
    return _FINISH.get(str(raw or "").lower(), "stop")
