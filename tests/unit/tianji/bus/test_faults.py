import asyncio

import nats.errors
import nats.js.errors
import pytest

from tianji.bus.faults import Conversations, deadline
from tianji.errors import Unavailable


@pytest.mark.parametrize(
    "fault",
    [nats.errors.NoRespondersError(), nats.js.errors.NotFoundError(), OSError("broken pipe"), TimeoutError()],
)
async def test_whatever_goes_wrong_in_nats_means_unavailable(fault: Exception) -> None:
    with pytest.raises(Unavailable, match="reading"):
        async with deadline("reading", 1):
            raise fault


async def test_our_own_faults_stay_what_they_are() -> None:
    with pytest.raises(KeyError):
        async with deadline("reading", 1):
            raise KeyError


async def test_a_deadline_ends_what_takes_too_long() -> None:
    with pytest.raises(Unavailable):
        async with deadline("reading", 0.01):
            await asyncio.Event().wait()


async def test_a_cancelled_conversation_is_cancelled_and_nothing_else() -> None:
    async def ask() -> None:
        async with deadline("reading", 1):
            await asyncio.Event().wait()

    task = asyncio.create_task(ask())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()


async def test_abandoned_conversations_end_now_and_later_ones_are_free_of_it() -> None:
    conversations = Conversations()

    async def ask() -> None:
        async with conversations.bounded("reading", 60):
            await asyncio.Event().wait()

    asking = [asyncio.create_task(ask()) for _ in range(3)]
    await asyncio.sleep(0)
    conversations.abandon()

    for task in asking:
        with pytest.raises(Unavailable):
            await task
    async with conversations.bounded("reading", 60):
        await asyncio.sleep(0)
