"""Runs coding agents through a gateway that has a scripted provider of every dialect behind it.

make agents K="codex.bedrock" JOBS=2
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
from pathlib import Path

import aiohttp
import yaml
from agents.clis import AGENTS, Agent
from agents.groups import GROUPS, config
from agents.model import answer
from agents.runs import Run, Stage, tell
from agents.scenes import SCENES

from tianji_testkit.scripted import ScriptedProviders, dialects
from tianji_testkit.system import System


def main() -> int:
    """Run all and return 0 where nothing is wrong."""
    parser = argparse.ArgumentParser(prog="make agents", description=__doc__)
    parser.add_argument("-k", default="", help="a regular expression for agent|model|scene: only these")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a folder for what agents printed and providers were asked")
    options = parser.parse_args()
    found = {agent: program for agent in AGENTS if (program := agent.find())}
    for agent in AGENTS:
        if agent not in found:
            print(f"no {agent.name}: neither {agent.variable} nor the PATH names it")
    if not found:
        return 1
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    # Below the home: Codex uses no programs of its own from below the folder for temporary files.
    with tempfile.TemporaryDirectory(prefix=".tianji-agents-", dir=Path.home()) as folder:
        return asyncio.run(_run(options, found, Path(folder)))


async def _run(options: argparse.Namespace, found: dict[type[Agent], str], folder: Path) -> int:
    async with ScriptedProviders(dialects(), answer) as providers:
        with (
            tempfile.TemporaryDirectory(prefix="tianji-agents-") as place,
            System(Path(place), config=yaml.safe_dump(config(providers))) as system,
        ):
            key = await _key(system)
            agents = [agent(program, system.url, key) for agent, program in found.items()]
            runs = [Run(agent, name, scene) for agent in agents for name in GROUPS for scene in SCENES]
            runs = [run for run in runs if re.search(options.k, run.name)]
            stage = Stage(providers, folder, options.keep, asyncio.Semaphore(options.jobs))
            await asyncio.gather(*(stage.play(run) for run in runs))
    tell(runs)
    return 1 if any(run.wrong for run in runs) else 0


async def _key(system: System) -> str:
    """Make a virtual key, as users of agents have one."""
    headers = {"authorization": f"Bearer {system.master_key}"}
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        session.post(system.url + "/key/generate", headers=headers, json={}) as response,
    ):
        return str((await response.json())["key"])


if __name__ == "__main__":
    sys.exit(main())
