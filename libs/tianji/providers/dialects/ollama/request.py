"""An `Ask`: to the body of Ollama's chat, or of its `generate`."""

from __future__ import annotations

from tianji.providers._params import Params
from tianji.providers.dialects.instructed import instruct
from tianji.providers.dialects.offered import offered
from tianji.providers.dialects.ollama.turns import bare, write_turns
from tianji.providers.dialects.transcript import transcribe
from tianji.providers.dialects.tuning import vendor_fields, write_tuning
from tianji.wire.neutral import Ask, Thinking, Tool
from tianji.wire.values import Object

_NAMES = {
    "max_tokens": "num_predict",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop": "stop",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "logprobs": "logprobs",
    "top_logprobs": "top_logprobs",
}
_BESIDE_OPTIONS = (
    "logprobs",
    "top_logprobs",
    "keep_alive",
    "think",
    "format",
    "template",
    "raw",
    "suffix",
    "context",
)
"""What stands beside `options`; every other parameter of Ollama's is one of them."""
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high"}
_OFF = ("none", "disable")


def write(
    ask: Ask, model: str, params: Params, provider: str, *, thinks: bool, generate: bool = False
) -> tuple[Object, list[str]]:
    """Return the body of a request, and what was dropped on the way. `thinks`: the model may be able to."""
    body: Object = {"model": model}
    changed: list[str] = []
    if ask.shape is not None and offered(ask):
        ask = instruct(ask, ask.shape)  # kept to a form, a model cannot call a tool
    if generate:
        body |= _prompt(ask, provider)
    else:
        body["messages"] = write_turns(ask)
        tools, changed = _tools(ask)
        if tools:
            body["tools"] = tools
    if ask.shape is not None and ask.shape.kind != "text":
        body["format"] = ask.shape.schema or "json"
    if ask.thinking is not None and (think := _think(ask.thinking, model)) is not None:
        if think and not thinks:
            changed.append("dropped thinking: this model does not think")  # Ollama refuses the request
        else:
            body["think"] = think
    options: Object = {}
    changed += write_tuning(options, ask, params, provider, _NAMES)
    options |= vendor_fields(ask, params)
    given = options.pop("options", None)
    if isinstance(given, dict):
        options |= given
    body |= {name: options.pop(name) for name in _BESIDE_OPTIONS if name in options}
    if options:
        body["options"] = options
    body["stream"] = ask.stream  # Ollama streams where nothing is said
    return body, changed


def _tools(ask: Ask) -> tuple[list[Object], list[str]]:
    """Write the tools; Ollama has no choice among them, so what may not be called is left out."""
    found = [_tool(tool) for tool in offered(ask)]
    forced = ask.tool_choice is not None and ask.tool_choice.mode in ("required", "tool")
    return found, ["dropped tool_choice: Ollama's models choose for themselves"] if forced and found else []


def _tool(tool: Tool) -> Object:
    schema: Object = {"type": "object", "properties": {}, **(tool.schema or {})}
    function: Object = {"name": tool.name, "description": tool.description or "", "parameters": schema}
    return {"type": "function", "function": function}


def _think(thinking: Thinking, model: str) -> bool | str | None:
    effort = thinking.effort
    if thinking.enabled is False or effort in _OFF:
        return False
    if effort is not None and "gpt-oss" in model:
        return _EFFORTS.get(effort, "high")  # the models that know degrees know no plain yes
    return True if effort is not None or thinking.enabled or thinking.budget_tokens else None


def _prompt(ask: Ask, provider: str) -> Object:
    told = transcribe(ask, provider, with_tools=True)
    out: Object = {"prompt": told.prompt}
    if told.system:
        out["system"] = told.system
    if told.images:
        out["images"] = [bare(image) for image in told.images]
    return out
