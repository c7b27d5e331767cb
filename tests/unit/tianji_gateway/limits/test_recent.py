"""A key that calls again is held to the same chain, until anything about it is another."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tianji.domain.keys import KeyRecord
from tianji.domain.limits import Limits, ModelLimits
from tianji.domain.snapshot import Settings
from tianji.domain.tenants import TagRecord, TeamRecord, UserRecord
from tianji.limits.contract import Chain
from tianji_gateway.flow.admit import Grant
from tianji_gateway.flow.identify import Principal
from tianji_gateway.flow.labels import NO_LABELS, Labels
from tianji_gateway.limits.fleet import FleetLimits, fleet_limits
from tianji_gateway.limits.recent import recent_chain

GRANT = Grant("m", "m", ())
FLEET = fleet_limits(Settings(), [TagRecord(name="batch", limits=Limits(rpm=9))])
NOW = 1_000.0


@pytest.fixture
def caller() -> Principal:
    key = KeyRecord(hash="recent", user_id="u", team_id="t", limits=Limits(rpm=1))
    return Principal(
        key, team=TeamRecord(id="t", limits=Limits(rpm=2)), user=UserRecord(id="u", limits=Limits(rpm=3))
    )


def chain(
    caller: Principal,
    labels: Labels = NO_LABELS,
    fleet: FleetLimits = FLEET,
    now: float = NOW,
    grant: Grant = GRANT,
) -> Chain:
    found = recent_chain(caller, labels, grant, fleet, now, strained=False)
    assert found is not None
    return found


def limits(found: Chain) -> dict[str, int]:
    return {bound.id.partition(":")[0]: bound.limit for bound in found.bounds}


def test_the_same_caller_has_the_same_chain(caller: Principal) -> None:
    first = chain(caller)

    assert limits(first) == {"team": 2, "user": 3, "key": 1}
    assert chain(caller) is first


def test_a_change_of_any_record_holds_at_once(caller: Principal) -> None:
    chain(caller)
    caller.key = replace(caller.key, limits=Limits(rpm=10))
    assert limits(chain(caller))["key"] == 10
    caller.team = TeamRecord(id="t", limits=Limits(rpm=20))
    assert limits(chain(caller))["team"] == 20
    caller.user = UserRecord(id="u", limits=Limits(rpm=30))
    assert limits(chain(caller))["user"] == 30
    caller.user = None
    assert limits(chain(caller)) == {"team": 20, "key": 10}


def test_what_a_call_itself_says_counts(caller: Principal) -> None:
    plain = chain(caller)
    assert limits(chain(caller, Labels(tags=["batch"])))["tag"] == 9
    assert chain(caller) is plain
    fleet = fleet_limits(Settings(general={"max_parallel_requests": 4, "max_end_user_budget": 1}), [])
    assert {bound.kind for bound in chain(caller, fleet=fleet).bounds} == {"rpm", "parallel"}
    usual = fleet_limits(Settings(calls={"max_end_user_budget": 1}), [])
    assert "customer" in limits(chain(caller, Labels(end_user="c"), usual))
    assert "customer" not in limits(chain(caller, fleet=usual))


def test_limits_of_a_model_hold_calls_of_that_model(caller: Principal) -> None:
    caller.key = replace(caller.key, limits=Limits(models=(ModelLimits(model="m", rpm=5),)))
    assert "key_model" in limits(chain(caller))
    assert "key_model" not in limits(chain(caller, grant=Grant("other", "other", ())))
    assert "key_model" in limits(chain(caller))


def test_a_raised_budget_falls_back_when_its_time_is_over(caller: Principal) -> None:
    raised = Limits(max_budget="1", more="2", more_until=NOW + 60)
    caller.key = replace(caller.key, limits=raised)
    assert limits(chain(caller))["key"] == 3_000_000_000
    assert limits(chain(caller, now=NOW + 60))["key"] == 1_000_000_000
    assert limits(chain(caller, now=NOW + 59))["key"] == 3_000_000_000, "also where a clock is put back"


@pytest.mark.parametrize(("own", "team"), [(30.0, 40.0), (40.0, 30.0), (None, 40.0), (40.0, None)])
def test_a_budget_that_the_team_gave_its_members_late_is_asked_of_the_ledger(
    caller: Principal, own: float | None, team: float | None
) -> None:
    caller.key = replace(caller.key, member=Limits(made=20.0, changed=own, generation=2, carried=True))
    usual = Limits(max_budget="5", duration="5d", changed=team)
    caller.team = TeamRecord(id="t", limits=Limits(rpm=2), member=usual)
    budget = next(bound for bound in chain(caller).bounds if bound.kind == "budget")

    assert (budget.id, budget.changed, budget.born) == ("member:t:u", 40.0, 0.0)
    assert (budget.rule.anchor, budget.generation) == (20.0, 2)
