"""Starting, watching, restarting and stopping the parts of `tianji up`."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tianji.errors import TianjiError
from tianji_cli.signals import Signals

STOPPING = {signal.SIGINT, signal.SIGTERM}
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
# A part that ran this long was well; its next fall starts with a short pause again.
WELL_AFTER_S = 30.0
STILL_WAITING_S = 10.0


class Part(Protocol):
    """A process that we keep running."""

    name: str

    @property
    def pid(self) -> int | None:
        """The process id, None while it does not run."""

    def launch(self) -> None:
        """Start it without waiting."""

    def poll(self) -> int | None:
        """Return its exit status once it has ended."""

    def answers(self) -> bool:
        """Say whether it serves."""

    def terminate(self) -> None:
        """Ask it to stop in good order."""

    def kill(self) -> None:
        """End it at once."""


class PartFailed(TianjiError):
    """A part ended before it had ever served."""


class Interrupted(Exception):
    """We were asked to stop."""


@dataclass
class _Watched:
    part: Part
    launched_at: float
    served: bool = False
    falls: int = 0
    again_at: float | None = None
    left_dead: bool = False


class Supervisor:
    """Keeps parts running.

    `say` prints one line for the operator; `changed` is called when a part has a new process id.
    """

    def __init__(
        self,
        signals: Signals,
        say: Callable[[str], None],
        changed: Callable[[], None],
        *,
        restart: bool = True,
    ) -> None:
        self._signals = signals
        self._say = say
        self._changed = changed
        self._restart = restart
        self._watched: list[_Watched] = []

    @property
    def parts(self) -> list[Part]:
        """All parts, in the order they were started."""
        return [watched.part for watched in self._watched]

    def start(self, part: Part) -> None:
        """Start a part and keep it running from now on."""
        watched = _Watched(part, time.monotonic())
        self._watched.append(watched)
        part.launch()

    def wait_until(self, done: Callable[[], bool], waiting_for: str) -> None:
        """Wait for something while watching the parts; raise Interrupted on a stop signal."""
        since = time.monotonic()
        while not done():
            self._heed(self._signals.wait(0.02))
            self._tend()
            if time.monotonic() - since > STILL_WAITING_S:
                self._say(f"still waiting for {waiting_for}")
                since = time.monotonic()

    def wait_ready(self, parts: Sequence[Part]) -> None:
        """Wait until all of these serve."""
        wanted = [watched for watched in self._watched if watched.part in parts]
        names = ", ".join(part.name for part in parts)
        self.wait_until(lambda: all(map(self._serves, wanted)), names)

    def watch(self, reload: Callable[[], None]) -> None:
        """Keep the parts running until a stop signal; SIGHUP calls `reload`."""
        while True:
            heard = self._signals.wait(self._next_due())
            try:
                self._heed(heard)
            except Interrupted:
                return
            self._tend()
            if signal.SIGHUP in heard:
                reload()

    def stop(self, parts: Iterable[Part], within_s: float) -> None:
        """Stop these together; kill what has not ended in time, or on a second stop signal."""
        going = [part for part in parts if part.pid]
        for part in going:
            part.terminate()
        deadline = time.monotonic() + within_s
        while going and time.monotonic() < deadline:
            if STOPPING & set(self._signals.wait(min(0.05, within_s))):
                break
            going = [part for part in going if part.poll() is None]
        for part in going:
            self._say(f"{part.name} did not stop in time and is killed")
            part.kill()
        while any(part.poll() is None for part in going):
            self._signals.wait(0.02)

    def _heed(self, heard: list[signal.Signals]) -> None:
        if STOPPING & set(heard):
            raise Interrupted

    def _serves(self, watched: _Watched) -> bool:
        if not watched.served and watched.part.pid and watched.part.answers():
            watched.served = True
        return watched.served

    def _next_due(self) -> float:
        due = [w.again_at for w in self._watched if w.again_at is not None]
        return max(0.0, min(due) - time.monotonic()) if due else 1.0

    def _tend(self) -> None:
        now = time.monotonic()
        for watched in self._watched:
            if watched.left_dead:
                continue
            if watched.again_at is None and watched.part.poll() is not None:
                self._fell(watched, now)
            if watched.again_at is not None and watched.again_at <= now:
                self._launch_again(watched)

    def _fell(self, watched: _Watched, now: float) -> None:
        status = watched.part.poll()
        how = (
            f"was ended by signal {-status}"
            if status is not None and status < 0
            else f"ended with status {status}"
        )
        if not watched.served and status is not None and status >= 0:
            raise PartFailed(f"{watched.part.name} {how} before it could serve; its last lines say why")
        if not self._restart:
            watched.left_dead = True
            self._say(f"{watched.part.name} {how} and is left so (--no-restart)")
            self._changed()
            return
        watched.falls = 1 if now - watched.launched_at > WELL_AFTER_S else watched.falls + 1
        pause = min(FIRST_PAUSE_S * 2 ** (watched.falls - 1), LONGEST_PAUSE_S)
        watched.again_at = now + pause
        self._say(f"{watched.part.name} {how}; it is started again in {pause:g} s")

    def _launch_again(self, watched: _Watched) -> None:
        watched.again_at = None
        watched.launched_at = time.monotonic()
        try:
            watched.part.launch()
        except TianjiError as fault:
            self._say(f"{watched.part.name} did not start: {fault}")
        self._changed()
