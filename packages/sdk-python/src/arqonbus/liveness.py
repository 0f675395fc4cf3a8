"""Noticing a connection that has gone silent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from websockets.exceptions import ConnectionClosed

from .within import within

#: What a server may set at least and at most: a hostile one cannot make the client ping without pause, or never.
MIN_HEARTBEAT_S = 5.0
MAX_HEARTBEAT_S = 300.0
#: A wait that took so much longer shows that the process slept.
LATE_S = 2.0
#: How long a connection that is in doubt may be silent.
DOUBT_S = 5.0


class Liveness:
    """
    Pings when nothing came for a heartbeat, and gives the connection up when nothing at all comes until the answer is due: it may
    wait behind frames that a slow link still brings. Not the keepalive of ``websockets``, which counts pongs alone, and
    waits without an end for a network that takes nothing.
    """

    def __init__(self, ping: Callable[[], Awaitable[object]], timeout: float) -> None:
        self._ping = ping
        self._timeout = timeout
        self._now = asyncio.get_running_loop().time
        self._heard_at = self._now()

    def note(self) -> None:
        """Something came."""
        self._heard_at = self._now()

    async def until_dead(self, heartbeat: float) -> None:
        """Returns once the connection is dead."""
        every = min(max(heartbeat, MIN_HEARTBEAT_S), MAX_HEARTBEAT_S)
        while True:
            quiet = self._now() - self._heard_at
            if quiet < every:
                await asyncio.sleep(every - quiet)
            elif not await self._is_alive():
                return

    async def _is_alive(self) -> bool:
        timeout = self._timeout
        while True:
            asked_at = self._now()
            try:
                await within(self._ping(), timeout)
                self.note()
            except ConnectionClosed:
                # Its end is seen by who reads.
                self.note()
            except asyncio.TimeoutError:
                pass
            if self._heard_at >= asked_at:
                return True
            if self._now() - asked_at - timeout < LATE_S:
                return False
            timeout = min(self._timeout, DOUBT_S)
