"""Callbacks by name."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any

Listener = Callable[[Any], Any]

logger = logging.getLogger("arqonbus")


class Listeners:
    """Calls what was registered under a name; what a listener throws is logged, and stops nobody else."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[Listener]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def add(self, name: str, listener: Listener) -> Callable[[], None]:
        """Adds a listener, a function or a coroutine function; the returned function takes it away."""
        listeners = self._by_name.setdefault(name, [])
        listeners.append(listener)

        def remove() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return remove

    def has(self, name: str) -> bool:
        """Whether anybody listens."""
        return bool(self._by_name.get(name))

    def tell(self, name: str, event: Any) -> None:
        """Calls them in their order; coroutines run beside the caller."""
        for listener in list(self._by_name.get(name, ())):
            try:
                result = listener(event)
            except Exception:
                logger.exception("a listener of %s failed", name)
                continue
            if inspect.iscoroutine(result):
                task = asyncio.ensure_future(_logged(result, name))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)


async def _logged(coroutine: Any, name: str) -> None:
    try:
        await coroutine
    except Exception:
        logger.exception("a listener of %s failed", name)
