"""The parts that need no bus."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone

import pytest
from arqonbus import ArqonBusError, Publication
from arqonbus.messages import check_id, new_id, parse_target
from arqonbus.publication_queue import MAX_QUEUED, PublicationQueue
from arqonbus.reconnect import ConnectionEnd, Retry, backoff, react
from arqonbus.within import within
from conftest import run


def publication(payload: int) -> Publication:
    return Publication("a", "b", "c", "arq_000001", payload, "application/json", datetime.now(timezone.utc))


def test_a_reader_that_is_too_slow_is_told_how_much_is_missing() -> None:
    async def scenario() -> None:
        queue = PublicationQueue()
        for number in range(MAX_QUEUED + 3):
            queue.push(publication(number), 1)
        for number in range(MAX_QUEUED):
            assert (await queue.next()).payload == number
        with pytest.raises(ArqonBusError) as missing:
            await queue.next()
        assert (missing.value.code, missing.value.details) == ("UNAVAILABLE", {"dropped": 3})
        with pytest.raises(StopAsyncIteration):
            await queue.next()

    run(scenario)


def test_bytes_bound_the_queue_too() -> None:
    queue = PublicationQueue()
    assert queue.push(publication(1), 4_000_000)
    assert not queue.push(publication(2), 4_000_000)


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1009, 4400, 4403, 4413])
def test_ends_after_which_no_other_try_makes_sense(code: int) -> None:
    assert react(ConnectionEnd(code), failures=1, can_renew_token=True, was_token_fresh=False) is None


@pytest.mark.parametrize("code", [1001, 1006, 1011, 1012, 1013, 4408, 4409, 4429, 3999])
def test_ends_after_which_it_is_tried_again(code: int) -> None:
    end = ConnectionEnd(code, was_welcomed=True)
    retry = react(end, failures=1, can_renew_token=False, was_token_fresh=False)
    assert isinstance(retry, Retry)
    assert not retry.needs_new_token


def test_a_refused_token_is_replaced_once() -> None:
    end = ConnectionEnd(4401)
    assert react(end, failures=1, can_renew_token=False, was_token_fresh=False) is None
    assert react(end, failures=1, can_renew_token=True, was_token_fresh=True) is None
    retry = react(end, failures=1, can_renew_token=True, was_token_fresh=False)
    assert isinstance(retry, Retry)
    assert retry.needs_new_token


def test_waits_grow_and_are_bounded() -> None:
    assert all(0 <= backoff(failures) <= 20 for failures in range(1, 80))
    assert 7 <= backoff(1, 7.0) <= 7.25
    assert backoff(1, 1e9) <= 301


def test_ids_and_targets() -> None:
    assert len({check_id(new_id()) for _ in range(1_000)}) == 1_000
    assert parse_target("room:channel") == ("room", "channel")
    assert parse_target("room:*") == ("room", "*")
    for wrong in ("", "room", "room:", ":channel", "ro om:channel", "room:a:b", "-a:b", "a:b\n", "a" * 65 + ":b"):
        with pytest.raises(ArqonBusError):
            parse_target(wrong)
    for wrong in ("arq_12345", "order-17", "arq_" + "x" * 81, "arq_äöüäöü", "arq_123456\n"):
        with pytest.raises(ArqonBusError):
            check_id(wrong)


def test_a_cancellation_that_comes_with_the_result_is_not_swallowed() -> None:
    async def scenario() -> None:
        result: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        waiting = asyncio.ensure_future(within(result, 5))
        await asyncio.sleep(0)
        result.set_result(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    run(scenario)


def test_what_takes_longer_than_its_limit_is_cancelled() -> None:
    async def scenario() -> None:
        never: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        with pytest.raises(asyncio.TimeoutError):
            await within(never, 0.01)
        assert never.cancelled()

    run(scenario)
