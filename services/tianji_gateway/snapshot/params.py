"""A deployment's parameters as the gateway needs them: references filled in, numbers as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tianji.config.amounts import count_of as count_of
from tianji.config.amounts import number_of as number_of
from tianji.config.references import find_reference, revealed
from tianji.errors import BadRequest
from tianji.settings import PREFIXES, SERVER_URLS

TIMEOUT_S = 6000.0
"""How long a call may take when nothing in the config says it."""


def resolved(params: Mapping[str, Any], environ: Mapping[str, str], *, trusted: bool) -> dict[str, Any]:
    """Fill in references to the environment; a parameter whose variable is not set is left out.

    Only the config file (`trusted`) may refer to TianjiLLM's own variables: a model made by a
    call must not be able to send the gateway's secrets to a provider of its choice.
    Raises BadRequest naming the variable.
    """
    filled = {name: _resolve(value, environ, trusted) for name, value in params.items()}
    return {name: value for name, value in filled.items() if value is not None or params[name] is None}


def _resolve(value: Any, environ: Mapping[str, str], trusted: bool) -> Any:
    if isinstance(value, dict):
        return {name: _resolve(inner, environ, trusted) for name, inner in value.items()}
    if isinstance(value, list):
        return [_resolve(inner, environ, trusted) for inner in value]
    if not isinstance(value, str):
        return value
    reference = find_reference(value, environ)
    if reference is None:
        return value
    for name in reference.names:
        if not trusted and (name.startswith(PREFIXES) or name in SERVER_URLS):
            raise BadRequest(f"only the config file may refer to the variable {name}")
    return revealed(reference)
