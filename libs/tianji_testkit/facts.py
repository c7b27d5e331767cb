"""What an answer or a request must still say after a translation, however it is said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tianji_testkit.recorded import Exchange

_LENGTH = {"length", "max_tokens", "MAX_TOKENS", "model_length", "model_context_window_exceeded"}
_TOOLS = {"tool_use", "tool_calls", "TOOL_CALL", "function_call"}
_FINISH = {"stop", "length", "tool_calls", "content_filter", "function_call"}
_NOT_SAID = {
    "model",
    "anthropic_version",
    "anthropic_beta",
    "metadata",
    "stream",
    "stream_options",
    "id",
    "tool_use_id",
    "tool_call_id",
    "user",
    "user_id",
    "safety_identifier",
    "prompt_cache_key",
    "$schema",
    "title",
    "additionalProperties",
    "role",
    "type",
}
_SAMPLING = {"temperature", "top_p", "top_k", "max_tokens", "seed", "budget_tokens"}


def chat_facts(body: bytes, *, stream: bool) -> dict[str, Any]:
    """Collect the facts of a chat completion as a client reads it."""
    return _streamed(body.decode()) if stream else _whole(json.loads(body))


def _whole(body: dict[str, Any]) -> dict[str, Any]:
    choice = (body.get("choices") or [{}])[0]
    message = choice.get("message") or {}
    calls = [_called(call) for call in message.get("tool_calls") or []]
    if message.get("function_call"):
        calls.append(_called({"function": message["function_call"]}))
    return {
        "text": message.get("content") or "",
        "calls": calls,
        "finish": choice.get("finish_reason"),
        "usage": body.get("usage") or {},
        "done": True,
        "error": body.get("error"),
        "reasoning": message.get("reasoning_content") or "",
    }


def _called(call: dict[str, Any]) -> dict[str, str]:
    function = call.get("function") or call.get("custom") or {}
    said = function.get("arguments", function.get("input"))
    return {"id": call.get("id") or "", "name": function.get("name") or "", "arguments": said or ""}


def _streamed(text: str) -> dict[str, Any]:
    out: dict[str, Any] = {
        "text": "",
        "finish": None,
        "usage": {},
        "done": False,
        "error": None,
        "reasoning": "",
    }
    calls: dict[Any, dict[str, str]] = {}
    for line in text.split("\n"):
        data = line.strip().removeprefix("data:").strip()
        if not line.startswith("data:"):
            continue
        if data == "[DONE]":
            out["done"] = True
            continue
        assert not out["done"], "something came after the end mark"
        chunk = json.loads(data)
        out["error"] = chunk.get("error") or out["error"]
        out["usage"] = chunk.get("usage") or out["usage"]
        for choice in chunk.get("choices") or []:
            if choice.get("index", 0) == 0:
                _grow(out, calls, choice)
    return out | {"calls": [calls[key] for key in sorted(calls)]}


def _grow(out: dict[str, Any], calls: dict[Any, dict[str, str]], choice: dict[str, Any]) -> None:
    delta = choice.get("delta") or {}
    out["text"] += delta.get("content") or ""
    out["reasoning"] += delta.get("reasoning_content") or delta.get("reasoning") or ""
    pieces = list(delta.get("tool_calls") or [])
    if delta.get("function_call"):
        pieces.append({"index": 0, "function": delta["function_call"]})
    for piece in pieces:
        held = calls.setdefault(piece.get("index", 0), {"id": "", "name": "", "arguments": ""})
        new = _called(piece)
        held["id"] = held["id"] or new["id"]
        held["name"] = held["name"] or new["name"]
        held["arguments"] += new["arguments"]
    out["finish"] = choice.get("finish_reason") or out["finish"]


def lost_in_answer(exchange: Exchange, got: dict[str, Any]) -> list[str]:
    """Name the facts of a recorded answer that a client no longer sees."""
    expect = exchange.expect
    if expect.get("error"):
        return []  # inside a stream: that it arrived is judged by the caller
    lost = []
    if got["error"]:
        lost.append(f"error instead of answer: {got['error']}")
    if not got["done"]:
        lost.append("end mark")
    if got["text"].strip() != (expect.get("text") or "").strip():
        lost.append("text")
    there = _run_by_provider(exchange.request)
    wanted = [
        (call["name"], _parsed(call.get("arguments")))
        for call in expect.get("tool_calls") or []
        if call["name"] not in there
    ]
    if expect.get("partial_args"):  # pieces of arguments, which the facts do not put together
        wanted = [
            (name, _parsed(call["arguments"])) for (name, _), call in zip(wanted, got["calls"], strict=False)
        ]
    function = expect.get("function_call")
    if function and function["name"] and not wanted:
        wanted = [(function["name"], _parsed(function.get("arguments")))]
    if wanted != [(call["name"], _parsed(call["arguments"])) for call in got["calls"]]:
        lost.append("tool calls")
    thought = expect.get("reasoning_text")
    if thought and got["reasoning"].strip() != thought.strip():
        lost.append("reasoning")
    return (
        lost
        + _lost_finish(expect.get("finish_reason_raw"), got)
        + _lost_usage(expect.get("usage") or {}, got)
    )


def _run_by_provider(request: dict[str, Any]) -> set[str]:
    """Name the tools of a request that Bedrock runs itself: their calls are not for the client."""
    tools = (request.get("toolConfig") or {}).get("tools") or []
    return {tool["systemTool"]["name"] for tool in tools if "systemTool" in tool}


def _lost_finish(raw: str | None, got: dict[str, Any]) -> list[str]:
    finish = got["finish"]
    if not raw:
        return []
    right = (
        finish == "length"
        if raw in _LENGTH
        else finish in ("tool_calls", "function_call")
        if raw in _TOOLS
        else finish in _FINISH
    )
    return [] if right else [f"finish {raw} as {finish}"]


def _lost_usage(told: dict[str, Any], got: dict[str, Any]) -> list[str]:
    lost, usage = [], got["usage"]
    read, cached, kept = told.get("input"), told.get("cached") or 0, told.get("cache_write") or 0
    if read is not None and usage.get("prompt_tokens") not in (
        read,
        read + (told.get("tool_use_prompt") or 0),
        read + cached,
        read + kept,
        read + cached + kept,
    ):
        lost.append("usage.input")
    written, thought = told.get("output"), told.get("reasoning") or 0
    if written is not None and usage.get("completion_tokens") not in (written, written + thought):
        lost.append("usage.output")
    return lost


def _parsed(arguments: Any) -> Any:
    if not isinstance(arguments, str):
        return arguments if arguments is not None else {}
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        return arguments


def lost_in_request(exchange: Exchange, sent: dict[str, Any]) -> list[str]:
    """Name what the recorded request says, the client's request says too, and the sent one does not."""
    asked = exchange.openai_request or {}
    have = list(_leaves(sent))
    texts = "\n".join(leaf.lower() for leaf in have if isinstance(leaf, str))
    numbers = {float(leaf) for leaf in have if isinstance(leaf, (int, float))}
    said = "\n".join(leaf.lower() for leaf in _leaves(asked) if isinstance(leaf, str))
    source = json.dumps(asked, ensure_ascii=False)
    lost = []
    for fact in _facts(exchange.request):
        if isinstance(fact, str):
            if fact.lower() in said and fact.lower() not in texts:
                lost.append(fact[:40])
        elif re.search(rf"(?<![\d.]){re.escape(str(fact))}(?![\d.])", source) and float(fact) not in numbers:
            lost.append(str(fact))
    return lost


def _facts(value: Any, key: str = "") -> Iterator[Any]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if key == "properties":
                yield name
            if name not in _NOT_SAID:
                yield from _facts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _facts(inner, key)
    elif isinstance(value, str):
        if len(value.strip()) >= 4 and not value.startswith("#/"):
            yield value.strip()
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and key in _SAMPLING:
        yield value


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str):
        yield value
        if value[:1] in "{[" and value:
            try:
                yield from _leaves(json.loads(value))
            except ValueError:
                pass
    elif value is not None:
        yield value
