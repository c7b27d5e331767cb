"""One agent in one scene in front of one model: how it is run, judged and told."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from pathlib import Path

from agents.clis import Agent, Ended
from agents.model import NOTE
from agents.scenes import Scene

from tianji_testkit.scripted import ScriptedProviders
from tianji_testkit.scripted.contract import Asked


@dataclass
class Run:
    """A cell of the table."""

    agent: Agent
    group: str
    scene: Scene
    wrong: str = ""

    @property
    def name(self) -> str:
        """Return what the run is called."""
        return f"{self.agent.name}|{self.group}|{self.scene.name}"

    @property
    def model(self) -> str:
        """Return the name that the agent asks for."""
        return f"{self.agent.known}-{self.group}" if self.scene.known else self.group


@dataclass
class Stage:
    """Where runs are played, a few at a time."""

    providers: ScriptedProviders
    folder: Path
    keep: Path | None
    gate: asyncio.Semaphore

    async def play(self, run: Run) -> None:
        """Run an agent in a folder of its own; say what is wrong."""
        async with self.gate:
            # The mark tells the requests of this run from those of others that go on beside it.
            mark, word = f"run-{secrets.token_hex(6)}", f"word-{secrets.token_hex(6)}"
            project = _project(self.folder / mark, word)
            ended = await run.agent.ask(run.model, f"{run.scene.prompt} ({mark})", self.folder / mark)
            asked = [one for one in self.providers.asked if mark.encode() in one.body]
            run.wrong = _wrong(run, word, ended, project, asked)
            print(f"{run.name}: {run.wrong or 'ok'}  ({len(asked)} requests)", flush=True)
            if self.keep:
                _keep(self.keep / run.name.replace("|", "-"), ended, asked)


def _project(folder: Path, word: str) -> Path:
    project = folder / "project"
    project.mkdir(parents=True)
    (project / NOTE).write_text(word + "\n")
    return project


def _wrong(run: Run, word: str, ended: Ended, project: Path, asked: list[Asked]) -> str:
    refused = sorted({f"{one.path}: {one.refused}" for one in asked if one.refused})
    if refused:
        return "the provider refused: " + "; ".join(refused)
    if not asked:
        return f"no request arrived: {ended.printed[-300:]!r}"
    wrong = run.scene.wrong(word, ended.said, project)
    if wrong or ended.status:
        return f"{wrong or 'failed'} (status {ended.status}): {ended.said[:200]!r}"
    return ""


def _keep(base: Path, ended: Ended, asked: list[Asked]) -> None:
    base.with_suffix(".out").write_text(f"{ended.printed}\n\n{ended.said}\n")
    for number, one in enumerate(asked):
        place = base.with_name(f"{base.name}-{number}")
        head = [f"{one.method} {one.target}", *(f"{name}: {value}" for name, value in one.headers.items())]
        place.with_suffix(".head").write_text("\n".join(head) + "\n")
        place.with_suffix(".json").write_bytes(one.body)


def tell(runs: list[Run]) -> None:
    """Print the table: a row for each model, a column for each agent and scene."""
    columns = list(dict.fromkeys((run.agent.name, run.scene.name) for run in runs))
    outcomes = {(run.group, run.agent.name, run.scene.name): run for run in runs}
    rows = list(dict.fromkeys(run.group for run in runs))
    first = max(map(len, rows), default=0)
    heads = [" ".join(column) for column in columns]
    print("\n" + "  ".join([" " * first, *heads]))
    for row in rows:
        cells = [outcomes.get((row, *column)) for column in columns]
        marks = ["-" if cell is None else "FAIL" if cell.wrong else "ok" for cell in cells]
        line = [row.ljust(first), *(m.center(len(h)) for m, h in zip(marks, heads, strict=True))]
        print("  ".join(line).rstrip())
    print(f"\n{sum(not run.wrong for run in runs)} of {len(runs)} runs hold")
