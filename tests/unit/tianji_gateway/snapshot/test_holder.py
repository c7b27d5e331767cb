from typing import Any

import pytest

from tianji.domain.snapshot import Settings
from tianji.errors import Unavailable
from tianji_gateway.routing.candidates import Candidates
from tianji_gateway.snapshot.holder import LEAST_AGE_S, Holder
from tianji_gateway.snapshot.model import Snapshot


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def snapshot(**general: Any) -> Snapshot:
    empty = Candidates({}, {}, lambda target, model: target)
    return Snapshot(revision=1, settings=Settings(general=general), candidates=empty)


def test_without_a_limit_a_snapshot_serves_for_ever() -> None:
    clock = Clock()
    holder = Holder(clock=clock)
    holder.swap(snapshot())

    clock.now += 1e9

    assert holder.current.revision == 1
    assert not holder.too_old


@pytest.mark.parametrize(
    ("given", "general", "limit"),
    [(60.0, {}, 60), (None, {"max_snapshot_age": 60}, 60), (30.0, {"max_snapshot_age": 60}, 30)],
)
def test_past_the_limit_requests_are_refused_until_there_is_news(
    given: float | None, general: dict[str, Any], limit: float
) -> None:
    clock = Clock()
    holder = Holder(given, clock)
    holder.swap(snapshot(**general))
    holder.confirm()

    clock.now += limit
    assert holder.current.revision == 1
    clock.now += 1
    with pytest.raises(Unavailable, match="max_snapshot_age"):
        _ = holder.current

    holder.confirm()
    assert holder.current.revision == 1


def test_a_limit_shorter_than_the_usual_time_between_news_is_lengthened() -> None:
    clock = Clock()
    holder = Holder(0.001, clock)
    holder.swap(snapshot())
    holder.confirm()

    clock.now += LEAST_AGE_S

    assert not holder.too_old


def test_what_came_from_disk_is_as_old_as_the_disk_says() -> None:
    clock = Clock()
    holder = Holder(60, clock)
    holder.swap(snapshot())
    assert holder.too_old

    holder.confirm(age_s=50)
    assert not holder.too_old
    clock.now += 11
    assert holder.too_old


def test_older_news_do_not_take_back_newer_ones() -> None:
    holder = Holder(60, Clock())
    holder.swap(snapshot())
    holder.confirm()

    holder.confirm(age_s=1000)

    assert holder.age_s == 0
