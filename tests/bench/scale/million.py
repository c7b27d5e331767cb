"""A million keys: what a gateway needs for them, and how quick it finds one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

import aiohttp
import msgspec
from bench.scale.figures import Table, cpu_s, memory_mib, spread_ms
from bench.scale.gateway import CHAT, Gateway

from tianji.bus.client import Bus
from tianji.bus.subjects import CONFIG_BUCKET, KEYS_BUCKET
from tianji.domain.deployments import Deployment
from tianji.domain.keys import KeyRecord, hash_of
from tianji.domain.snapshot import DEPLOYMENT, HEAD, KEY, SETTINGS, Head, Settings, digest_of, record_name
from tianji.embedded import Nats
from tianji_gateway.snapshot.lookup import KeyLookup

BATCH = 5_000
CLIENTS = 16
LOOK_UPS = 10_000


def secret_of(number: int) -> str:
    """Return one of the keys."""
    return f"sk-scale-{number:012d}"


def record_of(number: int) -> tuple[str, bytes]:
    """Return a key's name in its bucket, and a record as the control plane writes them."""
    secret = secret_of(number)
    record = KeyRecord(
        hash=hash_of(secret),
        name=f"sk-...{secret[-4:]}",
        alias=f"service-{number}",
        models=["m", "gpt-4o-mini", "claude-*"],
        spend="12.345678",
        metadata={"cost_center": f"cc-{number % 1000}", "owner": f"person{number}@example.org"},
    )
    return record_name(KEY, record.hash), msgspec.json.encode(record)


async def fill(bus: Bus, keys: int) -> None:
    """Write config and keys; keys go unacknowledged, with an acknowledged one after each batch."""
    await bus.ensure_layout()
    params = {"mock_response": "Hello."}
    deployment = Deployment(id="d", model_name="m", provider="openai", model="m", params=params)
    records = {
        record_name(DEPLOYMENT, "d"): msgspec.json.encode(deployment),
        record_name(SETTINGS, "global"): msgspec.json.encode(Settings()),
    }
    for name, value in records.items():
        await bus.kv_put(CONFIG_BUCKET, name, value)
    head = Head(1, digest_of(records), len(records))
    await bus.kv_put(CONFIG_BUCKET, HEAD, msgspec.json.encode(head))
    for number in range(keys):
        name, value = record_of(number)
        await bus.nc.publish(f"$KV.{KEYS_BUCKET}.{name}", value)
        if number % BATCH == BATCH - 1:
            await bus.kv_put(KEYS_BUCKET, name, value, timeout_s=60)
    await bus.nc.flush(60)


async def stored(bus: Bus) -> int:
    """Return how many keys NATS holds."""
    async with bus.talk("state", 10):
        return int((await bus.js.stream_info(f"KV_{KEYS_BUCKET}")).state.messages)


