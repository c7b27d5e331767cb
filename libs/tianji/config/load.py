"""A config file as values with every problem at once: `load` and `parse`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from tianji.config import deltallm
from tianji.config.check import Checker
from tianji.config.environment import judge_variables, read_variables
from tianji.config.fields import ENVIRONMENT, TOP, table
from tianji.config.files import Reader
from tianji.config.problems import Place, Problem, Problems
from tianji.config.tree import Entry, Node
from tianji.settings import Secret


class ModelEntry(Struct, frozen=True):
    """One entry of `model_list`; secrets and references in `params` are wrapped."""

    model_name: str
    params: dict[str, Any]
    model_info: dict[str, Any]
    place: Place
    path: str


class CredentialEntry(Struct, frozen=True):
    """One entry of `credential_list`; every text in `values` is wrapped."""

    name: str
    values: dict[str, Any]
    info: dict[str, Any]
    place: Place


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
    entries = Reader(problems).text(text, name, None)
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
    credentials = _credentials(
        sections.pop("credential_list", None), entries.get("credential_list"), problems
    )
    models = _models(sections.pop("model_list", None), entries.get("model_list"), problems, credentials)
    judge_variables(variables, environment, checker)
    deltallm.adopt(sections)
    return Loaded(
        models=models,
        litellm_settings=sections.pop("litellm_settings", None) or {},
        router_settings=sections.pop("router_settings", None) or {},
        general_settings=sections.pop("general_settings", None) or {},
        credentials=credentials,
        environment=environment,
        other=sections,
        problems=problems.listed(),
        documents=documents,
    )


def _models(
    values: Any, entry: Entry | None, problems: Problems, credentials: Collection[str]
) -> list[ModelEntry]:
    """Pair what was read of `model_list` with its places; entries that lack a name are left out."""
    models: list[ModelEntry] = []
    for at, (node, value) in enumerate(_pairs(values, entry)):
        params, path = value.get("litellm_params"), f"model_list[{at}]"
        if not isinstance(value.get("model_name"), str) or not isinstance(params, dict):
            continue
        named = params.get("litellm_credential_name")
        if isinstance(named, str) and named not in credentials:
            message = f"credential_list has no {named}; the model has no credential until the API makes it"
            problems.warn(
                node.place,
                f"{path}.litellm_params.litellm_credential_name",
                message,
                once=("credential", named),
            )
        models.append(
            ModelEntry(
                model_name=value["model_name"],
                params=params,
                model_info=value.get("model_info") or {},
                place=node.place,
                path=path,
            )
        )
    return models


def _credentials(values: Any, entry: Entry | None, problems: Problems) -> dict[str, CredentialEntry]:
    """Index `credential_list` by name; every text of a credential counts as a secret."""
    found: dict[str, CredentialEntry] = {}
    for at, (node, value) in enumerate(_pairs(values, entry)):
        name = value.get("credential_name")
        if not isinstance(name, str):
            continue
        if name in found:
            first = found[name].place.line
            problems.warn(
                node.place, f"credential_list[{at}]", f"{name} is given twice; this one replaces line {first}"
            )
        held = {
            part: Secret(text) if isinstance(text, str) else text
            for part, text in (value.get("credential_values") or {}).items()
        }
        found[name] = CredentialEntry(name, held, value.get("credential_info") or {}, node.place)
    return found


def _pairs(values: Any, entry: Entry | None) -> Iterator[tuple[Node, dict[str, Any]]]:
    """Pair the items of a checked list with their nodes."""
    if entry is not None and isinstance(values, list):
        yield from zip(entry.node.value, values, strict=True)
