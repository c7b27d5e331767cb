"""Which ports are chosen for servers."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tianji.embedded import ports


def test_a_free_port_can_be_listened_on_and_is_given_to_no_client() -> None:
    for _ in range(20):
        port = ports.free()
        assert port < ports._lowest_of_clients()
        with socket.create_server(("127.0.0.1", port)):
            assert not ports.is_free(port)


def test_where_clients_may_be_given_any_port_one_is_chosen_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ports, "_lowest_of_clients", lambda: 1024)
    monkeypatch.setattr(ports, "is_free", lambda _: False)

    assert ports.free() > 0


def test_a_port_is_remembered_while_it_is_free(tmp_path: Path) -> None:
    file = tmp_path / "port"
    port = ports.remembered(file)
    assert ports.remembered(file) == port

    with socket.create_server(("127.0.0.1", port)):
        assert ports.remembered(file) != port