async def look_up(bus: Bus, keys: int, table: Table) -> None:
    """Time look-ups in this process: of keys asked for the first time, of cached ones, of unknown ones."""
    lookup = KeyLookup(bus, lambda: True, keys)
    following = asyncio.create_task(lookup.follow())
    while not lookup.following:  # noqa: ASYNC110  nothing tells
        await asyncio.sleep(0.01)
    some = range(0, keys, max(1, keys // LOOK_UPS))
    known = [hash_of(secret_of(number)) for number in some]
    table.row("look-up on a miss", spread_ms(await timed(lookup, known)))
    table.row("look-up on a hit", spread_ms(await timed(lookup, known)))
    unknown = [hash_of(f"sk-unknown-{number}") for number in some]
    table.row("look-up of an unknown key", spread_ms(await timed(lookup, unknown)))
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def timed(lookup: KeyLookup, hashes: Iterable[str]) -> list[float]:
    """Look up one after another and return how long each took."""
    took = []
    for hashed in hashes:
        began = time.perf_counter()
        await lookup.key(hashed)
        took.append(time.perf_counter() - began)
    return took


async def cpu_per_call(
    gateway: Gateway, http: aiohttp.ClientSession, keys: Iterable[str], status: int, body: object = CHAT
) -> float:
    """Return the gateway's CPU seconds per call, over calls that must all get one status."""
    waiting = iter(keys)
    statuses: list[int] = []

    async def client() -> None:
        for key in waiting:
            statuses.append(await gateway.ask(http, key, body))

    before = cpu_s(gateway.pid)
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    if set(statuses) != {status}:
        raise SystemExit(f"expected {status}, got {set(statuses)}")
    return (cpu_s(gateway.pid) - before) / len(statuses)


async def memory(gateway: Gateway, http: aiohttp.ClientSession, cached: int, table: Table) -> None:
    """Measure what a gateway needs per key in its cache: the growth over many, after a warm-up."""
    await cpu_per_call(gateway, http, [secret_of(0)] * 2000, 200)
    before = memory_mib(gateway.pid)
    table.row("memory of a gateway", f"{before:.1f} MiB")
    each = await cpu_per_call(gateway, http, (secret_of(number) for number in range(1, cached + 1)), 200)
    after = memory_mib(gateway.pid)
    table.row(f"memory with {cached} keys in its cache", f"{after:.1f} MiB")
    table.row("memory per cached key", f"{(after - before) * 1048576 / cached:.0f} bytes")
    table.row("CPU of a call with a key that is looked up", f"{each * 1e6:.0f} us")


async def rejections(home: Path, nats_url: str, calls: int, table: Table) -> None:
    """Measure what a rejected key costs."""
    long = {**CHAT, "messages": [{"role": "user", "content": "x" * 100_000}]}
    async with aiohttp.ClientSession() as http:
        async with Gateway(home / "open", nats_url) as gateway:
            await gateway.first_answer(http, secret_of(0))
            told = await cpu_per_call(gateway, http, [secret_of(0)] * calls, 200)
            table.row("CPU of a served call (canned answer)", f"{told * 1e6:.0f} us")
            told = await cpu_per_call(gateway, http, (f"sk-guess-{n}" for n in range(calls)), 401)
            table.row("CPU of an unknown key, each another one", f"{told * 1e6:.0f} us")
            told = await cpu_per_call(gateway, http, ["sk-wrong"] * calls, 401)
            table.row("CPU of an unknown key, the same again", f"{told * 1e6:.0f} us")
            told = await cpu_per_call(gateway, http, ["sk-wrong"] * (calls // 4), 401, long)
            table.row("CPU of an unknown key with a body of 100 KB", f"{told * 1e6:.0f} us")
        async with Gateway(home / "strict", nats_url, TIANJI_UNKNOWN_KEYS_PER_MINUTE="1") as gateway:
            await gateway.first_answer(http, secret_of(0))
            await gateway.ask(http, "sk-guess")
            told = await cpu_per_call(gateway, http, (f"sk-guess-{n}" for n in range(calls // 2)), 429)
            table.row("CPU of an unknown key past the limit", f"{told * 1e6:.0f} us")
            if await gateway.ask(http, secret_of(0)) != 200:
                raise SystemExit("a key in use was refused beside a guesser")


async def starts(home: Path, nats: Nats, table: Table) -> None:
    """Time the first answer after a start: with NATS, and from disk without it."""
    async with aiohttp.ClientSession() as http:
        for name in ("first answer after a start", "first answer after a restart"):
            began = time.monotonic()
            async with Gateway(home / "starts", nats.url) as gateway:
                await gateway.first_answer(http, secret_of(0))
                table.row(name, f"{time.monotonic() - began:.2f} s")
        await asyncio.to_thread(nats.stop)
        began = time.monotonic()
        async with Gateway(home / "starts", nats.url) as gateway:
            await gateway.first_answer(http, secret_of(0))
            table.row("first answer after a restart without NATS", f"{time.monotonic() - began:.2f} s")


async def run(folder: Path, keys: int, cached: int, calls: int) -> None:
    """Measure all of it."""
    table = Table(f"{keys} keys in NATS, {cached} of them in the cache of one gateway")
    nats = Nats(folder / "nats")
    bus = await Bus.connect(nats.start(), "bench")
    try:
        await bus.wait_connected(10)
        await fill(bus, keys)
        if (count := await stored(bus)) != keys:
            raise SystemExit(f"NATS holds {count} keys instead of {keys}")
        assert nats.pid is not None
        table.row("keys are in NATS, whose memory is", f"{memory_mib(nats.pid):.0f} MiB")
        await look_up(bus, keys, table)
        async with aiohttp.ClientSession() as http, Gateway(folder / "memory", nats.url) as gateway:
            await gateway.first_answer(http, secret_of(0))
            await memory(gateway, http, cached, table)
        await rejections(folder, nats.url, calls, table)
        await starts(folder, nats, table)
    finally:
        await bus.close()
        nats.stop()
