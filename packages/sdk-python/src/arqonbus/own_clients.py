"""Whom the client has been."""

from __future__ import annotations

#: Client ids of earlier connections that are remembered.
MAX_EARLIER_CLIENTS = 100


class OwnClients:
    """The client ids of earlier connections: what they have sent is the client's own."""

    def __init__(self) -> None:
        self._id = ""
        self._earlier: dict[str, None] = {}

    def name(self, client_id: str) -> None:
        """The connection is this client."""
        if self._id and self._id != client_id:
            self._earlier[self._id] = None
            if len(self._earlier) > MAX_EARLIER_CLIENTS:
                del self._earlier[next(iter(self._earlier))]
        self._id = client_id

    def was(self, client_id: str) -> bool:
        """Whether an earlier connection was this client."""
        return client_id in self._earlier
