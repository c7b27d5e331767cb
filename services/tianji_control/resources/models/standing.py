"""Whether deployments serve: blocking them, and what their providers will switch off."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from tianji.providers import names
from tianji_control.call import Call, Guarded, Open
from tianji_control.envelope import answer
from tianji_control.resources.models import service
from tianji_control.resources.models.answers import ModelWritten
from tianji_control.resources.models.fields import ModelChange
from tianji_control.resources.models.priced import price
from tianji_control.resources.models.shown import written
from tianji_control.resources.prices import service as prices

Status = Literal["deprecated", "imminent", "upcoming"]


class WhichModel(Struct):
    """The body of `/model/block` and `/model/unblock`."""

    model_id: str


class Warned(Struct, kw_only=True):
    """The query of `/model/deprecations`."""

    warn_within_days: Annotated[int, Meta(ge=0, le=3650)] = 90


class Retirement(Struct, frozen=True, kw_only=True):
    """When a deployment's model ends."""

    model_name: str
    model_id: str
    litellm_model: str
    deprecation_date: str
    days_until_deprecation: int
    status: Status
    litellm_provider: str | None
    successor_model: str | None


class Retirements(Struct, frozen=True, kw_only=True):
    """Deployments whose models end, by how soon."""

    deprecated: list[Retirement]
    imminent: list[Retirement]
    upcoming: list[Retirement]
    warn_within_days: int


async def block(call: Call) -> Response:
    """POST /model/block: a blocked deployment serves nothing"""
    return await _set(call, blocked=True)


async def unblock(call: Call) -> Response:
    """POST /model/unblock"""
    return await _set(call, blocked=False)


async def deprecations(call: Call) -> Response:
    """GET /model/deprecations"""
    within = call.query(Warned).warn_within_days
    rows = await service.listed(call, None)
    async with call.runtime.store.connection() as db:
        catalog = await prices.catalog(db)
    today = datetime.now(UTC).date()
    found: dict[Status, list[Retirement]] = {"deprecated": [], "imminent": [], "upcoming": []}
    for row in rows:
        known = price(row, catalog)
        entry = catalog.find(known.name) if known.name else None
        said = row.info.get("deprecation_date") or (entry.retires if entry is not None else None)
        day = _day(said)
        if day is None:
            continue
        left = (day - today).days
        status: Status = "deprecated" if left < 0 else "imminent" if left <= within else "upcoming"
        successor = row.info.get("successor_model")
        found[status].append(
            Retirement(
                model_name=row.model_name,
                model_id=row.id,
                litellm_model=f"{row.provider}/{row.model}",
                deprecation_date=day.isoformat(),
                days_until_deprecation=left,
                status=status,
                litellm_provider=known.provider or row.provider,
                successor_model=successor if isinstance(successor, str) else None,
            )
        )
    return call.answer(
        Retirements(
            deprecated=found["deprecated"],
            imminent=found["imminent"],
            upcoming=found["upcoming"],
            warn_within_days=within,
        )
    )


async def providers(_: Request) -> Response:
    """GET /public/providers: those that a model may be of"""
    return answer(sorted(names()))


async def _set(call: Call, *, blocked: bool) -> Response:
    id = (await call.body(WhichModel)).model_id
    row = await service.update(call, ModelChange(model_info={"id": id}, blocked=blocked))
    return call.answer(written(row), version=row)


def _day(said: object) -> date | None:
    try:
        return date.fromisoformat(str(said)) if said else None
    except ValueError:
        return None


routes = [
    Guarded("POST", "/model/block", block, "model:update", body=WhichModel, gives=ModelWritten),
    Guarded("POST", "/model/unblock", unblock, "model:update", body=WhichModel, gives=ModelWritten),
    Guarded("GET", "/model/deprecations", deprecations, "model:read", query=Warned, gives=Retirements),
    Guarded("GET", "/v1/model/deprecations", deprecations, "model:read", query=Warned, gives=Retirements),
    Open("/public/providers", providers, methods=["GET"], gives=list[str]),
]
