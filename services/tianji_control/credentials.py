"""Parts a deployment's parameters into what may be stored plainly and what is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.config.fields import table
from tianji.config.kinds import Mismatch, asked_for, fit
from tianji.config.references import Reference, find_reference, holds_secret
from tianji.domain.sealed import Sealer
from tianji.errors import BadRequest, TianjiError
from tianji.settings import Secret

PARAMS = "model_list[].litellm_params"


def is_secret(name: str) -> bool:
    """Say whether a parameter is a credential: the table of fields knows, else its name tells."""
    field = table().field(PARAMS, name)
    return field.secret if field is not None else holds_secret(name)


def wrapped(name: str, value: Any) -> Any:
    """Mark the credentials and references in a parameter that came by a call, as the config reader does."""
    match value:
        case str():
            if reference := find_reference(value, {}):
                return Reference(reference.text, reference.names)
            return Secret(value) if is_secret(name) else value
        case dict():
            return {part: wrapped(str(part), held) for part, held in value.items()}
        case list():
            return [wrapped(name, held) for held in value]
    return value


def fitted(name: str, value: Any) -> Any:
    """Return a parameter that came by a call as the kind that its field is of: `"false"` is not true.

    Raises BadRequest for what is of no such kind. A reference is judged once it is resolved.
    """
    field = table().field(PARAMS, name)
    if field is None or not isinstance(value, str | int | float):
        return value
    if isinstance(value, str) and find_reference(value, {}):
        return value
    try:
        return fit(value, str(value), field.kinds)
    except Mismatch:
        message = f"litellm_params.{name} must be {asked_for(field.kinds)}"
        raise BadRequest(message, type="bad_request_error", param=name) from None


def parted(params: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part wrapped parameters into plain ones and credentials, both as plain values.

    A reference that is not set here stays as it is written: a gateway may have the variable.
    """
    plain: dict[str, Any] = {}
    secret: dict[str, Any] = {}
    for name, value in params.items():
        resolved = isinstance(value, Reference) and value.value is not None
        hidden = _hides(value) or (resolved and is_secret(name))
        (secret if hidden else plain)[name] = _opened(value)
    return plain, secret


def sealed(secrets: Mapping[str, Any], sealer: Sealer) -> dict[str, str]:
    """Encrypt credentials."""
    return {name: sealer.seal_value(value) for name, value in secrets.items()}


def same(stored: Mapping[str, str], secrets: Mapping[str, Any], sealer: Sealer) -> bool:
    """Say whether sealed credentials are these; sealing twice gives two different texts."""
    try:
        return {name: sealer.open_value(value) for name, value in stored.items()} == dict(secrets)
    except TianjiError:
        return False


def _hides(value: Any) -> bool:
    """Say whether a secret is in a value; a reference inside a mapping may be one."""
    match value:
        case Secret():
            return True
        case dict():
            return any(_hides(part) or isinstance(part, Reference) for part in value.values())
        case list():
            return any(_hides(part) for part in value)
    return False


def _opened(value: Any) -> Any:
    match value:
        case Secret():
            return value.reveal()
        case Reference():
            return value.text if value.value is None else _opened(value.value)
        case dict():
            return {name: _opened(part) for name, part in value.items()}
        case list():
            return [_opened(part) for part in value]
    return value
