"""Which tools a model may call, for providers that cannot be told to choose among those they are given."""

from __future__ import annotations

from tianji.errors import BadRequest
from tianji.wire.neutral import Ask, NativeTool, Tool


def offered(ask: Ask) -> list[Tool]:
    """Return the tools that may be called. Raises BadRequest for those that a provider runs itself."""
    choice = ask.tool_choice
    if choice is not None and choice.mode == "none":
        return []
    allowed = None
    if choice is not None:
        allowed = [choice.name] if choice.mode == "tool" else choice.allowed
    found = []
    for at, tool in enumerate(ask.tools):
        if isinstance(tool, NativeTool):
            raise unknown(tool, at)
        if allowed is None or tool.name in allowed:
            found.append(tool)
    return found


def kind_of(tool: NativeTool) -> str:
    """Return what a tool is called: by its type, or, as Google does it, by its only field."""
    return str(tool.value.get("type") or next(iter(tool.value), "tool"))


def unknown(tool: NativeTool, at: int) -> BadRequest:
    """Return the error for a tool that only another provider runs."""
    kind = kind_of(tool)
    return BadRequest(
        f"tools[{at}]: '{kind}' is a tool that this provider does not have", param=f"tools[{at}]"
    )
