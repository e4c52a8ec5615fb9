from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import redis

from fermata.coordination import stream


@pytest.fixture
async def closing() -> AsyncIterator[None]:
    yield
    await stream.close()


async def test_reads_each_signal_once_and_in_order(connection: redis.Redis, closing: None) -> None:
    begin = await stream.tip()
    for number in range(5):
        await asyncio.to_thread(stream.announce, f"e{number}", "w")
    first = await stream.read(begin, block_ms=1000, count=3)
    second = await stream.read(first[-1][0], block_ms=1000, count=3)
    assert [signal[1:] for signal in first + second] == [(f"e{number}", "w") for number in range(5)]
    assert await stream.tip() == second[-1][0]


async def test_wakes_when_a_signal_comes(connection: redis.Redis, closing: None) -> None:
    reading = asyncio.create_task(stream.read(await stream.tip(), block_ms=10_000))
    await asyncio.sleep(0)
    await asyncio.to_thread(stream.announce, "e", "w")
    [signal] = await asyncio.wait_for(reading, 5)
    assert signal[1:] == ("e", "w")


async def test_answers_nothing_when_nothing_comes(connection: redis.Redis, closing: None) -> None:
    assert await stream.read(await stream.tip(), block_ms=20) == []
