"""`/team/key/bulk_update`: one change to many keys of a team; whose they are it cannot touch."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from tianji.errors import BadRequest, NotFound
from tianji_control.access import targets
from tianji_control.call import Call, Guarded
from tianji_control.change import Change
from tianji_control.envelope import Fault, WrongFields
from tianji_control.resources.keys import store
from tianji_control.resources.keys.answers import KeysChanged
from tianji_control.resources.keys.bulk import MOST_AT_ONCE, rewrite_all, told
from tianji_control.resources.keys.fields import given
from tianji_control.resources.teams import store as teams

Map = dict[str, Any]
LimitType = Literal["guaranteed_throughput", "best_effort_throughput", "dynamic"]


class Broadcast(Struct, kw_only=True, forbid_unknown_fields=True):
    """What may be said to many keys of a team at once."""

    max_budget: Decimal | UnsetType | None = UNSET
    budget_id: str | UnsetType | None = UNSET
    budget_duration: str | UnsetType | None = UNSET
    budget_limits: list[Map] | UnsetType | None = UNSET
    model_max_budget: Map | UnsetType | None = UNSET
    tpm_limit: int | UnsetType | None = UNSET
    rpm_limit: int | UnsetType | None = UNSET
    model_tpm_limit: Map | UnsetType | None = UNSET
    model_rpm_limit: Map | UnsetType | None = UNSET
    max_parallel_requests: int | UnsetType | None = UNSET
    rpm_limit_type: LimitType | UnsetType | None = UNSET
    tpm_limit_type: LimitType | UnsetType | None = UNSET
    temp_budget_increase: Decimal | UnsetType | None = UNSET
    temp_budget_expiry: datetime | UnsetType | None = UNSET
    duration: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType | None = UNSET
    metadata: Map | UnsetType | None = UNSET


class TeamKeys(Struct, kw_only=True):
    """The body of `/team/key/bulk_update`: these keys, or all of the team."""

    team_id: str
    key_ids: list[str] | None = None
    all_keys_in_team: bool = False
    update_fields: Broadcast


async def bulk_update(call: Call) -> Response:
    """POST /team/key/bulk_update"""
    ask = await call.body(TeamKeys)
    said = given(ask.update_fields)
    _check(ask, said)
    async with call.change() as change:
        call.require("key:update", await targets.of_team(change.db, ask.team_id))
        wanted = await _wanted(change, ask)
        results = await rewrite_all(call, change, [(key, said) for key in wanted], of_team=ask.team_id)
    return call.answer(told(wanted, results))


def _check(ask: TeamKeys, said: Map) -> None:
    if bool(ask.key_ids) == ask.all_keys_in_team:
        words = "name key_ids, or set all_keys_in_team; not both"
        raise WrongFields([Fault(["body", "key_ids"], words, "value_error")])
    if len(ask.key_ids or []) > MOST_AT_ONCE:
        words = f"name at most {MOST_AT_ONCE} keys"
        raise WrongFields([Fault(["body", "key_ids"], words, "value_error")])
    if not said:
        words = "update_fields must specify at least one field to update"
        raise WrongFields([Fault(["body", "update_fields"], words, "value_error")])
    if (said.get("temp_budget_increase") is None) != (said.get("temp_budget_expiry") is None):
        message = "temp_budget_increase and temp_budget_expiry must be set together"
        raise BadRequest(message, type="bad_request_error", param="temp_budget_increase")


async def _wanted(change: Change, ask: TeamKeys) -> list[str]:
    if await teams.by_id(change.db, ask.team_id) is None:
        raise NotFound(f"There is no team {ask.team_id}", param="team_id")
    if ask.key_ids:
        return ask.key_ids
    return [row.hash for row in await store.newest_of_teams(change.db, [ask.team_id])]


routes = [
    Guarded(*("POST", "/team/key/bulk_update", bulk_update, "key:update"), body=TeamKeys, gives=KeysChanged)
]
