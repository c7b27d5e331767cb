"""The embedded servers, with real clients."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nats
import psycopg
import pytest
import redis

from tianji.embedded import EmbeddedError, Nats, Postgres, Server, Valkey

KINDS: list[type[Server]] = [Postgres, Nats, Valkey]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__.lower())
def server(request, tmp_path):
    server = request.param(tmp_path / "home")
    yield server
    server.stop()


def kill(server: Server) -> None:
    os.kill(server.pid, signal.SIGKILL)
    while server.poll() is None:
        time.sleep(0.005)


def test_a_stopped_server_is_gone(server):
    server.start()
    pid = server.pid

    server.stop()

    assert server.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_url_and_port_stay_the_same_over_restarts(server):
    first = server.start()
    server.stop()

    assert server.start() == first
    assert type(server)(server.folder).url.rpartition(":")[0] == first.rpartition(":")[0]


def test_a_taken_port_is_replaced(server):
    server.start()
    before = server.port
    server.stop()

    with socket.socket() as intruder:
        intruder.bind(("127.0.0.1", before))
        intruder.listen()
        server.start()

    assert server.port != before
    assert server.pid is not None


def test_it_starts_again_after_kill_minus_nine(server):
    url = server.start()
    kill(server)

    assert server.start() == url


def test_two_servers_cannot_share_a_folder(server):
    server.start()

    with pytest.raises(EmbeddedError, match="still uses"):
        type(server)(server.folder).start(timeout=0.2)


def test_files_with_passwords_are_for_the_owner_only(server):
    url = server.start()
    password = url.split(":")[2].split("@")[0]

    holding = [
        f for f in server.folder.glob("*") if f.is_file() and password in f.read_text(errors="replace")
    ]

    assert holding
    assert {stat.S_IMODE(f.stat().st_mode) for f in holding} == {0o600}


def test_a_server_that_cannot_start_shows_its_log(server):
    server.folder.mkdir()
    (server.folder / "data").mkdir()
    (server.folder / "data" / "PG_VERSION").write_text("7\n")  # Postgres: another version's data
    (server.folder / "data" / "jetstream").write_text("a file where a folder belongs")
    (server.folder / "data" / "appendonlydir").write_text("a file where a folder belongs")

    with pytest.raises(EmbeddedError, match=r"(?s)stopped while starting.*server\.log.*\w"):
        server.start(timeout=10)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.lower())
def test_a_server_does_not_outlive_a_killed_parent(kind, tmp_path):
    program = (
        "import sys, pathlib, time, tianji.embedded as e\n"
        f"s = e.{kind.__name__}(pathlib.Path(sys.argv[1]))\n"
        "s.start(); print(s.port, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "home"], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        parent.kill()

    heir = kind(tmp_path / "home")  # waits for the lock that the orphan holds
    heir.start(timeout=10)
    try:
        assert heir.port == port
    finally:
        heir.stop()


def test_postgres_keeps_rows_over_kill_minus_nine(own_postgres: Postgres):
    with psycopg.connect(own_postgres.start()) as db:
        db.execute("CREATE TABLE kept (word text)")
        db.execute("INSERT INTO kept VALUES ('yes')")
    kill(own_postgres)

    with psycopg.connect(own_postgres.start()) as db:
        assert db.execute("SELECT word FROM kept").fetchone() == ("yes",)


def test_postgres_refuses_a_wrong_password(own_postgres: Postgres):
    wrong = own_postgres.start().replace(own_postgres.secret("password"), "wrong")

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_postgres_knows_unicode_letters(own_postgres: Postgres):
    with psycopg.connect(own_postgres.start()) as db:
        assert db.execute("SELECT lower('ÄÖÜ')").fetchone() == ("äöü",)


def test_postgres_takes_a_home_with_a_long_path(tmp_path: Path):
    server = Postgres(tmp_path / ("long" * 20) / ("longer" * 20))
    with psycopg.connect(server.start()) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_without_namespaces_runs_postgres_as_nobody():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = Postgres(Path(folder) / "postgres", namespaces=False)
        with psycopg.connect(server.start()) as db:
            db.execute("CREATE TABLE kept (word text)")
        assert server.data.stat().st_uid == pwd.getpwnam("nobody").pw_uid
        server.stop()

        later = Postgres(server.folder)  # the data stays nobody's
        with psycopg.connect(later.start()) as db:
            assert db.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        later.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_a_home_that_nobody_can_reach_is_named(tmp_path: Path):
    tmp_path.chmod(0o700)

    with pytest.raises(EmbeddedError, match="set TIANJI_HOME to a folder that others may enter"):
        Postgres(tmp_path / "postgres", namespaces=False).start()


async def test_nats_keeps_messages_over_kill_minus_nine(own_nats: Nats):
    connection = await nats.connect(own_nats.start())
    stream = connection.jetstream()
    await stream.add_stream(name="KEPT", subjects=["kept"])
    await stream.publish("kept", b"yes")
    await connection.close()
    kill(own_nats)

    connection = await nats.connect(own_nats.start())
    assert (await connection.jetstream().get_msg("KEPT", 1)).data == b"yes"
    await connection.close()


async def test_nats_refuses_strangers(own_nats: Nats):
    own_nats.start()
    stranger = nats.NATS()

    with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
        await stranger.connect(f"nats://127.0.0.1:{own_nats.port}", allow_reconnect=False)
    await stranger.close()


def test_redis_keeps_values_over_a_restart(own_valkey: Valkey):
    with redis.Redis.from_url(own_valkey.start()) as client:
        client.set("kept", "yes")
    own_valkey.stop()

    with redis.Redis.from_url(own_valkey.start()) as client:
        assert client.get("kept") == b"yes"


def test_redis_refuses_strangers(own_valkey: Valkey):
    own_valkey.start()

    with redis.Redis(port=own_valkey.port, retry=None) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
