"""How old what a gateway serves from may become, on a real NATS that stands still."""

import os
import signal
import time

import pytest

from tianji.errors import Unavailable


async def test_a_gateway_cut_off_for_too_long_refuses_and_serves_again_when_it_is_not(
    control, gateway, own_nats, until, monkeypatch
) -> None:
    monkeypatch.setattr("tianji_gateway.snapshot.holder.LEAST_AGE_S", 0.0)
    await control.head()
    feed = await gateway(max_age_s=4.0)
    assert feed.snapshots.current.revision == 1

    os.kill(own_nats.pid, signal.SIGSTOP)
    try:
        await until(lambda: feed.snapshots.too_old)
        with pytest.raises(Unavailable, match="max_snapshot_age"):
            _ = feed.snapshots.current
    finally:
        os.kill(own_nats.pid, signal.SIGCONT)

    await until(lambda: not feed.snapshots.too_old)
    assert feed.snapshots.current.revision == 1


async def test_the_copy_on_disk_knows_when_it_was_last_current(control, gateway, own_nats) -> None:
    await control.head()
    await (await gateway()).stop()
    own_nats.stop()

    young = await gateway(patience_s=0.1)
    await young.stop()
    copy = young._disk._config
    os.utime(copy, (time.time() - 3600, time.time() - 3600))
    old = await gateway(patience_s=0.1, max_age_s=600.0)

    assert young.snapshots.age_s < 60
    assert 3600 <= old.snapshots.age_s < 3700
    assert old.snapshots.too_old
