"""Ollama's /api/chat. Written from https://github.com/ollama/ollama/blob/main/docs/api.md."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from tianji_testkit.scripted.contract import Asked, Refused, Reply, Shows, names, pieces_of
from tianji_testkit.scripted.script import Result, Said, Seen, Tokens

_FIELDS = names("model messages tools stream format options keep_alive think logprobs top_logprobs")


class Ollama:
    """An Ollama server: its contents are strings, its arguments objects, its calls without ids."""

    name = "ollama_chat"
    stream_type = "application/x-ndjson"
    shows = Shows(thought=True)

    def serves(self, path: str) -> bool:
        """Say whether a path is one of the API's."""
        return path == "/api/chat"

    def read(self, asked: Asked) -> Seen:
        """Check a request as Ollama's decoder would."""
        if not self.serves(asked.path):
            raise Refused("404 page not found", status=404)
        body = asked.json
        for name in body:
            if name not in _FIELDS:
                # Ollama itself reads over such fields, so what they asked for is lost.
                raise Refused(f"nobody reads the field {name}")
        seen = Seen(thinks=body.get("think") not in (None, False))
        for tool in body.get("tools") or []:
            seen.tools[tool["function"]["name"]] = tool["function"].get("parameters") or {}
        form = body.get("format")
        if form is not None:
            if form != "json" and not isinstance(form, dict):
                raise Refused('invalid format: expected "json" or a JSON schema')
            seen.shape = form if isinstance(form, dict) else {}
        calls: list[Mapping[str, Any]] = []
        for at, message in enumerate(body.get("messages") or []):
            calls = _read_message(message, at, calls, seen)
        return seen

    def streams(self, asked: Asked) -> bool:
        """Say whether a stream was asked for: yes, unless it was declined."""
        return asked.json.get("stream") is not False

    def whole(self, said: Said, asked: Asked) -> bytes:
        """Write an answer."""
        message: dict[str, Any] = {"role": "assistant", "content": said.text}
        if said.thought:
            message["thinking"] = said.thought
        if said.calls:
            message["tool_calls"] = _calls(said)
        return msgspec.json.encode(_head(asked, message) | _ending(said.tokens))

    def stream(self, said: Said, asked: Asked) -> list[bytes]:
        """Write an answer line by line."""
        messages: list[dict[str, Any]] = [{"content": "", "thinking": p} for p in pieces_of(said.thought)]
        messages += [{"content": piece} for piece in pieces_of(said.text)]
        messages += [{"content": "", "tool_calls": [call]} for call in _calls(said)]
        lines = [_head(asked, {"role": "assistant", **message}) | {"done": False} for message in messages]
        lines.append(_head(asked, {"role": "assistant", "content": ""}) | _ending(said.tokens))
        return [msgspec.json.encode(line) + b"\n" for line in lines]

    def failure(self, name: str) -> Refused:
        """Return a failure in Ollama's words."""
        match name:
            case "auth":
                return Refused("unauthorized", status=401)
            case "rate_limit":
                return Refused(
                    "server busy, please try again.  maximum pending requests exceeded", status=503
                )
            case "context":
                return Refused("the input length exceeds the context length")
        return Refused("llama runner process has terminated: exit status 2", status=500)

    def refusal(self, refused: Refused) -> Reply:
        """Write an error body."""
        body = msgspec.json.encode({"error": refused.what})
        return Reply(refused.status, {"content-type": "application/json; charset=utf-8"}, [body])

    def broken(self, refused: Refused) -> bytes:
        """Write an error as a line."""
        return msgspec.json.encode({"error": refused.what}) + b"\n"


def _read_message(
    message: Mapping[str, Any], at: int, calls: list[Mapping[str, Any]], seen: Seen
) -> list[Mapping[str, Any]]:
    """Read one message; return the calls that wait for results."""
    role, text = message.get("role"), message.get("content") or ""
    if not isinstance(text, str):
        raise _unmarshal("array", "messages.content", "string")
    for picture in message.get("images") or []:
        try:
            base64.b64decode(picture, validate=True)
        except (binascii.Error, ValueError, TypeError):
            raise Refused("illegal base64 data at input byte 4") from None
    match role:
        case "system":
            seen.system += text
        case "user":
            seen.said, seen.results = text, []
            seen.images = ["image/png"] * len(message.get("images") or [])
        case "assistant":
            seen.said, seen.results, seen.images = "", [], []
            calls = [call["function"] for call in message.get("tool_calls") or []]
            for call in calls:
                if not isinstance(call.get("arguments"), dict):
                    kind = "api.ToolCallFunctionArguments"
                    raise _unmarshal("string", "messages.tool_calls.function.arguments", kind)
        case "tool":
            if not calls:
                raise Refused(f"messages[{at}]: a result without a call is lost on the model")
            call, calls = calls[0], calls[1:]
            if message.get("tool_name") not in (None, call["name"]):
                raise Refused(f"messages[{at}]: {message['tool_name']} was not called")
            seen.results.append(Result(call["name"], call["arguments"], text))
        case _:
            raise Refused(f"invalid role: {role}")
    return calls


def _unmarshal(got: str, field: str, want: str) -> Refused:
    return Refused(f"json: cannot unmarshal {got} into Go struct field ChatRequest.{field} of type {want}")


def _calls(said: Said) -> list[dict[str, Any]]:
    return [{"function": {"name": call.name, "arguments": call.arguments}} for call in said.calls]


def _head(asked: Asked, message: dict[str, Any]) -> dict[str, Any]:
    moment = "2026-08-04T08:52:19.385406455-07:00"
    return {"model": asked.json["model"], "created_at": moment, "message": message}


def _ending(tokens: Tokens) -> dict[str, Any]:
    counts = {"prompt_eval_count": tokens.input, "eval_count": tokens.output}
    return {"done": True, "done_reason": "stop", "total_duration": 4_883_583_458, **counts}
