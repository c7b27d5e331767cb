"""Segments when the disk fails halfway."""

from __future__ import annotations

import os

import pytest

from tianji_gateway.spool.segments import Segments
from tianji_gateway.spool.settings import SpoolSettings


def test_a_write_that_stops_short_leaves_nothing_behind(tmp_path, monkeypatch):
    segments = Segments(tmp_path, SpoolSettings())
    segments.append(b"first")
    with monkeypatch.context() as patched:
        write = os.write
        patched.setattr("tianji_gateway.spool.segments.os.write", lambda fd, data: write(fd, data[:3]))
        with pytest.raises(OSError, match="wrote 3 of 6"):
            segments.append(b"second")
    segments.append(b"third")

    assert segments.read(1, 0, 100) == b"firstthird"


def test_where_nothing_can_be_undone_the_next_file_goes_on(tmp_path, monkeypatch):
    def broken(*_: object) -> None:
        raise OSError("no")

    segments = Segments(tmp_path, SpoolSettings())
    segments.append(b"first")
    with monkeypatch.context() as patched:
        write = os.write
        patched.setattr("tianji_gateway.spool.segments.os.write", lambda fd, data: write(fd, data[:3]))
        patched.setattr("tianji_gateway.spool.segments.os.ftruncate", broken)
        with pytest.raises(OSError, match="wrote 3 of 6"):
            segments.append(b"second")

    assert segments.append(b"third") == 2
    assert segments.read(1, 0, 100) == b"first"
    assert segments.read(2, 0, 100) == b"third"


@pytest.mark.parametrize("sync", ["never", "interval", "each"])
def test_files_grow_to_their_size_and_are_numbered_on(tmp_path, sync):
    segments = Segments(tmp_path, SpoolSettings(segment_bytes=10, sync=sync))

    assert [segments.append(b"12345") for _ in range(5)] == [1, 1, 2, 2, 3]
    segments.seal()
    assert Segments(tmp_path, SpoolSettings()).append(b"x") == 4


def test_files_are_for_their_owner_only(tmp_path):
    Segments(tmp_path, SpoolSettings()).append(b"x")

    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
