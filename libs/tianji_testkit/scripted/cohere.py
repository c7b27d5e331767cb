"""Cohere's v2 chat. Written from https://docs.cohere.com/reference/chat, on tools and streams too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tianji_testkit.scripted.contract import (
    Asked,
    Refused,
    Reply,
    Shows,
    bearer,
    fresh,
    names,
    pieces_of,
    sse,
)
from tianji_testkit.scripted.openai_turns import media_type
from tianji_testkit.scripted.script import Call, Result, Said, Seen, Tokens

_FIELDS = names(
    "model messages stream tools strict_tools documents citation_options response_format safety_mode"
    " max_tokens stop_sequences temperature seed frequency_penalty presence_penalty k p logprobs tool_choice"
    " thinking priority raw_prompting"
)
_MESSAGE = {
    "system": {"role", "content"},
    "user": {"role", "content"},
    "assistant": {"role", "content", "tool_calls", "tool_plan", "citations"},
    "tool": {"role", "content", "tool_call_id"},
}
PLAN = "I will look up both cities."


class Cohere:
    """Cohere's own API."""

    name = "cohere"
    stream_type = "text/event-stream"
    shows = Shows(thought=True)

    def serves(self, path: str) -> bool:
        """Say whether a path is one of the API's."""
        return path == "/v2/chat"

    def read(self, asked: Asked) -> Seen:
        """Check a request as Cohere would."""
        if not self.serves(asked.path):
            raise Refused("404 page not found", status=404)
        if not bearer(asked, "sk-upstream"):
            raise self.failure("auth")
        body = asked.json
        for name in body:
            if name not in _FIELDS:
                raise invalid(f"unknown field: parameter '{name}' is not a valid field", status=422)
        seen = Seen(thinks=(body.get("thinking") or {}).get("type") == "enabled")
        for tool in body.get("tools") or []:
            function = tool.get("function") or {}
            if tool.get("type") != "function" or not function.get("name"):
                raise invalid("invalid request: tools must have type 'function' and a name")
            if extra := function.keys() - {"name", "description", "parameters"}:
                raise invalid(f"unknown field: parameter 'tools.function.{min(extra)}' is not a valid field")
            schema = function.get("parameters")
            if not isinstance(schema, dict) or schema.get("type") != "object":
                raise invalid("invalid request: tool parameters must be a JSON schema of type object")
            seen.tools[function["name"]] = schema
        _read_choice(body, seen)
        form = body.get("response_format") or {}
        if form.get("type") == "json_object":
            seen.shape = form.get("json_schema") or form.get("schema") or {}
        elif form.get("type") not in (None, "text"):
            raise invalid("invalid request: response_format.type must be 'text' or 'json_object'")
        _read_messages(body.get("messages"), seen)
        return seen

    def streams(self, asked: Asked) -> bool:
        """Say whether a stream was asked for."""
        return asked.json.get("stream") is True

    def whole(self, said: Said, asked: Asked) -> bytes:
        """Write an answer."""
        message: dict[str, Any] = {"role": "assistant"}
        content = [{"type": "thinking", "thinking": said.thought}] if said.thought else []
        content += [{"type": "text", "text": said.text}] if said.text else []
        if content:
            message["content"] = content
        if said.calls:
            message["tool_calls"] = [_call(call) for call in said.calls]
            if not said.thought:
                message["tool_plan"] = PLAN
        body = {"id": fresh(asked), "finish_reason": _finish(said), "message": message}
        return msgspec.json.encode({**body, "usage": _usage(said.tokens)})

    def stream(self, said: Said, asked: Asked) -> list[bytes]:
        """Write the events of an answer."""
        message: dict[str, Any] = {
            "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": [],
        }  # fmt: skip
        out, at = [_event("message-start", id=fresh(asked), delta={"message": message})], 0
        for kind, key, text in (("thinking", "thinking", said.thought), ("text", "text", said.text)):
            if not text:
                continue
            out.append(_event("content-start", index=at, delta=_content({"type": kind, key: ""})))
            out += [_event("content-delta", index=at, delta=_content({key: one})) for one in pieces_of(text)]
            out.append(_event("content-end", index=at))
            at += 1
        if said.calls and not said.thought:
            out += [_event("tool-plan-delta", delta={"message": {"tool_plan": p}}) for p in pieces_of(PLAN)]
        for number, call in enumerate(said.calls):
            whole = _call(call)
            arguments = whole["function"]["arguments"]
            whole["function"]["arguments"] = ""
            out.append(_event("tool-call-start", index=number, delta=_calls(whole)))
            for piece in pieces_of(arguments):
                out.append(
                    _event("tool-call-delta", index=number, delta=_calls({"function": {"arguments": piece}}))
                )
            out.append(_event("tool-call-end", index=number))
        end = {"finish_reason": _finish(said), "usage": _usage(said.tokens)}
        return [*out, _event("message-end", delta=end)]

    def failure(self, name: str) -> Refused:
        """Return a failure in Cohere's words."""
        match name:
            case "auth":
                return Refused("invalid api token", status=401)
            case "rate_limit":
                what = "You are using a Trial key, which is limited to 20 API calls / minute."
                return Refused(what, status=429)
            case "context":
                return invalid(
                    "too many tokens: total number of tokens in the prompt cannot exceed 128000 - received"
                    " 130000."
                )
        return Refused("upstream connect error", status=503)

    def refusal(self, refused: Refused) -> Reply:
        """Write an error body."""
        body = msgspec.json.encode({"id": "7b1c", "message": refused.what})
        return Reply(refused.status, {"content-type": "application/json", **refused.headers}, [body])

    def broken(self, refused: Refused) -> bytes:
        """Write an error as the end of a message."""
        return _event("message-end", delta={"finish_reason": "ERROR", "error": refused.what})


