"""A channel that the client has joined."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from .errors import ArqonBusError
from .listeners import Listener, Listeners
from .messages import Position, Publication, PublishResult, position_of, to_publications
from .publication_queue import PublicationQueue
from .state_loading import GetState

if TYPE_CHECKING:
    from .client import ArqonBusClient


@dataclass(frozen=True)
class JoinOptions:
    """How a channel was joined; the same again after each reconnect."""

    echo: bool = False
    presence: bool = False
    history: int | None = None
    meta: Mapping[str, Any] | None = None
    get_state: GetState | None = None


@dataclass(frozen=True)
class Joined:
    """What the server answered to the last join."""

    #: Where the channel's log stood; None on channels without a log.
    position: Position | None = None
    #: The last publications, oldest first, where ``history`` was asked for.
    history: list[Publication] = field(default_factory=list)
    #: How many members there are; None without ``presence``.
    total: int | None = None


@dataclass(frozen=True)
class Rejoined:
    """The channel was joined again after a lost connection."""

    room: str
    channel: str
    #: True: everything that was published to the channel meanwhile follows, in order and once. False: something is missing.
    recovered: bool
    #: Why not: ``trimmed``, ``epoch_changed`` or ``no_log``.
    reason: str | None
    #: The last position received before.
    last_seen: Position | None
    #: What follows comes after this position.
    position: Position | None
    #: The same for messages to the whole room, where this answer tells of them.
    room_recovered: bool | None
    #: ``get_state`` has loaded what is missing: what follows comes after the state.
    reloaded: bool = False


class Subscription:
    """
    A joined channel; joined again by itself after each reconnect, from where it was.

    ``async for publication in subscription`` reads what comes, beginning with what came while nobody read; several may read.
    ``on`` calls back: ``publication``, ``rejoined``, ``presence``, ``discontinuity``, ``overflow`` and ``end`` (why, or None).
    """

    def __init__(
        self,
        client: ArqonBusClient,
        target: tuple[str, str],
        options: JoinOptions,
        leave: Callable[[Subscription], Awaitable[None]],
    ) -> None:
        self.room, self.channel = target
        self.options = options
        self.state: Literal["joining", "joined", "ended"] = "joining"
        self.joined = Joined()
        #: Whether it was joined at least once.
        self.was_joined = False
        self.last_seen: Position | None = None
        #: Who is there, by client id; empty without ``presence`` and in channels with too many to name.
        self.members: dict[str, dict[str, Any]] = {}
        self._client = client
        self._leave = leave
        self._listeners = Listeners()
        self._backlog = PublicationQueue()
        self._readers: set[PublicationQueue] = set()

    @property
    def target(self) -> str:
        """``room:channel``."""
        return f"{self.room}:{self.channel}"

    async def publish(self, payload: Any, **options: Any) -> PublishResult:
        """Publishes to this channel; see :meth:`ArqonBusClient.publish`."""
        return await self._client.publish(self.target, payload, **options)

    def history(self, **options: Any) -> AsyncIterator[Publication]:
        """Reads what the channel's log keeps; see :meth:`ArqonBusClient.history`."""
        return self._client.history(self.room, self.channel, **options)

    async def leave(self) -> None:
        """Leaves the channel, for everybody who shares this subscription."""
        await self._leave(self)

    def on(self, name: str, listener: Listener) -> Callable[[], None]:
        """Adds a listener; the first one of ``publication`` gets what came since the join."""
        remove = self._listeners.add(name, listener)
        if name == "publication":
            backlog, self._backlog = self._backlog, PublicationQueue()
            while (publication := backlog.take()) is not None:
                self._listeners.tell("publication", publication)
            if backlog.dropped:
                self._listeners.tell("overflow", backlog.dropped)
        return remove

    async def __aiter__(self) -> AsyncIterator[Publication]:
        queue, self._backlog = self._backlog, PublicationQueue()
        if self.state == "ended":
            queue.end()
            self._backlog.end()
        else:
            self._readers.add(queue)
        try:
            while True:
                try:
                    publication = await queue.next()
                except StopAsyncIteration:
                    return
                yield publication
        finally:
            self._readers.discard(queue)

    # What follows is for the client.

    @property
    def first_unread(self) -> Publication | None:
        """The oldest publication that waits for a first reader."""
        return self._backlog.first

    def drop_unread_until(self, position: Position | None) -> None:
        """Forgets what waits for a first reader and lies at the position of its join, or before."""
        if position is not None:
            self._backlog.drop(
                lambda unread: unread.channel == self.channel
                and unread.position is not None
                and unread.position.epoch == position.epoch
                and unread.position.seq <= position.seq
            )

    def deliver(self, publication: Publication, size: int) -> None:
        """Hands a publication to every reader, or keeps it for the first."""
        if self.state == "ended":
            return
        if self._listeners.has("publication"):
            self._listeners.tell("publication", publication)
        elif not self._readers:
            self._backlog.push(publication, size)
        for queue in self._readers:
            queue.push(publication, size)

    def tell(self, name: str, event: Any) -> None:
        """Tells the listeners."""
        self._listeners.tell(name, event)

    def apply_members(self, change: Mapping[str, Any], *, is_news: bool) -> None:
        """Takes in who came, went and changed."""
        counts_only = change.get("counts_only") is True
        if counts_only or change.get("reset") is True:
            self.members.clear()
        if not counts_only:
            for member in [*_clients(change.get("joins")), *_clients(change.get("updates"))]:
                self.members[member["client_id"]] = member
            for member in _clients(change.get("leaves")):
                self.members.pop(member["client_id"], None)
        if is_news:
            self._listeners.tell("presence", dict(change))

    def end(self, error: ArqonBusError | None) -> None:
        """Ends the subscription, and everybody who reads it."""
        if self.state == "ended":
            return
        self.state = "ended"
        self._backlog.end(error)
        for queue in self._readers:
            queue.end(error)
        self._listeners.tell("end", error)


def to_joined(result: Mapping[str, Any]) -> Joined:
    """What the answer to ``join_channel`` tells."""
    total = result.get("total")
    return Joined(
        position=position_of(result),
        history=to_publications(result.get("publications") or ()),
        total=total if isinstance(total, int) else None,
    )


def _clients(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict) and isinstance(item.get("client_id"), str)]
