"""Guaranteed throughput: what is promised to keys and teams together is no more than is there.

Holders whose `rpm_limit_type` or `tpm_limit_type` is `guaranteed_throughput` are refused where their limits,
with those of all their siblings, pass the limits of their team or organization.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from msgspec import Struct

from tianji.errors import BadRequest
from tianji.store.queries import Queries
from tianji.store.rows import Connection, many, run

GUARANTEED = "guaranteed_throughput"
_KINDS = ("rpm", "tpm")
Q = Queries.beside(__file__)


class Holder(Protocol):
    """Whoever has limits on rates: a key, a team, an organization."""

    @property
    def rpm_limit(self) -> int | None:
        """Requests per minute."""

    @property
    def tpm_limit(self) -> int | None:
        """Tokens per minute."""

    @property
    def metadata(self) -> dict[str, Any]:
        """What LiteLLM keeps there: limits by model, and the types of limits."""


class Promised(Struct, frozen=True):
    """What all siblings of a holder may use together: of one model, or (where it is empty) of all."""

    model: str
    rpm: int
    tpm: int


def is_guaranteed(holder: Holder) -> bool:
    """Say whether a holder's limits are a promise."""
    return any(holder.metadata.get(f"{kind}_limit_type") == GUARANTEED for kind in _KINDS)


def same_promise(one: Holder, other: Holder) -> bool:
    """Say whether two states of a holder promise the same."""
    return is_guaranteed(one) == is_guaranteed(other) and all(
        _limit(one, kind) == _limit(other, kind) and _by_model(one, kind) == _by_model(other, kind)
        for kind in _KINDS
    )


async def alone(db: Connection, owner: str) -> None:
    """Keep others from promising of an owner's limits until the transaction ends."""
    await run(db, Q.promise_alone, owner=owner)


async def to_keys(
    db: Connection, *, but: str, team_id: str | None = None, organization_id: str | None = None
) -> list[Promised]:
    """Return what the keys of a team or organization may use together, without one of them."""
    return await many(
        db, Q.promised_to_keys, Promised, but=but, team_id=team_id, organization_id=organization_id
    )


async def to_teams(db: Connection, *, but: str, organization_id: str) -> list[Promised]:
    """Return what the teams of an organization may use together, without one of them."""
    return await many(db, Q.promised_to_teams, Promised, but=but, organization_id=organization_id)


def check_promise(
    wanted: Holder, owner: Holder, promised: Iterable[Promised], *, what: str, whose: str
) -> None:
    """Raise BadRequest where a holder's limits and those of its siblings pass the owner's."""
    given = {one.model: one for one in promised}
    for kind in _KINDS:
        most, limit = _limit(owner, kind), _limit(wanted, kind)
        if limit is not None:
            _check(kind, limit, _given(given, "", kind), most, what, whose)
        for model, limit in _by_model(wanted, kind).items():
            of_model = most if most is not None else _by_model(owner, kind).get(model)
            _check(kind, limit, _given(given, model, kind), of_model, what, whose)


def _check(kind: str, limit: int, given: int, most: int | None, what: str, whose: str) -> None:
    if most is not None and given + limit > most:
        name = kind.upper()
        raise BadRequest(
            f"Allocated {name} limit={given} + {what} {name} limit={limit} is greater than "
            f"{whose} {name} limit={most}",
            type="bad_request_error",
            param=f"{kind}_limit",
        )


def _given(given: Mapping[str, Promised], model: str, kind: str) -> int:
    one = given.get(model)
    return 0 if one is None else int(getattr(one, kind))


def _limit(holder: Holder, kind: str) -> int | None:
    return holder.rpm_limit if kind == "rpm" else holder.tpm_limit


def _by_model(holder: Holder, kind: str) -> dict[str, int]:
    said = holder.metadata.get(f"model_{kind}_limit")
    models = said.items() if isinstance(said, dict) else ()
    return {model: most for model, most in models if isinstance(most, int)}
