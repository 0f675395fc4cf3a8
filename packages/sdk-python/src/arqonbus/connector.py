"""One connection, kept open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from .connection import Connection, ConnectionEnded, open_connection
from .errors import ArqonBusError, not_connected, unknown_outcome
from .messages import Welcome
from .reconnect import STABLE_AFTER_S, ConnectionEnd, react
from .signal import Signal
from .tokens import TokenSource
from .wire_format import WireFormat
from .within import within

State = Literal["idle", "connecting", "connected", "waiting", "closed"]


class ConnectionWork(Protocol):
    """What hangs on the connection."""

    def take(self, frame: dict[str, Any], size: int) -> None:
        """A frame of so many bytes has come."""

    async def settle(self, welcome: Welcome) -> None:
        """A connection is there; cancelled when it is lost."""

    def suspend(self) -> None:
        """The connection is lost."""

    def stop(self, told: ArqonBusError | None, error: ArqonBusError) -> None:
        """The client is closed: by itself (nothing is told), or for a reason."""

    def tell(self, name: str, event: Any) -> None:
        """Tells the listeners."""


class Connector:
    """Keeps one connection open after the close-code table."""

    def __init__(self, url: str, tokens: TokenSource, wire: WireFormat, timeout: float, work: ConnectionWork) -> None:
        self.state: State = "idle"
        #: Who the connection is; None until that is known.
        self.settled: Welcome | None = None
        #: Fires whenever something changes that a waiting call may depend on.
        self.changed = Signal()
        self._url = url
        self._tokens = tokens
        self._wire = wire
        self._timeout = timeout
        self._work = work
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._error: ArqonBusError | None = None

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return self._connection is not None

    async def connect(self, timeout: float) -> Welcome:
        """Connects, trying again for so long; raises why that cannot be. Does nothing when connected."""
        if self._task is None or self._task.done():
            self._error = None
            self._task = asyncio.ensure_future(self._run())
        await self.changed.until(lambda: self.settled is not None or self.state == "closed", timeout)
        if self.settled is not None:
            return self.settled
        error = self._error or unknown_outcome("No connection in time.")
        await self.close()
        raise error

    async def close(self) -> None:
        """Closes the connection for good."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
        self._stop(None)

    async def send(self, frame: Mapping[str, Any], timeout: float | None = None) -> None:
        """Sends a frame; raises ``UNAVAILABLE`` where there is no connection, or it had no room for ``timeout`` seconds."""
        if self._connection is None:
            raise not_connected()
        await self._connection.send(frame, self._timeout if timeout is None else timeout)

    async def until_settled(self) -> None:
        """What is sent before it is known who the connection is comes from nobody yet."""
        if self._connection is not None:
            await self.changed.until(lambda: self.settled is not None or self._connection is None, self._timeout)

    def settle(self, welcome: Welcome) -> None:
        """It is known who the connection is."""
        self.settled = welcome
        self._work.tell("welcome", welcome)
        self.changed.fire()

    async def _run(self) -> None:
        failures = 0
        while True:
            self._set_state("connecting")
            opened_at = float("inf")
            try:
                token = await within(self._tokens.get(), self._timeout)
                self._connection = await open_connection(self._url, token, self._wire, self._timeout)
                opened_at = asyncio.get_running_loop().time()
                end = await self._live(self._connection)
            except ConnectionEnded as ended:
                end = ended.end
            except asyncio.TimeoutError:
                end = ConnectionEnd(1006, "the token function gave no token in time")
            except ArqonBusError as error:
                if error.code == "VALIDATION_ERROR":
                    self._stop(error)
                    return
                end = ConnectionEnd(1006, error.message, error=error)
            was_stable = asyncio.get_running_loop().time() - opened_at >= STABLE_AFTER_S
            failures = 1 if was_stable else failures + 1
            self._lose(end)
            reaction = react(
                end,
                failures=failures,
                can_renew_token=self._tokens.can_renew,
                was_token_fresh=self._tokens.was_fresh,
            )
            if reaction is None:
                self._stop(end.to_error())
                return
            if reaction.needs_new_token:
                self._tokens.discard()
            self._set_state("waiting")
            await asyncio.sleep(reaction.delay_s)

    async def _live(self, connection: Connection) -> ConnectionEnd:
        self._set_state("connected")
        settling = asyncio.ensure_future(self._work.settle(connection.welcome))
        try:
            return await connection.read(self._work.take)
        finally:
            settling.cancel()
            await asyncio.gather(settling, return_exceptions=True)

    def _lose(self, end: ConnectionEnd) -> None:
        self._connection = None
        self.settled = None
        self._error = end.to_error()
        self._work.suspend()
        self.changed.fire()

    def _stop(self, told: ArqonBusError | None) -> None:
        if self.state == "closed":
            return
        self._error = told or ArqonBusError("UNAVAILABLE", "The client was closed.")
        self.settled = None
        self._work.stop(told, self._error)
        self._set_state("closed")
        self._work.tell("close", told)

    def _set_state(self, state: State) -> None:
        if state == self.state:
            return
        self.state = state
        self.changed.fire()
        self._work.tell("state", state)
