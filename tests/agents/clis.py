"""The agents' command lines: how they are found, pointed at a gateway, and asked."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 120


@dataclass(frozen=True)
class Ended:
    """How a run ended: what the agent said last, and all that it printed."""

    status: int
    said: str
    printed: str


class Agent(ABC):
    """One agent's command line."""

    name: str
    variable: str
    """The environment variable that may name the program."""
    known: str
    """How names of models begin that the agent knows: it asks more of them."""

    def __init__(self, program: str, gateway: str, key: str) -> None:
        self.program = program
        self.gateway = gateway
        self.key = key

    @classmethod
    def find(cls) -> str | None:
        """Return the program, where there is one."""
        return os.environ.get(cls.variable) or shutil.which(cls.name)

    @abstractmethod
    def environ(self, home: Path) -> dict[str, str]:
        """Return the settings of an agent that knows nothing but the gateway."""

    @abstractmethod
    def command(self, model: str, prompt: str, home: Path) -> list[str]:
        """Return the command that asks once and may use tools; it may write files into the home."""

    @abstractmethod
    def said(self, printed: str, home: Path) -> str:
        """Return what the agent said last."""

    async def ask(self, model: str, prompt: str, folder: Path) -> Ended:
        """Ask once, in an environment and a home of the run's own; files are in `folder`/project."""
        home = folder / "home"
        home.mkdir()
        kept = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "dumb", "LANG": "C.UTF-8"}
        process = await asyncio.create_subprocess_exec(
            *self.command(model, prompt, home),
            cwd=folder / "project",
            env=kept | self.environ(home),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                output, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            return Ended(-1, "", f"no end within {TIMEOUT_S} s")
        printed = output.decode(errors="replace")
        return Ended(process.returncode or 0, self.said(printed, home), printed)


class Claude(Agent):
    """Claude Code."""

    name = "claude"
    variable = "CLAUDE_BIN"
    known = "claude-haiku-4-5"

    def environ(self, home: Path) -> dict[str, str]:
        """Name the gateway as Anthropic's address."""
        return {
            "ANTHROPIC_BASE_URL": self.gateway,
            "ANTHROPIC_AUTH_TOKEN": self.key,
            "DISABLE_AUTOUPDATER": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "DISABLE_TELEMETRY": "1",
        }

    def command(self, model: str, prompt: str, home: Path) -> list[str]:
        """Print all messages; a model of its own for small tasks would be another group."""
        settings = {"env": {"ANTHROPIC_DEFAULT_HAIKU_MODEL": model}}
        return [
            self.program, "-p", prompt, "--model", model, "--settings", json.dumps(settings),
            "--allowedTools", "Bash,Read,Write,Edit", "--output-format", "stream-json", "--verbose",
        ]  # fmt: skip

    def said(self, printed: str, home: Path) -> str:
        """Take the result line."""
        for line in printed.splitlines():
            if line.startswith("{") and (event := json.loads(line)).get("type") == "result":
                return "" if event.get("is_error") else str(event.get("result"))
        return ""


class Codex(Agent):
    """Codex CLI."""

    name = "codex"
    variable = "CODEX_BIN"
    known = "gpt-5.5"
    _config = """
model = "{model}"
model_provider = "tianji"
check_for_update_on_startup = false

[model_providers.tianji]
name = "TianjiLLM"
base_url = "{gateway}/v1"
env_key = "TIANJI_KEY"
wire_api = "responses"
supports_websockets = {sockets}

[analytics]
enabled = false
"""

    def environ(self, home: Path) -> dict[str, str]:
        """Give the key under the name that the config file has."""
        return {"TIANJI_KEY": self.key}

    def command(self, model: str, prompt: str, home: Path) -> list[str]:
        """Write the config file; run without a sandbox, which containers seldom allow."""
        sockets = "true" if model.startswith(self.known) else "false"  # tried first, and declined
        config = home / ".codex" / "config.toml"
        config.parent.mkdir()
        config.write_text(self._config.format(model=model, gateway=self.gateway, sockets=sockets))
        return [
            self.program, "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox",
            "--json", "--output-last-message", str(home / "last.txt"), prompt,
        ]  # fmt: skip

    def said(self, printed: str, home: Path) -> str:
        """Take the last message from where it was to be written."""
        last = home / "last.txt"
        return last.read_text() if last.exists() else ""


AGENTS: tuple[type[Agent], ...] = (Claude, Codex)
