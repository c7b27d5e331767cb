"""`tag_rpm_limit`: requests a minute of one key, for each tag by itself."""

from __future__ import annotations

from typing import Any

from tianji.domain.limits import Limits

KEY = "sk-limited-0123456789"
OTHER = "sk-limited-9876543210"


async def statuses(gateway: Any, *calls: tuple[str, list[str]]) -> list[int]:
    found = []
    for key, tags in calls:
        async with gateway.chat(key, tags=tags) as answer:
            found.append(answer.status)
            if answer.status == 429:
                assert ":cell-1. Limit type: requests" in (await answer.json())["error"]["message"]
                assert int(answer.headers["retry-after"]) >= 1
    return found


async def test_each_tag_of_a_key_has_a_limit_of_its_own(gateway: Any) -> None:
    for key in (KEY, OTHER):
        gateway.people.add(key, metadata={"tag_rpm_limit": {"cell-1": 2, "cell-2": 3, "odd": "x"}})
    one, two = [(KEY, ["cell-1"])], [(KEY, ["cell-2", "other"])]
    assert await statuses(gateway, *one * 2, *two * 3) == [200] * 5
    assert await statuses(gateway, *one, (KEY, ["cell-2", "cell-1"])) == [429, 429]
    assert await statuses(gateway, (KEY, []), (KEY, ["odd"]), (KEY, ["free"])) == [200] * 3
    assert await statuses(gateway, (OTHER, ["cell-1"])) == [200]


async def test_the_keys_own_limit_holds_beside_those_of_its_tags(gateway: Any) -> None:
    gateway.people.add(KEY, limits=Limits(rpm=1), metadata={"tag_rpm_limit": {"cell-1": 5}})
    assert await statuses(gateway, (KEY, ["cell-1"])) == [200]
    async with gateway.chat(KEY, tags=["cell-1"]) as refused:
        assert refused.status == 429
