"""Calls and their outputs among input items: each has the other, which OpenAI insists on."""

from __future__ import annotations

from tianji.wire.values import Object

_OUTPUTS = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
_UNANSWERED = "No result was given."


def answered(items: list[Object]) -> list[Object]:
    """Return the items with outputs for all calls; what outputs of no call say, the user says."""
    told = {item["call_id"] for item in items if item.get("type") in _OUTPUTS.values()}
    open_calls: set[str] = set()
    out: list[Object] = []
    missing: list[Object] = []
    for item in items:
        kind, identity = item.get("type"), item.get("call_id")
        if kind not in _OUTPUTS:
            out += missing
            missing = []
        if kind in _OUTPUTS.values():
            if identity in open_calls:
                open_calls.discard(identity)
                out.append(item)
            elif item["output"]:
                out.append(_said(item["output"]))
            continue
        out.append(item)
        if kind in _OUTPUTS and identity is not None:
            open_calls.add(identity)
            if identity not in told:
                missing.append({"type": _OUTPUTS[kind], "call_id": identity, "output": _UNANSWERED})
    return out + missing


def _said(output: str | list[Object]) -> Object:
    content = [{"type": "input_text", "text": output}] if isinstance(output, str) else output
    return {"type": "message", "role": "user", "content": content}
