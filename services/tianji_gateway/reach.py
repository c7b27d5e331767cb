"""Which servers this process reaches: found out beside the requests, told once per change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from tianji.obs import metrics
from tianji_gateway.upstream.client import Client, Deadlines

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
CONTROL_S = 1.0
_DEADLINES = Deadlines(connect=CONTROL_S, total=CONTROL_S)


class Reach:
    """Looks after the servers that inference can do without."""

    def __init__(
        self,
        client: Client,
        control_url: str | None,
        nats: Callable[[], bool],
        redis: Callable[[], bool] | None,
    ) -> None:
        """`nats` and `redis` say whether these are connected and answer; None where there is no Redis."""
        self._client = client
        self._control_url = control_url
        self._nats = nats
        self._redis = redis
        self._control: bool | None = None

    def now(self) -> Mapping[str, bool]:
        """Return which servers are reached; one that is not configured is left out."""
        servers = {"nats": self._nats()}
        if self._control is not None:
            servers["control"] = self._control
        if self._redis is not None:
            servers["redis"] = self._redis()
        return servers

    async def run(self) -> None:
        """Look for ever; the first time after a pause, since the whole system may be starting."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Look once."""
        if self._control_url is not None:
            self._say(await self._control_answers(self._control_url))
        for name, up in self.now().items():
            metrics.server_up.labels(server=name).set(up)

    async def _control_answers(self, base: str) -> bool:
        url = base.rstrip("/") + "/health/liveness"
        try:
            exchange = await self._client.open("GET", url, {}, None, _DEADLINES)
        except (TimeoutError, ConnectionError):
            return False
        exchange.close()
        return exchange.status == 200

    def _say(self, up: bool) -> None:
        before, self._control = self._control, up
        if before is not None and not before and up:
            log.info("the control plane answers again")
        elif not up and before is not False:
            log.warning("the control plane does not answer; inference goes on without it")
