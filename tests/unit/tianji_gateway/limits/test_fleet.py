"""What the configuration holds all calls to."""

from __future__ import annotations

from tianji.domain.deployments import Deployment
from tianji.domain.snapshot import Settings
from tianji_gateway.limits.fleet import fleet_limits, target_chain

SETTINGS = Settings(
    router={"provider_budget_config": {"openai": {"budget_limit": 5, "time_period": "1d"}}},
    calls={"max_budget": 100, "max_end_user_budget": 3, "tag_budget_config": {"a": {"max_budget": 1}}},
    budgets_set={
        "proxy": 10.0,
        "provider:openai": 20.0,
        "tag:a": 30.0,
        "deployment:d": 40.0,
        "customer": 50.0,
    },
)


def test_what_was_spent_when_a_budget_was_set_is_asked_of_the_ledger() -> None:
    deployment = Deployment(id="d", model_name="m", provider="openai", model="gpt", params={"max_budget": 2})
    chain = target_chain(deployment, SETTINGS, None)
    fleet = fleet_limits(SETTINGS, ())

    assert chain is not None and fleet.proxy is not None
    told = {bound.id: bound.changed for bound in (*chain.bounds, *fleet.proxy.bounds)}
    assert told == {"deployment:d": 40.0, "provider:openai": 20.0, "proxy": 10.0}
    assert fleet.tags["a"].changed == 30.0
    assert fleet.customers is not None and fleet.customers.changed == 50.0


def test_budgets_of_the_configuration_are_read_as_litellm_spells_them() -> None:
    assert fleet_limits(Settings(calls={"max_budget": 0}), ()).proxy is None
    free = Deployment(id="d", model_name="m", provider="x", model="gpt", params={"max_budget": 0})
    chain = target_chain(free, Settings(), None)
    assert chain is not None and [bound.limit for bound in chain.bounds] == [0]
    assert (
        target_chain(Deployment(id="d", model_name="m", provider="x", model="gpt"), Settings(), 3) is not None
    )
