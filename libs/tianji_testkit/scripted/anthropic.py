"""Anthropic's Messages API. Written from https://docs.anthropic.com/en/api/messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tianji_testkit.scripted.anthropic_turns import Conversation, invalid, signature
from tianji_testkit.scripted.contract import Asked, Refused, Reply, Shows, fresh, names, pieces_of, sse
from tianji_testkit.scripted.script import Call, Said, Seen, Tokens

_FIELDS = names(
    "cache_control container context_management inference_geo max_tokens mcp_servers messages metadata model"
    " output_config service_tier stop_sequences stream system temperature thinking tool_choice tools top_k"
    " top_p"
)
_TOOL = {"name", "description", "input_schema", "cache_control", "strict", "type", "eager_input_streaming"}
_SERVER_TOOLS = names("web_search_20250305 web_fetch_20250910 code_execution_20250825")
_NEWER = re.compile(r"claude-(opus-4-8|opus-5|sonnet-5|fable-5)")
_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,128}$")


class Anthropic:
    """Anthropic's own API."""

    stream_type = "text/event-stream; charset=utf-8"
    shows = Shows(thought=True, cached=True)
    fields = _FIELDS

    def __init__(self, name: str = "anthropic", key: str = "sk-upstream") -> None:
        self.name = name
        self.key = key

    def serves(self, path: str) -> bool:
        """Say whether a path is one of the API's."""
        return path == "/v1/messages"

    def read(self, asked: Asked) -> Seen:
        """Check a request as Anthropic would."""
        self.check_call(asked)
        body = asked.json
        for name in body:
            if name not in self.fields:
                raise invalid(f"{name}: Extra inputs are not permitted")
        self.check_body(asked)
        newer = _NEWER.search(body.get("model") or asked.path) is not None
        _check_newer(body, asked.headers, newer=newer)
        if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
            raise invalid("max_tokens: Field required")
        seen = Seen(system=_system(body.get("system")))
        _read_tools(body, seen)
        thinking = body.get("thinking") or {}
        seen.thinks = thinking.get("type") in ("enabled", "adaptive")
        if thinking.get("type") == "enabled":
            _check_budget(body, thinking)
        form = (body.get("output_config") or {}).get("format")
        if form is not None:
            seen.shape = form["schema"]
        Conversation(seen).read(body.get("messages"))
        return seen

    def check_call(self, asked: Asked) -> None:
        """Check address and headers."""
        if not self.serves(asked.path):
            raise Refused("Not found", status=404, type="not_found_error")
        if asked.headers.get("x-api-key") != self.key:
            raise self.failure("auth")
        if asked.headers.get("anthropic-version") != "2023-06-01":
            raise invalid("anthropic-version: header is required")

    def check_body(self, asked: Asked) -> None:
        """Check what differs among the places that serve this API."""
        if not isinstance(asked.json.get("model"), str):
            raise invalid("model: Field required")

    def streams(self, asked: Asked) -> bool:
        """Say whether a stream was asked for."""
        return asked.json.get("stream") is True

    def whole(self, said: Said, asked: Asked) -> bytes:
        """Write a message."""
        content = [_block(one) for one in _contents(said)]
        return msgspec.json.encode(self._message(asked, content, _stop(said), _usage(said.tokens)))

    def stream(self, said: Said, asked: Asked) -> list[bytes]:
        """Write the events of a message."""
        usage = _usage(said.tokens)
        start = self._message(asked, [], None, usage | {"output_tokens": 1})
        out = [_event("message_start", message=start), _event("ping")]
        for at, one in enumerate(_contents(said)):
            opening, deltas = _grown(one)
            out.append(_event("content_block_start", index=at, content_block=opening))
            out += [_event("content_block_delta", index=at, delta=delta) for delta in deltas]
            out.append(_event("content_block_stop", index=at))
        delta = {"stop_reason": _stop(said), "stop_sequence": None}
        out.append(_event("message_delta", delta=delta, usage={"output_tokens": usage["output_tokens"]}))
        return [*out, _event("message_stop")]

    def _message(
        self, asked: Asked, content: list[Any], stop: str | None, usage: Mapping[str, int]
    ) -> dict[str, Any]:
        return {
            "id": f"msg_01{fresh(asked)}",
            "type": "message",
            "role": "assistant",
            "model": asked.json.get("model", "claude"),
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": dict(usage),
        }

    def failure(self, name: str) -> Refused:
        """Return a failure in Anthropic's words."""
        match name:
            case "auth":
                return Refused("invalid x-api-key", status=401, type="authentication_error")
            case "rate_limit":
                what = "This request would exceed your organization's rate limit of 50 requests per minute."
                return Refused(what, status=429, type="rate_limit_error", headers={"retry-after": "7"})
            case "context":
                return invalid("prompt is too long: 209000 tokens > 200000 maximum")
            case "policy":
                return invalid("Output blocked by content filtering policy")
        return Refused("Overloaded", status=529, type="overloaded_error")

    def refusal(self, refused: Refused) -> Reply:
        """Write an error body."""
        headers = {"content-type": "application/json", "request-id": "req_scripted", **refused.headers}
        return Reply(refused.status, headers, [msgspec.json.encode(_error(refused))])

    def broken(self, refused: Refused) -> bytes:
        """Write an error as an event."""
        return sse(msgspec.json.encode(_error(refused)), "error")


