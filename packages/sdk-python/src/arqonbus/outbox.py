"""Publishing until it is known what became of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .connector import Connector
from .errors import ArqonBusError, not_connected, unknown_outcome
from .requests import Requests

if TYPE_CHECKING:
    from .subscriptions import Subscriptions

#: The bus stores an id once within two minutes; a publication is tried again for half of that.
MAX_PUBLISH_RETRY_S = 60.0
#: Between tries of a publication that the server refuses for now.
RETRY_WAIT_S = 0.25

_UNKNOWN = "The publication got no acknowledgement."
_NOT_SENT = "The publication was not sent: there was no connection in time."


class Outbox:
    """Publications that wait for a connection, or are sent again under the same id."""

    def __init__(
        self, connector: Connector, requests: Requests, subscriptions: Subscriptions, timeout: float, retry_for: float
    ) -> None:
        self._connector = connector
        self._requests = requests
        self._subscriptions = subscriptions
        self._timeout = timeout
        self._retry_for = min(retry_for, MAX_PUBLISH_RETRY_S)

    async def publish(self, key: str, frame: dict[str, Any]) -> dict[str, Any]:
        """Gives the acknowledgement of a publication to the channel ``key``; raises its refusal."""
        connector = self._connector
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._retry_for
        is_uncertain = False
        while True:
            if connector.state in ("idle", "closed"):
                raise unknown_outcome(_UNKNOWN) if is_uncertain else not_connected()
            if not await connector.changed.until(lambda: self._is_ready(key), deadline - loop.time()):
                raise unknown_outcome(_UNKNOWN) if is_uncertain else ArqonBusError("UNAVAILABLE", _NOT_SENT)
            if self._is_closed():
                continue
            was_uncertain = is_uncertain
            try:
                return await self._requests.send(frame, min(self._timeout, max(0.001, deadline - loop.time())))
            except ArqonBusError as error:
                if error.details.get("not_sent") is True and loop.time() < deadline:
                    await asyncio.sleep(0)
                    continue
                is_uncertain = is_uncertain or error.is_indeterminate
                # A log looks for repeats before it compares: what it refuses as a conflict it has never stored.
                if not is_uncertain or error.code == "CONFLICT":
                    raise
                if not self._subscriptions.is_logged(key) or loop.time() >= deadline:
                    raise error if error.is_indeterminate else unknown_outcome(_UNKNOWN) from error
                if error.is_indeterminate:
                    continue
                if not (was_uncertain and error.is_retryable):
                    raise unknown_outcome(_UNKNOWN) from error
                await asyncio.sleep(error.retry_after or RETRY_WAIT_S)

    def _is_closed(self) -> bool:
        return self._connector.state == "closed"

    def _is_ready(self, key: str) -> bool:
        return self._is_closed() or (self._connector.settled is not None and self._subscriptions.is_ready(key))
