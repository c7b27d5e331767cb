"""Tuning parameters of a request in a provider's own names; what it lacks is refused or dropped.

A parameter that a provider does not have is an error that names it, unless the deployment drops such
parameters or allows this one. What only tells of the caller, or only asks for what the provider does by
itself, changes no answer and is left out with a note.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from tianji.errors import UnsupportedParameter
from tianji.providers._params import GATEWAY, Params
from tianji.wire.neutral import Ask
from tianji.wire.values import Object

_TUNING = (
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop",
    "seed",
    "n",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
)
_HARMLESS = ("user", "metadata", "service_tier", "parallel_tool_calls")
_FIELDS = {
    "max_completion_tokens": "max_tokens",
    "response_format": "shape",
    "reasoning_effort": "thinking",
}
"""Where a request keeps what chat completions call by another name."""
_TAKEN_OUT = frozenset((*_TUNING, *_HARMLESS, "shape", "thinking", "tools", "tool_choice"))
OPENAIS_OWN = frozenset(
    (
        "stream_options",
        "store",
        "modalities",
        "prediction",
        "verbosity",
        "prompt_cache_key",
        "prompt_cache_retention",
        "prompt_cache_options",
        "safety_identifier",
        "web_search_options",
        "moderation",
        "audio",
        "functions",
        "function_call",
        "include_reasoning",
    )
)
"""What OpenAI's clients send that other vendors refuse, and that changes little of an answer."""


def without_dropped(ask: Ask, params: Params) -> tuple[Ask, list[str]]:
    """Return a request without what the deployment drops of it, by the names of chat completions."""
    found = {_FIELDS.get(path, path): path for path in params.dropped}
    said = {name: path for name, path in found.items() if name in _TAKEN_OUT and getattr(ask, name)}
    extra = {name: value for name, value in ask.extra.items() if name not in found}
    if not said and len(extra) == len(ask.extra):
        return ask, []
    empty: dict[str, Any] = {name: [] if name in ("stop", "tools") else None for name in said}
    beside = [name for name in ask.extra if name in found]
    return structs.replace(ask, extra=extra, **empty), [
        f"dropped {path}" for path in [*said.values(), *beside]
    ]


def write_tuning(
    body: Object, ask: Ask, params: Params, provider: str, names: Mapping[str, str]
) -> list[str]:
    """Write what the client tuned into `body`; `names` tells what the provider calls what it has.

    Returns what was dropped. Raises UnsupportedParameter.
    """
    changed = []
    for name in _TUNING:
        value = getattr(ask, name)
        if _says_nothing(name, value):
            continue
        if name in names:
            body[names[name]] = value
        elif name in params.allowed:
            body[name] = value
        elif params.drop:
            changed.append(f"dropped {name}")
        else:
            raise UnsupportedParameter(
                f"{provider} does not support the parameter '{name}'; leave it out or set drop_params",
                param=name,
            )
    for name in _HARMLESS:
        value = getattr(ask, name)
        if value is None:
            continue
        if name in names:
            body[names[name]] = value
        else:
            changed.append(f"dropped {name}")
    return changed


def _says_nothing(name: str, value: Any) -> bool:
    """Say whether a parameter is unsaid, or says what is so anyway."""
    if value is None or value is False or value == [] or value == {}:
        return True
    return (name == "n" and value == 1) or (name == "top_logprobs" and value == 0)


def without_thinking(ask: Ask) -> list[str]:
    """Note that the model is told nothing of how much it may think: there are no words for it."""
    thinking = ask.thinking
    return [] if thinking is None or thinking.enabled is False else ["dropped reasoning_effort"]


def without_tools(ask: Ask, params: Params, provider: str) -> list[str]:
    """Refuse or drop the tools of a request, for a provider that takes a prompt and nothing beside it."""
    if not ask.tools or (ask.tool_choice is not None and ask.tool_choice.mode == "none"):
        return []
    if params.drop:
        return ["dropped tools"]
    raise UnsupportedParameter(
        f"{provider} takes a prompt, without tools; leave 'tools' out or set drop_params", param="tools"
    )


def vendor_fields(ask: Ask, params: Params) -> Object:
    """Return the fields of a chat request that are none of OpenAI's: the client means this vendor."""
    if ask.front != "chat":
        return {}
    return {
        name: value
        for name, value in ask.extra.items()
        if name not in GATEWAY and (name not in OPENAIS_OWN or name in params.allowed)
    }