def _error(refused: Refused) -> dict[str, Any]:
    return {"type": "error", "error": {"type": refused.type, "message": refused.what}}


def _system(system: Any) -> str:
    if system is None or isinstance(system, str):
        return system or ""
    for at, block in enumerate(system):
        if block.get("type") != "text":
            raise invalid(f"system.{at}.type: Input should be 'text'")
        if not block["text"]:
            raise invalid("system: text content blocks must be non-empty")
    return "".join(block["text"] for block in system)


def _check_newer(body: Mapping[str, Any], headers: Mapping[str, str], *, newer: bool) -> None:
    """Refuse what only newer models have."""
    if (body.get("thinking") or {}).get("type") == "adaptive" and not newer:
        raise invalid("adaptive thinking is not supported on this model")
    if "effort" in (body.get("output_config") or {}) and not newer:
        raise invalid("This model does not support the effort parameter.")
    betas = headers.get("anthropic-beta", "").split(",")
    if "context_management" in body and "context-management-2025-06-27" not in betas:
        raise invalid("context_management: Extra inputs are not permitted")
    for at, message in enumerate(body.get("messages") or []):
        if message.get("role") == "system" and not newer:
            raise invalid(f"messages.{at}.role: role 'system' is not supported on this model")


def _read_tools(body: Mapping[str, Any], seen: Seen) -> None:
    for at, tool in enumerate(body.get("tools") or []):
        if tool.get("type") in _SERVER_TOOLS:
            continue
        if extra := tool.keys() - _TOOL:
            raise invalid(f"tools.{at}.custom.{min(extra)}: Extra inputs are not permitted")
        if not _NAME.match(tool.get("name", "")):
            raise invalid(f"tools.{at}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'")
        schema = tool.get("input_schema")
        if not isinstance(schema, dict) or schema.get("type") != "object":
            raise invalid(f"tools.{at}.custom.input_schema.type: Field required")
        seen.tools[tool["name"]] = schema
    choice = body.get("tool_choice")
    if choice is None:
        return
    if not body.get("tools"):
        raise invalid("tool_choice: tool_choice may only be specified while providing tools")
    match choice.get("type"):
        case "tool":
            seen.forced = choice["name"]
            if seen.forced not in seen.tools:
                raise invalid(f"Tool '{seen.forced}' not found in provided tools")
        case "any":
            seen.forced = ""
        case "auto" | "none":
            pass
        case other:
            raise invalid(f"tool_choice: Input tag '{other}' found using 'type' does not match")
    if seen.forced is not None and (body.get("thinking") or {}).get("type") in ("enabled", "adaptive"):
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")


def _check_budget(body: Mapping[str, Any], thinking: Mapping[str, Any]) -> None:
    budget = thinking.get("budget_tokens")
    if not isinstance(budget, int) or budget < 1024:
        raise invalid("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    if budget >= body["max_tokens"]:
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if body.get("temperature", 1) != 1:
        raise invalid("`temperature` may only be set to 1 when thinking is enabled.")


# Answering


def _contents(said: Said) -> list[str | Call | tuple[str]]:
    """Return the blocks of an answer: a thought (in a tuple), a text, calls."""
    out: list[str | Call | tuple[str]] = [(said.thought,)] if said.thought else []
    out += [said.text] if said.text else []
    return [*out, *said.calls]


def _block(one: str | Call | tuple[str]) -> dict[str, Any]:
    match one:
        case Call():
            call_id = f"toolu_01Scripted{one.number}"
            return {"type": "tool_use", "id": call_id, "name": one.name, "input": one.arguments}
        case (thought,):
            return {"type": "thinking", "thinking": thought, "signature": signature(thought)}
    return {"type": "text", "text": one}


def _grown(one: str | Call | tuple[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    block = _block(one)
    match one:
        case Call():
            arguments = msgspec.json.encode(one.arguments).decode()
            deltas = [{"type": "input_json_delta", "partial_json": p} for p in ["", *pieces_of(arguments)]]
            return block | {"input": {}}, deltas
        case (thought,):
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces_of(thought)]
            deltas.append({"type": "signature_delta", "signature": signature(thought)})
            return block | {"thinking": "", "signature": ""}, deltas
    return block | {"text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces_of(str(one))]


def _stop(said: Said) -> str:
    return "tool_use" if said.calls else "end_turn"


def _usage(tokens: Tokens) -> dict[str, int]:
    return {
        "input_tokens": tokens.input - tokens.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": tokens.cached,
        "output_tokens": tokens.output,
    }


def _event(kind: str, **data: Any) -> bytes:
    return sse(msgspec.json.encode({"type": kind, **data}), kind)
