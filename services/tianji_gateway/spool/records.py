"""Records: what the frames of a spool hold. Pure."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tianji.domain.events import Began, SpendEvent

MAX_RECORD_BYTES = 900_000
"""Below NATS's usual limit of 1 MiB for a message, its headers included."""
MAX_TEXT = 2048

BEGAN = "began"
ENDED = "ended"

_encoder = msgspec.json.Encoder()
_began = msgspec.json.Decoder(Began)
_ended = msgspec.json.Decoder(SpendEvent)


class _Head(Struct):
    type: str
    id: str
    status: str = "success"
    attempts: int = 1
    carried: bool = False


_head = msgspec.json.Decoder(_Head)


class Record(Struct, frozen=True):
    """One payload with the facts that the spool needs of it."""

    kind: str
    id: str
    payload: bytes
    counts_as: str | None
    """The field of `HourCount` that it counts in, if any."""


def encode(what: Began | SpendEvent) -> bytes:
    """Return the bytes of a record; one that is too long for the bus loses its metadata and long texts."""
    payload = _encoder.encode(what)
    if len(payload) > MAX_RECORD_BYTES:
        payload = _encoder.encode(slim(what))
    return payload


def slim(what: Began | SpendEvent) -> Began | SpendEvent:
    """Keep all that counts and none of what may be long."""
    changes: dict[str, Any] = {}
    for name in what.__struct_fields__:
        value = getattr(what, name)
        if isinstance(value, str) and len(value) > MAX_TEXT:
            changes[name] = value[:MAX_TEXT]
    changes["tags"] = [tag[:MAX_TEXT] for tag in what.tags[:20]]
    if isinstance(what, SpendEvent):
        changes["metadata"] = {"tianji_dropped": "metadata: the event was too long"}
        changes["bodies"] = None
        changes["usage"] = replace(what.usage, extra={})
    return replace(what, **changes)


def slimmed(payload: bytes) -> bytes:
    """Return an ended record's payload without what may be long."""
    return _encoder.encode(slim(_ended.decode(payload)))


def parse(payload: bytes) -> Record | None:
    """Return the record in a frame, or None when it is none (another program's, or a later format)."""
    try:
        head = _head.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        return None
    if head.type == BEGAN:
        return Record(BEGAN, head.id, payload, None if head.carried else "began")
    if head.type == ENDED:
        return Record(ENDED, head.id, payload, _way_of_ending(head.status, head.attempts))
    return None


def ended(event: SpendEvent) -> Record:
    """Return the record of an event."""
    return Record(ENDED, event.id, encode(event), _way_of_ending(event.status, event.attempts))


def carried(payload: bytes) -> bytes:
    """Return a `began` as it is written a second time."""
    try:
        return _encoder.encode(replace(_began.decode(payload), carried=True))
    except msgspec.DecodeError:
        return payload


def interrupted(payload: bytes, last_seen: float) -> SpendEvent | None:
    """Make the event of a call whose process died: billed what was reserved, marked as an estimate."""
    try:
        began = _began.decode(payload)
    except msgspec.DecodeError:
        return None
    names = set(Began.__struct_fields__) & set(SpendEvent.__struct_fields__) - {"version"}
    return SpendEvent(
        **{name: getattr(began, name) for name in names},
        status="interrupted",
        http_status=0,
        error_type="interrupted",
        error_message="the gateway process ended before this request did; its cost is an estimate",
        ended_at=max(began.started_at, last_seen),
        cost_usd=began.reserved_usd,
        metadata={"cost_estimated": True},
    )


def _way_of_ending(status: str, attempts: int) -> str:
    if status == "interrupted":
        return "interrupted"
    return "ended" if attempts else "uncalled"
