"""Sends what is to be told: each target by itself, again and again until it has it or a day is over."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus

import aiohttp
from msgspec import Struct

from tianji.obs import metrics
from tianji.store.pool import Store
from tianji.store.rows import many, run
from tianji_worker.alerts.channels import email
from tianji_worker.alerts.channels.email import Mail
from tianji_worker.alerts.channels.table import CHANNELS
from tianji_worker.alerts.event import Told
from tianji_worker.alerts.holders import Q
from tianji_worker.alerts.targets import Target
from tianji_worker.alerts.watch import Watch

log = logging.getLogger(__name__)

EVERY_S = 0.5
AT_ONCE = 20
PATIENCE_S = 10.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 600.0
GIVEN_UP_S = 86_400.0
_HEADERS = {"content-type": "application/json"}


class Delivery(Struct, frozen=True):
    """An alert that a target is to have."""

    alert_id: int
    target: str
    attempts: int
    told: Told
    age_s: float


class Sender:
    """Sends what is due."""

    def __init__(self, store: Store, watch: Watch) -> None:
        self._store = store
        self._watch = watch

    async def run(self) -> None:
        """Send again and again."""
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as http:
            while True:
                if not await self.send_due(http):
                    await asyncio.sleep(EVERY_S)

    async def send_due(self, http: aiohttp.ClientSession) -> int:
        """Send what is due now; return how much that was."""
        aim = self._watch.aim
        if not aim.anywhere:
            return 0
        targets = {target.id: target for target in aim.targets}
        given = {"targets": list(targets), "by_mail": aim.mail is not None, "limit": AT_ONCE}
        async with self._store.transaction() as db:
            due = await many(db, Q.claim, Delivery, **given)
        await asyncio.gather(*(self._send(http, one, targets.get(one.target), aim.mail) for one in due))
        return len(due)

    async def _send(
        self, http: aiohttp.ClientSession, one: Delivery, target: Target | None, mail: Mail | None
    ) -> None:
        if target is not None:
            fault = await _post(http, one, target)
        elif mail is not None:
            fault = await email.send(mail, one.told, one.target.partition(":")[2], PATIENCE_S)
        else:
            return
        async with self._store.connection() as db:
            if fault is None:
                await run(db, Q.sent, alert_id=one.alert_id, target=one.target)
                metrics.alerts_sent.labels(channel=_channel(one)).inc()
                return
            pause_s = min(FIRST_PAUSE_S * 2 ** min(one.attempts - 1, 20), LONGEST_PAUSE_S)
            given_up = one.age_s > GIVEN_UP_S
            await run(
                db, Q.failed, alert_id=one.alert_id, target=one.target, fault=fault, pause_s=pause_s,
                given_up=given_up,
            )  # fmt: skip
        metrics.alert_failures.labels(channel=_channel(one)).inc()
        told = {"channel": _channel(one), "fault": fault, "attempts": one.attempts, "alert": one.alert_id}
        if given_up:
            log.error("an alert could not be sent for a day and is given up", extra=told)
        else:
            log.warning("an alert could not be sent; it is tried again", extra=told)


async def _post(http: aiohttp.ClientSession, one: Delivery, target: Target) -> str | None:
    """Post an alert; return what went wrong, without the address, which is a secret."""
    body = CHANNELS[target.channel].body(one.told)
    try:
        async with http.post(
            target.address.reveal(), data=body, headers=_HEADERS, allow_redirects=False
        ) as answer:
            if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
                return None
            return f"it answered with status {answer.status}"
    except (aiohttp.ClientError, OSError, ValueError) as fault:
        return f"it cannot be reached: {type(fault).__name__}"


def _channel(one: Delivery) -> str:
    return one.target.partition(":")[0]
