"""What `tianji up` is made of: which parts, with which environment, in which order."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec

from tianji.embedded import Nats, Postgres, Server, Valkey, identity, ports
from tianji.errors import BadRequest, Conflict, TianjiError
from tianji.settings import Secret, variable
from tianji_cli.home import Home, Running
from tianji_cli.keys import Keys
from tianji_cli.program import STOP_SIGNAL, Program
from tianji_cli.signals import Signals
from tianji_cli.supervise import Part, Supervisor
from tianji_cli.user_config import Config

PORTS_APART = 10
# How the 15 s within which everything has stopped are shared: gateways get the time to drain and a
# little more, the other services and then the servers at least this much each.
DRAIN_GRACE_S = 1.0
CLOSING_S = 2.0


class UpSettings(msgspec.Struct, frozen=True):
    """The environment and the options of `tianji up`."""

    host: str = "127.0.0.1"
    port: Annotated[int, variable("TIANJI_PORT")] = 4000
    control_port: int = 4001
    worker_port: int = 4002
    gateways: int = 1
    workers: int = 1
    restart: bool = True
    config: str | None = None
    drain_seconds: float = 10.0
    master_key: Secret | None = None
    salt_key: Secret | None = None
    database_url: Annotated[Secret | None, variable("DATABASE_URL")] = None
    nats_url: Annotated[Secret | None, variable("NATS_URL")] = None
    redis_url: Annotated[Secret | None, variable("REDIS_URL")] = None


class System:
    """The parts on this machine, and how they find each other."""

    def __init__(
        self,
        settings: UpSettings,
        home: Home,
        config: Config,
        keys: Keys,
        signals: Signals,
        say: Callable[[str], None],
    ) -> None:
        """`say` prints one line for the operator."""
        self.supervisor = Supervisor(signals, say, self._note, restart=settings.restart)
        self._settings = settings
        self._home = home
        self._config = config
        self._keys = keys
        self._say = say
        self._urls = _given_urls(settings, config)
        self._servers: dict[str, Server] = {}
        self._programs: dict[str, list[Program]] = {}
        self._env: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The first gateway."""
        return _url(self._settings.host, self._settings.port)

    @property
    def control_url(self) -> str:
        """The control plane."""
        return _url("127.0.0.1", self._settings.control_port)

    def start(self, *, patience_s: float = 0) -> None:
        """Start everything and wait until it serves; wait this long for a port that is in use."""
        began = time.monotonic()
        self._check_ports(patience_s)
        self._launch_servers()
        self._env = self._environment()
        # The gateway waits for nobody: what it imports meanwhile need not be waited for later.
        for index in range(self._settings.gateways):
            self._launch_gateway(index)
        self.supervisor.wait_ready(list(self._servers.values()))
        self._migrate()
        self._launch("control", self._settings.control_port)
        self._launch("worker", self._settings.worker_port)
        self._note()
        self._say("waiting for control plane, worker and gateway")
        self.supervisor.wait_ready(self._all_programs())
        self._say(f"up after {time.monotonic() - began:.1f} s")

    def stop(self) -> None:
        """Stop everything: gateways first, so that streams may end; servers last."""
        if not self.supervisor.parts:
            return
        self._say("stopping")
        end = time.monotonic() + self._settings.drain_seconds + DRAIN_GRACE_S + 2 * CLOSING_S
        gateways = self._programs.pop("gateway", [])
        self.supervisor.stop(gateways, self._settings.drain_seconds + DRAIN_GRACE_S)
        self.supervisor.stop(self._all_programs(), end - CLOSING_S - time.monotonic())
        self.supervisor.stop(self._servers.values(), end - time.monotonic())

    def _note(self) -> None:
        """Write down what runs, for those who want to join."""
        pids = {name: _pids([server]) for name, server in self._servers.items()}
        pids |= {verb: _pids(programs) for verb, programs in self._programs.items()}
        self._home.note(Running(os.getpid(), self.url, self._env, pids))

    def _check_ports(self, patience_s: float) -> None:
        wanted = [
            ("TIANJI_CONTROL_PORT", "127.0.0.1", self._settings.control_port),
            ("TIANJI_WORKER_PORT", "127.0.0.1", self._settings.worker_port),
        ]
        for index in range(self._settings.gateways):
            wanted.append(("TIANJI_PORT or --port", self._settings.host, self._gateway_port(index)))
        deadline = time.monotonic() + patience_s
        for name, host, port in wanted:
            self.supervisor.wait_until(
                lambda h=host, p=port: ports.is_free(p, h) or time.monotonic() >= deadline,  # type: ignore[misc]
                f"port {port}",
            )
            if not ports.is_free(port, host):
                raise Conflict(f"port {port} is in use by another program: choose another with {name}")
        numbers = [port for _, _, port in wanted]
        if len(set(numbers)) < len(numbers):
            raise BadRequest(f"two parts were given the same port: {sorted(numbers)}")

    def _launch_servers(self) -> None:
        for name, kind in (("postgres", Postgres), ("nats", Nats), ("redis", Valkey)):
            if self._urls[name]:
                continue
            server: Server = kind(self._home.folder / name)
            self._say(f"starting {server.name}")
            self._servers[name] = server
            self.supervisor.start(server)
            self._urls[name] = server.url

    def _environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self._urls["postgres"],
            "NATS_URL": self._urls["nats"],
            "REDIS_URL": self._urls["redis"],
            "TIANJI_HOME": str(self._home.folder),
            "TIANJI_CONTROL_URL": self.control_url,
            "TIANJI_MASTER_KEY": self._keys.master,
            "TIANJI_SALT_KEY": self._keys.salt,
            "TIANJI_CONFIG": str(self._config.file),
        }

    def _migrate(self) -> None:
        """Bring the schema up to date in a process of its own: what it needs is not needed afterwards."""
        self._say("migrating the database")
        migration = subprocess.Popen(
            [sys.executable, "-m", "tianji_cli", "migrate"],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            env=self._child_environ({}),
            start_new_session=True,
            **identity.plain(STOP_SIGNAL),
        )
        try:
            self.supervisor.wait_until(lambda: migration.poll() is not None, "the migration")
        finally:
            if migration.poll() is None:
                migration.terminate()
                migration.wait()
        if migration.returncode != 0:
            raise TianjiError("the database could not be migrated; the lines above say why")

    def _launch_gateway(self, index: int) -> None:
        options = ["--host", self._settings.host, "--workers", str(self._settings.workers)]
        self._launch("gateway", self._gateway_port(index), *options, id=f"g{index}", host=self._settings.host)

    def _launch(self, verb: str, port: int, *options: str, id: str = "", host: str = "127.0.0.1") -> None:
        arguments = [verb, "--port", str(port), *(options or ("--host", host))]
        environ = self._child_environ({"TIANJI_GATEWAY_ID": id} if id else {})
        program = Program(f"{verb} {id}".strip(), arguments, environ, _url(host, port), self._home.run)
        self._programs.setdefault(verb, []).append(program)
        self.supervisor.start(program)

    def _child_environ(self, more: dict[str, str]) -> dict[str, str]:
        return {**os.environ, **self._env, **more}

    def _gateway_port(self, index: int) -> int:
        return self._settings.port + PORTS_APART * index

    def _all_programs(self) -> list[Program]:
        return [program for programs in self._programs.values() for program in programs]


def _url(host: str, port: int) -> str:
    """Return an address to connect to, for one to listen on."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{reachable}:{port}"


def _pids(parts: Sequence[Part]) -> list[int]:
    return [part.pid for part in parts if part.pid]


def _given_urls(settings: UpSettings, config: Config) -> dict[str, str]:
    """List the servers' URLs that are given; an empty one asks for an embedded server."""

    def opened(secret: Secret | None) -> str:
        return secret.reveal() if secret else ""

    return {
        "postgres": opened(settings.database_url) or config.database_url,
        "nats": opened(settings.nats_url),
        "redis": opened(settings.redis_url),
    }
