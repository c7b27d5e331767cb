from pathlib import Path

import pytest

from tianji_gateway.snapshot.apply import Revision
from tianji_gateway.snapshot.on_disk import OnDisk, SeenKey

REVISION = Revision(3, 17, {"deployment.a": b"\x00secret", "settings.g": b"{}"})


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    disk = OnDisk(tmp_path / "snapshot")

    disk.save(Revision(2, 9, {}))
    disk.save(REVISION)
    disk.save_keys([SeenKey("key.a", b"1")])

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
