"""The two lists that become records: `model_list` and `credential_list`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from msgspec import Struct

from tianji.config.problems import Place, Problems
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


def read_models(
    checked: Any, source: Entry | None, problems: Problems, credentials: Collection[str]
) -> list[ModelEntry]:
    """Pair what was checked of `model_list` with its places; what lacks a name is left out."""
    models: list[ModelEntry] = []
    for at, (node, value) in enumerate(_pairs(checked, source)):
        params, path = value.get("litellm_params"), f"model_list[{at}]"
        if not isinstance(value.get("model_name"), str) or not isinstance(params, dict):
            continue
        named = params.get("litellm_credential_name")
        if isinstance(named, str) and named not in credentials:
            where = f"{path}.litellm_params.litellm_credential_name"
            message = f"credential_list has no {named}; the model has no credential until the API makes it"
            problems.warn(node.place, where, message, once=("credential", named))
        info = value.get("model_info") or {}
        for one, about in _by_organization(params, info):
            models.append(ModelEntry(value["model_name"], one, about, node.place, path))
    return models


def read_credentials(checked: Any, source: Entry | None, problems: Problems) -> dict[str, CredentialEntry]:
    """Index `credential_list` by name; every text of a credential counts as a secret."""
    found: dict[str, CredentialEntry] = {}
    for at, (node, value) in enumerate(_pairs(checked, source)):
        name = value.get("credential_name")
        if not isinstance(name, str):
            continue
        if name in found:
            message = f"{name} is given twice; this one replaces line {found[name].place.line}"
            problems.warn(node.place, f"credential_list[{at}]", message)
        values = {
            part: Secret(text) if isinstance(text, str) else text
            for part, text in (value.get("credential_values") or {}).items()
        }
        found[name] = CredentialEntry(name, values, value.get("credential_info") or {}, node.place)
    return found


def _pairs(checked: Any, source: Entry | None) -> Iterator[tuple[Node, dict[str, Any]]]:
    """Pair the items of a checked list with their nodes."""
    if source is not None and isinstance(checked, list):
        yield from zip(source.node.value, checked, strict=True)


def _by_organization(
    params: dict[str, Any], info: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Give each of several OpenAI organizations a deployment of its own, as LiteLLM does."""
    organizations = params.get("organization")
    if not isinstance(organizations, list):
        yield params, info
        return
    for at, organization in enumerate(organizations or [None]):
        about = {**info, "id": f"{info['id']}-{at + 1}"} if at and info.get("id") else info
        yield {**params, "organization": organization}, about
