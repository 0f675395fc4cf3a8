"""Commands that do no harm when they are given twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from .errors import ArqonBusError

T = TypeVar("T")

#: Refusals after which the same command may do better a little later.
_PASSING = frozenset({"UNAVAILABLE", "TIMEOUT", "RATE_LIMITED"})
_FIRST_PAUSE_S = 0.25
_MAX_PAUSE_S = 4.0


async def persist(run: Callable[[], Awaitable[T]], for_s: float) -> T:
    """Gives a command until it is answered, refused for good, or the time is over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + for_s
    pause = _FIRST_PAUSE_S
    while True:
        try:
            return await run()
        except ArqonBusError as error:
            if error.code not in _PASSING or loop.time() + pause > deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, _MAX_PAUSE_S)
