"""Fetches a price table, in the form of LiteLLM's price JSON, from where the operator says."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aiohttp
from msgspec import Struct

from tianji.errors import BadRequest, TianjiError
from tianji.pricing.catalog import Catalog
from tianji.pricing.packed import pack
from tianji.pricing.seed import table_from

PATIENCE_S = 60
MOST_BYTES = 32 * 1024 * 1024
MOST_PACKED = 700_000
"""What still fits into one message, written as text."""


class Fetched(Struct, frozen=True, kw_only=True):
    """A price table, ready to be stored."""

    version: str
    source: str
    models: int
    packed: bytes


class NoSource(BadRequest):
    """Nobody has said where prices come from."""


class NotLoaded(TianjiError):
    """The price table could not be fetched, or is none."""

    status = 502
    type = "bad_gateway"


async def fetch(url: str | None) -> Fetched:
    """Fetch a table. Raises NoSource and NotLoaded."""
    if not url:
        raise NoSource(
            "Nobody has said where prices come from: set TIANJI_MODEL_COST_MAP_URL of the control plane to "
            "the address of a price JSON in LiteLLM's format; the prices stay as they are",
            type="bad_request_error",
        )
    raw = await _download(url)
    return await asyncio.to_thread(_read, raw, url)


async def _download(url: str) -> bytes:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S), trust_env=True) as session,
            session.get(url) as answer,
        ):
            if answer.status != 200:
                raise _kept(f"{_shown(url)} answered with status {answer.status}")
            raw = await answer.content.read(MOST_BYTES + 1)
            while len(raw) <= MOST_BYTES and (more := await answer.content.read(MOST_BYTES)):
                raw += more
    except (aiohttp.ClientError, TimeoutError, ValueError) as fault:
        raise _kept(f"{_shown(url)} cannot be reached: {type(fault).__name__}") from None
    if len(raw) > MOST_BYTES:
        raise _kept(f"{_shown(url)} has more than {MOST_BYTES} bytes")
    return raw


def _read(raw: bytes, url: str) -> Fetched:
    try:
        models: Any = json.loads(raw, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise _kept(f"{_shown(url)} holds no JSON") from None
    if not isinstance(models, dict):
        raise _kept(f"{_shown(url)} holds no mapping of models to prices")
    table = table_from(models, datetime.now(UTC).date(), _shown(url))
    catalog = Catalog(table)
    priced = sum(1 for entry in catalog.entries() if entry.rates)
    if not priced:
        raise _kept(f"{_shown(url)} prices no model")
    packed = pack(table)
    if len(packed) > MOST_PACKED:
        raise _kept(f"{_shown(url)} holds more than can be published: {len(packed)} bytes packed")
    return Fetched(
        version=catalog.version, source=_shown(url), models=sum(1 for _ in catalog.names()), packed=packed
    )


def _shown(url: str) -> str:
    """Return an address without what may be a secret in it."""
    bare = url.partition("?")[0]
    scheme, separator, rest = bare.partition("://")
    return scheme + separator + rest.rpartition("@")[2]


def _kept(reason: str) -> NotLoaded:
    return NotLoaded(f"Failed to reload model cost map: {reason}. The prices stay as they are")
