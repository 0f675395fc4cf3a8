"""Publications on their way to one reader; bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from .errors import ArqonBusError
from .messages import Publication

#: How many publications wait for a reader at most, and how many bytes, roughly.
MAX_QUEUED = 1_000
MAX_QUEUED_BYTES = 4_194_304


class PublicationQueue:
    """
    Ends with the subscription. Once something was dropped nothing more is taken in, since what follows a hole must not look
    whole: the reader gets what waited, then ``UNAVAILABLE`` with ``details["dropped"]``.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._items: deque[tuple[Publication, int]] = deque()
        self._bytes = 0
        self._is_ended = False
        self._error: ArqonBusError | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def first(self) -> Publication | None:
        """The one that waits longest."""
        return self._items[0][0] if self._items else None

    def push(self, publication: Publication, size: int) -> bool:
        """Adds one of about ``size`` bytes; False = it was dropped and counted, or the queue has ended."""
        if self._is_ended:
            return False
        if self.dropped or len(self._items) >= MAX_QUEUED or self._bytes + size > MAX_QUEUED_BYTES:
            self.dropped += 1
            return False
        self._items.append((publication, size))
        self._bytes += size
        self._wake()
        return True

    def drop(self, matches: Callable[[Publication], bool]) -> None:
        """Forgets those that wait and match."""
        self._items = deque(item for item in self._items if not matches(item[0]))
        self._bytes = sum(size for _, size in self._items)

    def take(self) -> Publication | None:
        """Takes what waits without waiting."""
        if not self._items:
            return None
        publication, size = self._items.popleft()
        self._bytes -= size
        return publication

    def end(self, error: ArqonBusError | None = None) -> None:
        """No more will come."""
        if not self._is_ended:
            self._is_ended, self._error = True, error
            self._wake()

    async def next(self) -> Publication:
        """The next one; waits for it. Raises ``StopAsyncIteration`` at the end, or why it ended."""
        while True:
            publication = self.take()
            if publication is not None:
                return publication
            if self.dropped or self._is_ended:
                raise self._ending()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def _ending(self) -> Exception:
        dropped, error = self.dropped, self._error
        self._is_ended, self.dropped, self._error = True, 0, None
        if dropped:
            text = f"The reader was slower than the channel: {dropped} publications were dropped."
            return ArqonBusError("UNAVAILABLE", text, details={"dropped": dropped})
        return error or StopAsyncIteration()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
