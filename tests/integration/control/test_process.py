"""The control plane as a process: started, reloaded by SIGHUP, stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tianji.embedded import ports

KEY = "sk-master-of-process"
CONFIG = "model_list:\n  - {model_name: NAME, litellm_params: {model: openai/gpt-4o, api_key: sk-file-key}}\n"


@pytest.fixture
def environ(postgres_url: str, nats_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": postgres_url,
        "NATS_URL": nats_url,
        "TIANJI_HOME": str(tmp_path),
        "TIANJI_MASTER_KEY": KEY,
        "TIANJI_SALT_KEY": "salt",
        "TIANJI_CONFIG": str(tmp_path / "config.yaml"),
        "TIANJI_LOG_FORMAT": "text",
    }


def start(environ: dict[str, str], port: int, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tianji_cli", "control", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as output:
        return subprocess.Popen(command, env=environ, stdout=output, stderr=subprocess.STDOUT)


def logged(log: Path) -> str:
    return log.read_text()


@asynccontextmanager
async def client_of(port: int) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as client:
        async with asyncio.timeout(30):
            while True:
                try:
                    async with client.get("/health/readiness") as answer:
                        if answer.status == 200:
                            break
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.05)
        yield client


async def told(log: Path, text: str) -> None:
    """Wait until a process has logged something."""
    async with asyncio.timeout(30):
        found = text in logged(log)
        while not found:
            await asyncio.sleep(0.05)
            found = text in logged(log)


async def names(client: aiohttp.ClientSession) -> list[str]:
    async with client.get("/model/info") as answer:
        assert answer.status == 200
        return [entry["model_name"] for entry in (await answer.json())["data"]]


async def test_sighup_reads_the_config_again_and_drops_no_request(
    environ: dict[str, str], tmp_path: Path
) -> None:
    config, log, port = tmp_path / "config.yaml", tmp_path / "log", ports.free()
    config.write_text(CONFIG.replace("NAME", "before"))
    process = start(environ, port, log)
    try:
        async with client_of(port) as client:
            assert await names(client) == ["before"]
            config.write_text(CONFIG.replace("NAME", "after"))
            process.send_signal(signal.SIGHUP)
            async with asyncio.timeout(30):
                while await names(client) != ["after"]:  # each of these requests must be answered
                    continue
            config.write_text("model_list: 3\n")
            process.send_signal(signal.SIGHUP)
            async with asyncio.timeout(30):
                while "config file refused" not in logged(log):
                    assert await names(client) == ["after"]
            async with client.post("/key/generate", json={}) as answer:
                assert answer.status == 200
        process.terminate()
        assert await asyncio.to_thread(process.wait, 15) == 0
        text = logged(log)
        assert "Respawning" not in text and "Traceback" not in text
        assert KEY not in text and "sk-file-key" not in text
    finally:
        process.kill()
        process.wait()


async def test_a_config_with_errors_ends_the_start_with_all_of_them(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text("model_list: 3\nrouter_settings: 4\n")
    process = start(environ, ports.free(), tmp_path / "log")
    assert await asyncio.to_thread(process.wait, 30) == 1
    text = (tmp_path / "log").read_text()
    assert "model_list" in text and "router_settings" in text and "Traceback" not in text


async def test_it_serves_health_while_it_waits_for_its_servers(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text("model_list: []\n")
    dead = ports.free()
    environ |= {
        "DATABASE_URL": f"postgresql://u:hidden-password@127.0.0.1:{dead}/d",
        "NATS_URL": f"nats://127.0.0.1:{dead}",
    }
    port, log = ports.free(), tmp_path / "log"
    process = start(environ, port, log)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            status = 0
            async with asyncio.timeout(30):
                while status != 200:
                    try:
                        async with client.get("/health/liveliness") as answer:
                            status = answer.status
                    except aiohttp.ClientConnectionError:
                        await asyncio.sleep(0.05)
            async with client.get("/health/readiness") as answer:
                assert answer.status == 503
            async with client.get("/key/list", headers={"authorization": f"Bearer {KEY}"}) as answer:
                assert answer.status == 503
        await told(log, "waiting for Postgres")
        process.terminate()
        assert await asyncio.to_thread(process.wait, 15) == 0
        text = logged(log)
        assert text.count("waiting for Postgres") == 1 and "hidden-password" not in text
    finally:
        process.kill()
        process.wait()
