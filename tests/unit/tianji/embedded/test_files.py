"""Ports, secrets and packages of the embedded servers."""

from __future__ import annotations

import socket
import stat

import pytest

from tianji.embedded import packages, ports, secrets


def test_a_port_is_the_same_again_while_it_is_free(tmp_path):
    file = tmp_path / "port"
    port = ports.remembered(file)

    assert ports.remembered(file) == port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert not ports.is_free(port)
        assert ports.remembered(file) != port


@pytest.mark.parametrize("content", ["", "no number"])
def test_a_spoiled_port_file_is_written_anew(tmp_path, content):
    file = tmp_path / "port"
    file.write_text(content)

    port = ports.remembered(file)

    assert file.read_text() == f"{port}\n"


def test_a_secret_is_made_once_and_for_its_owner_only(tmp_path):
    file = tmp_path / "password"
    made = secrets.kept(file, secrets.password)

    assert secrets.kept(file, secrets.password) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["password"]


def test_an_empty_secret_counts_as_none(tmp_path):
    file = tmp_path / "password"
    file.write_text("\n")

    assert secrets.kept(file, lambda: "made") == "made"


@pytest.mark.parametrize(
    "look",
    [
        lambda: packages.folder_of("no_such_server", "no-such-server", "NATS_URL"),
        lambda: packages.file_of("no-such-server", "server", "NATS_URL"),
        lambda: packages.file_of("pytest", "no-such-file", "NATS_URL"),
    ],
)
def test_a_missing_package_names_the_ways_out(look):
    with pytest.raises(packages.PackageMissing, match=r"set NATS_URL .* or install .*tianji\[embedded\]"):
        look()
