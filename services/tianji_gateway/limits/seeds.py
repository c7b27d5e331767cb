"""Asks the ledger, over NATS, what was spent of budgets that Redis does not know."""

from __future__ import annotations

import msgspec

from tianji.bus.client import Bus
from tianji.bus.subjects import SEED_LIMITS
from tianji.errors import Unavailable
from tianji.limits.seeding import AskLedger, SeedAnswer, SeedRequest

ANSWER_S = 2.0
"""The ledger reads its database for an answer; a request waits no longer for it."""


def over(bus: Bus) -> AskLedger:
    """Return the way to the ledger over a connection to NATS."""

    async def ask(request: SeedRequest) -> SeedAnswer:
        answer = await bus.request(SEED_LIMITS, msgspec.json.encode(request), ANSWER_S)
        try:
            return msgspec.json.decode(answer, type=SeedAnswer)
        except msgspec.DecodeError as fault:
            raise Unavailable(f"the ledger's answer cannot be read: {fault}") from fault

    return ask
