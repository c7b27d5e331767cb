"""OpenAI's Responses API. Written from https://platform.openai.com/docs/api-reference/responses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from tianji_testkit.scripted.contract import Asked, Refused, fresh, names, pieces_of, sse
from tianji_testkit.scripted.openai_chat import OpenAIChat
from tianji_testkit.scripted.openai_turns import invalid, media_type
from tianji_testkit.scripted.responses_tools import arguments_of, check_call, growing, read_tool, write_call
from tianji_testkit.scripted.script import Result, Said, Seen, Tokens, seal

_FIELDS = names(
    "background client_metadata context_management conversation include input instructions"
    " max_output_tokens max_tool_calls metadata model parallel_tool_calls previous_response_id prompt"
    " prompt_cache_key prompt_cache_retention reasoning safety_identifier service_tier store stream"
    " stream_options temperature text tool_choice tools top_logprobs top_p truncation user"
)
_ITEMS = {
    "message": {"type", "role", "content", "id", "status", "phase"},
    "function_call": {"type", "call_id", "name", "arguments", "id", "status", "namespace"},
    "custom_tool_call": {"type", "call_id", "name", "input", "id", "status", "namespace"},
    "custom_tool_call_output": {"type", "call_id", "output", "id", "status"},
    "function_call_output": {"type", "call_id", "output", "id", "status"},
    "reasoning": {"type", "id", "summary", "content", "encrypted_content", "status"},
}
_PATH = re.compile(r"^(/v1|/openai/v1|/openai)/responses$")
_CREATED = 1_790_000_000


def encrypted(thought: str) -> str:
    """Return what stands for a thought that only the provider can read."""
    return "gAAAAAB" + seal("openai", thought)


class OpenAIResponses(OpenAIChat):
    """Responses, as OpenAI and Azure serve it."""

    fields = _FIELDS
    longest_id = 64

    def serves(self, path: str) -> bool:
        """Say whether a path is one of the API's."""
        return _PATH.match(path) is not None

    def check_key(self, asked: Asked) -> None:
        """Take the key as either of the two sends it."""
        if asked.headers.get("api-key") != self.key:
            super().check_key(asked)

    def read(self, asked: Asked) -> Seen:
        """Check a request as the vendor would."""
        body = self.checked(asked)
        seen = Seen(system=body.get("instructions") or "")
        seen.thinks = bool((body.get("reasoning") or {}).get("summary"))
        self.check_user(body)
        for at, tool in enumerate(body.get("tools") or []):
            read_tool(self, tool, f"tools[{at}]", seen.tools)
        choice = body.get("tool_choice")
        if choice is not None and not body.get("tools"):
            raise invalid("Tool choice 'auto' must be specified with 'tools' parameter.", param="tool_choice")
        if isinstance(choice, dict):
            seen.forced = choice.get("name", "")
        elif choice == "required":
            seen.forced = ""
        form = (body.get("text") or {}).get("format") or {}
        if form.get("type") == "json_schema":
            seen.shape = form["schema"]
        _read_input(self, body.get("input"), seen)
        return seen

    def whole(self, said: Said, asked: Asked) -> bytes:
        """Write a response."""
        return msgspec.json.encode(_response(asked, "completed", _items(said, asked), said.tokens))

    def stream(self, said: Said, asked: Asked) -> list[bytes]:
        """Write the events of a response."""
        events: list[tuple[str, dict[str, Any]]] = []
        begun = _response(asked, "in_progress", [], None)
        events += [("response.created", {"response": begun}), ("response.in_progress", {"response": begun})]
        items = _items(said, asked)
        for at, item in enumerate(items):
            events += _grown(item, at)
        events.append(("response.completed", {"response": _response(asked, "completed", items, said.tokens)}))
        return [
            sse(msgspec.json.encode({"type": kind, "sequence_number": number, **data}), kind)
            for number, (kind, data) in enumerate(events)
        ]

    def broken(self, refused: Refused) -> bytes:
        """Write an error as an event."""
        data = {"type": "error", "sequence_number": 0, "code": refused.code, "message": refused.what}
        return sse(msgspec.json.encode({**data, "param": None}), "error")


def _read_input(api: OpenAIChat, given: Any, seen: Seen) -> None:
    if isinstance(given, str):
        seen.said = given
        return
    if not given:
        raise invalid("Missing required parameter: 'input'.", param="input")
    calls: dict[str, Mapping[str, Any]] = {}
    waiting: set[str] = set()
    for at, item in enumerate(given):
        place, kind = f"input[{at}]", item.get("type", "message")
        if kind not in _ITEMS:
            raise invalid(f"Invalid value: '{kind}'.", param=f"{place}.type")
        for name in item:
            if name not in _ITEMS[kind]:
                raise api.unknown_field(f"{place}.{name}", item[name])
        match kind:
            case "message":
                _read_message(item, place, seen)
            case "function_call" | "custom_tool_call":
                check_call(api, item, place)
                calls[item["call_id"]] = item
                waiting.add(item["call_id"])
                seen.results, seen.said, seen.images = [], "", []
            case "function_call_output" | "custom_tool_call_output":
                call = calls.get(item.get("call_id"))
                if call is None or f"{call['type']}_output" != kind:
                    raise invalid(
                        f"No tool call found for function call output with call_id {item.get('call_id')}."
                    )
                waiting.discard(item["call_id"])
                text = _output(item.get("output"), place)
                seen.results.append(Result(call["name"], arguments_of(call), text))
            case "reasoning":
                _check_reasoning(item, place)
    if waiting:
        raise invalid(f"No tool output found for function call {min(waiting)}.", param="input")


