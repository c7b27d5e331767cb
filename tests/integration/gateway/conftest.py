"""A gateway in this process, on a real socket, with a hand-made snapshot and a provider to call."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from granian.constants import Interfaces
from granian.server.embed import Server

from tianji.domain.deployments import Deployment
from tianji.domain.events import Began, SpendEvent
from tianji.domain.keys import KeyRecord, hash_of
from tianji.domain.snapshot import Settings
from tianji.domain.tenants import (
    CustomerRecord,
    OrganizationRecord,
    ProjectRecord,
    TagRecord,
    TeamRecord,
    UserRecord,
)
from tianji.limits.opening import open_limiter
from tianji.pricing.lookup import price_of
from tianji.providers import bind
from tianji.settings import Secret
from tianji.tokens.count import Counter
from tianji_gateway.app import App
from tianji_gateway.flow.guesses import Guesses
from tianji_gateway.limits.fleet import fleet_limits, target_chain
from tianji_gateway.routing.candidates import Candidates
from tianji_gateway.runtime import Runtime
from tianji_gateway.settings import GatewaySettings
from tianji_gateway.snapshot.holder import Holder
from tianji_gateway.snapshot.model import Snapshot, Target
from tianji_gateway.upstream.client import Client
from tianji_testkit.upstream import FakeUpstream

if TYPE_CHECKING:
    from tianji_testkit.crossing import Crossing

MASTER = "sk-master"
KEY = "sk-alice-0123456789"


class Books:
    """A ledger in memory."""

    def __init__(self) -> None:
        self.begins: list[Began] = []
        self.ends: list[SpendEvent] = []
        self.written = asyncio.Event()
        self.refuse: Exception | None = None
        self.writable = True

    def began(self, began: Began) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.begins.append(began)

    def ended(self, event: SpendEvent) -> None:
        self.ends.append(event)
        self.written.set()

    @property
    def backlog(self) -> int:
        return len(self.ends)

    @property
    def refuses(self) -> bool:
        return self.refuse is not None

    async def only(self) -> SpendEvent:
        """Wait for the one event there is to be."""
        async with asyncio.timeout(30):
            await self.written.wait()
        assert len(self.ends) == 1
        return self.ends[0]


class People:
    """Keys, teams and users in memory."""

    def __init__(self) -> None:
        self.keys: dict[str, KeyRecord] = {}
        self.teams: dict[str, TeamRecord] = {}
        self.users: dict[str, UserRecord] = {}
        self.organizations: dict[str, OrganizationRecord] = {}
        self.customers: dict[str, CustomerRecord] = {}
        self.projects: dict[str, ProjectRecord] = {}
        self.held: set[str] = set()
        self.looked_up = 0

    def add(self, secret: str, **fields: Any) -> None:
        self.keys[hash_of(secret)] = KeyRecord(hash=hash_of(secret), name="sk-...test", **fields)

    def holds(self, hash: str) -> bool:
        return hash in self.held

    async def key(self, hash: str) -> KeyRecord | None:
        self.looked_up += hash not in self.held
        return self.keys.get(hash)

    async def team(self, id: str) -> TeamRecord | None:
        return self.teams.get(id)

    async def user(self, id: str) -> UserRecord | None:
        return self.users.get(id)

    async def organization(self, id: str) -> OrganizationRecord | None:
        return self.organizations.get(id)

    async def customer(self, id: str) -> CustomerRecord | None:
        return self.customers.get(id)

    async def project(self, id: str) -> ProjectRecord | None:
        return self.projects.get(id)


class Gateway:
    """The gateway under test, and all that it stands between."""

    def __init__(self, upstream: FakeUpstream, session: aiohttp.ClientSession) -> None:
        self.upstream = upstream
        self.session = session
        self.books = Books()
        self.people = People()
        self.people.add(KEY, alias="alice")
        self.holder = Holder()
        self.settings = Settings()
        self.runtime: Runtime | None = None
        self.url = ""
        self.port = 0
        self._targets: dict[tuple[str | None, str], tuple[Target, ...]] = {}
        self.serve("gpt-4o-mini")

    def serve(
        self,
        name: str,
        *deployments: Mapping[str, Any],
        settings: Settings | None = None,
        tags: Sequence[TagRecord] = (),
    ) -> None:
        """Offer a model group; each deployment may name provider, model, id and params."""
        self.settings = settings or self.settings
        made = tuple(self._target(name, n, d) for n, d in enumerate(deployments or ({},)))
        self._targets[None, name] = made
        candidates = Candidates(self._targets, {}, lambda target, model: target)
        limits = fleet_limits(self.settings, tags)
        self.holder.swap(Snapshot(revision=7, settings=self.settings, candidates=candidates, limits=limits))

    def _target(self, name: str, number: int, given: Mapping[str, Any]) -> Target:
        provider = given.get("provider", "openai")
        base = self.upstream.root if provider == "anthropic" else self.upstream.api_base
        params = {"api_base": base, "api_key": "sk-upstream", **given.get("params", {})}
        deployment = Deployment(
            id=given.get("id", f"{name}-{number}"),
            model_name=name,
            provider=provider,
            model=given.get("model", name),
            params=params,
        )
        timeout_s = float(given.get("timeout_s", 5.0))
        return Target(
            deployment=deployment,
            bound=bind(deployment, {}),
            problem="",
            price=price_of(provider, deployment.model, params),
            chain=target_chain(deployment, self.settings, None),
            weight=1.0,
            order=number,
            tags=frozenset(),
            timeout_s=timeout_s,
            stream_timeout_s=float(given.get("stream_timeout_s", timeout_s)),
        )

    @asynccontextmanager
    async def opening(self) -> AsyncIterator[Runtime]:
        client = Client()
        limiter = open_limiter(None, "test-1", None)
        limiter.start()
        self.runtime = Runtime(
            settings=GatewaySettings(nats_url="", salt_key=Secret("salt")),
            process_id="test-1",
            snapshots=self.holder,
            keys=self.people,
            guesses=Guesses(5),
            spool=self.books,
            client=client,
            counter=Counter(),
            limiter=limiter,
            master_hash=hash_of(MASTER),
            body_limit=1 << 20,
            access=None,
            reach=lambda: {"nats": False},
            in_step=lambda: False,
        )
        yield self.runtime
        await limiter.close()
        await client.close()

    def control(self, url: str) -> None:
        """Say where the control plane is."""
        assert self.runtime is not None
        self.runtime.settings = msgspec.structs.replace(self.runtime.settings, control_url=url)

    def post(self, path: str, body: Any, key: str | None = KEY, **headers: str) -> Any:
        """Send a JSON body; use it with `async with`."""
        if key is not None:
            headers.setdefault("authorization", f"Bearer {key}")
        data = {"data": io.BytesIO(body)} if isinstance(body, bytes) else {"json": body}
        return self.session.post(self.url + path, headers=headers, **data)

    def messages(self, key: str | None = KEY, **fields: Any) -> Any:
        """Ask for a message."""
        body = {"model": "claude", "max_tokens": 50, "messages": [{"role": "user", "content": "Say hello."}]}
        return self.post("/v1/messages", {**body, **fields}, key)

    def chat(self, key: str | None = KEY, **fields: Any) -> Any:
        """Ask for a chat completion."""
        body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hello."}], **fields}
        return self.post("/v1/chat/completions", body, key)


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream() as fake:
        yield fake


@pytest.fixture
async def gateway(upstream: FakeUpstream) -> AsyncIterator[Gateway]:
    async with running(upstream) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crossing() -> AsyncIterator[Crossing]:
    """One gateway for a module, with all scripted providers behind it."""
    # Imported here: the vendors' SDKs take seconds, and most modules need none of them.
    from tianji_testkit.crossing import Crossing
    from tianji_testkit.scripted import ScriptedProviders, dialects

    async with ScriptedProviders(dialects()) as providers, running(FakeUpstream()) as gateway:
        made = Crossing(gateway.url, KEY, providers)
        gateway.settings = Settings(router={"num_retries": 0})
        made.serve(gateway.serve)
        yield made
        await made.close()


@asynccontextmanager
async def running(upstream: FakeUpstream) -> AsyncIterator[Gateway]:
    """Serve a gateway."""
    logging.getLogger("_granian").setLevel(logging.ERROR)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with aiohttp.ClientSession() as session:
        made = Gateway(upstream, session)
        made.port = port
        made.url = f"http://127.0.0.1:{port}"
        server = Server(
            App(made.opening), address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False
        )
        serving = asyncio.create_task(server.serve())
        await _listening(port)
        try:
            yield made
        finally:
            server.stop()
            await asyncio.wait_for(serving, 30)


async def _listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return
