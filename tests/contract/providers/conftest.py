from collections.abc import Callable
from typing import Any

import msgspec
import pytest

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
