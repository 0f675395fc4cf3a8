"""Requests without an answer on the present connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from .errors import ArqonBusError, error_of_frame, unknown_outcome
from .within import within

MAX_PENDING_REQUESTS = 1_024


class Requests:
    """Each settles exactly once: by its answer, by its timeout, or with the loss of the connection."""

    def __init__(self, transmit: Callable[[dict[str, Any], float], Awaitable[None]]) -> None:
        self._transmit = transmit
        self._pending: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def send(self, frame: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Sends a request and gives the reply. Raises the refusal; ``TIMEOUT`` with ``is_indeterminate`` where none came."""
        if frame["id"] in self._pending:
            raise ArqonBusError("CONFLICT", "A request with this id waits for its answer.")
        if len(self._pending) >= MAX_PENDING_REQUESTS:
            raise ArqonBusError("RATE_LIMITED", "Too many requests wait for an answer; this one was not sent.")
        loop = asyncio.get_running_loop()
        reply: asyncio.Future[dict[str, Any]] = loop.create_future()
        self._pending[frame["id"]] = reply
        deadline = loop.time() + timeout
        try:
            await self._transmit(frame, timeout)
            return await within(reply, max(0.0, deadline - loop.time()))
        except asyncio.TimeoutError:
            raise unknown_outcome(f"No answer within {timeout} s.") from None
        finally:
            self._pending.pop(frame["id"], None)
            # One that was aborted before it was waited for is no fault of anybody's.
            if not reply.cancel() and not reply.cancelled():
                reply.exception()

    def answer(self, frame: dict[str, Any]) -> bool:
        """Takes a ``response`` or ``error`` frame; False when it answers no request that waits."""
        reply = self._pending.get(str(frame.get("request_id") or ""))
        if reply is None or reply.done():
            return False
        if frame.get("type") == "error" or frame.get("status") == "error":
            reply.set_exception(error_of_frame(frame))
        else:
            reply.set_result(frame)
        return True

    def abort(self) -> None:
        """The connection is gone: every outcome is unknown."""
        for reply in self._pending.values():
            if not reply.done():
                reply.set_exception(unknown_outcome("The connection was lost before the answer came."))
