"""`/global/spend/report` and `/{key,user,team,organization}/spend/report`: by day, or by key and model."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest
from tianji.store.rows import Connection
from tianji_control.access import targets
from tianji_control.access.permits import Target
from tianji_control.call import Call, Guarded
from tianji_control.resources.keys import service as keys
from tianji_control.resources.reports import store
from tianji_control.resources.reports.answers import KeyCost, ReportRow
from tianji_control.resources.reports.store import Detail, Entry, Whose
from tianji_control.resources.spend.spans import Days, days

GROUPS = ("team", "customer", "api_key", "model", "provider")


class Ask(Struct, kw_only=True):
    """The query of `/global/spend/report`."""

    start_date: str | None = None
    end_date: str | None = None
    group_by: str = "team"
    api_key: str | None = None
    internal_user_id: str | None = None
    team_id: str | None = None
    customer_id: str | None = None


class OfKey(Struct, kw_only=True):
    """The query of `/key/spend/report`."""

    start_date: str | None = None
    end_date: str | None = None
    api_key: str | None = None


class OfUser(Struct, kw_only=True):
    """The query of `/user/spend/report`."""

    start_date: str | None = None
    end_date: str | None = None
    internal_user_id: str | None = None


class OfTeam(Struct, kw_only=True):
    """The query of `/team/spend/report`."""

    start_date: str | None = None
    end_date: str | None = None
    team_id: str | None = None


class OfOrganization(Struct, kw_only=True):
    """The query of `/organization/spend/report`."""

    start_date: str | None = None
    end_date: str | None = None
    organization_id: str | None = None


async def everything(call: Call) -> Response:
    """GET /global/spend/report: by day and team or customer, or over all days by key, model or provider."""
    ask = call.query(Ask)
    if ask.group_by not in GROUPS:
        raise BadRequest(f"group_by is one of {', '.join(GROUPS)}", param="group_by")
    span = days(ask.start_date, ask.end_date)
    key = keys.hash_given(ask.api_key) if ask.api_key else None
    async with call.runtime.store.connection() as db:
        if key or ask.internal_user_id:
            whose = Whose(key=key, user_id=None if key else ask.internal_user_id)
            return call.answer(_by_key(await store.details(db, span, whose)))
        if ask.team_id and ask.customer_id:
            return call.answer(await _team_and_customer(db, span, ask.team_id, ask.customer_id))
        if ask.group_by == "team":
            return call.answer(_by_day(await store.team_entries(db, span, ask.team_id), "teams", "team_name"))
        if ask.group_by == "customer":
            entries = await store.customer_entries(db, span, ask.customer_id, None)
            return call.answer(_by_day(entries, "customers", "customer"))
        if ask.group_by == "api_key":
            return call.answer(_by_key(await store.details(db, span, Whose())))
        rows = await store.things(db, ask.group_by, span, unnamed=True)
    return call.answer(
        [
            {
                ask.group_by: row.name,
                "total_cost": float(row.spend_usd),
                "total_requests": row.requests,
                "total_tokens": row.tokens,
            }
            for row in rows
        ]
    )


async def of_key(call: Call) -> Response:
    """GET /key/spend/report: one key, the caller's unless named."""
    ask = call.query(OfKey)
    if ask.api_key:
        row, _ = await keys.find(call, ask.api_key)
        hash = row.hash
    else:
        hash = _own(call.actor.key_hash, "api_key")
        call.require("key:read", Target(key_hash=hash, user_id=call.actor.user_id))
    return await _report(call, ask, Whose(key=hash))


async def of_user(call: Call) -> Response:
    """GET /user/spend/report: one user, the caller unless named."""
    ask = call.query(OfUser)
    user_id = ask.internal_user_id or _own(call.actor.user_id, "internal_user_id")
    async with call.runtime.store.connection() as db:
        call.require("spend:read", await targets.of_user(db, user_id))
    return await _report(call, ask, Whose(user_id=user_id))


async def of_team(call: Call) -> Response:
    """GET /team/spend/report: one team, that of the caller's key unless named."""
    ask = call.query(OfTeam)
    team_id = ask.team_id or _own(call.actor.team_id, "team_id")
    async with call.runtime.store.connection() as db:
        call.require("spend:read", await targets.of_team(db, team_id))
    return await _report(call, ask, Whose(team_id=team_id))


