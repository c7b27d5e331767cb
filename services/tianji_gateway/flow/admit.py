"""May this principal do this now: its routes, and the models of its key, team and user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from tianji.errors import BadRequest, PermissionDenied
from tianji_gateway.flow.identify import Principal
from tianji_gateway.flow.receive import Call, Inference
from tianji_gateway.routing.known import names_of
from tianji_gateway.snapshot.model import Snapshot, Target

ALL_MODELS = frozenset({"all-proxy-models", "*"})
TEAM_MODELS = "all-team-models"
NO_MODELS = "no-default-models"

INFERENCE_GROUPS = frozenset({"llm_api_routes", "openai_routes", "anthropic_routes", "google_routes"})
"""Names that stand for all inference paths in a key's `allowed_routes`."""


class Grant(Struct):
    """What a call was allowed."""

    model: str
    """The model's name with the aliases of key and team replaced."""
    group: str
    """The model group that serves it."""
    targets: tuple[Target, ...]


def admit_route(call: Call, principal: Principal) -> None:
    """Raise PermissionDenied when the key may not call this path."""
    allowed = principal.key.allowed_routes
    if not allowed or principal.master:
        return
    if not any(_covers(entry, call.route) for entry in allowed):
        raise PermissionDenied(
            f"Virtual key is not allowed to call this route. Only allowed to call routes: {allowed}. "
            f"Tried to call route: {call.route}"
        )


def admit(inference: Inference, principal: Principal, snapshot: Snapshot) -> Grant:
    """Return what the call may use. Raises PermissionDenied, or BadRequest for an unknown model."""
    model = _unaliased(inference.model, principal)
    team_id = principal.key.team_id
    if not principal.master:
        _check_models(model, principal, snapshot)
    targets = snapshot.targets_for(model, team_id)
    if not targets:
        raise BadRequest(
            f"{inference.call.route}: Invalid model name passed in model={inference.model}. "
            "Call `/v1/models` to view available models for your key.",
            param="model",
        )
    return Grant(model, snapshot.group_of(model), targets)


def visible_models(principal: Principal, snapshot: Snapshot) -> list[str]:
    """List the models that a caller may use, for `/v1/models`."""
    team_id = principal.key.team_id
    names = snapshot.model_names(team_id)
    if not principal.master:
        names = [name for name in names if _refusal(name, principal, snapshot) is None]
    for pattern in snapshot.candidates.open_patterns(team_id):
        known = names_of(pattern)
        if not principal.master and _refusal(pattern.name, principal, snapshot) is not None:
            known = (name for name in known if _named(name, principal))
        names += known
    return list(dict.fromkeys(names))


def _named(model: str, principal: Principal) -> bool:
    """Say whether every list of models lets one of its entries stand for this model."""
    return all(
        not models or any(_covers_model(entry, model) for entry in models) for _, models in _lists(principal)
    )


def _check_models(model: str, principal: Principal, snapshot: Snapshot) -> None:
    refusal = _refusal(model, principal, snapshot)
    if refusal is not None:
        who, models = refusal
        raise PermissionDenied(
            f"{who} not allowed to access model. This {who} can only access models={list(models)}. "
            f"Tried to access {model}",
            type=f"{who}_model_access_denied",
            param="model",
        )


def _refusal(model: str, principal: Principal, snapshot: Snapshot) -> tuple[str, Sequence[str]] | None:
    """Return whose list of models lacks this one, and that list."""
    for who, models in _lists(principal):
        if models and not _allowed(model, models, snapshot, principal.key.team_id):
            return who, models
    return None


def _lists(principal: Principal) -> Iterator[tuple[str, Sequence[str]]]:
    """Walk the lists that must all allow a model; an empty one allows every model."""
    key, team, user = principal.key, principal.team, principal.user
    if TEAM_MODELS not in key.models:
        yield "key", key.models
    if team is not None:
        yield "team", team.models
    elif user is not None:
        yield "user", user.models


def _allowed(model: str, models: Iterable[str], snapshot: Snapshot, team_id: str | None) -> bool:
    names = {model, snapshot.group_of(model)}
    if any(_covers_model(entry, name) for entry in models for name in names):
        return True
    groups = _access_groups(snapshot.targets_for(model, team_id))
    return not groups.isdisjoint(models)


def _covers_model(entry: str, name: str) -> bool:
    return entry in ALL_MODELS or entry == name or ("*" in entry and _matches(entry, name))


def _access_groups(targets: Iterable[Target]) -> set[str]:
    """Return the names that deployments are granted under together (`model_info.access_groups`)."""
    found: set[str] = set()
    for target in targets:
        groups = target.deployment.info.get("access_groups")
        if isinstance(groups, list):
            found.update(group for group in groups if isinstance(group, str))
    return found


def _unaliased(model: str, principal: Principal) -> str:
    model = principal.key.aliases.get(model, model)
    if principal.team is not None:
        model = principal.team.aliases.get(model, model)
    return model


def _covers(entry: str, route: str) -> bool:
    if entry in INFERENCE_GROUPS or entry == route:
        return True
    return entry.startswith("/") and entry.endswith("*") and route.startswith(entry[:-1])


def _matches(pattern: str, name: str) -> bool:
    """Tell whether a name fits a pattern in which `*` stands for any text."""
    first, *rest = pattern.split("*")
    if not name.startswith(first):
        return False
    position = len(first)
    for part in rest[:-1]:
        found = name.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return len(name) - position >= len(rest[-1]) and name.endswith(rest[-1])
