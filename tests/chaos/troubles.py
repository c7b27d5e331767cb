"""Carries the planned faults out and remembers them, so that a broken connection can be explained."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from chaos.plan import Fault

from tianji.embedded import identity
from tianji_cli.home import Home
from tianji_testkit import processes
from tianji_testkit.system import System

LOOK_AGAIN_S = 0.2
RESTARTING_S = 45.0
"""The supervisor's longest pause and the start itself: so long a port may refuse connections."""

DYING_S = 3.0
HOLD_S = 0.02


class Joined:
    """A second worker, started by hand with what `tianji env` prints, and again when it died."""

    def __init__(self, environ: Mapping[str, str], port: int, log: Path) -> None:
        self._environ = environ
        self._command = [sys.executable, "-m", "tianji_cli", "worker", "--port", str(port)]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that was started last."""
        assert self._process is not None
        return self._process.pid

    def keep(self) -> None:
        """Start it where it does not run."""
        if self._process is None or self._process.poll() is not None:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command,
                    env=self._environ,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    **identity.plain(signal.SIGTERM),
                )

    def stop(self) -> None:
        """End it in good order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)


class Troubles:
    """Faults in the parts of one system."""

    def __init__(self, system: System, joined: Joined) -> None:
        self._home = Home(system.home)
        self._joined = joined
        self._frozen: dict[str, list[int]] = {}
        self.done: list[tuple[float, Fault]] = []
        """When each fault was carried out, by the clock of the calls."""

    async def cause(self, plan: Sequence[Fault]) -> None:
        """Carry out a plan."""
        start = time.monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_joined(start + (plan[-1].at if plan else 0.0)))
            for fault in plan:
                await asyncio.sleep(max(0.0, start + fault.at - time.monotonic()))
                group.create_task(self._cause(fault))

    async def hold(self, targets: Sequence[str], seconds: float) -> None:
        """Kill these at once and again whenever they come back, for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._joined.keep()
            for target in targets:
                if (pid := self._pid(target)) is not None:
                    processes.send(processes.tree(pid), signal.SIGKILL)
            await asyncio.sleep(HOLD_S)

    def heal(self) -> None:
        """Let everything run."""
        for pids in self._frozen.values():
            processes.send(pids, signal.SIGCONT)
        self._frozen.clear()
        self._joined.keep()

    def explain(self, gateway: int, began: float, ended: float, *, accepted: bool) -> bool:
        """Say whether a gateway's lost connection is due to a fault in it.

        One that was refused may come long after; an answer may break off only as the gateway is
        killed, and never for a restart in good order.
        """
        for at, fault in self.done:
            if fault.target != f"gateway{gateway}" or fault.action == "freeze":
                continue
            if accepted and fault.action != "restart" and began - DYING_S <= at <= ended:
                return True
            if not accepted and at <= ended and began - at <= RESTARTING_S:
                return True
        return False

    def frozen(self, gateway: int, began: float, ended: float) -> bool:
        """Say whether a gateway stood still at some time."""
        return any(
            fault.target == f"gateway{gateway}" and at < ended and began < at + fault.lasts_s
            for at, fault in self.done
        )

    async def _keep_joined(self, until: float) -> None:
        while time.monotonic() < until:
            self._joined.keep()
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _cause(self, fault: Fault) -> None:
        pid = self._pid(fault.target)
        if pid is None:
            return
        pids = processes.tree(pid)
        self.done.append((time.monotonic(), fault))
        if fault.action == "kill":
            processes.send(pids, signal.SIGKILL)
        elif fault.action == "kill-child":
            processes.send(pids[1:] or pids, signal.SIGKILL)
        elif fault.action == "restart":
            processes.send([pid], signal.SIGINT if fault.target == "postgres" else signal.SIGTERM)
        else:
            self._frozen[fault.target] = pids
            processes.send(pids, signal.SIGSTOP)
            await asyncio.sleep(fault.lasts_s)
            processes.send(self._frozen.pop(fault.target, []), signal.SIGCONT)

    def _pid(self, target: str) -> int | None:
        """Return the process of a target; None while it is down already."""
        if target == "worker2":
            return self._joined.pid
        name = target.rstrip("0123456789")
        index = int(target[len(name) :] or 0)
        running = self._home.running()
        pids = running.pids.get(name, [])
        if name == "gateway":
            return self._gateway(pids, index)
        return pids[0] if pids and _alive(pids[0]) else None

    def _gateway(self, pids: Sequence[int], index: int) -> int | None:
        """Find a gateway by its id: the list leaves out those that are down."""
        for pid in pids:
            try:
                environ = Path(f"/proc/{pid}/environ").read_bytes()
            except OSError:
                continue
            if f"TIANJI_GATEWAY_ID=g{index}\0".encode() in environ:
                return pid
        return None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
