"""References to environment variables, and values that must not be shown.

`os.environ/NAME`, `$NAME` and `${NAME}` stand for a variable's value when they are the whole
text; `${NAME}` is also filled in inside a longer text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from tianji.settings import Secret

_WHOLE = re.compile(r"os\.environ/(?P<path>.+)|\$(?P<bare>[A-Za-z_]\w*)|\$\{(?P<braced>[A-Za-z_]\w*)\}")
_INSIDE = re.compile(r"\$\{([A-Za-z_]\w*)\}")
_SECRET = re.compile(
    r"(?:^|[_-])(?:keys?|secret|password|passwd|pwd|token|credentials?|authorization|cookie"
    r"|access_key_id|webhook_url|database_url|redis_url)$",
    re.IGNORECASE,
)
_NOT_SECRET = re.compile(r"cost|header|cache_key|public_key|key_name", re.IGNORECASE)


class Reference(Struct, frozen=True):
    """A value that is taken from the environment.

    `text` is what the config says; `value` is None while the variable is not set here, else a
    Secret, or a number, boolean or the like where the field asks for one.
    """

    text: str
    names: tuple[str, ...]
    value: Any = None

    def __repr__(self) -> str:
        # A text around the name may hold a secret: `https://user:password@${HOST}`.
        return f"Reference({', '.join(self.names)})"


def holds_secret(name: str) -> bool:
    """Guess from a field's name whether its value must not be shown."""
    return bool(_SECRET.search(name)) and not _NOT_SECRET.search(name)


def find_reference(text: str, environ: Mapping[str, str]) -> Reference | None:
    """Read a text as a reference; None when it is none."""
    if whole := _WHOLE.fullmatch(text):
        name = (whole["path"] or whole["bare"] or whole["braced"]).strip()
        value = environ.get(name)
        return Reference(text, (name,), None if value is None else Secret(value))
    names = tuple(dict.fromkeys(_INSIDE.findall(text)))
    if not names:
        return None
    filled = _INSIDE.sub(lambda found: environ.get(found[1], found[0]), text)
    return Reference(text, names, Secret(filled))


def revealed(tree: Any) -> Any:
    """Return a value with secrets opened and references resolved; an unset one becomes None."""
    match tree:
        case Secret():
            return tree.reveal()
        case Reference():
            return revealed(tree.value)
        case dict():
            return {name: revealed(value) for name, value in tree.items()}
        case list():
            return [revealed(value) for value in tree]
    return tree


def as_written(tree: Any) -> Any:
    """Return a value with secrets opened and references as the config writes them."""
    match tree:
        case Secret():
            return tree.reveal()
        case Reference():
            return tree.text
        case dict():
            return {name: as_written(value) for name, value in tree.items()}
        case list():
            return [as_written(value) for value in tree]
    return tree


def has_secret(tree: Any) -> bool:
    """Say whether a secret or a reference is anywhere in a value."""
    match tree:
        case Secret() | Reference():
            return True
        case dict():
            return any(has_secret(value) for value in tree.values())
        case list():
            return any(has_secret(value) for value in tree)
    return False


def without_secrets(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part a mapping into what may be shown, and what holds a secret or a reference."""
    plain = {name: value for name, value in params.items() if not has_secret(value)}
    return plain, {name: value for name, value in params.items() if name not in plain}
