"""Small changes to the top level of a request that vendors ask for. Each is made once, at `bind`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

from tianji.providers._params import Params
from tianji.providers.dialects.openai_chat.upstream import Quirk, plain


def renaming(names: Mapping[str, str]) -> Quirk:
    """Return a quirk that gives parameters the vendor's own names."""

    def rename(body: MutableMapping[str, Any], params: Params) -> list[str]:
        changed = []
        for old, new in names.items():
            if old in body:
                value = body.pop(old)
                body.setdefault(new, value)
                changed.append(f"renamed {old} to {new}")
        return changed

    return rename


def refusing(names: Iterable[str]) -> Quirk:
    """Return a quirk that leaves out what the vendor refuses, where the deployment drops such."""
    refused = tuple(names)

    def refuse(body: MutableMapping[str, Any], params: Params) -> list[str]:
        return _taken(body, params, refused) if params.drop else []

    return refuse


def ignoring(names: Iterable[str]) -> Quirk:
    """Return a quirk that always leaves out what the vendor does not know and no answer depends on."""
    unknown = tuple(names)

    def ignore(body: MutableMapping[str, Any], params: Params) -> list[str]:
        return _taken(body, params, unknown)

    return ignore


def _taken(body: MutableMapping[str, Any], params: Params, names: tuple[str, ...]) -> list[str]:
    return [
        f"dropped {name}" for name in names if name not in params.allowed and body.pop(name, None) is not None
    ]


def choosing(words: Mapping[str, str]) -> Quirk:
    """Return a quirk that says a vendor's own words for `tool_choice`: `any` for `required`."""

    def choose(body: MutableMapping[str, Any], params: Params) -> list[str]:
        said = plain(body.get("tool_choice"))
        if not isinstance(said, str) or said not in words:
            return []
        body["tool_choice"] = words[said]
        return [f"tool_choice {said} as {words[said]}"]

    return choose


def clamping(name: str, low: float, high: float) -> Quirk:
    """Return a quirk that keeps a number within what the vendor takes."""

    def clamp(body: MutableMapping[str, Any], params: Params) -> list[str]:
        said = plain(body.get(name))
        if not isinstance(said, (int, float)) or low <= said <= high:
            return []
        body[name] = min(max(said, low), high)
        return [f"{name} {said} as {body[name]}"]

    return clamp
