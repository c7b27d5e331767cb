"""The shipper: from the journal to the SPEND stream.

A message holds many events, one a line: to publish and acknowledge each alone costs more than to
serve the request that it tells of. A batch is in flight at a time, all its messages at once. The
journal moves on only when the stream has acknowledged every one of them; else the batch goes again,
perhaps with more events in it, and the ledger's key keeps out what it has already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import msgspec
import nats.errors
from nats.js import JetStreamContext

from tianji.bus.client import Bus
from tianji.bus.subjects import SPEND_STREAM, spend_closed_subject, spend_counts_subject, spend_subject
from tianji.domain.events import ProcessClosed
from tianji_gateway.spool.claim import Claim
from tianji_gateway.spool.journal import Journal
from tianji_gateway.spool.records import Record, slimmed
from tianji_gateway.spool.tally import Tally

WINDOW = 256
MESSAGE_BYTES = 512 << 10
"""What events of one message take together; one that is longer goes alone."""
HEADER_BYTES = 256
"""More than the headers of a message take: the server's limit includes them."""
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
    most = min(MESSAGE_BYTES, bus.nc.max_payload - HEADER_BYTES)
    async with bus.talk("shipping spend events", PUBLISH_S):
        await asyncio.gather(*(_publish(js, subject, some) for some in packed(records, most)))


def packed(records: Sequence[Record], most: int) -> Iterator[list[Record]]:
    """Put records together into messages of at most `most` bytes, in their order."""
    some: list[Record] = []
    size = 0
    for record in records:
        size += len(record.payload) + 1
        if some and size > most:
            yield some
            some, size = [], len(record.payload) + 1
        some.append(record)
    if some:
        yield some


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


async def ship_closing(bus: Bus, journal: Journal, claim: Claim, process_id: str) -> None:
    """Publish that a process has ended, if it recorded calls and the stream has all of them.

    Raises Unavailable when the stream did not take it.
    """
    if not claim.marked or journal.open_calls or not journal.finish():
        return
    js = bus.js
    async with bus.talk("shipping the end of a process", PUBLISH_S):
        await js.publish(
            spend_closed_subject(process_id),
            msgspec.json.encode(ProcessClosed(gateway_id=process_id)),
            timeout=PUBLISH_S,
            stream=SPEND_STREAM,
            headers={MESSAGE_ID: f"{process_id}.closed"},
        )
    claim.unmark()


async def _publish(js: JetStreamContext, subject: str, records: Sequence[Record]) -> None:
    message_id = records[0].id if len(records) == 1 else f"{records[0].id}.{records[-1].id}.{len(records)}"
    headers = {MESSAGE_ID: message_id}
    payload = b"\n".join(record.payload for record in records)
    try:
        await js.publish(subject, payload, timeout=PUBLISH_S, stream=SPEND_STREAM, headers=headers)
    except nats.errors.MaxPayloadError:
        # One event alone; a server with a lower limit than usual must not hold up the ledger.
        small = slimmed(payload)
        await js.publish(subject, small, timeout=PUBLISH_S, stream=SPEND_STREAM, headers=headers)
