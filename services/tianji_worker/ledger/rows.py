"""From a spend event's bytes to a row of `spend_logs`. Pure.

Values are as COPY takes them: what the driver would turn into text slowly is text already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import replace

from tianji.domain.events import Bodies, Charge, Refused, SpendEvent
from tianji.obs.logging import redact
from tianji.wire.neutral import Usage

VERSION = 1
EARLIEST = date(2020, 1, 1)
AHEAD = timedelta(days=2)
MOST_USD = Decimal(10) ** 9
FINEST_USD = -30
"""Digits behind the point of an amount."""
MOST_TOKENS = 10**12
"""Of a call; sums have room for millions of such calls."""
NAME_BYTES = 256
LABEL_BYTES = 1024
"""How long a text may be that an index or a sum is by: Postgres takes entries of some 2,700 bytes in all."""

_decoder = msgspec.json.Decoder(SpendEvent)
_SAME_NAME = [
    "gateway_id",
    "snapshot",
    "status",
    "http_status",
    "error_type",
    "error_message",
    "route",
    "call_type",
    "stream",
    "client_gone",
    "attempts",
    "response_id",
    "model",
    "model_group",
    "deployment_id",
    "provider",
    "upstream_model",
    "api_base",
    "key_hash",
    "key_alias",
    "user_id",
    "team_id",
    "team_alias",
    "organization_id",
    "project_id",
    "agent_id",
    "end_user",
    "client_ip",
    "user_agent",
    "session_id",
    "price_version",
    "priced",
    "finish",
]
_TOKENS = [
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "reasoning_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
    "accepted_prediction_tokens",
    "rejected_prediction_tokens",
    "web_searches",
]
_NAMES = (
    *("model", "model_group", "deployment_id", "provider", "upstream_model", "api_base", "call_type"),
    *("error_type", "key_hash", "user_id", "team_id", "organization_id", "project_id", "agent_id"),
)
_LABELS = ("end_user", "session_id", "response_id")
COLUMNS = (
    *("day", "id", "started_at", "first_token_at", "ended_at"),
    *_SAME_NAME,
    "tags",
    *_TOKENS,
    *("usage_estimated", "usage_extra", "provider_cost_usd", "cost_usd", "cost_parts", "metadata"),
    *("charged_bounds", "charged_windows"),
)

_same_of = attrgetter(*_SAME_NAME)
_tokens_of = attrgetter(*_TOKENS)
_names_of = attrgetter(*_NAMES, *_LABELS)
_Text = TypeVar("_Text", str, str | None)
_encode = msgspec.json.Encoder().encode


class Poison(Exception):
    """This event can never become a row; the message says why."""


def array(texts: Sequence[str]) -> str:
    """Return texts as Postgres reads an array of them."""
    if not texts:
        return "{}"
    plain = "".join(texts)
    if "\\" in plain or '"' in plain:
        texts = [text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    return '{"' + '","'.join(texts) + '"}'


class Row(NamedTuple):
    """What is written of an event; `values` follow COLUMNS."""

    day: date
    ended_at: float
    values: tuple[Any, ...]
    bodies: tuple[str, str, str, str, bool] | None = None
    """A row of `spend_bodies`."""
    anew: bool = False
    """Whether it is written even where its day is closed: a person knows that it was not counted."""
    charges: Sequence[Charge] = ()
    refused: Refused | None = None
    """The budgets that it was taken from, and one that did not have enough."""


def row_of(payload: bytes, today: date, anew: bool = False) -> Row:
    """Turn an event into a row. Raises Poison."""
    event = _bounded(_event(payload))
    if event.version > VERSION:
        raise Poison(f"event version {event.version} is newer than this worker's {VERSION}")
    call_id = _call_id(event.id)
    day = _day(call_id, today)
    usage = event.usage
    values = (
        day.isoformat(),
        str(call_id),
        _moment(event.started_at),
        None if event.first_token_at is None else _moment(event.first_token_at),
        _moment(event.ended_at),
        *_same_of(event),
        array(event.tags),
        *_tokens(usage),
        usage.estimated,
        _json(usage.extra),
        None if usage.cost_usd is None else _usd(usage.cost_usd, "usage.cost_usd"),
        _usd(event.cost_usd, "cost_usd"),
        _json(event.cost_parts),
        _json(event.metadata),
        array([charge.bound for charge in event.charges]),
        array([charge.window for charge in event.charges]),
    )
    bodies = _bodies(event.bodies, values[0], values[1])
    return Row(day, event.ended_at, values, bodies, anew, event.charges, event.refused)


def _bodies(kept: Bodies | None, day: str, id: str) -> tuple[str, str, str, str, bool] | None:
    """Return what was kept of a call, with what looks like a secret masked."""
    if kept is None:
        return None
    return day, id, redact(kept.asked), redact(kept.answered), kept.cut


def _event(payload: bytes) -> SpendEvent:
    try:
        event = _decoder.decode(payload)
        if rb"\u0000" in payload:  # Postgres takes no NUL, neither in text nor in jsonb
            event = msgspec.convert(_without_nul(msgspec.to_builtins(event)), SpendEvent)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Poison(f"not a spend event: {fault}") from None
    return event


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(item) for name, item in value.items()}
    return value


def _bounded(event: SpendEvent) -> SpendEvent:
    """Shorten names that no index takes: whatever a client calls a model, its call is counted."""
    texts = [text for text in (*_names_of(event), *event.tags) if text]
    widest = 1 if "".join(texts).isascii() else 4
    if max(map(len, texts), default=0) * widest <= NAME_BYTES:
        return event
    changes: dict[str, Any] = {name: _short(getattr(event, name), NAME_BYTES) for name in _NAMES}
    changes |= {name: _short(getattr(event, name), LABEL_BYTES) for name in _LABELS}
    return replace(event, **changes, tags=[_short(tag, LABEL_BYTES) for tag in event.tags])


def _short(text: _Text, most: int) -> _Text:
    """Cut a text that is too long; what stands for its end tells it from others that begin alike."""
    if text is None or len(text) * 4 <= most or len(whole := text.encode()) <= most:
        return text
    end = hashlib.sha256(whole).hexdigest()[:16]
    return f"{whole[: most - len(end) - 1].decode(errors='ignore')}~{end}"


def _tokens(usage: Usage) -> tuple[int, ...]:
    counted: tuple[int, ...] = _tokens_of(usage)
    if min(counted) < 0 or max(counted) > MOST_TOKENS:
        raise Poison(f"usage {dict(zip(_TOKENS, counted, strict=True))} is out of range")
    return counted


def _call_id(text: str) -> UUID:
    try:
        call_id = UUID(text)
    except ValueError:
        raise Poison(f"id {text[:64]!r} is not a UUID") from None
    if call_id.version != 7:
        raise Poison(f"id {call_id} is not a UUIDv7, its day is unknown")
    return call_id


def _day(call_id: UUID, today: date) -> date:
    milliseconds = call_id.int >> 80
    try:
        day = datetime.fromtimestamp(milliseconds / 1000, UTC).date()
    except (ValueError, OverflowError, OSError):
        raise Poison(f"the time of id {call_id} is out of range") from None
    if not EARLIEST <= day <= today + AHEAD:
        raise Poison(f"the day {day} of id {call_id} is out of range")
    return day


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        raise Poison(f"time {seconds} is out of range") from None


def _usd(text: str, field: str) -> str:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise Poison(f"{field} {text[:64]!r} is not an amount") from None
    if not amount.is_finite() or not 0 <= amount <= MOST_USD:
        raise Poison(f"{field} {text[:64]!r} is out of range")
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < FINEST_USD:
        raise Poison(f"{field} {text[:64]!r} has too many digits")
    return str(amount)


def _json(value: dict[str, Any]) -> str:
    return _encode(value).decode() if value else "{}"
