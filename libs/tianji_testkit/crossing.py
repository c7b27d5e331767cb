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
        client = CLIENTS[front](self.url, self.key, dialect, wishes)
        try:
            yield client
        except Exception as fault:
            refusals = self.providers.refusals()
            if refusals:
                raise AssertionError(f"the provider refused: {refusals}") from fault
            raise
        finally:
            await client.close()
        assert self.providers.refusals() == []
