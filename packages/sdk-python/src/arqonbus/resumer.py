"""Going on as the client of the connection before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from .errors import ArqonBusError
from .messages import Welcome
from .reconnect import backoff

#: A crashed Brain is replaced within four seconds; joining afresh works without one.
MAX_RESUME_TRIES = 3

#: Gives a command on the connection that is there.
GiveCommand = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]


class Resumer:
    """
    Resumes the session on each new connection (PRT-7). Where that cannot be, the connection is a new client, and its channels
    are joined again from their positions: nothing is lost but the client id.
    """

    def __init__(self, command: GiveCommand, channels: Callable[[], dict[str, Any]]) -> None:
        self._command = command
        self._channels = channels
        #: Of the session that is to be resumed; empty = none.
        self.token = ""
        self._shown: dict[str, Any] = {}

    def note_shown(self, args: Mapping[str, Any]) -> None:
        """Remembers what the client shows of itself, which a resumed session shows again."""
        self._shown.update({name: value for name, value in args.items() if name in ("status", "meta")})

    def forget(self) -> None:
        """The client is closed: the next connection is another session."""
        self.token, self._shown = "", {}

    async def settle(self, welcome: Welcome) -> tuple[Welcome, list[dict[str, Any]]]:
        """Who the connection is: as whom it was welcomed, or whom it has resumed, in which channels."""
        resumed: list[dict[str, Any]] = []
        try:
            if self.token and welcome.resume_token:
                answer = await self._resume()
                welcome = replace(welcome, client_id=answer["client_id"], resume_token=answer["resume_token"])
                resumed = answer["channels"]
        except ArqonBusError:
            # Before the joins, so that it is there when the channels see the client come.
            if self._shown:
                await asyncio.gather(self._command("set_status", self._shown), return_exceptions=True)
        self.token = welcome.resume_token
        return welcome, resumed

    async def _resume(self) -> dict[str, Any]:
        args = {"resume_token": self.token, "channels": self._channels(), **self._shown}
        tries = 1
        while True:
            try:
                return await self._command("resume", args)
            except ArqonBusError as error:
                if not error.is_retryable or tries == MAX_RESUME_TRIES:
                    raise
                await asyncio.sleep(backoff(tries, error.retry_after))
                tries += 1
