"""A control plane on real Postgres and NATS, one for each test module."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from starlette.types import ASGIApp, Message

from tianji.bus.client import Bus
from tianji.bus.subjects import CONFIG_BUCKET, KEYS_BUCKET
from tianji.domain.snapshot import CONFIG_KINDS, HEAD, Head, digest_of, record_id, record_name
from tianji.settings import Secret
from tianji_control.app import create_app
from tianji_control.call import Call
from tianji_control.settings import ControlSettings
from tianji_testkit.declared import Strict

MASTER_KEY = "sk-master-for-tests"
PATIENCE_S = 30

Settings = Callable[..., ControlSettings]

Call.witness = Strict()


@asynccontextmanager
async def lifespan_of(app: ASGIApp) -> AsyncIterator[dict[str, Any]]:
    """Run an app's lifespan; give its state."""
    state: dict[str, Any] = {}
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": state}
    task = asyncio.create_task(app(scope, to_app.get, from_app.put))
    await to_app.put({"type": "lifespan.startup"})
    started = asyncio.create_task(from_app.get())
    await asyncio.wait([started, task], return_when=asyncio.FIRST_COMPLETED)
    if task.done() and task.exception():
        await task
    message = await started
    if message["type"] != "lifespan.startup.complete":
        raise RuntimeError(message)
    try:
        yield state
    finally:
        await to_app.put({"type": "lifespan.shutdown"})
        await task


class Answer(msgspec.Struct):
    """What a client gets."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def error(self) -> dict[str, Any]:
        return self.json()["error"]


class Control:
    """A running control plane and a client of it."""

    def __init__(self, app: ASGIApp, state: dict[str, Any], bus: Bus) -> None:
        self.runtime = state["runtime"]
        self.bus = bus

        self._app = app
        self._state = state

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = MASTER_KEY,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        given = {"authorization": f"Bearer {key}"} if key else {}
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(n.encode(), v.encode()) for n, v in (given | (headers or {})).items()],
            "scheme": "http",
            "server": ("control", 80),
            "http_version": "1.1",
            "state": dict(self._state),
        }
        sent = raw if raw is not None else b"" if body is None else msgspec.json.encode(body)
        got: list[Message] = []

        unread = [sent]

        async def receive() -> Message:
            if not unread:
                await asyncio.Event().wait()  # as long as the client stays
            return {"type": "http.request", "body": unread.pop(), "more_body": False}

        async def send(message: Message) -> None:
            got.append(message)

        async with asyncio.timeout(PATIENCE_S):
            await self._app(scope, receive, send)
        start, *rest = got
        names = {name.decode(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], names, b"".join(message["body"] for message in rest))

    async def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return await self.call("POST", path, body if body is not None else {}, **more)

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.call("GET", path, **more)

    async def made_key(self, **fields: Any) -> dict[str, Any]:
        answer = await self.post("/key/generate", fields)
        assert answer.status == 200, answer.body
        return answer.json()

    async def record(self, kind: str, id: str) -> dict[str, Any] | None:
        """Return a record as a gateway would read it."""
        bucket = CONFIG_BUCKET if kind in CONFIG_KINDS else KEYS_BUCKET
        found = await self.bus.kv_get(bucket, record_name(kind, id))
        return None if found is None else msgspec.json.decode(found[0])

    async def config_records(self) -> tuple[Head, dict[str, bytes]]:
        """Return the published configuration; its head must fit."""
        there = await self.bus.kv_all(CONFIG_BUCKET)
        head = msgspec.json.decode(there.pop(HEAD)[0], type=Head)
        records = {name: value for name, (value, _) in there.items()}
        assert head.digest == digest_of(records)
        assert head.records == len(records)
        return head, records

    async def deployments(self) -> dict[str, dict[str, Any]]:
        """Return the published deployments by id."""
        _, records = await self.config_records()
        pairs = ((record_id(name), value) for name, value in records.items())
        return {id: msgspec.json.decode(value) for (kind, id), value in pairs if kind == "deployment"}

    async def published(self) -> None:
        """Wait until nothing waits to be published."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with self.runtime.store.connection() as db:
                    cursor = await db.execute("SELECT count(*) FROM outbox")
                    row = await cursor.fetchone()
                if row == (0,) and self.runtime.publisher.aligned:
                    return
                await self.runtime.publisher.progressed(0.2)


@asynccontextmanager
async def running_control(settings: ControlSettings) -> AsyncIterator[Control]:
    """Run a control plane until the context ends."""
    app = create_app(settings)
    async with lifespan_of(app) as state:
        bus = await Bus.connect(settings.nats_url, "test")
        try:
            control = Control(app, state, bus)
            async with asyncio.timeout(PATIENCE_S):
                await control.runtime.started.wait()
            yield control
        finally:
            await bus.close()


@pytest.fixture(scope="module")
def control_settings(postgres_url: str, nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a function that makes settings for this module's servers."""
    home = tmp_path_factory.mktemp("home")

    def make(config: str | Path | None = None, **more: Any) -> ControlSettings:
        if isinstance(config, str):
            path = home / "proxy_config.yaml"
            path.write_text(config)
            config = path
        given = {
            "database_url": postgres_url,
            "nats_url": nats_url,
            "home": str(home),
            "config": None if config is None else str(config),
            "master_key": Secret(MASTER_KEY),
            "salt_key": Secret("salt for tests"),
        }
        return ControlSettings(**(given | more))

    return make


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def control(control_settings: Settings) -> AsyncIterator[Control]:
    """Return this module's control plane, without a config file."""
    async with running_control(control_settings()) as control:
        await control.published()
        yield control


@pytest.fixture(scope="module")
def running() -> Callable[[ControlSettings], AbstractAsyncContextManager[Control]]:
    """Return a function that runs one more control plane."""
    return running_control