async def of_organization(call: Call) -> Response:
    """GET /organization/spend/report: one organization with all its teams."""
    ask = call.query(OfOrganization)
    organization_id = _own(ask.organization_id, "organization_id")
    call.require("spend:read", targets.of_organization(organization_id))
    return await _report(call, ask, Whose(organization_id=organization_id), with_teams=True)


async def _report(call: Call, ask: Any, whose: Whose, *, with_teams: bool = False) -> Response:
    span = days(ask.start_date, ask.end_date)
    async with call.runtime.store.connection() as db:
        rows = await store.details(db, span, whose)
    return call.answer(_by_key(rows, with_teams=with_teams))


async def _team_and_customer(
    db: Connection, span: Days, team_id: str, customer_id: str
) -> list[dict[str, Any]]:
    """Return a customer's days with the keys that are the team's now."""
    entries = await store.customer_entries(db, span, customer_id, team_id)
    shown = _by_day(entries, "teams_customers", "customer")
    for day in shown:
        for one in day["teams_customers"]:
            one["team_name"] = team_id
    return shown


def _own(id: str | None, field: str) -> str:
    if id is None:
        raise BadRequest(f"The caller's key has no {field} of its own; name one", param=field)
    return id


def _by_key(rows: Iterable[Detail], *, with_teams: bool = False) -> list[dict[str, Any]]:
    """Return sums by key with its models, the dearest first."""
    held: dict[str, dict[tuple[str, str], Detail]] = {}
    for row in rows:
        models = held.setdefault(row.key_hash, {})
        place = (row.team_id if with_teams else "", row.model)
        models[place] = _joined(models[place], row) if place in models else row
    shown = [
        {
            "api_key": key,
            **_sums(models.values()),
            "model_details": [
                {**({"team_id": team or None} if with_teams else {}), "model": model, **_sums([row])}
                for (team, model), row in models.items()
            ],
        }
        for key, models in held.items()
    ]
    return sorted(shown, key=lambda one: -float(one["total_cost"]))


def _joined(one: Detail, other: Detail) -> Detail:
    return Detail(
        key_hash=one.key_hash,
        team_id=one.team_id,
        model=one.model,
        spend_usd=one.spend_usd + other.spend_usd,
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
    )


def _sums(rows: Iterable[Detail]) -> dict[str, Any]:
    held = list(rows)
    return {
        "total_cost": float(sum((row.spend_usd for row in held), Decimal(0))),
        "total_input_tokens": sum(row.input_tokens for row in held),
        "total_output_tokens": sum(row.output_tokens for row in held),
    }


def _by_day(entries: Iterable[Entry], field: str, name: str) -> list[dict[str, Any]]:
    held: dict[date, dict[str, list[Entry]]] = {}
    for entry in entries:
        held.setdefault(entry.day, {}).setdefault(entry.name, []).append(entry)
    return [
        {
            "group_by_day": day,
            field: [
                {
                    name: who,
                    "total_spend": float(sum((one.spend_usd for one in found), Decimal(0))),
                    "metadata": [
                        {
                            "model": one.model,
                            "api_key": one.key_hash,
                            "spend": float(one.spend_usd),
                            "total_tokens": one.tokens,
                        }
                        for one in found
                    ],
                }
                for who, found in names.items()
            ],
        }
        for day, names in held.items()
    ]


_KEYS = list[KeyCost]

routes = [
    Guarded("GET", "/global/spend/report", everything, "ledger:read", query=Ask, gives=list[ReportRow]),
    Guarded("GET", "/key/spend/report", of_key, "key:read", query=OfKey, gives=_KEYS),
    Guarded("GET", "/user/spend/report", of_user, "spend:read", query=OfUser, gives=_KEYS),
    Guarded("GET", "/team/spend/report", of_team, "spend:read", query=OfTeam, gives=_KEYS),
    Guarded(
        "GET", "/organization/spend/report", of_organization, "spend:read", query=OfOrganization, gives=_KEYS
    ),
]
