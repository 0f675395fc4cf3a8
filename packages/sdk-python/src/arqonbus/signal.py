"""Something has changed: whoever waits looks again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .within import within


class Signal:
    """Wakes everybody who waits."""

    def __init__(self) -> None:
        #: In the order in which they began to wait, so that what they do then keeps it.
        self._waiters: dict[asyncio.Future[None], None] = {}

    def fire(self) -> None:
        """Lets them look."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, holds: Callable[[], bool], timeout: float | None = None) -> bool:
        """Waits until ``holds`` does; False where that takes longer than ``timeout`` seconds."""
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        while not holds():
            waiter = loop.create_future()
            self._waiters[waiter] = None
            try:
                await within(waiter, None if deadline is None else max(0.0, deadline - loop.time()))
            except asyncio.TimeoutError:
                return holds()
            finally:
                self._waiters.pop(waiter, None)
        return True
