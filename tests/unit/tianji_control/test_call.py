"""Paths declare what they need."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.routing import Route

from tianji_control import app
from tianji_control.call import Guarded, Open, unguarded
from tianji_control.settings import ControlSettings

SETTINGS: dict[str, Any] = {"database_url": "", "nats_url": "", "home": ""}


async def handler(_: Any) -> Any:
    return None


def test_a_path_with_a_permission_that_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="sun:rise"):
        Guarded("GET", "/x", handler, "sun:rise")


def test_a_control_plane_with_a_path_that_declares_nothing_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = Route("/bare", handler)
    assert unguarded([plain, Open("/x", handler), Guarded("GET", "/y", handler, "key:read")]) == [repr(plain)]
    monkeypatch.setattr(app, "ROUTES", [*app.ROUTES, plain])
    with pytest.raises(RuntimeError, match="/bare"):
        app.create_app(ControlSettings(**SETTINGS))
