"""What is to be sent, one frame after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from .errors import ArqonBusError, not_connected
from .within import within

#: Frames that wait for the network; who sends more waits until one of them has gone.
MAX_WAITING_FRAMES = 64


@dataclass(eq=False)
class _Frame:
    data: bytes
    #: Fires once it is among those that may wait; None where it was from the beginning.
    has_room: asyncio.Future[None] | None


class FrameWriter:
    """
    Hands frames to the socket in the order in which they came. The socket itself waits, without an end, for a network that takes
    nothing; whoever sends waits for so long only, and knows then that nothing was sent.
    """

    def __init__(self, socket: ClientConnection, *, is_text: bool) -> None:
        self._socket = socket
        self._is_text = is_text
        self._frames: deque[_Frame] = deque()
        self._news = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._has_ended = False
        self._task = asyncio.ensure_future(self._run())

    async def write(self, data: bytes, timeout: float) -> None:
        """
        Returns once the frame will be sent if the network takes it. Raises ``UNAVAILABLE``, where it will not be: the connection is
        gone, or had no room for so many seconds. Who is cancelled meanwhile has sent nothing.
        """
        if self._has_ended:
            raise not_connected()
        is_full = len(self._frames) >= MAX_WAITING_FRAMES
        frame = _Frame(data, asyncio.get_running_loop().create_future() if is_full else None)
        self._frames.append(frame)
        self._is_idle.clear()
        self._news.set()
        if frame.has_room is None:
            return
        try:
            await within(frame.has_room, timeout)
        except asyncio.TimeoutError:
            self._take_back(frame)
            text = "The network does not keep up; the message was not sent."
            raise ArqonBusError("UNAVAILABLE", text, details={"not_sent": True}) from None
        except asyncio.CancelledError:
            self._take_back(frame)
            raise

    async def flush(self) -> None:
        """Waits until the network has taken everything, or the connection has ended."""
        if not self._has_ended:
            await self._is_idle.wait()

    def stop(self) -> None:
        """Sends nothing any more."""
        self._task.cancel()
        self._end()

    async def _run(self) -> None:
        try:
            while True:
                while not self._frames:
                    self._is_idle.set()
                    self._news.clear()
                    await self._news.wait()
                frame = self._frames.popleft()
                self._make_room()
                await self._socket.send(frame.data, text=self._is_text)
        except ConnectionClosed:
            self._end()

    def _make_room(self) -> None:
        """Those who wait come in by their order, so that nobody overtakes them."""
        if len(self._frames) >= MAX_WAITING_FRAMES:
            frame = self._frames[MAX_WAITING_FRAMES - 1]
            if frame.has_room is not None and not frame.has_room.done():
                frame.has_room.set_result(None)

    def _take_back(self, frame: _Frame) -> None:
        if frame in self._frames:
            self._frames.remove(frame)
            self._make_room()

    def _end(self) -> None:
        self._has_ended = True
        self._is_idle.set()
        for frame in self._frames:
            if frame.has_room is not None and not frame.has_room.done():
                frame.has_room.set_exception(not_connected())
        self._frames.clear()
