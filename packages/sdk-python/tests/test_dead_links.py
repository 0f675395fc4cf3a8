"""A network that takes nothing, or brings nothing, without a word."""

from __future__ import annotations

import asyncio
import selectors
import time
from typing import Any

import pytest
from arqonbus.errors import ArqonBusError
from arqonbus.frame_writer import MAX_WAITING_FRAMES, FrameWriter
from arqonbus.liveness import Liveness

#: Time passes so much faster on the loop of these tests.
SPEED = 100


class FastSelector(selectors.DefaultSelector):
    """Waits shorter than it is asked to."""

    def select(self, timeout: float | None = None) -> Any:
        return super().select(None if timeout is None else timeout / SPEED)


class FastLoop(asyncio.SelectorEventLoop):
    """On which time passes faster."""

    def __init__(self) -> None:
        super().__init__(FastSelector())

    def time(self) -> float:
        return time.monotonic() * SPEED


class Socket:
    """Takes a frame, and is ready for the next one when it is told so."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.goes_on = asyncio.Event()

    async def send(self, data: bytes, *, text: bool) -> None:
        self.sent.append(data)
        await self.goes_on.wait()


def numbered(count: int) -> list[bytes]:
    return [str(number).encode() for number in range(count)]


def test_a_network_that_takes_nothing_makes_who_sends_wait_and_not_for_good() -> None:
    async def scenario() -> None:
        socket = Socket()
        writer = FrameWriter(socket, is_text=False)  # type: ignore[arg-type]
        frames = numbered(MAX_WAITING_FRAMES + 1)
        for frame in frames:
            # The first of them is with the socket before the second comes.
            await writer.write(frame, 0.01)
            await asyncio.sleep(0)
        with pytest.raises(ArqonBusError) as refused:
            await writer.write(b"too many", 0.01)
        assert (refused.value.code, refused.value.details) == ("UNAVAILABLE", {"not_sent": True})
        assert socket.sent == frames[:1]
        cancelled = asyncio.ensure_future(writer.write(b"cancelled", 60))
        patient = [asyncio.ensure_future(writer.write(frame, 60)) for frame in (b"x", b"y")]
        await asyncio.sleep(0)
        cancelled.cancel()
        socket.goes_on.set()
        late = asyncio.ensure_future(writer.write(b"z", 60))
        await asyncio.gather(*patient, late)
        await writer.flush()
        assert socket.sent == [*frames, b"x", b"y", b"z"]
        writer.stop()

    asyncio.run(scenario())


def test_who_waits_when_the_connection_ends_has_sent_nothing() -> None:
    async def scenario() -> None:
        socket = Socket()
        writer = FrameWriter(socket, is_text=False)  # type: ignore[arg-type]
        frames = numbered(MAX_WAITING_FRAMES + 2)
        writes = [asyncio.ensure_future(writer.write(frame, 60)) for frame in frames]
        while not socket.sent:
            await asyncio.sleep(0)
        flushing = asyncio.ensure_future(writer.flush())
        await asyncio.sleep(0)
        writer.stop()
        await flushing
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert [isinstance(outcome, ArqonBusError) for outcome in outcomes] == [False] * (len(frames) - 1) + [True]
        with pytest.raises(ArqonBusError) as refused:
            await writer.write(b"later", 60)
        assert refused.value.details == {"not_sent": True}

    asyncio.run(scenario())


def on_fast_loop(scenario: Any) -> None:
    loop = FastLoop()
    try:
        loop.run_until_complete(scenario())
    finally:
        loop.close()


async def never() -> None:
    await asyncio.get_running_loop().create_future()


def test_what_a_slow_link_still_brings_shows_that_it_lives() -> None:
    async def scenario() -> None:
        now = asyncio.get_running_loop().time
        pings = 0

        async def ping() -> None:
            nonlocal pings
            pings += 1
            if pings <= 3:
                # A frame comes, and the answer stays behind it.
                await asyncio.sleep(2)
                liveness.note()
            await never()

        liveness = Liveness(ping, 10.0)
        begun = now()
        await liveness.until_dead(25.0)
        # Three times a heartbeat from the frame on; the fourth ping is answered by nothing at all.
        assert pings == 4
        assert now() - begun >= 25 + 3 * 27 + 10

    on_fast_loop(scenario)


def test_who_has_slept_asks_again() -> None:
    async def scenario() -> None:
        pings: list[float] = []

        async def ping() -> None:
            pings.append(asyncio.get_running_loop().time())
            if len(pings) == 1:
                time.sleep(20 / SPEED)
            await never()

        await Liveness(ping, 10.0).until_dead(5.0)
        assert len(pings) == 2

    on_fast_loop(scenario)