def _check_reasoning(item: Mapping[str, Any], place: str) -> None:
    if not str(item.get("id", "")).startswith("rs_"):
        raise invalid(f"Invalid '{place}.id': Expected an ID that begins with 'rs'.")
    if not isinstance(item.get("summary"), list):
        raise invalid(f"Missing required parameter: '{place}.summary'.")
    text = "".join(part["text"] for part in item["summary"])
    if item.get("encrypted_content") not in (None, encrypted(text)):
        raise invalid("The encrypted content could not be verified.", code="invalid_encrypted_content")
    if item.get("encrypted_content") is None:
        raise invalid(
            f"Item with id '{item['id']}' not found. Items are not persisted when `store` is false."
        )


def _read_message(item: Mapping[str, Any], place: str, seen: Seen) -> None:
    role, content = item.get("role"), item.get("content")
    if role not in ("user", "assistant", "system", "developer"):
        raise invalid(f"Invalid value: '{role}'.", param=f"{place}.role")
    text, images = "", []
    parts = [{"type": "input_text", "text": content}] if isinstance(content, str) else content
    if parts is None:
        raise invalid(f"Missing required parameter: '{place}.content'.")
    for number, part in enumerate(parts):
        kind = part.get("type")
        allowed = (
            {"output_text", "refusal"} if role == "assistant" else {"input_text", "input_image", "input_file"}
        )
        if kind not in allowed and not isinstance(content, str):
            raise invalid(f"Invalid value: '{kind}'.", param=f"{place}.content[{number}]")
        text += part.get("text") or ""
        if kind == "input_image":
            images.append(media_type(part["image_url"]))
    if role == "user":
        seen.said, seen.images, seen.results = text, images, []
    elif role == "assistant":
        seen.said, seen.images, seen.results = "", [], []
    else:
        seen.system += text


def _output(output: Any, place: str) -> str:
    if isinstance(output, str):
        return output
    if not isinstance(output, list):
        raise invalid(f"Missing required parameter: '{place}.output'.")
    return "".join(
        part["text"] if part["type"] == "input_text" else f"<{media_type(part['image_url'])}>"
        for part in output
    )


def _items(said: Said, asked: Asked) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if said.thought:
        summary = [{"type": "summary_text", "text": said.thought}]
        item: dict[str, Any] = {"id": f"rs_{fresh(asked)}", "type": "reasoning", "summary": summary}
        if "reasoning.encrypted_content" in (asked.json.get("include") or []):
            item["encrypted_content"] = encrypted(said.thought)
        items.append(item)
    if said.text:
        part = {"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}
        head = {"id": f"msg_{fresh(asked)}", "type": "message", "role": "assistant", "status": "completed"}
        items.append({**head, "content": [part]})
    return items + [write_call(call, asked.json.get("tools") or []) for call in said.calls]


def _grown(item: dict[str, Any], at: int) -> list[tuple[str, dict[str, Any]]]:
    """Return the events of one item of the output."""
    where = {"item_id": item["id"], "output_index": at}
    begun = {**item, "status": "in_progress"}
    match item["type"]:
        case "function_call" | "custom_tool_call":
            empty, middle = growing(item, where)
            begun |= empty
        case "reasoning":
            begun |= {"summary": []}
            part = item["summary"][0]
            where |= {"summary_index": 0}
            name = "response.reasoning_summary"
            middle = [(f"{name}_part.added", {**where, "part": {**part, "text": ""}})]
            middle += [(f"{name}_text.delta", {**where, "delta": piece}) for piece in pieces_of(part["text"])]
            middle.append((f"{name}_text.done", {**where, "text": part["text"]}))
            middle.append((f"{name}_part.done", {**where, "part": part}))
        case _:
            begun["content"] = []
            part = item["content"][0]
            where |= {"content_index": 0}
            middle = [("response.content_part.added", {**where, "part": {**part, "text": ""}})]
            middle += [
                ("response.output_text.delta", {**where, "delta": piece, "logprobs": []})
                for piece in pieces_of(part["text"])
            ]
            middle.append(("response.output_text.done", {**where, "text": part["text"], "logprobs": []}))
            middle.append(("response.content_part.done", {**where, "part": part}))
    added = ("response.output_item.added", {"output_index": at, "item": begun})
    return [added, *middle, ("response.output_item.done", {"output_index": at, "item": item})]


def _response(
    asked: Asked, status: str, output: list[dict[str, Any]], tokens: Tokens | None
) -> dict[str, Any]:
    said = asked.json
    return {
        "id": f"resp_{fresh(asked)}",
        "object": "response",
        "created_at": _CREATED,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": said.get("instructions"),
        "max_output_tokens": said.get("max_output_tokens"),
        "model": said.get("model"),
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": said.get("reasoning") or {"effort": None, "summary": None},
        "store": said.get("store", True),
        "temperature": 1.0,
        "text": said.get("text") or {"format": {"type": "text"}},
        "tool_choice": said.get("tool_choice", "auto"),
        "tools": said.get("tools") or [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None if tokens is None else _usage(tokens),
        "user": None,
        "metadata": said.get("metadata") or {},
    }


def _usage(tokens: Tokens) -> dict[str, Any]:
    return {
        "input_tokens": tokens.input,
        "input_tokens_details": {"cached_tokens": tokens.cached},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.input + tokens.output,
    }
