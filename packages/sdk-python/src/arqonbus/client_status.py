"""What a client tells of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .connector import Connector, State
from .listeners import Listener, Listeners
from .messages import Welcome
from .signal import Signal


class ClientStatus:
    """Who a client is, how its connection is, and who listens."""

    def __init__(self, connector: Connector, listeners: Listeners) -> None:
        #: The last greeting of the server; None before the first.
        self.welcome: Welcome | None = None
        self._link = connector
        self._listeners = listeners

    @property
    def id(self) -> str:
        """The client id; empty before the first connection."""
        return "" if self.welcome is None else self.welcome.client_id

    @property
    def state(self) -> State:
        """What the connection is about."""
        return self._link.state

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return self._link.is_connected

    @property
    def changed(self) -> Signal:
        """Fires whenever something changes that a waiting call may depend on."""
        return self._link.changed

    def on(self, name: str, listener: Listener) -> Callable[[], None]:
        """Adds a listener, a function or a coroutine function; the returned function takes it away."""
        return self._listeners.add(name, listener)

    def tell(self, name: str, event: Any) -> None:
        """Tells the listeners."""
        self._listeners.tell(name, event)

    def settle(self, welcome: Welcome) -> None:
        """It is known who the connection is."""
        self.welcome = welcome
        self._link.settle(welcome)
