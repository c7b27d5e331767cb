"""Bytes to an `Inference`: first the head, which is enough to say who calls; then the body."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
import uuid_utils
from msgspec import Raw, Struct

from tianji.errors import BadRequest
from tianji.wire.front import Fields, Front
from tianji.wire.neutral import Ask
from tianji_gateway.caller import Scope

_fields = msgspec.json.Decoder(dict[str, Raw])
_value = msgspec.json.Decoder()
_EMPTY: dict[str, Any] = {}


class Call(Struct):
    """The head of a request: all that is known before its body is read."""

    id: str
    route: str
    """The path as it was called."""
    endpoint: str
    """The path as the table of routes has it: one of a few, fit for a label."""
    headers: Mapping[bytes, bytes]
    client_ip: str | None
    query: bytes
    started_at: float
    """Seconds since 1970."""
    started: float
    """The monotonic clock's time."""

    def header(self, name: bytes) -> str | None:
        """Return a header as text; names are in lower case."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1").strip()

    def parameter(self, name: str) -> str | None:
        """Return a parameter of the query."""
        if not self.query:
            return None
        return parse_qs(self.query.decode("latin-1")).get(name, [None])[0]


class Inference(Struct):
    """One request to a model."""

    call: Call
    front: Front
    call_type: str
    fields: Fields
    model: str
    """The name that the client asked for."""
    stream: bool
    ask: Ask | None = None
    """The request in the neutral form, read when a step first needs it."""

    def read(self) -> Ask:
        """Return the request in the neutral form."""
        if self.ask is None:
            self.ask = self.front.read(self.fields)
        return self.ask


class Named(Struct, frozen=True):
    """What a path says of a request, where other formats say it in the body."""

    model: str | None = None
    stream: bool | None = None


_NOTHING = Named()


def opened(scope: Scope, endpoint: str) -> Call:
    """Read the head of a request."""
    client = scope.get("client")
    return Call(
        id=str(uuid_utils.uuid7()),
        route=scope["path"],
        endpoint=endpoint,
        headers=dict(scope["headers"]),
        client_ip=client[0] if client else None,
        query=scope["query_string"],
        started_at=time.time(),
        started=time.perf_counter(),
    )


def inference(call: Call, front: Front, call_type: str, body: bytes, named: Named = _NOTHING) -> Inference:
    """Take a body apart at its top level; what the path names goes before what the body says."""
    fields = _taken_apart(body)
    model = named.model
    if model is None:
        model = _model(fields)
    else:
        fields["model"] = Raw(msgspec.json.encode(model))
    if named.stream is not None:
        fields["stream"] = Raw(b"true" if named.stream else b"false")
    front.check(fields)
    return Inference(call, front, call_type, fields, model, _stream(fields))


def value_of(fields: Fields, name: str) -> Any:
    """Decode one field; None where it is missing or unreadable."""
    raw = fields.get(name)
    if raw is None:
        return None
    try:
        return _value.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def object_of(fields: Fields, name: str) -> dict[str, Any]:
    """Decode one field that should hold an object; empty where it does not."""
    value = value_of(fields, name)
    return value if isinstance(value, dict) else _EMPTY


def _taken_apart(body: bytes) -> Fields:
    try:
        if not body.isascii():
            body.decode()
        return _fields.decode(body)
    except msgspec.ValidationError:
        raise BadRequest("the request body must be a JSON object") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise BadRequest(f"the request body is not valid JSON: {fault}") from None
    except RecursionError:
        raise BadRequest("the request body is nested too deeply") from None


def _model(fields: Fields) -> str:
    model = value_of(fields, "model")
    if isinstance(model, str) and model:
        return model
    raise BadRequest("`model` is missing or not a name; name a model of GET /v1/models", param="model")


def _stream(fields: Fields) -> bool:
    raw = fields.get("stream")
    if raw is None:
        return False
    said = bytes(raw)
    if said not in (b"true", b"false", b"null"):
        raise BadRequest("`stream` must be true or false", param="stream")
    return said == b"true"
