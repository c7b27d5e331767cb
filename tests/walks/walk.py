"""One walk: steps over HTTP, and after each of them the same questions to every gateway and to the model."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import aiohttp
from walks.deed import Deed
from walks.model import Key, World
from walks.steps import MODELS, NAMES, Step, deed_of, first_steps, next_step

CHAT, MESSAGES, LIST = "/v1/chat/completions", "/v1/messages", "/v1/models"
MARKED = frozenset((*(name for names in NAMES.values() for name in names), "own", "owns"))
"""Names that a walk shares with no other one on the wire."""
GONE = 2
"""So many of the keys that were deleted last are tried, too."""
LATE_S = 5.0
"""A gateway that a write has named as lagging may take this long."""
REFUSED = frozenset((400, 401, 403, 404, 409, 422))


@dataclass(frozen=True)
class Scene:
    """What all walks share: a running system."""

    http: aiohttp.ClientSession
    control: str
    gateways: list[str]
    master_key: str


class Different(Exception):
    """Something is not as the model says."""


class Walk:
    """One walk with its own objects, under its own mark."""

    def __init__(self, scene: Scene, mark: str, seed: str, counts: Counter[str]) -> None:
        self.taken: list[Step] = []
        self._scene = scene
        self._mark = mark
        self._rng = Random(seed)
        self._counts = counts
        self._secrets: dict[str, str] = {}
        self._gone: list[str] = []
        self._world = World(
            models={"alpha", "beta-1", "beta-2"},
            aliases={"first": "alpha"},
            groups={"betas": {"beta-1", "beta-2"}},
        )

    async def random(self, length: int) -> None:
        """Walk at random. Raises Different."""
        for step in first_steps(self._rng):
            await self._take(step)
        for _ in range(length):
            await self._take(next_step(self._rng, self._world))

    async def again(self, steps: list[Step]) -> None:
        """Walk these steps. Raises Different."""
        for step in steps:
            await self._take(step)

    async def end(self) -> None:
        """Take back what all gateways would go on holding."""
        if "own" in self._world.models:
            await self._admin(deed_of(("model_delete", {}), self._world))

    async def _take(self, step: Step) -> None:
        self.taken.append(step)
        self._counts["steps"] += 1
        deed = deed_of(step, self._world)
        status, answer, late = await self._admin(deed)
        if not (status == 200 if deed.fits else status in REFUSED):
            raise Different(
                f"{deed.path} {deed.body}: {'200' if deed.fits else '4xx'} was due, came {status} {answer}"
            )
        if deed.fits:
            before = dict(self._secrets)
            deed.effect(self._world)
            self._note(step, answer, before)
            await asyncio.sleep(deed.wait_s)
        await self._compare(late)

    def _note(self, step: Step, answer: Any, before: dict[str, str]) -> None:
        """Keep the keys that an answer tells, and those that are no more."""
        verb, drawn = step
        if verb == "key_regenerate":
            named = self._world.keys.keys() - before.keys()
            self._secrets |= dict.fromkeys(named, before[drawn["k"]])
        if verb in ("key_new", "key_regenerate"):
            self._secrets[drawn["k"]] = answer["key"]
        self._secrets = {name: secret for name, secret in self._secrets.items() if name in self._world.keys}
        self._gone += [secret for secret in before.values() if secret not in self._secrets.values()]
        self._gone = self._gone[-GONE:]

    async def _admin(self, deed: Deed) -> tuple[int, Any, bool]:
        """Make an admin call; say whether its answer named gateways that do not act on it yet."""
        url = self._scene.control + deed.path.replace("/owns/", f"/{self._mark}-owns/")
        async with self._scene.http.request(
            deed.method, url, json=self._marked(deed.body), headers=_bearer(self._scene.master_key)
        ) as answer:
            late = "x-tianji-lagging" in answer.headers or "x-tianji-unpublished" in answer.headers
            self._counts["lagging"] += late
            return answer.status, await answer.json(), late

    def _marked(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {field: self._marked(one, field) for field, one in value.items()}
        if isinstance(value, list):
            return [self._marked(one, name) for one in value]
        if name in ("key", "keys"):
            return self._secrets.get(value, f"sk-none-{self._mark}-{value}")
        return f"{self._mark}-{value}" if isinstance(value, str) and value in MARKED else value

    async def _compare(self, late: bool) -> None:
        """Ask about every key, all at once. Raises Different."""
        there = [(self._secrets[name], key) for name, key in self._world.keys.items()]
        asked: list[Callable[[], Awaitable[str | None]]] = []
        for secret, key in [*there, *((secret, None) for secret in self._gone)]:
            asked += self._questions(secret, key)
        if there:
            asked.append(self._explained(*self._rng.choice(there)))
        self._counts["comparisons"] += len(asked)
        until = asyncio.get_running_loop().time() + (LATE_S if late else 0.0)
        while wrong := [one for one in await asyncio.gather(*(ask() for ask in asked)) if one is not None]:
            if asyncio.get_running_loop().time() >= until:
                raise Different("; ".join(wrong))
            await asyncio.sleep(0.1)

    def _questions(self, secret: str, key: Key | None) -> list[Callable[[], Awaitable[str | None]]]:
        path = self._rng.choice((CHAT, CHAT, MESSAGES))
        model = self._rng.choice((*MODELS, "mine"))
        customer = self._rng.choice(("", "c0"))
        may = self._world.lets_in(key, path, customer)
        may = may and key is not None and self._world.allows(key, self._world.unaliased(key, model), customer)
        return [
            question
            for gateway in self._scene.gateways
            for question in (
                lambda gateway=gateway: self._served(gateway, secret, path, model, customer, may),
                lambda gateway=gateway: self._listed(gateway, secret, key),
            )
        ]

    async def _served(
        self, gateway: str, secret: str, path: str, model: str, customer: str, may: bool
    ) -> str | None:
        body: dict[str, Any] = {"model": self._marked(model), "messages": [{"role": "user", "content": "x"}]}
        if path == MESSAGES:
            body |= {"max_tokens": 9, "metadata": {"user_id": self._marked(customer)}}
        else:
            body |= {"user": self._marked(customer)}
        async with self._scene.http.post(gateway + path, json=body, headers=_bearer(secret)) as answer:
            if answer.status == 200 if may else answer.status in REFUSED:
                return None
            said = (await answer.text())[:300]
        which = f"{self._name(secret)} at {gateway} {path} for {model}, customer {customer or 'none'}"
        return f"{which}: {'let through' if may else 'refused'} was due, came {answer.status} {said}"

    async def _listed(self, gateway: str, secret: str, key: Key | None) -> str | None:
        async with self._scene.http.get(gateway + LIST, headers=_bearer(secret)) as answer:
            status, said = answer.status, await answer.json()
        which = f"{self._name(secret)} at {gateway} {LIST}"
        if key is None or not self._world.lets_in(key, LIST):
            return None if status in REFUSED else f"{which}: refused was due, came {status}"
        if status != 200:
            return f"{which}: a list was due, came {status} {said}"
        shown = {one["id"] for one in said["data"]}
        due = {self._marked(model) for model in MODELS if self._world.allows(key, model)}
        shown &= {self._marked(model) for model in MODELS}
        return None if shown == due else f"{which}: {sorted(due)} was due, came {sorted(shown)}"

    def _explained(self, secret: str, key: Key) -> Callable[[], Awaitable[str | None]]:
        path, model = self._rng.choice((CHAT, MESSAGES)), self._rng.choice((*MODELS, "mine"))
        customer = self._rng.choice(("", "c0"))
        may = self._world.lets_in(key, path, customer)
        may = may and self._world.allows(key, self._world.unaliased(key, model), customer)

        async def ask() -> str | None:
            body = {"key": secret, "route": path, "model": self._marked(model), "address": "127.0.0.1"}
            body |= {"customer": self._marked(customer)} if customer else {}
            url, headers = self._scene.control + "/access/explain", _bearer(self._scene.master_key)
            async with self._scene.http.post(url, json=body, headers=headers) as answer:
                said = await answer.json()
            if answer.status == 200 and said["allowed"] is may:
                return None
            which = f"/access/explain of {self._name(secret)}, {path} for {model}"
            return f"{which}: {may} was due, came {answer.status} {said}"

        return ask

    def _name(self, secret: str) -> str:
        return next((name for name, one in self._secrets.items() if one == secret), "a key that is no more")


def _bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}
