from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from aiohttp import web

from tianji.domain.deployments import Deployment
from tianji.providers import provider
from tianji.wire.front import Fields


@pytest.fixture
def bound() -> Callable[..., Any]:
    """Bind a deployment by what matters of it."""

    def bind(name: str, model: str = "m", *, info: Any = None, source: str = "file", **params: Any) -> Any:
        environ = params.pop("environ", {})
        options = params.pop("options", {})
        deployment = Deployment(
            id="d", model_name="m", provider=name, model=model, params=params, info=info or {}, source=source
        )
        return provider(name).bind(deployment, {"environment": environ, **options})

    return bind


@pytest.fixture
def fields() -> Callable[..., Fields]:
    """Take a request apart as the gateway does."""

    def make(**body: Any) -> Fields:
        body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]} | body
        return msgspec.json.decode(msgspec.json.encode(body), type=dict[str, msgspec.Raw])

    return make


class TokenOffice:
    """Gives out tokens `t1`, `t2`, … to whoever asks, or refuses; and answers other questions as told."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.refuses: int = 0
        self.answers: dict[str, Any] = {}

    async def answer(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if request.path in self.answers:
            return web.json_response(self.answers[request.path])
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        if self.refuses:
            said = {"error": "invalid_client", "error_description": "Who are you?"}
            return web.json_response(said, status=self.refuses)
        token = {"access_token": f"t{len(self.asked)}", "token_type": "Bearer", "expires_in": 3600}
        return web.json_response(token)


@pytest.fixture
async def office() -> AsyncIterator[TokenOffice]:
    found = TokenOffice()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()
