"""The few calls that the command line makes to its own services."""

from __future__ import annotations

import http.client
import urllib.parse

import msgspec

from tianji.errors import Unavailable


class Reply(msgspec.Struct, frozen=True):
    """A status and a body."""

    status: int
    body: bytes


def call(method: str, url: str, *, key: str = "", body: bytes | None = None, timeout_s: float = 10) -> Reply:
    """Make one request; raise Unavailable when nothing answers."""
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if body is not None:
        headers["Content-Type"] = "application/json"
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    try:
        connection.request(method, target, body=body, headers=headers)
        response = connection.getresponse()
        return Reply(response.status, response.read())
    except (OSError, http.client.HTTPException) as fault:
        raise Unavailable(f"{parts.scheme}://{parts.netloc} does not answer: {fault}") from fault
    finally:
        connection.close()


def is_ready(url: str) -> bool:
    """Say whether the service at this URL says that it can serve."""
    try:
        return call("GET", url + "/health/readiness", timeout_s=2).status == 200
    except Unavailable:
        return False


def message_of(reply: Reply) -> str:
    """Read the message of an error answer, or say its status."""
    try:
        return str(msgspec.json.decode(reply.body)["error"]["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"the answer was {reply.status} {http.client.responses.get(reply.status, '')}".strip()
