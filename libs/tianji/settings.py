"""A process's environment as one frozen Struct, with every problem reported at once.

A service declares a `msgspec.Struct`; each field names its variable by its own name in
capitals, prefixed: field `salt_key` is read from `TIANJI_SALT_KEY`, then `LITELLM_SALT_KEY`,
then `PROXYLLM_SALT_KEY`. A field declared with `variable("DATABASE_URL")` is read from that
name first. An empty variable counts as not set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from tianji.errors import TianjiError

PREFIXES = ("TIANJI_", "LITELLM_", "PROXYLLM_")
SERVER_URLS = ("DATABASE_URL", "NATS_URL", "REDIS_URL")
"""Variables of ours without a prefix."""

S = TypeVar("S", bound=msgspec.Struct)


class Secret:
    """A value that must not show in logs, reprs or tracebacks."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value; call it only where it leaves for its purpose."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


class SettingsError(TianjiError):
    """The environment is not valid; the message lists every problem, one a line."""


class Variable(msgspec.Struct, frozen=True):
    """The environment variable a settings field is read from, in place of its own name."""

    name: str


def variable(name: str) -> Variable:
    """Mark a field: `url: Annotated[str, variable("DATABASE_URL")]`."""
    return Variable(name)


def names_of(field: str, marked: str | None = None) -> list[str]:
    """List the variables that a field is read from, first one wins."""
    names = [marked] if marked else []
    bare = field.upper()
    for prefix in PREFIXES:
        name = prefix + (marked if marked and not marked.startswith(PREFIXES) else bare)
        if name not in names:
            names.append(name)
    return names


def read(kind: type[S], environ: Mapping[str, str], **given: Any) -> S:
    """Build `kind` from `given` (command line; None means not given), then `environ`, then defaults.

    Raises SettingsError naming every variable that is missing or malformed.
    """
    problems: list[str] = []
    values: dict[str, Any] = {}
    hints = get_type_hints(kind, include_extras=True)
    for info in msgspec.structs.fields(kind):
        if given.get(info.name) is not None:
            values[info.name] = given[info.name]
            continue
        hint = hints[info.name]
        plain, mark = _split(hint)
        names = names_of(info.name, mark)
        name = next((n for n in names if environ.get(n)), None)
        if name is None:
            if info.required:
                problems.append(f"{names[0]} is not set")
            continue
        try:
            values[info.name] = _parse(environ[name], plain)
        except (msgspec.ValidationError, ValueError) as fault:
            problems.append(f"{name}: {fault}")
    if problems:
        raise SettingsError("; ".join(problems))
    return kind(**values)


def _split(hint: Any) -> tuple[Any, str | None]:
    """Take an annotation apart into its plain type and the variable it is marked with."""
    if get_origin(hint) is not Annotated:
        return hint, None
    plain, *extras = get_args(hint)
    return plain, next((m.name for m in extras if isinstance(m, Variable)), None)


def _parse(text: str, kind: Any) -> Any:
    if kind is Secret or Secret in get_args(kind):
        return Secret(text)
    return msgspec.convert(text, kind, strict=False)
