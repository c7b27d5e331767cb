"""Virtual keys over HTTP, into Postgres and to NATS."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_key_is_told_once_and_published_under_its_hash(control) -> None:
    answer = await control.post(
        "/key/generate", {"models": ["gpt-4o"], "max_budget": 10, "metadata": {"a": 1}}
    )

    made = answer.json()
    assert answer.status == 200
    assert "x-tianji-unpublished" not in answer.headers
    assert made["key"].startswith("sk-") and len(made["key"]) == 25
    assert made["key_name"] == "sk-..." + made["key"][-4:]
    assert made["token"] == made["token_id"]
    assert made["expires"] is None
    record = await control.record("key", made["token"])
    assert record is not None
    assert record["models"] == ["gpt-4o"]
    assert record["max_budget"] == "10"
    assert record["metadata"] == {"a": 1}
    assert made["key"] not in str(record)
