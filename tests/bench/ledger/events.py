"""Spend events as gateways ship them: many in a message."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from decimal import Decimal

import msgspec
import uuid_utils

from tianji.domain.events import Charge, SpendEvent
from tianji.domain.keys import hash_of
from tianji.wire.neutral import Usage

PROCESSES = 6
ORGANIZATIONS = 20
TEAMS = 200
MODELS = (("gpt-4o", "openai"), ("claude-sonnet-4-5", "anthropic"), ("gemini-2.5-flash", "gemini"))


def messages(events: int, keys: int, size: int) -> Iterator[tuple[str, bytes]]:
    """Yield gateway processes and what each ships, `size` events in a message."""
    chance = random.Random(11)
    for number in range(0, events, size):
        process = f"gateway-{number // size % PROCESSES}"
        some = (event(process, chance.randrange(keys), chance) for _ in range(min(size, events - number)))
        yield process, b"\n".join(msgspec.json.encode(one) for one in some)


def event(process: str, key: int, chance: random.Random) -> SpendEvent:
    """Make the event of one call of a key, as full as one of a tenant with budgets is."""
    now = time.time()
    team, model, tokens = key % TEAMS, MODELS[key % len(MODELS)], chance.randrange(20, 4000)
    hashed, organization = hash_of(f"sk-{key}"), f"organization-{team % ORGANIZATIONS}"
    cost = Decimal(tokens * 25 + chance.randrange(1000)) / 10_000_000
    return SpendEvent(
        id=str(uuid_utils.uuid7()),
        gateway_id=process,
        snapshot=42,
        started_at=now - 1.5,
        first_token_at=now - 1.2,
        ended_at=now,
        route="/v1/chat/completions",
        call_type="acompletion",
        stream=True,
        response_id=f"chatcmpl-{uuid_utils.uuid7().hex}",
        model=model[0],
        model_group=model[0],
        deployment_id=f"{model[0]}-{key % 4}",
        provider=model[1],
        upstream_model=model[0],
        api_base="https://api.example.com/v1",
        key_hash=hashed,
        key_alias=f"service-{key}",
        user_id=f"user-{key // 3}",
        team_id=f"team-{team}",
        team_alias=f"Team {team}",
        organization_id=organization,
        client_ip="10.1.2.3",
        user_agent="OpenAI/Python 2.8.1",
        tags=["batch", f"feature-{key % 7}"] if key % 4 == 0 else [],
        metadata={"trace": uuid_utils.uuid7().hex, "cost_center": f"cc-{team}"},
        usage=Usage(input_tokens=tokens * 3, output_tokens=tokens, cache_read_tokens=tokens),
        cost_usd=str(cost),
        cost_parts={"input": str(cost / 4), "output": str(cost * 3 / 4)},
        price_version="2026-11-01",
        priced=True,
        finish="stop",
        charges=[
            Charge(f"key:{hashed}", "all"),
            Charge(f"key:{hashed}@1d", "1d:20261121T000000Z"),
            Charge(f"team:team-{team}", "1mo:20261101T000000Z"),
            Charge(f"organization:{organization}", "1mo:20261101T000000Z"),
        ],
    )
