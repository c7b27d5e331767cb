import fcntl
from pathlib import Path

import pytest

from tianji_gateway.snapshot.apply import Revision
from tianji_gateway.snapshot.on_disk import OnDisk, SeenKey

REVISION = Revision(3, 17, {"deployment.a": b"\x00secret", "settings.g": b"{}"})


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    disk = OnDisk(tmp_path / "snapshot")

    disk.save(Revision(2, 9, {}))
    disk.save(REVISION)
    disk.save_keys([SeenKey("key.a", b"1")], 10)

    assert disk.load() == REVISION
    assert disk.load_keys() == [SeenKey("key.a", b"1")]


def test_without_a_copy_there_is_nothing(tmp_path: Path) -> None:
    assert OnDisk(tmp_path / "none").load() is None
    assert OnDisk(tmp_path / "none").load_keys() == []


@pytest.mark.parametrize("position", [0, 20, 60, -1])
def test_a_damaged_copy_is_not_used(tmp_path: Path, position: int) -> None:
    disk = OnDisk(tmp_path)
    disk.save(REVISION)
    path = tmp_path / "config.snapshot"
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)

    assert disk.load() is None


def test_a_copy_cut_short_is_not_used(tmp_path: Path) -> None:
    disk = OnDisk(tmp_path)
    disk.save(REVISION)
    path = tmp_path / "config.snapshot"
    path.write_bytes(path.read_bytes()[:-1])

    assert disk.load() is None


def test_a_failed_write_leaves_the_copy_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = OnDisk(tmp_path)
    disk.save(REVISION)

    def full(_: int) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        disk.save(Revision(4, 18, {}))

    assert disk.load() == REVISION


def test_others_on_the_machine_cannot_read_it(tmp_path: Path) -> None:
    OnDisk(tmp_path / "snapshot").save(REVISION)

    assert (tmp_path / "snapshot" / "config.snapshot").stat().st_mode & 0o077 == 0
    assert (tmp_path / "snapshot").stat().st_mode & 0o077 == 0


def test_keys_of_several_processes_are_kept_side_by_side(tmp_path: Path) -> None:
    one, other = OnDisk(tmp_path), OnDisk(tmp_path)
    one.save_keys([SeenKey("key.a", b"1"), SeenKey("key.b", b"old")], 10)

    theirs = other.save_keys([SeenKey("key.b", b"new"), SeenKey("key.c", b"3")], 10)

    assert theirs == [SeenKey("key.a", b"1")]
    assert other.load_keys() == [SeenKey("key.a", b"1"), SeenKey("key.b", b"new"), SeenKey("key.c", b"3")]


def test_a_key_that_is_known_to_be_gone_is_not_kept_for_another_process(tmp_path: Path) -> None:
    disk = OnDisk(tmp_path)
    disk.save_keys([SeenKey("key.a", b"1"), SeenKey("key.b", b"2")], 10)

    disk.save_keys([], 10, knows=lambda name: name == "key.a")

    assert disk.load_keys() == [SeenKey("key.b", b"2")]


def test_own_keys_go_before_those_of_others(tmp_path: Path) -> None:
    disk = OnDisk(tmp_path)
    disk.save_keys([SeenKey("key.a", b"1"), SeenKey("key.b", b"2")], 2)

    disk.save_keys([SeenKey("key.c", b"3")], 2)

    assert [key.name for key in disk.load_keys()] == ["key.a", "key.c"]


def test_a_process_that_stands_still_while_it_writes_keeps_nobody_waiting(tmp_path: Path) -> None:
    disk = OnDisk(tmp_path)
    disk.save_keys([SeenKey("key.a", b"1")], 10)
    with (tmp_path / "keys.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError):
            disk.save_keys([SeenKey("key.b", b"2")], 10)

    disk.save_keys([SeenKey("key.b", b"2")], 10)

    assert len(disk.load_keys()) == 2
