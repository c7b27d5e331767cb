"""A gateway whose operator prefers refusing to serving from an old snapshot."""

from __future__ import annotations

from typing import Any

from tianji.domain.snapshot import Settings

LIMIT_S = 60


async def test_past_max_snapshot_age_inference_is_refused_and_readiness_says_why(gateway: Any) -> None:
    gateway.serve("gpt-4o-mini", settings=Settings(general={"max_snapshot_age": LIMIT_S}))
    gateway.holder.confirm(age_s=LIMIT_S + 1)

    async with gateway.chat() as answer:
        assert answer.status == 503
        assert "max_snapshot_age" in (await answer.json())["error"]["message"]
    async with gateway.messages() as answer:
        assert answer.status == 503
    async with gateway.session.get(gateway.url + "/health/readiness") as answer:
        assert answer.status == 503
        told = await answer.json()
    assert "max_snapshot_age" in told["status"]
    assert told["snapshot"]["age_seconds"] > LIMIT_S
    assert gateway.upstream.requests == []

    gateway.holder.confirm()
    async with gateway.chat() as answer:
        assert answer.status == 200
    async with gateway.session.get(gateway.url + "/health/readiness") as answer:
        assert answer.status == 200
