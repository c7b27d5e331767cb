"""The configuration on its way to a gateway, on a real NATS."""

import asyncio
import shutil
import time

from tianji.bus.subjects import CONFIG_BUCKET
from tianji.domain.snapshot import DEPLOYMENT, record_name
from tianji.embedded import Nats
from tianji.obs import metrics


async def test_a_new_model_can_be_called_once_it_is_confirmed(control, gateway) -> None:
    await control.model("1", "a")
    feed = await gateway()
    assert feed.synced
    assert feed.snapshots.current.targets_for("b") == ()

    sequence = await control.model("2", "b")
    await control.confirmed(lambda report: report.config_sequence >= sequence)

    (target,) = feed.snapshots.current.targets_for("b")
    assert target.upstream.api_key == "sk-upstream"
    assert feed.snapshots.current.revision == control.revision


async def test_a_confirmation_comes_at_once_and_not_with_the_next_beat(control, gateway) -> None:
    await control.model("1", "a")
    await gateway()
    took = []
    for number in range(5):
        began = time.monotonic()
        sequence = await control.model(str(number), "a", updated_at=number)
        await control.confirmed(lambda report, seq=sequence: report.config_sequence >= seq)
        took.append(time.monotonic() - began)

    assert sorted(took)[2] < 0.5


async def test_a_request_that_holds_a_snapshot_keeps_it(control, gateway) -> None:
    await control.model("1", "a")
    feed = await gateway()
    held = feed.snapshots.current

    sequence = await control.model("2", "b")
    await control.confirmed(lambda report: report.config_sequence >= sequence)

    assert held.targets_for("b") == ()
    assert feed.snapshots.current is not held


async def test_a_deleted_model_is_gone_once_confirmed(control, gateway) -> None:
    await control.model("1", "a")
    await control.model("2", "b")
    feed = await gateway()

    name = record_name(DEPLOYMENT, "2")
    del control.records[name]
    await control.bus.kv_delete(CONFIG_BUCKET, name)
    sequence = await control.head()
    await control.confirmed(lambda report: report.config_sequence >= sequence)

    assert feed.snapshots.current.model_names() == ["a"]


async def test_changes_right_after_a_killed_server_is_back_are_seen_within_seconds(
    control, gateway, own_nats: Nats, until
) -> None:
    await control.model("1", "a")
    feed = await gateway()

    await control.crash(own_nats)
    own_nats.start()
    began = time.monotonic()
    assert await control.bus.wait_connected(30)
    await control.model("2", "b")
    await until(lambda: bool(feed.snapshots.current.targets_for("b")))

    assert time.monotonic() - began < 15
    assert feed.snapshots.current.revision == control.revision


async def test_an_emptied_nats_takes_nothing_away_and_is_followed_when_filled(
    control, gateway, own_nats: Nats
) -> None:
    for number in range(5):
        await control.model(str(number), "a")
    feed = await gateway()
    high = (await control.confirmed(lambda report: report.config_sequence > 0)).config_sequence

    await control.crash(own_nats)
    shutil.rmtree(own_nats.folder / "data")
    own_nats.start()
    assert await control.bus.wait_connected(30)
    report = await control.confirmed(lambda report: report.config_sequence == 0)
    assert report.revision == control.revision
    assert len(feed.snapshots.current.targets_for("a")) == 5

    control.records.pop(record_name(DEPLOYMENT, "4"))
    await control.refill()
    report = await control.confirmed(lambda report: report.revision == control.revision)

    assert len(feed.snapshots.current.targets_for("a")) == 4
    assert 0 < report.config_sequence < high


async def test_a_stream_that_is_deleted_and_made_again_is_noticed_without_a_lost_connection(
    control, gateway
) -> None:
    await control.model("1", "a")
    feed = await gateway()

    await control.bus.js.delete_stream(f"KV_{CONFIG_BUCKET}")
    await control.refill()
    await control.model("2", "b")
    await control.confirmed(lambda report: report.revision == control.revision)

    assert feed.snapshots.current.model_names() == ["a", "b"]


async def test_a_damaged_record_keeps_the_revision_before_and_is_counted(control, gateway, until) -> None:
    await control.model("1", "a")
    feed = await gateway()
    failures = metrics.config_build_failures._value.get()

    sequence = await control.record(record_name(DEPLOYMENT, "1"), b'{"id": 1')
    await until(lambda: metrics.config_build_failures._value.get() > failures)

    assert feed.snapshots.current.targets_for("a")
    assert feed.report().config_sequence < sequence
    await control.model("1", "mended")
    await control.confirmed(lambda report: report.revision == control.revision)
    assert feed.snapshots.current.model_names() == ["mended"]


async def test_a_record_that_is_not_the_published_one_keeps_the_revision_before(
    control, gateway, until
) -> None:
    await control.model("1", "a")
    feed = await gateway()
    failures = metrics.config_build_failures._value.get()

    await control.bus.kv_put(CONFIG_BUCKET, record_name(DEPLOYMENT, "1"), b"overwritten by nobody")
    await control.model("2", "b")
    await until(lambda: metrics.config_build_failures._value.get() > failures)

    assert feed.snapshots.current.model_names() == ["a"]


async def test_a_gateway_starts_from_disk_with_nats_down_and_catches_up(
    control, gateway, own_nats: Nats
) -> None:
    await control.model("1", "a")
    first = await gateway()
    await first.stop()
    await control.crash(own_nats)

    feed = await gateway(patience_s=0.1)
    assert feed.ready.is_set()
    assert not feed.synced
    assert feed.snapshots.current.targets_for("a")[0].upstream.api_key == "sk-upstream"

    own_nats.start()
    assert await control.bus.wait_connected(30)
    await control.model("2", "b")
    await control.confirmed(lambda report: report.revision == control.revision)
    assert feed.snapshots.current.model_names() == ["a", "b"]


async def test_the_copy_on_disk_holds_no_open_secret(control, gateway, tmp_path) -> None:
    await control.model("1", "a")
    feed = await gateway()
    await feed.stop()

    content = (tmp_path / "g1" / "config.snapshot").read_bytes()

    assert b"sealed:1:" in content
    assert b"sk-upstream" not in content


async def test_a_gateway_without_anything_becomes_ready_when_nats_comes(control, gateway) -> None:
    feed = await gateway(patience_s=0.05)
    assert not feed.ready.is_set()

    await control.model("1", "a")
    async with asyncio.timeout(30):
        await feed.ready.wait()

    assert feed.snapshots.current.model_names() == ["a"]


async def test_a_gateway_that_stops_says_so(control, gateway) -> None:
    await control.model("1", "a")
    feed = await gateway()

    await feed.stop()

    assert (await control.confirmed(lambda report: report.leaving)).revision == control.revision


async def test_one_change_among_two_thousand_models_is_quick(control, gateway) -> None:
    for number in range(1999):
        await control.stage(str(number), f"m{number}")
    await control.model("1999", "m1999")
    feed = await gateway(patience_s=8)
    assert len(feed.snapshots.current.model_names()) == 2000

    began = time.monotonic()
    sequence = await control.model("7", "m7", updated_at=1.0)
    await control.confirmed(lambda report: report.config_sequence >= sequence)

    assert time.monotonic() - began < 5
