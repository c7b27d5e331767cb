"""Real servers from packages, for a machine that has none.

Each server is started by its own binary, keeps its data in its own folder, and dies with the
process that started it. `Postgres`, `Nats` and `Valkey` share the shape of `Server`.
"""

from tianji.embedded.nats import Nats
from tianji.embedded.postgres import Postgres
from tianji.embedded.server import EmbeddedError, Server
from tianji.embedded.valkey import Valkey

__all__ = ["EmbeddedError", "Nats", "Postgres", "Server", "Valkey"]
