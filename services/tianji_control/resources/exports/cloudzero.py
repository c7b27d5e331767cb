"""`/cloudzero`: charges in CloudZero's billing format, sent to its AnyCost stream."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, TypedDict
from urllib.parse import quote

from msgspec import Struct
from starlette.responses import Response

from tianji.errors import BadRequest
from tianji_control.call import Call, Guarded
from tianji_control.resources.exports import receivers, sending
from tianji_control.resources.exports.receivers import Service
from tianji_control.resources.exports.sending import Sent
from tianji_control.resources.exports.store import Charge

OPERATIONS = ("replace_hourly", "replace_drop", "sum")
_REGION = "cross-region"
_CLOUDS = {
    "azure_ai": "azure",
    "bedrock": "aws",
    "vertex_ai": "gcp",
    "gemini": "google",
    "together_ai": "together-ai",
}
"""What CloudZero calls a provider, where it is not our name."""
_FOREIGN = re.compile(r"[^a-z0-9-]+")


class Init(Struct, kw_only=True):
    """The body of `/cloudzero/init`; `base_url` is ours."""

    api_key: str
    connection_id: str
    timezone: str = "UTC"
    base_url: str = "https://api.cloudzero.com"


class Update(Struct, kw_only=True):
    """The body of `PUT /cloudzero/settings`."""

    api_key: str | None = None
    connection_id: str | None = None
    timezone: str | None = None
    base_url: str | None = None


class View(TypedDict):
    """What was said of CloudZero."""

    api_key_masked: str | None
    connection_id: str | None
    timezone: str | None
    base_url: str | None
    status: str | None


class Export(Struct, kw_only=True):
    """The body of `/cloudzero/export` and `/cloudzero/dry-run`: whole days of UTC, all unless named."""

    limit: int | None = None
    operation: str = "replace_hourly"
    start_time_utc: datetime | None = None
    end_time_utc: datetime | None = None


SERVICE = Service(
    name="cloudzero", title="CloudZero", secrets=("api_key",), init=Init, update=Update, view=View
)


async def dry_run(call: Call) -> Response:
    """POST /cloudzero/dry-run: what would be sent."""
    ask = await call.body(Export)
    charges = await sending.latest(call.runtime.store, sending.most(ask.limit))
    records = [record(one) for one in charges if one.successful_requests]
    summary = {
        "total_records": len(records),
        "total_cost": float(sum(one.spend_usd for one in charges)),
        "total_tokens": sum(one.input_tokens + one.output_tokens for one in charges),
        "unique_accounts": len({one["resource/account"] for one in records}),
        "unique_services": len({one["resource/service"] for one in records}),
    }
    shown = {"usage_data": sending.usage(charges), "cbf_data": records, "summary": summary}
    return call.answer(sending.shown(SERVICE.title, shown))


async def export(call: Call) -> Response:
    """POST /cloudzero/export: send charges, a drop for each day."""
    ask = await call.body(Export)
    if ask.operation not in OPERATIONS:
        raise BadRequest(f"operation is one of {', '.join(OPERATIONS)}", param="operation")
    days = sending.span(ask.start_time_utc, ask.end_time_utc)
    said = await receivers.opened(call, SERVICE)
    connection = quote(said["connection_id"], safe="")
    url = f"{said['base_url'].rstrip('/')}/v2/connections/billing/anycost/{connection}/billing_drops"
    sent = 0
    async for charges in sending.by_day(call.runtime.store, days, sending.most(ask.limit)):
        records = [record(one) for one in charges if one.successful_requests]
        if records:
            drop = {"month": f"{charges[0].day:%Y-%m}", "operation": ask.operation, "data": records}
            await sending.post(url, said["api_key"], json=drop)
            sent += len(records)
    return call.answer(sending.sent(SERVICE.title, sent))


def record(charge: Charge) -> dict[str, str]:
    """Return a charge in CloudZero's billing format: numbers are text."""
    provider, model, account = _cloud(charge.provider), charge.upstream_model, charge.key_hash[:8]
    owner = _component(charge.team_id)
    tags: dict[str, Any] = {
        "provider": provider,
        "model": model,
        "entity_type": "team",
        "entity_id": charge.team_alias or charge.team_id,
        "team_alias": charge.team_alias,
        "model_group": charge.model,
        "api_key_prefix": account,
        "api_key_alias": charge.key_alias,
        "user_email": charge.user_email,
        "organization_alias": charge.organization_alias,
        "api_requests": charge.requests,
        "successful_requests": charge.successful_requests,
        "failed_requests": charge.failed_requests,
        "cache_creation_tokens": charge.cache_write_tokens,
        "cache_read_tokens": charge.cache_read_tokens,
        "prompt_tokens": charge.input_tokens or None,
        "completion_tokens": charge.output_tokens or None,
    }
    return {
        "time/usage_start": f"{charge.day}T00:00:00Z",
        "cost/cost": f"{charge.spend_usd:f}",
        "resource/id": f"czrn:litellm:{provider}:{_REGION}:{owner}:llm-usage:{model}",
        "usage/amount": str(charge.input_tokens + charge.output_tokens),
        "usage/units": "tokens",
        "resource/service": charge.model,
        "resource/account": f"{charge.key_alias}|{account}" if charge.key_alias else account,
        "resource/region": _REGION,
        "resource/usage_family": charge.provider,
        "action/operation": charge.team_id,
        "lineitem/type": "Usage",
        **{f"resource/tag:{name}": str(value) for name, value in tags.items() if value not in (None, "")},
    }


def _cloud(provider: str) -> str:
    return _component(_CLOUDS.get(provider, provider))


def _component(text: str) -> str:
    """Return a part of a resource's name as CloudZero takes it."""
    return _FOREIGN.sub("-", text.lower()).strip("-") or "unknown"


routes = [
    *receivers.routes(SERVICE),
    Guarded("POST", "/cloudzero/dry-run", dry_run, "ledger:update", body=Export, gives=Sent),
    Guarded(
        "POST", "/cloudzero/export", export, "ledger:update", body=Export, gives=Sent, refuses=(400, 404, 502)
    ),
]
