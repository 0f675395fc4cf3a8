"""Where tokens come from."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

from .errors import ArqonBusError

#: A token, or a function that gets a fresh one, plain or ``async``.
Token = str | Callable[[], str | Awaitable[str]]


class TokenSource:
    """Keeps the last token; asks the function, where there is one, when another is needed."""

    def __init__(self, token: Token) -> None:
        self._source = token
        self._kept: str | None = token if isinstance(token, str) else None
        #: Whether the last ``get`` had to ask for a new one.
        self.was_fresh = False

    @property
    def can_renew(self) -> bool:
        """Whether there is a function to ask for another token."""
        return not isinstance(self._source, str)

    async def get(self) -> str:
        """The kept token, or a new one where there is none. Raises ``AUTHENTICATION_FAILED`` where none can be got."""
        self.was_fresh = self._kept is None
        return await self.renew() if self._kept is None else self._kept

    async def renew(self) -> str:
        """Asks for a new token and keeps it."""
        if isinstance(self._source, str):
            return self._source
        try:
            token = self._source()
            if inspect.isawaitable(token):
                token = await token
        except Exception as error:
            raise ArqonBusError("AUTHENTICATION_FAILED", "The token function failed.") from error
        if not isinstance(token, str) or not token:
            raise ArqonBusError("AUTHENTICATION_FAILED", "The token function gave no token.")
        self._kept = token
        return token

    def discard(self) -> None:
        """Makes the next ``get`` ask for a new token, where there is a function to ask."""
        if self.can_renew:
            self._kept = None
