"""TIANJI_HOME and the keys in it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tianji.errors import Conflict, NotFound
from tianji_cli.home import Home, HomeUnusable, Running, SaltKeyLost
from tianji_cli.keys import forget, settle_keys

RUNNING = Running(os.getpid(), "http://127.0.0.1:4000", {"NATS_URL": "nats://x"}, {"nats": [7]})


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def test_it_is_a_folder_of_the_working_folder_unless_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert Home.of({}).folder == tmp_path / ".tianji"
    assert Home.of({"LITELLM_HOME": "/srv/tianji"}).folder == Path("/srv/tianji")


def test_what_runs_can_be_read_while_it_runs(home):
    with home.held():
        home.note(RUNNING)
        assert home.running() == RUNNING

    with pytest.raises(NotFound, match="no tianji is up"):
        home.running()


def test_the_note_of_a_killed_system_is_not_believed(home):
    with home.held():
        home.note(RUNNING)
        note = (home.folder / "run.json").read_bytes()
    (home.folder / "run.json").write_bytes(note)

    with pytest.raises(NotFound, match="no tianji is up"):
        home.running()
    with home.held() as after_kill:
        assert after_kill
        with pytest.raises(NotFound, match="not started its parts yet"):
            home.running()


def test_a_second_system_in_the_same_home_is_refused(home):
    with home.held(), pytest.raises(Conflict, match="already up in"), home.held():
        pytest.fail("two systems held one home")


def test_the_admin_key_is_made_once_and_kept_to_its_owner(home):
    with home.held():
        keys = settle_keys(home, None, None)

        assert keys.master.startswith("sk-")
        assert settle_keys(home, None, None) == keys
        assert {stat.S_IMODE(f.stat().st_mode) for f in home.folder.glob("*.key")} == {0o600}
        assert keys.master not in repr(keys)


def test_the_admin_key_is_shown_once(home):
    with home.held():
        settle_keys(home, None, None)
        assert [home.show_master_key_once() for _ in range(3)] == [True, False, False]


def test_an_admin_key_that_replaces_a_lost_one_is_shown_too(home):
    with home.held():
        lost = settle_keys(home, None, None)
        assert home.show_master_key_once()
        home.master_key.unlink()

        assert settle_keys(home, None, None).master != lost.master
        assert home.show_master_key_once()


def test_a_given_admin_key_is_not_kept(home):
    with home.held():
        keys = settle_keys(home, "sk-given", None)
        assert keys.file.read_text() == "sk-given\n"

        forget(keys)

        assert not keys.file.exists()
        assert not home.master_key.exists()


def test_a_lost_salt_key_is_reported_and_not_replaced(home):
    with home.held():
        before = settle_keys(home, None, None).salt
        (home.folder / "salt.key").unlink()

        with pytest.raises(SaltKeyLost, match=r"salt\.key is gone"):
            settle_keys(home, None, None)
        assert settle_keys(home, None, before).salt == before


def test_another_salt_key_than_before_is_reported(home):
    with home.held():
        settle_keys(home, None, "one")

        with pytest.raises(SaltKeyLost, match="TIANJI_SALT_KEY is not the key"):
            settle_keys(home, None, "two")


def test_a_folder_that_cannot_be_made_is_named_with_the_way_out(tmp_path):
    (tmp_path / "file").touch()

    with (
        pytest.raises(HomeUnusable, match=r"file/home cannot hold .*TIANJI_HOME"),
        Home(tmp_path / "file" / "home").held(),
    ):
        pass
