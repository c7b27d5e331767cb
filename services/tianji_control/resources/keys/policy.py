"""What the config says of new keys: their defaults, their bounds, and who may make them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tianji.errors import BadRequest
from tianji_control import durations
from tianji_control.access.permits import Actor
from tianji_control.access.roles import Role

Said = dict[str, Any]

DEFAULTED = (
    *("max_budget", "user_id", "team_id", "max_parallel_requests", "tpm_limit", "rpm_limit"),
    *("budget_duration", "duration"),
)
AMOUNTS = ("max_budget", "max_parallel_requests", "tpm_limit", "rpm_limit")
DURATIONS = ("budget_duration", "duration")
FOREVER = "-1"

_IN_TEAM = {Role.TEAM_ADMIN: "admin", Role.TEAM_MEMBER: "user"}


def with_defaults(said: Said, rules: Said) -> Said:
    """Return a request for a new key with what `default_key_generate_params` adds to it."""
    given = _section(rules, "default_key_generate_params")
    added = {
        name: given[name]
        for name in DEFAULTED
        if given.get(name) is not None
        and said.get(name) is None
        and not (name == "budget_duration" and name in said)
    }
    added |= {name: given[name] for name in ("models", "metadata") if given.get(name) and not said.get(name)}
    if given.get("allowed_routes") and not said.get("allowed_routes") and not said.get("key_type"):
        added["allowed_routes"] = given["allowed_routes"]
    return said | added


def bounded(said: Said, rules: Said, *, fill: bool = True) -> Said:
    """Return a request with `upperbound_key_generate_params` for what it leaves open, where `fill` is set.

    Raises BadRequest for what is above.
    """
    bounds = {
        name: most
        for name, most in _section(rules, "upperbound_key_generate_params").items()
        if name in (*AMOUNTS, *DURATIONS) and most is not None
    }
    filled = dict(said)
    for name, most in bounds.items():
        wanted = said.get(name)
        if wanted is None:
            if fill:
                filled[name] = most
        elif _above(name, wanted, most):
            message = f"{name} is over max limit set in config - user_value={wanted}; max_value={most}"
            raise BadRequest(message, type="bad_request_error", param=name)
    return filled


def check_may_generate(actor: Actor, said: Said, rules: Said) -> None:
    """Raise BadRequest for a key that `key_generation_settings` does not let this caller make."""
    settings = _section(rules, "key_generation_settings")
    team_id = said.get("team_id")
    if team_id is None:
        own = _section(settings, "personal_key_generation")
        roles = own.get("allowed_user_roles")
        if roles is not None and actor.role not in roles:
            raise _refused(
                f"Personal key creation has been restricted by admin. Allowed roles={roles}. "
                f"Your role={actor.role}"
            )
        _check_named(said, own)
    elif actor.role is not Role.PROXY_ADMIN:
        of_teams = _section(settings, "team_key_generation")
        roles, role = of_teams.get("allowed_team_member_roles"), _IN_TEAM.get(actor.teams.get(team_id))  # type: ignore[arg-type]
        if roles is not None and role is not None and role not in roles:
            raise _refused(f"Team member role {role} not in allowed_team_member_roles={roles}")
        _check_named(said, of_teams)


def _check_named(said: Said, settings: Said) -> None:
    for name in settings.get("required_params") or ():
        if name not in said:
            raise _refused(f"Required param {name} not in data", name)


def _above(name: str, wanted: Any, most: Any) -> bool:
    if name in AMOUNTS:
        return float(wanted) > float(most)
    if wanted == FOREVER:
        return True
    now = datetime.now(UTC)
    return durations.after(now, wanted, name) > durations.after(now, str(most), name)


def _section(rules: Said, name: str) -> Said:
    found = rules.get(name)
    return found if isinstance(found, dict) else {}


def _refused(message: str, param: str | None = None) -> BadRequest:
    return BadRequest(message, type="bad_request_error", param=param)