def invalid(what: str, *, status: int = 400) -> Refused:
    """Refuse a request as invalid."""
    return Refused(what, status=status)


def _read_choice(body: Mapping[str, Any], seen: Seen) -> None:
    choice = body.get("tool_choice")
    if choice is None:
        return
    if choice not in ("REQUIRED", "NONE"):
        raise invalid("invalid request: tool_choice must be either 'REQUIRED' or 'NONE'")
    if not seen.tools:
        raise invalid("invalid request: tool_choice can only be specified with tools")
    if choice == "REQUIRED":
        seen.forced = ""


def _read_messages(messages: Any, seen: Seen) -> None:
    if not messages:
        raise invalid(
            "invalid request: message must be at least 1 token long or tool results must be specified."
        )
    known: dict[str, Mapping[str, Any]] = {}
    waiting: dict[str, Mapping[str, Any]] = {}
    for at, message in enumerate(messages):
        role = message.get("role")
        if role not in _MESSAGE:
            raise invalid(f"invalid request: messages[{at}].role is not valid: {role}")
        if extra := message.keys() - _MESSAGE[role]:
            raise invalid(f"unknown field: parameter 'messages[{at}].{min(extra)}' is not a valid field")
        if role == "tool":
            call = known.get(message.get("tool_call_id"))
            if call is None:
                raise invalid(
                    "invalid request: tool message has a tool_call_id without a preceding tool call"
                )
            waiting.pop(message["tool_call_id"], None)
            arguments = msgspec.json.decode(call["function"]["arguments"])
            seen.results.append(Result(call["function"]["name"], arguments, _text(message, at, seen)))
            continue
        if waiting:
            raise invalid(
                "invalid request: all tool calls must be followed by tool messages with their results"
            )
        text = _text(message, at, seen)
        match role:
            case "assistant":
                known = {call["id"]: call for call in message.get("tool_calls") or []}
                waiting = dict(known)
                if not text and not known:
                    raise invalid(
                        f"invalid request: messages[{at}]: assistant message must have content or tool_calls"
                    )
                for call in known.values():
                    if not isinstance(msgspec.json.decode(call["function"]["arguments"]), dict):
                        raise invalid(f"invalid request: messages[{at}]: arguments must be an object")
                seen.results, seen.images, seen.said = [], [], ""
            case "user":
                seen.said, seen.results, known = text, [], {}
                if not text and not seen.images:
                    raise invalid(f"invalid request: messages[{at}]: content must not be empty")
            case _:
                seen.system += text
    if waiting:
        raise invalid("invalid request: all tool calls must be followed by tool messages with their results")


def _text(message: Mapping[str, Any], at: int, seen: Seen) -> str:
    content = message.get("content")
    if content is None or isinstance(content, str):
        return content or ""
    if message["role"] == "user":
        seen.images = []
    out = ""
    for part in content:
        match part.get("type"):
            case "text":
                out += part["text"]
            case "thinking" if message["role"] == "assistant":
                pass
            case "image_url" if message["role"] == "user":
                seen.images.append(media_type(part["image_url"]["url"]))
            case "document" if message["role"] == "tool":
                data = part["document"]["data"]
                out += data if isinstance(data, str) else "".join(str(value) for value in data.values())
            case other:
                raise invalid(f"invalid request: messages[{at}]: content of type '{other}' is not valid")
    return out


def _call(call: Call) -> dict[str, Any]:
    arguments = msgspec.json.encode(call.arguments).decode()
    function = {"name": call.name, "arguments": arguments}
    return {"id": f"get_weather_{call.number}x9f", "type": "function", "function": function}


def _finish(said: Said) -> str:
    return "TOOL_CALL" if said.calls else "COMPLETE"


def _usage(tokens: Tokens) -> dict[str, Any]:
    counts = {"input_tokens": tokens.input, "output_tokens": tokens.output}
    return {"billed_units": counts, "tokens": counts, "cached_tokens": tokens.cached}


def _content(value: dict[str, Any]) -> dict[str, Any]:
    return {"message": {"content": value}}


def _calls(value: dict[str, Any]) -> dict[str, Any]:
    return {"message": {"tool_calls": value}}


def _event(kind: str, **value: Any) -> bytes:
    return sse(msgspec.json.encode({"type": kind, **value}), kind)
