"""The control plane that the command line speaks to, and the admin key it does so with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tianji.errors import TianjiError
from tianji.settings import Secret, read
from tianji_cli import http
from tianji_cli.home import Home


class Control(msgspec.Struct, frozen=True):
    """Where it is, and the key."""

    control_url: str
    master_key: Secret

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Control:
        """Find the one of TIANJI_CONTROL_URL, else the one that is up in TIANJI_HOME."""
        if not environ.get("TIANJI_CONTROL_URL"):
            environ = {**environ, **Home.of(environ).running().env}
        return read(cls, environ)

    def ask(self, method: str, path: str, body: Any = None, *, timeout_s: float = 30) -> Any:
        """Make one call and return its JSON; raise what the control plane says when it refuses."""
        return msgspec.json.decode(self.fetch(method, path, body, timeout_s=timeout_s))

    def fetch(self, method: str, path: str, body: Any = None, *, timeout_s: float = 30) -> bytes:
        """Make one call and return its answer as it came; raise what the control plane refuses with."""
        url = self.control_url.rstrip("/") + path
        sent = None if body is None else msgspec.json.encode(body)
        reply = http.call(method, url, key=self.master_key.reveal(), body=sent, timeout_s=timeout_s)
        if reply.status != 200:
            raise TianjiError(http.message_of(reply))
        return reply.body
