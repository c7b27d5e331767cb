"""Addresses of clients, and lists of those that may call."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


def within(address: str | None, allowed: Collection[str]) -> bool:
    """Say whether an address is one of these, or in one of these networks; what is no address never is."""
    client = _address(address or "")
    return client is not None and any(_holds(entry, client) for entry in allowed)


def is_range(entry: str) -> bool:
    """Say whether a text is an address or a network, as lists of allowed addresses may hold."""
    return _network(entry) is not None


def client_of(connected: str | None, forwarded: str | None) -> str | None:
    """Return whose call a proxy passes on: the last address that it was told is the one it saw itself."""
    last = (forwarded or "").rpartition(",")[2].strip()
    return last or connected


def _holds(entry: str, client: _Address) -> bool:
    network = _network(entry)
    return network is not None and network.version == client.version and client in network


def _address(text: str) -> _Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=4096)
def _network(text: str) -> _Network | None:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None
