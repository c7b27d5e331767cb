"""Cohere's chat at Oracle Cloud: its first version in camel case, with streams of another kind."""

from __future__ import annotations

from typing import Any

import msgspec

from tianji.providers._params import Params
from tianji.providers.dialects.cohere.v1.answer import read as read_v1
from tianji.providers.dialects.cohere.v1.request import write as write_v1
from tianji.providers.dialects.cohere.v1.stream import CohereV1Decoder
from tianji.providers.dialects.events import object_of, objects_of
from tianji.wire import values
from tianji.wire.neutral import Answer, Ask
from tianji.wire.sse import ServerEvent, Splitter
from tianji.wire.values import Object

_NAMES = {
    "message": "message",
    "max_tokens": "maxTokens",
    "temperature": "temperature",
    "p": "topP",
    "k": "topK",
    "stop_sequences": "stopSequences",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "preamble": "preambleOverride",
    "stream": "isStream",
}
_ELSEWHERE = ("model", "chat_history", "tools", "tool_results", "response_format")
_MISSING = ("tool_choice", "num_generations")


def write(
    ask: Ask, compartment: str, serving: Object, params: Params, provider: str
) -> tuple[Object, list[str]]:
    """Return the body of a request, and what was dropped on the way."""
    said, changed = write_v1(ask, "", params, provider)
    changed += [f"dropped {name}" for name in _MISSING if said.pop(name, None) is not None]
    chat: Object = {
        "apiFormat": "COHERE",
        "chatHistory": [_turn(one) for one in said.get("chat_history", ())],
    }
    chat |= {_NAMES.get(name, name): value for name, value in said.items() if name not in _ELSEWHERE}
    if said.get("tools"):
        chat["tools"] = [_tool(tool) for tool in said["tools"]]
    if said.get("tool_results"):
        chat["toolResults"] = said["tool_results"]
    shape = object_of(said.get("response_format"))
    if shape:
        chat["responseFormat"] = {**shape, "type": "JSON_OBJECT"}
    if ask.stream:
        chat["streamOptions"] = {"isIncludeUsage": True}
    return {"compartmentId": compartment, "servingMode": serving, "chatRequest": chat}, changed


def _turn(turn: Object) -> Object:
    names = {"tool_calls": "toolCalls", "tool_results": "toolResults"}
    return {names.get(name, name): value for name, value in turn.items()}


def _tool(tool: Object) -> Object:
    definitions = {
        name: {"type": one["type"], "description": one.get("description", ""), "isRequired": one["required"]}
        for name, one in tool["parameter_definitions"].items()
    }
    return {
        "name": tool["name"],
        "description": tool["description"],
        "parameterDefinitions": definitions,
    }


def read(body: bytes, provider: str, model: str) -> Answer:
    """Read a whole answer."""
    whole = values.mapping(msgspec.json.decode(body), "body")
    return read_v1(values.encode(_answer(object_of(whole.get("chatResponse")))), provider, model)


def _answer(response: Object) -> Object:
    usage = object_of(response.get("usage"))
    tokens = {"input_tokens": usage.get("promptTokens"), "output_tokens": usage.get("completionTokens")}
    return {
        "text": response.get("text"),
        "finish_reason": response.get("finishReason"),
        "tool_calls": response.get("toolCalls"),
        "citations": [_citation(one) for one in objects_of(response.get("citations"))],
        "documents": response.get("documents"),
        "meta": {"tokens": tokens} if usage else None,
    }


def _citation(citation: Object) -> Object:
    return {**citation, "document_ids": citation.get("documentIds")}


class OracleDecoder(CohereV1Decoder):
    """Reads one stream, as if it were of Cohere's own kind."""

    def __init__(self, provider: str, model: str) -> None:
        super().__init__(provider, model)
        self._splitter = _AsCoheres()


class _AsCoheres:
    """Splits a stream into events of Cohere's own; the last one of Oracle's repeats the whole text."""

    def __init__(self) -> None:
        self._inner = Splitter()
        self._begun = False
        self._said = 0

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """Return the events that are complete with this chunk."""
        return [out for event in self._inner.feed(chunk) for out in self._events(event)]

    def close(self) -> list[ServerEvent]:
        """Return an event that the stream ended in."""
        return [out for event in self._inner.close() for out in self._events(event)]

    def _events(self, event: ServerEvent) -> list[ServerEvent]:
        try:
            said = msgspec.json.decode(event.data)
        except (msgspec.DecodeError, ValueError, RecursionError):
            return [event]
        if not isinstance(said, dict) or ("apiFormat" not in said and "message" in said):
            return [event]
        out: list[Any] = []
        if not self._begun:
            self._begun = True
            out.append({"event_type": "stream-start"})
        text, ended = said.get("text"), said.get("finishReason") is not None
        fresh = text[self._said :] if ended and isinstance(text, str) else text
        if isinstance(fresh, str) and fresh:
            self._said += len(fresh)
            out.append({"event_type": "text-generation", "text": fresh})
        if said.get("toolCalls"):
            out.append({"event_type": "tool-calls-generation", "tool_calls": said["toolCalls"]})
        if ended:
            whole = _answer(said)
            if whole["citations"]:
                out.append({"event_type": "citation-generation", "citations": whole["citations"]})
            out.append(
                {"event_type": "stream-end", "finish_reason": whole["finish_reason"], "response": whole}
            )
        return [ServerEvent(values.encode(one)) for one in out]
