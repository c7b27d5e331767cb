"""Which settings a call may make, and of which kind their values are: the config's table of fields."""

from __future__ import annotations

from typing import Any

from tianji.config import budgets
from tianji.config.alerting import ADDRESSES, unserved
from tianji.config.fields import Field, table
from tianji.config.kinds import Mismatch, accepts, asked_for, fit
from tianji.config.references import find_reference, holds_secret
from tianji.config.spellings import canonical
from tianji.errors import BadRequest
from tianji.settings import PREFIXES, SERVER_URLS
from tianji_control.resources.settings.store import CALLS, ENVIRONMENT, GENERAL, ROUTER

FIXED = frozenset({"master_key", "database_url", "database_args", "key_management_settings", "port"})
"""General settings that a process needs before it can read any stored ones."""
_REFUSALS = {GENERAL: "Invalid field={name} passed in.", ROUTER: "Unsupported router settings: {name}."}


def known(section: str) -> dict[str, Field]:
    """Return the fields of a section by name."""
    return table().sections[section]


def name_of(section: str, name: str) -> str:
    """Return a field's canonical name. Raises BadRequest for one that no call can set."""
    if section == ENVIRONMENT:
        return _variable(name)
    name = canonical(name)
    if section != CALLS and name not in known(section):
        near = table().nearest(section, name)
        hint = f" Did you mean {near}?" if near else ""
        raise _refused(_REFUSALS[section].format(name=name) + hint, name)
    if section == GENERAL and name in FIXED:
        message = f"{section}.{name} is read from the environment or the config file only; set it there"
        raise _refused(message, name)
    return name


def is_secret(section: str, name: str, value: Any = None) -> bool:
    """Say whether a field's value must never be shown: by its own name, or by a name inside it."""
    if section == ENVIRONMENT:
        return True
    field = table().field(section, name)
    return (field.secret if field is not None else holds_secret(name)) or _hides(value)


def value_of(section: str, name: str, value: Any) -> Any:
    """Return a value as the kind that its field asks for.

    Raises BadRequest for one of another kind, and for a budget that would not be kept as it is written.
    """
    if _refers(value):
        message = f"{section}.{name} names a variable of the environment; only the config file may do that"
        raise _refused(message, name)
    field = table().field(section, name)
    kinds = ("string", "number", "boolean") if section == ENVIRONMENT else field.kinds if field else ("any",)
    _check_budgets(section, name, value)
    if isinstance(value, dict | list):
        if accepts(kinds, type(value)):
            return value
        raise _wrong(section, name, kinds, value)
    try:
        fitted = fit(value, str(value), kinds)
    except Mismatch:
        raise _wrong(section, name, kinds, value) from None
    return str(fitted) if section == ENVIRONMENT else fitted


def without_effect(section: str, name: str, value: Any) -> str | None:
    """Say what happens instead of what a field asks for; None where it is acted on."""
    if section == ENVIRONMENT:
        return None
    field = table().field(section, name)
    if field is None:
        return f"{section}.{name} is not known; it is stored and ignored"
    if section == GENERAL and (words := dict(unserved({name: value})).get(name)):
        return f"{section}.{name}: {words}"
    if is_secret(section, name, value) and name != ADDRESSES:
        return (
            f"{section}.{name} has no effect yet: it holds a secret, which is kept sealed and not published"
        )
    said = table().values.get((section, name), {}).get(str(value).lower())
    if (said or field).status == "works":
        return None
    instead = (said or field).instead or field.instead or table().about(section).later
    return f"{section}.{name} has no effect yet: {instead}"


def _check_budgets(section: str, name: str, value: Any) -> None:
    for field, words in budgets.in_vain(section, {name: value}) if section in (CALLS, ROUTER) else ():
        raise _refused(f"{section}.{field}: {words}", name)


def _variable(name: str) -> str:
    if name.startswith(PREFIXES) or name in SERVER_URLS:
        message = f"{name} is a variable of the gateway itself; calls may set those of providers only"
        raise _refused(message, name)
    return name


def _hides(value: Any) -> bool:
    if isinstance(value, dict):
        return any(
            (isinstance(part, str) and holds_secret(str(name))) or _hides(part)
            for name, part in value.items()
        )
    return isinstance(value, list) and any(_hides(part) for part in value)


def _refers(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_refers(part) for part in value.values())
    if isinstance(value, list):
        return any(_refers(part) for part in value)
    return isinstance(value, str) and find_reference(value, {}) is not None


def _wrong(section: str, name: str, kinds: tuple[str, ...], value: Any) -> BadRequest:
    message = f"Invalid type of field value={type(value).__name__} passed in: "
    return _refused(f"{message}{section}.{name} must be {asked_for(kinds)}", name)


def _refused(message: str, name: str) -> BadRequest:
    return BadRequest(message, type="bad_request_error", param=name)
