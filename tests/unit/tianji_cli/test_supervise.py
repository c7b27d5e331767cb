"""The supervisor, over real processes that do as they are told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from tianji.errors import TianjiError
from tianji_cli import supervise
from tianji_cli.signals import heard
from tianji_cli.supervise import Interrupted, PartFailed, Supervisor

SLEEP = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"


class Child:
    """A part made of a one-line program."""

    def __init__(self, program=SLEEP, name="child"):
        self.name = name
        self.program = program
        self.serves = True
        self.launches = 0
        self.refuses = 0
        self.process = None

    @property
    def pid(self):
        return self.process.pid if self.process and self.process.poll() is None else None

    def launch(self):
        self.launches += 1
        if self.refuses:
            self.refuses -= 1
            raise TianjiError("not now")
        if self.process:
            self.process.stdout.close()
        self.process = subprocess.Popen([sys.executable, "-c", self.program], stdout=subprocess.PIPE)

    def poll(self):
        return self.process.poll() if self.process else None

    def answers(self):
        return self.serves

    def terminate(self):
        self.process.terminate()

    def kill(self):
        self.process.kill()


@pytest.fixture
def signals():
    with heard() as signals:
        yield signals


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(signals, said, monkeypatch):
    monkeypatch.setattr(supervise, "FIRST_PAUSE_S", 0.05)
    made = Supervisor(signals, said.append, lambda: None)
    yield made
    for part in made.parts:
        if part.process:
            part.process.kill()
            part.process.wait()
            part.process.stdout.close()


def soon(action, after_s=0.05):
    """Do something from another thread, while the supervisor runs in this one."""
    timer = threading.Timer(after_s, action)
    timer.start()
    return timer


def test_ready_means_that_every_part_serves(supervisor):
    early, late = Child(), Child()
    late.serves = False
    supervisor.start(early)
    supervisor.start(late)
    soon(lambda: setattr(late, "serves", True))

    supervisor.wait_ready([early, late])

    assert late.serves


def test_a_part_that_was_killed_is_started_again(supervisor, said):
    child = Child()
    supervisor.start(child)
    supervisor.wait_ready([child])
    before = child.pid

    child.kill()
    supervisor.wait_until(lambda: child.launches == 2, "the second start")

    assert child.pid not in (None, before)
    assert said == ["child was ended by signal 9; it is started again in 0.05 s"]


def test_a_part_that_falls_again_and_again_is_started_ever_more_rarely(supervisor, said):
    child = Child("pass")
    supervisor.start(child)
    supervisor.wait_ready([child])

    supervisor.wait_until(lambda: child.launches == 4, "the fourth start")

    assert [line.rpartition(" in ")[2] for line in said] == ["0.05 s", "0.1 s", "0.2 s"]


def test_a_part_that_cannot_be_launched_is_tried_again(supervisor, said):
    child = Child()
    supervisor.start(child)
    supervisor.wait_ready([child])
    child.refuses = 1

    child.kill()
    supervisor.wait_until(lambda: child.launches == 3 and child.pid is not None, "the third start")

    assert "child did not start: not now" in said


def test_without_restart_a_dead_part_stays_dead(signals, said):
    child = Child()
    supervisor = Supervisor(signals, said.append, lambda: None, restart=False)
    supervisor.start(child)
    supervisor.wait_ready([child])

    child.kill()
    supervisor.wait_until(lambda: bool(said), "the line")
    soon(lambda: os.kill(os.getpid(), signal.SIGTERM), 0.2)
    supervisor.watch(lambda: None)
    child.process.stdout.close()

    assert child.launches == 1
    assert said == ["child was ended by signal 9 and is left so (--no-restart)"]


def test_a_part_that_ends_before_it_ever_served_is_a_failure(supervisor):
    child = Child("raise SystemExit(3)")
    child.serves = False
    supervisor.start(child)

    with pytest.raises(PartFailed, match="child ended with status 3 before it could serve"):
        supervisor.wait_ready([child])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_ends_the_wait_for_readiness(supervisor, number):
    child = Child()
    child.serves = False
    supervisor.start(child)
    soon(lambda: os.kill(os.getpid(), number))

    with pytest.raises(Interrupted):
        supervisor.wait_ready([child])


def test_hangup_reloads_and_goes_on(supervisor):
    reloads = []
    supervisor.start(Child())

    def reload():
        reloads.append(True)
        os.kill(os.getpid(), signal.SIGTERM)

    soon(lambda: os.kill(os.getpid(), signal.SIGHUP))
    supervisor.watch(reload)

    assert reloads == [True]


def test_a_part_that_does_not_stop_in_time_is_killed(supervisor, said):
    deaf = Child(DEAF, "deaf")
    supervisor.start(deaf)
    deaf.process.stdout.readline()

    supervisor.stop([deaf], within_s=0.2)

    assert deaf.poll() == -signal.SIGKILL
    assert said == ["deaf did not stop in time and is killed"]


def test_a_second_stop_signal_does_not_wait(supervisor):
    deaf = Child(DEAF, "deaf")
    supervisor.start(deaf)
    deaf.process.stdout.readline()
    soon(lambda: os.kill(os.getpid(), signal.SIGINT))
    began = time.monotonic()

    supervisor.stop([deaf], within_s=30)

    assert time.monotonic() - began < 10
    assert deaf.poll() == -signal.SIGKILL


def test_parts_are_stopped_together(supervisor):
    children = [Child(), Child(), Child()]
    for child in children:
        supervisor.start(child)

    supervisor.stop(children, within_s=10)

    assert [child.poll() for child in children] == [-signal.SIGTERM] * 3
