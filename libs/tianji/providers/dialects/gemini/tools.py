"""Tools and the choice among them: to Gemini's words."""

from __future__ import annotations

import re

from tianji.providers.dialects.gemini.model import Model
from tianji.providers.dialects.gemini.schema import parameters
from tianji.providers.dialects.offered import unknown
from tianji.wire.generate_content.spelling import DIALECT, camel
from tianji.wire.neutral import Ask, NativeTool, Tool, ToolChoice
from tianji.wire.values import Object

_OWN = frozenset(
    (
        "codeExecution",
        "computerUse",
        "enterpriseWebSearch",
        "exaAiSearch",
        "fileSearch",
        "functionDeclarations",
        "googleMaps",
        "googleSearch",
        "googleSearchRetrieval",
        "mcpServers",
        "parallelAiSearch",
        "retrieval",
        "urlContext",
    )
)
"""Tools that Google runs itself, as a request names them."""
_ALIKE = (
    (re.compile(r"^web_search"), "googleSearch"),
    (re.compile(r"^web_fetch"), "urlContext"),
    (re.compile(r"^(?:code_execution|code_interpreter)"), "codeExecution"),
)
"""What other providers call the tools that Google has as well."""
_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY", "tool": "ANY"}


def write_tools(ask: Ask, model: Model) -> Object:
    """Return `tools` and `toolConfig`, each only where it says something."""
    functions, own = _declared(ask), _own(ask)
    tools = ([{"functionDeclarations": functions}] if functions else []) + own
    if not tools:
        return {}
    out: Object = {"tools": tools}
    config: Object = {}
    if functions and ask.tool_choice is not None:
        config["functionCallingConfig"] = _choice(ask.tool_choice)
    if functions and own and model.generation >= 3:
        # Without it the third generation refuses functions beside tools that Google runs.
        config["includeServerSideToolInvocations"] = True
    return out | {"toolConfig": config} if config else out


def custom_tools(ask: Ask) -> frozenset[str]:
    """Return the names of tools that take free text: they are declared with one argument."""
    return frozenset(
        tool.name for tool in ask.tools if isinstance(tool, Tool) and tool.extra.get("custom") is not None
    )


def _declared(ask: Ask) -> list[Object]:
    choice = ask.tool_choice
    # A list of names goes with ANY alone: where the model may also answer, others are not declared.
    allowed = choice.allowed if choice is not None and choice.mode == "auto" else None
    return [
        _function(tool)
        for tool in ask.tools
        if isinstance(tool, Tool) and (allowed is None or tool.name in allowed)
    ]


def _function(tool: Tool) -> Object:
    out: Object = {"name": tool.name}
    if tool.description:
        out["description"] = tool.description
    out["parametersJsonSchema"] = parameters(tool.schema)
    return out


def _own(ask: Ask) -> list[Object]:
    own = [_native(tool, at) for at, tool in enumerate(ask.tools) if isinstance(tool, NativeTool)]
    if isinstance(ask.extra.get("web_search_options"), dict) and {"googleSearch": {}} not in own:
        own.append({"googleSearch": {}})
    return own


def _native(tool: NativeTool, at: int) -> Object:
    """Take a tool of Google's own, or the one that is like another provider's."""
    value = tool.value
    if tool.dialect == DIALECT:
        return value
    own = {camel(name): held for name, held in value.items() if camel(name) in _OWN}
    if own:
        return own
    kind = str(value.get("type") or "")
    if camel(kind) in _OWN:
        return {camel(kind): {name: held for name, held in value.items() if name != "type"}}
    for pattern, name in _ALIKE:
        if pattern.match(kind):
            return {name: {}}
    raise unknown(tool, at)


def _choice(choice: ToolChoice) -> Object:
    out: Object = {"mode": _MODES[choice.mode]}
    if choice.mode == "tool" and choice.name is not None:
        out["allowedFunctionNames"] = [choice.name]
    elif choice.mode == "required" and choice.allowed:
        out["allowedFunctionNames"] = choice.allowed
    return out
