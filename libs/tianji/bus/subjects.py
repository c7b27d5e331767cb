"""Every NATS name in one list: buckets, streams, subjects, durable consumers."""

from __future__ import annotations

CONFIG_BUCKET = "CONFIG"
"""KV: records and head of the configuration; a gateway holds all of it."""

KEYS_BUCKET = "KEYS"
"""KV: keys, teams, users; looked up on first use, invalidated by watch."""

SPEND_STREAM = "SPEND"
SPEND_SUBJECTS = "tianji.spend.>"
SPEND_DUPLICATE_WINDOW_S = 120

LEDGER_CONSUMER = "ledger"
"""Durable pull consumer of the worker on SPEND."""

DEAD_LETTER_STREAM = "DEAD_LETTERS"
DEAD_LETTER_SUBJECTS = "tianji.dead.>"
DEAD_LETTER_REASON = "Tianji-Reason"
"""Header: why a message was set aside."""
DEAD_LETTER_ORIGIN = "Tianji-Subject"
"""Header: the subject that it came on."""
DEAD_LETTER_SEQUENCE = "Tianji-Sequence"
"""Header: its place in the stream that it came from."""
DEAD_LETTER_ANEW = "Tianji-Anew"
"""Header: replayed by whoever knows that it was never counted, though its day's rows were dropped."""

FLEET_SUBJECTS = "tianji.fleet.>"

SEED_LIMITS = "tianji.limits.seed"
"""Request and answer: a gateway asks the ledger for budget counters that Redis lost."""

_COUNTS = ".counts"
_CLOSED = ".closed"


def spend_subject(gateway_id: str) -> str:
    """Where a gateway process ships its spend events."""
    return f"tianji.spend.{gateway_id}"


def spend_counts_subject(gateway_id: str) -> str:
    """Where a gateway process says how many events it has shipped."""
    return f"tianji.spend.{gateway_id}{_COUNTS}"


def tells_counts(subject: str) -> bool:
    """Say whether a message of the SPEND stream is a count rather than an event."""
    return subject.endswith(_COUNTS)


def spend_closed_subject(gateway_id: str) -> str:
    """Where it is said that a gateway process has ended and all its events are shipped."""
    return f"tianji.spend.{gateway_id}{_CLOSED}"


def tells_closing(subject: str) -> bool:
    """Say whether a message of the SPEND stream is the end of a process rather than an event."""
    return subject.endswith(_CLOSED)


def dead_letter_subject(consumer: str) -> str:
    """Where events go that a consumer could not take."""
    return f"tianji.dead.{consumer}"


def fleet_subject(gateway_id: str) -> str:
    """Where a gateway process says what it has applied."""
    return f"tianji.fleet.{gateway_id}"
