"""A gateway with every scripted provider behind it, and conversations with it by the vendors' SDKs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tianji_testkit.clients import CLIENTS, Client, Wishes
from tianji_testkit.scripted import SERVED, ScriptedProviders


@dataclass
class Crossing:
    """The gateway's address, the providers, and what was missing of them."""

    url: str
    key: str
    providers: ScriptedProviders
    sdks: dict[str, Any] = field(default_factory=dict)
    """The vendors' clients, by the name of the format: it takes long to make one."""
    missing: dict[str, Exception] = field(default_factory=dict)
    """Why a provider could not be bound."""

    def serve(self, serve: Callable[[str, Mapping[str, Any]], None]) -> None:
        """Give the gateway a deployment of each provider; `serve` takes a model's name and a deployment."""
        for name, served in SERVED.items():
            params = served.params(self.providers.url(name))
            deployment = {"provider": served.provider, "model": served.model, "params": params}
            try:
                serve(name, {**deployment, "timeout_s": 20})
            except Exception as fault:  # noqa: BLE001 - one provider that cannot be bound hides no other
                self.missing[name] = fault

    @asynccontextmanager
    async def talk(self, front: str, dialect: str, wishes: Wishes) -> AsyncIterator[Client]:
        """Open a conversation; nothing may be refused in it that the test did not ask for."""
        assert dialect not in self.missing, f"no deployment of {dialect}: {self.missing[dialect]}"
        self.providers.asked.clear()
        if front not in self.sdks:
            self.sdks[front] = CLIENTS[front].connect(self.url, self.key)
        try:
            yield CLIENTS[front](self.sdks[front], dialect, wishes)
        except Exception as fault:
            refusals = self.providers.refusals()
            if refusals:
                raise AssertionError(f"the provider refused: {refusals}") from fault
            raise
        assert self.providers.refusals() == []

    async def close(self) -> None:
        """Close the connections of all clients."""
        for front, sdk in self.sdks.items():
            await CLIENTS[front].disconnect(sdk)
