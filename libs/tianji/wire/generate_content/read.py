"""The body of a generateContent request: to an `Ask`."""

from __future__ import annotations

from tianji.wire import values
from tianji.wire.front import Fields
from tianji.wire.generate_content.config import read_config
from tianji.wire.generate_content.spelling import DIALECT, camel
from tianji.wire.generate_content.spelling import fields as spelled
from tianji.wire.generate_content.tools import read_choice, read_tools
from tianji.wire.generate_content.turns import read_turns
from tianji.wire.neutral import Ask, Tool
from tianji.wire.values import Object, boolean, optional, required, string

WRAPPED = "generateContentRequest"
"""Where a countTokens request may hold a whole request."""
_READ = frozenset(
    (
        "model",
        "stream",
        "contents",
        "systemInstruction",
        "generationConfig",
        "tools",
        "toolConfig",
    )
)


def read(fields: Fields) -> Ask:
    """Read a request."""
    body: Object = {camel(name): values.decode(raw, name) for name, raw in fields.items()}
    if body.get(WRAPPED) is not None:
        body = {**spelled(body[WRAPPED], WRAPPED), "model": body.get("model")}
    ask = Ask(required(string, body, "model", ""), front=DIALECT)
    ask.stream = optional(boolean, body, "stream", "") or False
    ask.turns = read_turns(body.get("contents"), body.get("systemInstruction"))
    ask.tools = read_tools(body.get("tools"))
    ask.tool_choice, tool_config = read_choice(body.get("toolConfig"))
    if not any(isinstance(tool, Tool) for tool in ask.tools):
        ask.tool_choice = None
    ask.extra = {name: value for name, value in body.items() if name not in _READ and value is not None}
    for name, rest in (
        ("generationConfig", read_config(ask, body.get("generationConfig"))),
        ("toolConfig", tool_config),
    ):
        if rest:
            ask.extra[name] = rest
    return ask
