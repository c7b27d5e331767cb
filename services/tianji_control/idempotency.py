"""Creates that may be sent again: `Idempotency-Key`.

A create that names a key runs in one transaction with the row that keeps its answer, so a crash leaves
either both or neither; whoever repeats it is told the first answer. The header is that of the IETF's
draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from msgspec import Struct
from starlette.responses import Response

from tianji.domain.sealed import SealBroken, Sealer
from tianji.errors import BadRequest, Conflict, InvalidFields
from tianji.store.pool import Store
from tianji.store.queries import Queries
from tianji.store.rows import Connection, one, run, value
from tianji_control.access.permits import Actor
from tianji_control.envelope import JSON

log = logging.getLogger(__name__)

Q = Queries.beside(__file__)

HEADER = "idempotency-key"
REPLAYED = "idempotent-replayed"
"""Answer header, `true` when the answer is the one of an earlier request."""
KEPT_FOR = timedelta(hours=24)
PURGE_EVERY_S = 600.0
LONGEST_KEY = 255


class Kept(Struct, frozen=True):
    """An answer that was kept, and what was asked."""

    fingerprint: str
    status: int
    answer: str


class Asked(Struct, frozen=True):
    """A request that is to have its effect once."""

    id: str
    """Who asks, for what, under which key: hashed, as keys of clients are nobody's business."""
    fingerprint: str
    """What they say."""

    @property
    def lock(self) -> tuple[int, int]:
        """The advisory lock that this request is under way with: two numbers, where all others are one."""
        digest = bytes.fromhex(self.id)
        return int.from_bytes(digest[:4], signed=True), int.from_bytes(digest[4:8], signed=True)


def key_in(headers: Mapping[str, str]) -> str | None:
    """Return the key that a request names. Raises BadRequest for one that is empty, too long or not ASCII."""
    given = headers.get(HEADER)
    if given is None:
        return None
    key = given.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise BadRequest(f"Idempotency-Key must be 1 to {LONGEST_KEY} printable ASCII characters")
    return key


def asked(actor: Actor, route: str, key: str, said: bytes) -> Asked:
    """Return what a caller asks for with a key."""
    who = "\0".join([actor.role, actor.key_hash or "", actor.user_id or ""])
    return Asked(
        hashlib.sha256("\0".join([who, route, key]).encode()).hexdigest(), hashlib.sha256(said).hexdigest()
    )


async def once(
    store: Store, sealer: Sealer, request: Asked, work: Callable[[], Awaitable[Response]]
) -> Response:
    """Do a request's work unless it was done, in one transaction; return its answer, the first one.

    Raises Conflict while the first one is under way, InvalidFields when it said something else.
    """
    async with store.held() as db:
        half, other = request.lock
        if not await value(db, Q.claim_answer, bool, half=half, other=other):
            raise Conflict("A request with this Idempotency-Key is under way; ask again when it has ended")
        kept = await one(db, Q.kept_answer, Kept, id=request.id, kept_for=KEPT_FOR)
        if kept is not None:
            return _again(kept, request, sealer)
        answer = await work()
        await _keep(db, request, answer, sealer)
    return answer


async def purge(store: Store) -> None:
    """Remove answers that are too old, again and again."""
    while True:
        async with store.connection() as db:
            if gone := await run(db, Q.purge_answers, kept_for=KEPT_FOR):
                log.info("kept answers purged", extra={"answers": gone})
        await asyncio.sleep(PURGE_EVERY_S)


def _again(kept: Kept, request: Asked, sealer: Sealer) -> Response:
    if kept.fingerprint != request.fingerprint:
        raise InvalidFields(
            "This Idempotency-Key came with another request before; send that one, or take a new key"
        )
    try:
        body = sealer.open(kept.answer)
    except SealBroken:
        raise Conflict(
            "The first answer was sealed with another salt key and cannot be told again; take a new key"
        ) from None
    return Response(body, kept.status, {REPLAYED: "true"}, media_type=JSON)


async def _keep(db: Connection, request: Asked, answer: Response, sealer: Sealer) -> None:
    await run(
        db,
        Q.keep_answer,
        id=request.id,
        fingerprint=request.fingerprint,
        status=answer.status_code,
        answer=sealer.seal(bytes(answer.body).decode()),
    )
