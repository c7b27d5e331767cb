"""The shipper: from the journal to the SPEND stream.

A batch is in flight at a time, all its messages at once. The journal moves on only when the stream
has acknowledged every one of them; else the whole batch goes again under the same message ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import nats.errors
from nats.js import JetStreamContext

from tianji.bus.client import Bus
from tianji.bus.subjects import SPEND_STREAM, spend_counts_subject, spend_subject
from tianji_gateway.spool.journal import Journal
from tianji_gateway.spool.records import Record, slimmed
from tianji_gateway.spool.tally import Tally

WINDOW = 256
PUBLISH_S = 3.0
MESSAGE_ID = "Nats-Msg-Id"


async def ship(bus: Bus, journal: Journal, process_id: str) -> int:
    """Publish the next batch of a journal; return how many events it held.

    Raises Unavailable when the stream did not take all of it.
    """
    batch = journal.batch(WINDOW)
    if batch is None:
        return 0
    await publish(bus, batch.records, process_id)
    journal.acknowledged(batch)
    return len(batch.records)


async def publish(bus: Bus, records: Sequence[Record], process_id: str) -> None:
    """Publish records and wait until the stream has all of them. Raises Unavailable otherwise."""
    js = bus.js
    subject = spend_subject(process_id)
    async with bus.talk("shipping spend events", PUBLISH_S):
        await asyncio.gather(*(_publish(js, subject, record) for record in records))


async def ship_counts(bus: Bus, tallies: Sequence[Tally], process_id: str) -> None:
    """Publish the counts of files. Raises Unavailable when the stream did not take all of them."""
    js = bus.js
    for tally in tallies:
        told = tally.told(process_id)
        message_id = f"{process_id}.{told.segment}.{told.first_id}.{told.covered}"
        async with bus.talk("shipping counts", PUBLISH_S):
            await js.publish(
                spend_counts_subject(process_id),
                msgspec.json.encode(told),
                timeout=PUBLISH_S,
                stream=SPEND_STREAM,
                headers={MESSAGE_ID: message_id},
            )
        tally.acknowledged(told)


async def _publish(js: JetStreamContext, subject: str, record: Record) -> None:
    headers = {MESSAGE_ID: record.id}
    try:
        await js.publish(subject, record.payload, timeout=PUBLISH_S, stream=SPEND_STREAM, headers=headers)
    except nats.errors.MaxPayloadError:
        # A server with a lower limit than usual must not hold up the ledger.
        small = slimmed(record.payload)
        await js.publish(subject, small, timeout=PUBLISH_S, stream=SPEND_STREAM, headers=headers)
