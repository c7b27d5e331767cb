"""Versions of objects: the `ETag` of what a caller has read, and `If-Match` on what they change.

An object's version is a hash of its row, so any write to the row makes another one; what is counted
elsewhere, such as spend, does not.
"""

from __future__ import annotations

import hashlib
import re

import msgspec
from msgspec import Struct

from tianji.errors import BadRequest, PreconditionFailed

ETAG = "etag"
IF_MATCH = "if-match"

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_TAGS = re.compile(rf"\s*{_TAG.pattern}(?:\s*,\s*{_TAG.pattern})*\s*")
_WORKED_OUT = ("budget_reset_at", "spend_adjustment")
"""Fields that answers tell as of now: they change by themselves."""
_KINDS = {"model": "deployment"}
"""Resources that changes are noted for under another name."""


def etag_of(row: Struct) -> str:
    """Return the version of a row, as a strong entity tag."""
    said = msgspec.to_builtins(row, enc_hook=str, str_keys=True)
    for name in _WORKED_OUT:
        said.pop(name, None)
    if several := (said.get("extra") or {}).get("budget_limits"):
        kept = [{**one, "reset_at": None} if isinstance(one, dict) else one for one in several]
        said["extra"] = {**said["extra"], "budget_limits": kept}
    written = msgspec.json.encode(said, order="deterministic")
    return f'"{hashlib.sha256(written).hexdigest()[:32]}"'


class Condition:
    """What `If-Match` says of the objects of one resource that a request is about to change."""

    def __init__(self, given: str, resource: str) -> None:
        self._resource = resource
        self._kind = _KINDS.get(resource, resource)
        self._any = given.strip() == "*"
        if not self._any and not _TAGS.fullmatch(given):
            raise BadRequest('If-Match takes * or ETags as answers have them, in quotes: "5d41…"')
        self._named = {f'"{tag}"' for weak, tag in _TAG.findall(given) if not weak}
        self._compared = False

    def check(self, kind: str, before: Struct) -> None:
        """Raise PreconditionFailed for an object of the resource that is not as the caller has seen it."""
        if kind != self._kind:
            return
        self._compared = True
        if not self._any and etag_of(before) not in self._named:
            raise PreconditionFailed(
                f"This {self._resource} was changed since you read it: its version is not the one that "
                "If-Match names; nothing was done. Read it again, then change it"
            )

    def require_compared(self) -> None:
        """Raise PreconditionFailed when nothing with a version was changed: then nobody was protected."""
        if not self._compared:
            raise PreconditionFailed(
                f"This request changes no {self._resource} whose version If-Match could name; "
                "nothing was done. Leave If-Match out"
            )
