"""Another token before the old one expires."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from .errors import ArqonBusError
from .tokens import TokenSource

#: The least time between two refreshes; a hostile server cannot make the client hammer the token function.
MIN_REFRESH_INTERVAL_S = 10.0


class TokenRefresher:
    """Asks the token function, and sends what it gave, when the server says that the token expires."""

    def __init__(
        self,
        tokens: TokenSource,
        send: Callable[[str], Awaitable[Any]],
        on_error: Callable[[ArqonBusError], None],
    ) -> None:
        self._tokens = tokens
        self._send = send
        self._on_error = on_error
        self._last_at = float("-inf")
        self._running: asyncio.Task[None] | None = None

    def refresh(self) -> None:
        """Begins, unless one is under way or was a moment ago, or there is no token function."""
        now = asyncio.get_running_loop().time()
        is_under_way = self._running is not None and not self._running.done()
        if not self._tokens.can_renew or is_under_way or now - self._last_at < MIN_REFRESH_INTERVAL_S:
            return
        self._last_at = now
        self._running = asyncio.ensure_future(self._run())

    def stop(self) -> None:
        """The client is closed."""
        if self._running is not None:
            self._running.cancel()

    async def _run(self) -> None:
        """A failure is told: the session ends with 4401 in its time, and the next try asks for a token again."""
        try:
            await self._send(await self._tokens.renew())
        except ArqonBusError as error:
            self._on_error(error)
