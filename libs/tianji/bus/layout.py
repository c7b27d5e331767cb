"""The streams and buckets in NATS, made or brought up to date by whoever starts first.

- CONFIG, KEYS: key-value buckets on disk, the last value of each name only. What a deleted name
  leaves behind expires after a day, so that deleted keys do not pile up.
- SPEND: kept until every durable consumer has acknowledged an event (interest retention), never
  thrown away for age or size. A full disk refuses new events, which then wait in the gateways'
  spools. The ledger's consumer is made before the stream takes its subjects: at no moment could
  an event be acknowledged to a gateway and kept for nobody.
- DEAD_LETTERS: a month of events that a consumer could not take.

What an operator has changed beside our fields (replicas, placement, sizes) is left alone.
"""

from __future__ import annotations

from typing import Any

from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from tianji.bus import subjects

DELETED_S = 24 * 3600
"""How long the mark of a deleted name stays: longer than any watcher lags behind."""

_DEAD_LETTERS_S = 30 * 24 * 3600.0
_LEDGER_ACK_WAIT_S = 10.0
_LEDGER_IN_FLIGHT = 20_000
_NOT_YET = "tianji.layout.spend"
"""A subject that nobody publishes on: the SPEND stream's until its consumer is there."""


async def ensure(js: JetStreamContext) -> None:
    """Make what is missing, update what differs; safe to run from several processes at once."""
    await _ensure_bucket(js, subjects.CONFIG_BUCKET)
    await _ensure_bucket(js, subjects.KEYS_BUCKET)
    await _ensure_spend(js)
    await _ensure_stream(
        js,
        subjects.DEAD_LETTER_STREAM,
        subjects=[subjects.DEAD_LETTER_SUBJECTS],
        max_age=_DEAD_LETTERS_S,
    )


async def _ensure_bucket(js: JetStreamContext, bucket: str) -> None:
    await _ensure_stream(
        js,
        f"KV_{bucket}",
        subjects=[f"$KV.{bucket}.>"],
        max_msgs_per_subject=1,
        discard=DiscardPolicy.NEW,
        deny_delete=True,
        allow_rollup_hdrs=True,
        allow_direct=True,
        allow_msg_ttl=True,
    )


async def _ensure_spend(js: JetStreamContext) -> None:
    stream = subjects.SPEND_STREAM
    ours: dict[str, Any] = {
        "retention": RetentionPolicy.INTEREST,
        "discard": DiscardPolicy.NEW,
        "duplicate_window": float(subjects.SPEND_DUPLICATE_WINDOW_S),
        "allow_direct": True,
    }
    try:
        await js.consumer_info(stream, subjects.LEDGER_CONSUMER)
    except NotFoundError:
        if await _present(js, stream) is None:
            await _ensure_stream(js, stream, subjects=[_NOT_YET], **ours)
        ledger = ConsumerConfig(
            durable_name=subjects.LEDGER_CONSUMER,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=_LEDGER_ACK_WAIT_S,
            max_ack_pending=_LEDGER_IN_FLIGHT,
        )
        await js.add_consumer(stream, config=ledger)
    await _ensure_stream(js, stream, subjects=[subjects.SPEND_SUBJECTS], **ours)


async def _ensure_stream(js: JetStreamContext, name: str, **ours: Any) -> None:
    present = await _present(js, name)
    if present is None:
        await js.add_stream(config=StreamConfig(name=name, storage=StorageType.FILE, **ours))
    elif any(getattr(present, field) != value for field, value in ours.items()):
        await js.update_stream(config=present.evolve(**ours))


async def _present(js: JetStreamContext, stream: str) -> StreamConfig | None:
    try:
        return (await js.stream_info(stream)).config
    except NotFoundError:
        return None
