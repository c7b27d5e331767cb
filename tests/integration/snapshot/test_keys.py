"""Keys on their way to a gateway, on a real NATS."""

import asyncio
import shutil
import time

import msgspec
import pytest

from tianji.bus.subjects import KEYS_BUCKET
from tianji.domain.snapshot import CUSTOMER, ORGANIZATION, TEAM, USER, record_name
from tianji.domain.tenants import CustomerRecord, OrganizationRecord, TeamRecord, UserRecord
from tianji.embedded import Nats
from tianji.errors import Unavailable


async def test_a_key_works_once_its_making_is_confirmed(control, gateway) -> None:
    await control.head()
    feed = await gateway()
    for number in range(20):
        assert await feed.keys.key(f"hash{number}") is None

        sequence = await control.key(f"hash{number}", alias="new")
        await control.confirmed(lambda report, seq=sequence: report.keys_sequence >= seq)

        found = await feed.keys.key(f"hash{number}")
        assert found is not None
        assert found.alias == "new"


async def test_a_blocked_key_is_blocked_once_that_is_confirmed(control, gateway) -> None:
    await control.head()
    await control.key("h")
    feed = await gateway()
    assert not (await feed.keys.key("h")).blocked

    for blocked in (True, False) * 10:
        sequence = await control.key("h", blocked=blocked)
        await control.confirmed(lambda report, seq=sequence: report.keys_sequence >= seq)
        assert (await feed.keys.key("h")).blocked is blocked


async def test_a_deleted_key_is_unknown_once_that_is_confirmed(control, gateway) -> None:
    await control.head()
    await control.key("h")
    feed = await gateway()
    assert await feed.keys.key("h")

    sequence = await control.delete_key("h")
    await control.confirmed(lambda report: report.keys_sequence >= sequence)

    assert await feed.keys.key("h") is None


async def test_teams_and_users_are_looked_up_the_same_way(control, gateway) -> None:
    await control.head()
    team, user = TeamRecord(id="böse/../id *>", alias="t"), UserRecord(id="u", email="u@example.org")
    await control.bus.kv_put(KEYS_BUCKET, record_name(TEAM, team.id), msgspec.json.encode(team))
    await control.bus.kv_put(KEYS_BUCKET, record_name(USER, user.id), msgspec.json.encode(user))
    feed = await gateway()

    assert await feed.keys.team(team.id) == team
    assert await feed.keys.user(user.id) == user
    assert await feed.keys.team("nobody") is None


async def test_organizations_and_customers_are_looked_up_the_same_way(control, gateway) -> None:
    await control.head()
    organization, customer = OrganizationRecord(id="o", models=["m"]), CustomerRecord(id="c", blocked=True)
    for kind, record in ((ORGANIZATION, organization), (CUSTOMER, customer)):
        await control.bus.kv_put(KEYS_BUCKET, record_name(kind, record.id), msgspec.json.encode(record))
    feed = await gateway()

    assert await feed.keys.organization("o") == organization
    assert await feed.keys.customer("c") == customer
    assert await feed.keys.customer("nobody") is None


async def test_while_nats_is_down_known_keys_go_on_and_others_are_not_refused(
    control, gateway, own_nats: Nats
) -> None:
    await control.head()
    await control.key("h", alias="known")
    feed = await gateway()
    await feed.keys.key("h")

    await control.crash(own_nats)

    began = time.monotonic()
    assert (await feed.keys.key("h")).alias == "known"
    with pytest.raises(Unavailable):
        await feed.keys.key("another")
    assert time.monotonic() - began < 4


async def test_a_key_blocked_right_after_a_killed_server_is_back_is_blocked_within_seconds(
    control, gateway, own_nats: Nats
) -> None:
    await control.head()
    await control.key("h")
    feed = await gateway()
    assert not (await feed.keys.key("h")).blocked

    await control.crash(own_nats)
    own_nats.start()
    began = time.monotonic()
    assert await control.bus.wait_connected(30)
    sequence = await control.key("h", blocked=True)
    await control.confirmed(lambda report: report.keys_sequence >= sequence)

    assert (await feed.keys.key("h")).blocked
    assert time.monotonic() - began < 15


async def test_an_emptied_nats_refuses_no_key_until_it_is_filled_again(
    control, gateway, own_nats: Nats
) -> None:
    await control.head()
    await control.key("h", alias="stays")
    await control.key("gone", alias="is deleted meanwhile")
    feed = await gateway()
    await feed.keys.key("h")
    await feed.keys.key("gone")

    await control.crash(own_nats)
    shutil.rmtree(own_nats.folder / "data")
    own_nats.start()
    assert await control.bus.wait_connected(30)
    assert await feed.keys.key("h")
    await control.bus.ensure_layout()
    await control.confirmed(lambda report: report.config_sequence == 0)
    assert (await feed.keys.key("h")).alias == "stays"
    with pytest.raises(Unavailable):
        await feed.keys.key("never seen")

    del control.keys[next(name for name in control.keys if control.keys[name].find(b"meanwhile") > 0)]
    await control.refill()
    await control.confirmed(lambda report: report.revision == control.revision and report.keys_sequence > 0)
    await asyncio.sleep(1.1)  # a pause that a read against the empty NATS began may still run

    assert (await feed.keys.key("h")).alias == "stays"
    assert await feed.keys.key("gone") is None
    assert await feed.keys.key("never seen") is None


async def test_keys_in_use_survive_a_restart_without_nats(control, gateway, own_nats: Nats) -> None:
    await control.head()
    await control.key("h", alias="in use")
    first = await gateway()
    await first.keys.key("h")
    await first.stop()
    await control.crash(own_nats)

    feed = await gateway(patience_s=0.1)

    assert (await feed.keys.key("h")).alias == "in use"
    with pytest.raises(Unavailable):
        await feed.keys.key("another")


async def test_a_gateway_confirms_nothing_while_it_cannot_follow(
    control, gateway, own_nats: Nats, until
) -> None:
    await control.head()
    feed = await gateway()
    await control.confirmed(lambda report: report.config_sequence > 0)

    await control.crash(own_nats)
    await until(lambda: not feed.report().config_sequence and not feed.report().keys_sequence)

    assert feed.report().revision == control.revision
