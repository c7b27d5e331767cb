"""What a request may ask of the gateway, and what becomes of nonsense."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from tianji.domain.snapshot import Settings
from tianji.wire.chat import ChatFront
from tianji_gateway.flow.receive import Call, Inference
from tianji_gateway.flow.wishes import (
    DEFAULT_RETRIES,
    KEEP_ALIVE_S,
    LONGEST_S,
    MOST_RETRIES,
    Wishes,
    keep_alive_s,
    wishes_of,
)
from tianji_gateway.routing.candidates import Candidates
from tianji_gateway.snapshot.model import Snapshot


def _wishes(
    fields: dict[str, Any] | None = None, router: dict[str, Any] | None = None, **headers: str
) -> Wishes:
    coded = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    call = Call("id", "/x", "/x", coded, None, b"", 0.0, 0.0)
    raw = {name: Raw(msgspec.json.encode(value)) for name, value in (fields or {}).items()}
    snapshot = Snapshot(
        revision=1,
        settings=Settings(router=router or {}),
        candidates=Candidates({}, {}, lambda target, model: target),
    )
    return wishes_of(Inference(call, ChatFront(), "acompletion", raw, "m", False), snapshot)


def test_nothing_said_leaves_the_usual() -> None:
    assert _wishes() == Wishes(DEFAULT_RETRIES, None, None)
    assert _wishes(router={"num_retries": 5}).retries == 5
    assert _wishes(router={"num_retries": 0}).retries == 0


def test_the_request_is_heard_before_the_config() -> None:
    assert _wishes({"num_retries": 1}, {"num_retries": 5}).retries == 1
    assert _wishes({"num_retries": 1}, x_litellm_num_retries="4").retries == 4
    assert _wishes({"timeout": 3}).timeout_s == 3.0
    assert _wishes(x_litellm_stream_timeout="1.5").stream_timeout_s == 1.5


@pytest.mark.parametrize("nonsense", [None, "soon", "nan", "inf", "-1", -1, True, [], {}, "1e999"])
def test_nonsense_counts_as_not_said(nonsense: Any) -> None:
    wishes = _wishes({"num_retries": nonsense, "timeout": nonsense, "stream_timeout": nonsense})

    assert wishes == Wishes(DEFAULT_RETRIES, None, None)


def test_nobody_gets_retries_or_time_without_end() -> None:
    wishes = _wishes({"num_retries": 10**9, "timeout": 10**9})

    assert (wishes.retries, wishes.timeout_s) == (MOST_RETRIES, LONGEST_S)


@pytest.mark.parametrize(
    ("said", "meant"), [(None, KEEP_ALIVE_S), (5, 5.0), ("2.5", 2.5), (0, None), (-1, None), ("no", None)]
)
def test_how_long_a_client_waits_for_a_sign_of_life(said: Any, meant: float | None) -> None:
    calls = {} if said is None else {"sse_keepalive_ping_interval_seconds": said}
    snapshot = Snapshot(
        revision=1,
        settings=Settings(calls=calls),
        candidates=Candidates({}, {}, lambda target, model: target),
    )

    assert keep_alive_s(snapshot) == meant
