"""Choosing ports: free ones, and the same again next time."""

from __future__ import annotations

import socket
from pathlib import Path
from random import SystemRandom

_LOWEST = 20_000
_LOWEST_OF_CLIENTS = 32_768
"""Where the range begins out of which Linux, unless told otherwise, gives ports to clients."""
_TRIES = 100


def free() -> int:
    """Return a port of the loopback address that nobody listens on.

    If it can be helped it is none that clients are given: while its server is down somebody could get it,
    at worst a client that tries to reach that server and then meets itself.
    """
    for _ in range(_TRIES):
        port = SystemRandom().randrange(_LOWEST, max(_lowest_of_clients(), _LOWEST + 1))
        if is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        given: int = probe.getsockname()[1]
    return given


def _lowest_of_clients() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _LOWEST_OF_CLIENTS


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether a server could listen on this port now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do: connections of an earlier server that linger do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def remembered(file: Path) -> int:
    """Return the port noted in `file` while it is free, else choose one and note it."""
    try:
        port = int(file.read_text())
    except (OSError, ValueError):
        port = 0
    if not port or not is_free(port):
        port = free()
        file.write_text(f"{port}\n")
    return port


def accepts(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether somebody listens on this port."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
