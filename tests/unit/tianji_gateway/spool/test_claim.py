import threading
from pathlib import Path

import pytest

from tianji_gateway.spool import claim
from tianji_gateway.spool.claim import Claim


def test_a_folder_that_another_process_takes_for_an_orphan_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "g-1"
    folder.mkdir()
    other = Claim.take(folder)
    assert other is not None
    waited = threading.Event()

    def wait(_: float) -> None:
        if not waited.is_set():
            other.remove()
        waited.set()

    monkeypatch.setattr(claim.time, "sleep", wait)
    mine = Claim.make(folder)

    assert waited.is_set()
    assert mine is not None
    assert folder.is_dir()
    mine.release()


def test_a_folder_that_a_living_process_keeps_is_not_waited_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "PATIENCE_S", 0.05)
    other = Claim.make(tmp_path / "g-1")
    assert other is not None

    assert Claim.make(tmp_path / "g-1") is None

    other.release()
