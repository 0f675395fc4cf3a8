"""What hangs on the connection of a client: its channels, tasks and requests, and whom each frame is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import ArqonBusError, error_of_frame
from .listeners import Listeners
from .messages import Welcome, mapping_of, to_publication
from .operator import Operator, TaskHandler
from .raw_frames import RawFrames
from .replay import Replays
from .requests import Requests
from .resumer import Resumer
from .store import ClientStore
from .store_watches import StoreWatches
from .submitted_tasks import SubmittedTasks
from .subscriptions import Subscriptions
from .token_refresher import TokenRefresher

if TYPE_CHECKING:
    from .client import ArqonBusClient


class ClientWork:
    """The parts of a client, kept together over reconnects."""

    def __init__(self, client: ArqonBusClient, requests: Requests, refresher: TokenRefresher) -> None:
        self.listeners = Listeners()
        self.subscriptions = Subscriptions(client)
        self.replays = Replays(client)
        self.tasks = SubmittedTasks(client)
        self.raw = RawFrames()
        self._watches = StoreWatches(client)
        self.store = ClientStore(client, self._watches)
        self.resumer = Resumer(client.command_now, self.subscriptions.to_resume)
        self._client = client
        self._requests = requests
        self._refresher = refresher
        self._operator: Operator | None = None

    def tell(self, name: str, event: Any) -> None:
        """Tells the listeners of the client."""
        self.listeners.tell(name, event)

    def become_operator(self, group: str, handler: TaskHandler, options: Mapping[str, Any]) -> Operator:
        """The client takes the tasks of a group, on each connection from now on."""
        if self._operator is not None:
            raise ArqonBusError("CONFLICT", "The client is an operator; leave first.")
        self._operator = Operator(self._client, {"group": group, **options}, handler)
        return self._operator

    def forget_operator(self, operator: Operator) -> None:
        """It takes no more tasks."""
        if self._operator is operator:
            self._operator = None

    async def settle(self, welcome: Welcome) -> None:
        """Goes on as the client of the connection before; where that cannot be, as a new one, from the same positions."""
        welcome, resumed = await self.resumer.settle(welcome)
        self._client.settle(welcome)
        await self.subscriptions.rejoin_all(welcome.client_id, resumed)
        await self.tasks.look_again()
        self._watches.begin_again()
        if self._operator is not None:
            await self._operator.rejoin()

    def suspend(self) -> None:
        """The connection is lost."""
        self.subscriptions.suspend()
        if self._operator is not None:
            self._operator.abort()
        self._requests.abort()

    def stop(self, told: ArqonBusError | None, error: ArqonBusError) -> None:
        """The client is closed."""
        self.resumer.forget()
        self._requests.abort()
        self.subscriptions.end_all(told)
        if self._operator is not None:
            self._operator.abort()
        self.tasks.abort(error)
        self._watches.end_all(error)
        self._refresher.stop()

    def take(self, frame: dict[str, Any], size: int) -> None:
        """Hands a frame to whom it is for."""
        self.raw.note(frame)
        kind = frame.get("type")
        if kind in ("event", "private"):
            self._take_message(frame, size)
        elif kind in ("response", "error"):
            if not self._requests.answer(frame) and kind == "error":
                self.tell("error", error_of_frame(frame))
        elif kind == "system":
            self._take_system(frame)
        elif kind == "task":
            self._take_task(mapping_of(frame.get("payload")))

    def _take_message(self, frame: dict[str, Any], size: int) -> None:
        publication = to_publication(frame)
        if publication is None:
            self.tell("error", ArqonBusError("VALIDATION_ERROR", "The server sent a message that cannot be read."))
        elif frame["type"] == "private":
            self.tell("private", publication)
        elif not self.replays.deliver(publication, size) and self.subscriptions.deliver(publication, size):
            self.tell("publication", publication)

    def _take_task(self, told: dict[str, Any]) -> None:
        if told.get("role") == "submitter":
            self.tasks.take(told)
        elif self._operator is not None:
            self._operator.take(told)

    def _take_system(self, frame: dict[str, Any]) -> None:
        payload = mapping_of(frame.get("payload"))
        event = payload.get("event")
        if event == "token_expiring":
            self._refresher.refresh()
        elif event == "presence":
            self.subscriptions.tell_presence(payload)
        elif event == "discontinuity":
            room, channel = payload.get("room", frame.get("room")), payload.get("channel", frame.get("channel"))
            self.subscriptions.tell("discontinuity", str(room), str(channel), payload)
            self.tell("discontinuity", payload)
        elif event == "store":
            self._watches.take(payload)
        self.tell("system", frame)
