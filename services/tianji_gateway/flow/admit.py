"""May this principal do this now: its routes, and the models of its key and all above it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from tianji.domain.access import Refusal, allows, barred_model, barred_route, levels
from tianji.domain.addresses import within
from tianji.errors import BadRequest, PermissionDenied
from tianji_gateway.flow.identify import Principal, address_of
from tianji_gateway.flow.receive import Call, Inference
from tianji_gateway.routing.known import names_of
from tianji_gateway.snapshot.model import Snapshot, Target


class Grant(Struct):
    """What a call was allowed."""

    model: str
    """The model's name with the aliases of key and team replaced."""
    group: str
    """The model group that serves it."""
    targets: tuple[Target, ...]
    canned: bool = False
    """Whether they answer with what the request says."""


def admit_route(call: Call, principal: Principal, snapshot: Snapshot) -> None:
    """Raise PermissionDenied when nobody may call from this address, or the key not this path."""
    if snapshot.allowed_ips is not None:
        address = address_of(call, snapshot)
        if not within(address, snapshot.allowed_ips):
            raise PermissionDenied(
                f"Access forbidden: IP address {address} not allowed; an admin can /add/allowed_ip"
            )
    if not principal.master and barred_route(principal.key, call.route) is not None:
        raise PermissionDenied(
            "Virtual key is not allowed to call this route. "
            f"Only allowed to call routes: {principal.key.allowed_routes}. "
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
    if snapshot.settings.calls.get("block_requests_for_models_without_pricing") is True:
        _check_priced(model, targets)
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


def _check_priced(model: str, targets: Iterable[Target]) -> None:
    """Raise PermissionDenied where a call might cost what nobody knows."""
    if all(target.price.known for target in targets):
        return
    raise PermissionDenied(
        f"The model {model} has no price, and models without one are refused here. Set "
        "input_cost_per_token and output_cost_per_token in its model_info",
        type="model_cost_map_missing",
        param="model",
    )


def _named(model: str, principal: Principal) -> bool:
    """Say whether every list of models lets one of its entries stand for this model."""
    return all(not level.models or allows(level.models, [model]) for level in levels(principal.chain))


def _check_models(model: str, principal: Principal, snapshot: Snapshot) -> None:
    refusal = _refusal(model, principal, snapshot)
    if refusal is not None:
        who = refusal.who
        raise PermissionDenied(
            f"{who} not allowed to access model. This {who} can only access models={list(refusal.models)}. "
            f"Tried to access {model}",
            type=f"{'org' if who == 'organization' else who}_model_access_denied",
            param="model",
        )


def _refusal(model: str, principal: Principal, snapshot: Snapshot) -> Refusal | None:
    """Return whose list of models lacks this one."""
    return barred_model(
        principal.chain,
        {model, snapshot.group_of(model)},
        lambda: _access_groups(snapshot.targets_for(model, principal.key.team_id)),
    )


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
