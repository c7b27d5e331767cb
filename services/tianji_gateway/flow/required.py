"""What a request must say: `enforced_params` of the settings and of its key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tianji.errors import BadRequest
from tianji_gateway.flow.identify import Principal
from tianji_gateway.flow.receive import Inference, object_of
from tianji_gateway.snapshot.model import Snapshot

FIELD = "enforced_params"
_OF_SERVICES = "service_account_settings"
SERVICE = "service_account_id"
"""In the metadata of a key that is no person's."""


def require_params(inference: Inference, principal: Principal, snapshot: Snapshot) -> None:
    """Raise BadRequest for a request that lacks what it must say: `user`, or `metadata.team`."""
    for name in _required(principal, snapshot.settings.general):
        whole, dot, part = name.partition(".")
        if whole not in inference.fields or (dot and part not in object_of(inference.fields, whole)):
            raise BadRequest(
                f"This request must have {name} in its body: {FIELD} asks for it. Add it and send it again",
                param=name,
            )


def _required(principal: Principal, general: dict[str, Any]) -> Iterator[str]:
    metadata = principal.key.metadata
    yield from _names(general)
    if SERVICE in metadata:
        yield from _names(general.get(_OF_SERVICES))
    yield from _names(metadata)


def _names(said: Any) -> Iterator[str]:
    names = said.get(FIELD) if isinstance(said, dict) else None
    yield from (name for name in names if isinstance(name, str)) if isinstance(names, list) else ()
