"""What all exports to other services share: which charges, what a dry run shows, and the way there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from typing import Any, TypedDict
from urllib.parse import urlsplit

import aiohttp

from tianji.errors import BadRequest, TianjiError
from tianji.store.pool import Store
from tianji_control.resources.exports import store
from tianji_control.resources.exports.store import Charge
from tianji_control.resources.spend.spans import LONGEST, Days

PATIENCE_S = 30.0
SAMPLE = 50
MOST = 10_000
"""Charges that a dry run looks at."""


class Sent(TypedDict):
    """What was sent, or would be."""

    message: str
    status: str
    records_exported: int | None
    dry_run_data: dict[str, Any] | None
    summary: dict[str, Any] | None


class NotTaken(TianjiError):
    """The other service did not take the charges."""

    status = 502
    type = "bad_gateway"


def sent(title: str, records: int) -> Sent:
    """Answer that charges were sent."""
    return {
        "message": f"{title} export completed successfully",
        "status": "success",
        "records_exported": records,
        "dry_run_data": None,
        "summary": None,
    }


def shown(title: str, data: dict[str, Any]) -> Sent:
    """Answer with what would be sent."""
    return {
        "message": f"{title} dry run export completed successfully.",
        "status": "success",
        "records_exported": None,
        "dry_run_data": data,
        "summary": data["summary"],
    }


def span(since: datetime | None, until: datetime | None) -> Days | None:
    """Read the days of an export, both included; None stands for all. Raises BadRequest."""
    if since is None and until is None:
        return None
    if since is None or until is None:
        raise BadRequest("start_time_utc and end_time_utc must be provided together", param="start_time_utc")
    if not timedelta(0) <= until - since <= LONGEST:
        words = f"start_time_utc is before end_time_utc, by {LONGEST.days} days at most"
        raise BadRequest(words, param="start_time_utc")
    return Days(since.date(), until.date())


def most(limit: int | None) -> int | None:
    """Check how many charges are wanted."""
    if limit is not None and limit < 1:
        raise BadRequest("limit is 1 or more", param="limit", status=422)
    return limit


async def by_day(at: Store, days: Days | None, limit: int | None) -> AsyncIterator[list[Charge]]:
    """Give charges day by day, the latest day first, up to a number of them."""
    async with at.connection() as db:
        days = days or await store.all_days(db)
    day = days.until
    while day >= days.since and limit != 0:
        async with at.connection() as db:
            found = await store.charges(db, Days(day, day), limit)
        if found:
            yield found
        limit = None if limit is None else limit - len(found)
        day -= timedelta(days=1)


async def latest(at: Store, limit: int | None) -> list[Charge]:
    """Return the latest charges, for a dry run."""
    async with at.connection() as db:
        return await store.charges(db, await store.all_days(db), min(limit or MOST, MOST))


def usage(charges: Iterable[Charge]) -> list[dict[str, Any]]:
    """Return the first charges as LiteLLM's table of daily spend has them."""
    return [
        {
            "date": str(one.day),
            "user_id": one.user_id,
            "api_key": one.key_hash,
            "model": one.upstream_model,
            "model_group": one.model,
            "custom_llm_provider": one.provider,
            "prompt_tokens": one.input_tokens,
            "completion_tokens": one.output_tokens,
            "cache_read_input_tokens": one.cache_read_tokens,
            "cache_creation_input_tokens": one.cache_write_tokens,
            "spend": float(one.spend_usd),
            "api_requests": one.requests,
            "successful_requests": one.successful_requests,
            "failed_requests": one.failed_requests,
            "team_id": one.team_id or None,
            "team_alias": one.team_alias,
            "api_key_alias": one.key_alias,
            "user_email": one.user_email,
        }
        for one, _ in zip(charges, range(SAMPLE), strict=False)
    ]


async def post(url: str, key: str, **body: Any) -> None:
    """Send something. Raises NotTaken; the address is a secret but for its host."""
    where = urlsplit(url).hostname
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S), trust_env=True) as session,
            session.post(
                url, headers={"Authorization": f"Bearer {key}"}, allow_redirects=False, **body
            ) as answer,
        ):
            if answer.status >= 300:
                words = (await answer.content.read(300)).decode(errors="replace").replace(key, "***")
                raise NotTaken(f"{where} answered with status {answer.status}: {words}")
    except (aiohttp.ClientError, TimeoutError, ValueError) as fault:
        raise NotTaken(f"{where} cannot be reached: {type(fault).__name__}") from None
