"""A config file as values with every problem at once: `load` and `parse`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from tianji.config import deltallm
from tianji.config.alerting import SECTION, judge_alerting
from tianji.config.budgets import judge_budgets
from tianji.config.check import Checker
from tianji.config.entries import CredentialEntry, ModelEntry, read_credentials, read_models
from tianji.config.environment import judge_variables, read_variables
from tianji.config.fields import ENVIRONMENT, TOP, table
from tianji.config.files import Reader
from tianji.config.priorities import SECTION as CALLS
from tianji.config.priorities import judge_priorities
from tianji.config.problems import Place, Problem, Problems
from tianji.config.tree import Entry, Node
from tianji.settings import Secret


class Loaded(Struct, frozen=True):
    """A config as the rest of the system takes it, in canonical spelling.

    With errors the values are what could be read; nobody may act on them.
    """

    models: list[ModelEntry]
    litellm_settings: dict[str, Any]
    router_settings: dict[str, Any]
    general_settings: dict[str, Any]
    credentials: dict[str, CredentialEntry]
    environment: dict[str, Secret]
    """Variables that the config sets; they go before those of the process."""
    other: dict[str, Any]
    """All other top-level sections, as plain values."""
    problems: list[Problem]
    documents: list[Path]
    """Every file that was read, or should have been."""

    @property
    def errors(self) -> list[Problem]:
        """List the problems that keep this config from being used."""
        return [problem for problem in self.problems if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """List what does not work as written, though the config can be used."""
        return [problem for problem in self.problems if problem.severity == "warning"]


def load(path: Path, environ: Mapping[str, str]) -> Loaded:
    """Read a config file with all it includes; faults are reported, never raised."""
    problems = Problems()
    reader = Reader(problems)
    entries = reader.file(path)
    return _loaded(entries, str(path), environ, problems, reader.documents)


def parse(text: str, name: str, environ: Mapping[str, str]) -> Loaded:
    """Read a config from a text; `name` stands for the file in problems."""
    problems = Problems()
    entries = Reader(problems).text(text, name)
    return _loaded(entries, name, environ, problems, [])


def _loaded(
    entries: dict[str, Entry],
    name: str,
    environ: Mapping[str, str],
    problems: Problems,
    documents: list[Path],
) -> Loaded:
    fields = table()
    variables = entries.pop(ENVIRONMENT, None)
    environment = read_variables(variables, Checker(fields, problems, environ))
    known = {**environ, **{name: value.reveal() for name, value in environment.items()}}
    checker = Checker(fields, problems, known)
    sections = checker.section(Node(entries, Place(name, 1, 1)), TOP, "")
    credentials = read_credentials(
        sections.pop("credential_list", None), entries.get("credential_list"), problems
    )
    models = read_models(sections.pop("model_list", None), entries.get("model_list"), problems, credentials)
    judge_variables(variables, environment, checker)
    judge_alerting(entries.get(SECTION), sections.get(SECTION) or {}, problems)
    judge_budgets(entries, sections, models, problems)
    judge_priorities(entries.get(CALLS), sections.get(CALLS) or {}, problems)
    deltallm.adopt(sections)
    router = sections.pop("router_settings", None) or {}
    if "max_retries" in router:
        router.setdefault("num_retries", router.pop("max_retries"))
    return Loaded(
        models=models,
        litellm_settings=sections.pop("litellm_settings", None) or {},
        router_settings=router,
        general_settings=sections.pop("general_settings", None) or {},
        credentials=credentials,
        environment=environment,
        other=sections,
        problems=problems.listed(),
        documents=documents,
    )
