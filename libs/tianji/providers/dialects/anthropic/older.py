"""Suits a Messages request that is passed on to a model which lacks what newer ones have, or has it anew.

An agent tells by a model's name what it may ask for; behind a group's name it takes every model for the
newest. Only models that the price table knows are suited to: of others nobody can say what they lack.
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from tianji.providers.dialects.anthropic.model import Model
from tianji.providers.dialects.anthropic.thinking import write_thinking
from tianji.wire import values
from tianji.wire.neutral import Thinking
from tianji.wire.quoted import Quoted
from tianji.wire.values import Object

_SYSTEM = Quoted("system")
_SHOWN = "<system-reminder>\n{}\n</system-reminder>"
"""How what the system says is marked within a user's turn; agents do it so themselves."""


def suit(body: dict[str, Any], model: Model) -> list[str]:
    """Change the top level of a body, whose values may be undecoded; return what was changed."""
    if not model.listed:
        return []
    changed = _suit_thinking(body, model)
    messages = body.get("messages")
    if not model.system_anywhere and isinstance(messages, Raw) and _SYSTEM.among(bytes(messages)):
        turns = values.array(values.decode(messages, "messages"), "messages")
        if any(_is_systems(turn) for turn in turns):
            body["messages"] = _folded(turns)
            changed.append("put what the system says between turns into the user's")
    return changed


def _suit_thinking(body: dict[str, Any], model: Model) -> list[str]:
    thinking, output = _object(body, "thinking"), _object(body, "output_config")
    effort = output.get("effort")
    changed = []
    if "effort" in output and not model.output_config:
        body["output_config"] = {name: value for name, value in output.items() if name != "effort"}
        if not body["output_config"]:
            del body["output_config"]
        changed.append("dropped output_config.effort: this model has no efforts")
    if thinking.get("type") == "adaptive" and not model.adaptive_thinking:
        said: Object = {"max_tokens": values.decode(body.get("max_tokens", Raw(b"0")), "max_tokens")}
        write_thinking(said, Thinking(effort=effort if isinstance(effort, str) else "high"), model)
        body.pop("thinking")
        if "thinking" in said:
            body["thinking"] = said["thinking"]
        changed.append("changed adaptive thinking to a budget: this model needs one")
    elif thinking.get("type") == "enabled" and not model.budget_thinking:
        kept = {name: value for name, value in thinking.items() if name != "budget_tokens"}
        body["thinking"] = {**kept, "type": "adaptive"}
        changed.append("changed thinking to adaptive: this model takes no budget")
    return changed


def _object(body: dict[str, Any], name: str) -> Object:
    value = body.get(name)
    found = values.decode(value, name) if isinstance(value, Raw) else value
    return found if isinstance(found, dict) else {}


def _is_systems(turn: Any) -> bool:
    return isinstance(turn, dict) and turn.get("role") == "system"


def _folded(turns: list[Any]) -> list[Any]:
    """Make the system's turns parts of the user's: the beginning of a conversation stays as it is cached."""
    out: list[Any] = []
    for turn in turns:
        if _is_systems(turn):
            turn = {"role": "user", "content": [_shown(block) for block in _blocks(turn)]}
        before = out[-1] if out else {}
        if _is_users(before) and _is_users(turn):
            out[-1] = {"role": "user", "content": _blocks(before) + _blocks(turn)}
        else:
            out.append(turn)
    return out


def _is_users(turn: Any) -> bool:
    return isinstance(turn, dict) and turn.get("role") == "user"


def _blocks(turn: Object) -> list[Any]:
    content = turn.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return list(content) if isinstance(content, list) else []


def _shown(block: Any) -> Any:
    if isinstance(block, dict) and block.get("type") == "text":
        return {**block, "text": _SHOWN.format(block.get("text", ""))}
    return block
