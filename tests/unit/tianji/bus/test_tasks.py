import asyncio

from tianji.bus import tasks


async def test_a_task_that_loses_its_first_cancellation_is_cancelled_again() -> None:
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
                if lost == 2:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(tasks.AGAIN_S * 4):
        await tasks.end([task])

    assert task.cancelled()
    assert lost == 2


async def test_tasks_that_have_ended_are_no_trouble() -> None:
    async def fail() -> None:
        raise ValueError

    task = asyncio.create_task(fail())
    await asyncio.wait([task])

    await tasks.end([task])
    await tasks.end([])

    assert isinstance(task.exception(), ValueError)
