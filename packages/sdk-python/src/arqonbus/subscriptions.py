"""The channels that the client has joined: joins, recovery from positions, and each publication once."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import ArqonBusError
from .join_args import join_args
from .messages import Position, Publication, mapping_of, parse_target, position_of
from .own_clients import OwnClients
from .reconnect import backoff
from .state_loading import join_with_state
from .subscription import Joined, JoinOptions, Rejoined, Subscription, to_joined

if TYPE_CHECKING:
    from .client import ArqonBusClient

#: Joins under way at one time after a reconnect: faster than one by one, slower than the limit of commands.
REJOIN_WORKERS = 8


class Subscriptions:
    """What is joined, by ``room:channel``."""

    def __init__(self, client: ArqonBusClient) -> None:
        self._client = client
        self._channels: dict[str, Subscription] = {}
        self._joins: dict[str, asyncio.Task[Subscription]] = {}
        self._positions: dict[str, Position] = {}
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._own = OwnClients()

    async def join(self, target: str, options: JoinOptions) -> Subscription:
        """Joins a channel, or gives the subscription that there is. Raises the server's refusal."""
        room, channel = parse_target(target)
        key = f"{room}:{channel}"
        existing = self._channels.get(key)
        if existing is not None and key not in self._joins:
            return existing
        if existing is None:
            subscription = Subscription(self._client, (room, channel), options, self._leave)
            self._channels[key] = subscription
            self._joins[key] = asyncio.ensure_future(self._join(subscription))
        return await asyncio.shield(self._joins[key])

    def is_ready(self, key: str) -> bool:
        """False while the channel is being joined (again); True for channels that are joined, or never were."""
        channel = self._channels.get(key)
        return channel is None or channel.state == "joined"

    def is_logged(self, key: str) -> bool:
        """True for channels whose join told a position in a log."""
        channel = self._channels.get(key)
        return channel is not None and channel.joined.position is not None

    def deliver(self, publication: Publication, size: int) -> bool:
        """Hands it to whom it is for. False = it has been seen before, or is the client's own and nobody asked for an echo."""
        readers = self._readers_of(publication.room, publication.channel)
        key = f"{publication.room}:{publication.channel}"
        if readers and publication.position is not None and not self._accept(key, publication.position):
            return False
        is_own = self._own.was(publication.sender)
        takers = [reader for reader in readers if reader.options.echo] if is_own else readers
        for reader in takers:
            reader.deliver(publication, size)
        return not is_own or bool(takers)

    def tell(self, name: str, room: str, channel: str, event: Any) -> None:
        """Tells the subscription of the channel, or, where it is about the whole room, each of the room's."""
        for reader in self._readers_of(room, channel):
            reader.tell(name, event)

    def tell_presence(self, payload: Mapping[str, Any]) -> None:
        """Tells the subscription of the channel who came and went."""
        channel = self._channels.get(f"{payload.get('room')}:{payload.get('channel')}")
        if channel is not None:
            channel.apply_members(payload, is_news=True)

    def suspend(self) -> None:
        """The connection is gone: every channel must be joined again."""
        for channel in self._channels.values():
            if channel.state == "joined":
                channel.state = "joining"

    def to_resume(self) -> dict[str, Any]:
        """The channels that are to be joined again, as ``resume`` takes them."""
        channels: dict[str, Any] = {}
        for key, channel in self._channels.items():
            if channel.state != "joining" or not channel.was_joined:
                continue
            channel.last_seen = self._last_seen(channel)
            args = self._join_args(channel, channel.last_seen, is_rejoin=True)
            del args["room"], args["channel"]
            args.update(args.pop("from", {}))
            channels[key] = args
        return channels

    async def rejoin_all(self, client_id: str, resumed: list[dict[str, Any]]) -> None:
        """Joins every channel again on a new connection, as this client, where it was not resumed with the connection."""
        self._own.name(client_id)
        answers = {f"{answer.get('room')}:{answer.get('channel')}": answer for answer in resumed}
        waiting = [(key, channel) for key, channel in self._channels.items() if channel.was_joined]

        async def work() -> None:
            while waiting:
                key, channel = waiting.pop(0)
                await self._rejoin(channel, answers.get(key))
                self._client.changed.fire()

        await asyncio.gather(*(work() for _ in range(REJOIN_WORKERS)))

    def end_all(self, error: ArqonBusError | None) -> None:
        """The client is closed."""
        for channel in list(self._channels.values()):
            self._end(channel, error)

    async def _join(self, channel: Subscription) -> Subscription:
        try:
            get_state = channel.options.get_state
            if get_state is None:
                result = await self._ask(channel, None, is_rejoin=False)
            else:
                result = await self._with_state(channel, "first")
            if channel.state == "ended":
                raise ArqonBusError("UNAVAILABLE", "The client was closed.")
            channel.joined = self._without_overlap(channel, to_joined(result))
            self._note_room_log(channel, result)
            channel.state, channel.was_joined = "joined", True
            self._apply_members(channel, result, is_news=False)
            return channel
        except BaseException:
            self._end(channel, None)
            raise
        finally:
            self._joins.pop(channel.target, None)
            self._client.changed.fire()

    async def _rejoin(self, channel: Subscription, resumed: dict[str, Any] | None) -> None:
        """Tries until the channel is joined or refused for good; ends with the connection, which cancels it."""
        failures = 1
        while channel.state == "joining":
            try:
                if resumed is not None and failures == 1:
                    result = _result_of(resumed)
                else:
                    channel.last_seen = self._last_seen(channel)
                    result = await self._ask(channel, channel.last_seen, is_rejoin=True)
                reloaded_for = self._wanted_state(channel, result)
                if reloaded_for:
                    await self._leave_channel(channel)
                    result = await self._with_state(channel, reloaded_for)
            except ArqonBusError as error:
                if not error.is_retryable:
                    self._end(channel, error)
                    return
                await asyncio.sleep(backoff(failures, error.retry_after))
                failures += 1
                continue
            if channel.state == "joining":
                self._complete_rejoin(channel, result, reloaded_for)

    def _complete_rejoin(self, channel: Subscription, result: dict[str, Any], reloaded_for: str) -> None:
        channel.joined = to_joined(result)
        channel.state = "joined"
        self._apply_members(channel, result, is_news=True)
        recovered = result.get("recovered") is True and not reloaded_for
        lost_for = result.get("reason") or (None if channel.last_seen is not None else "no_log")
        rejoined = Rejoined(
            room=channel.room,
            channel=channel.channel,
            recovered=recovered,
            reason=reloaded_for or (None if recovered else lost_for),
            last_seen=channel.last_seen,
            position=channel.joined.position,
            room_recovered=self._note_room_log(channel, result),
            reloaded=bool(reloaded_for),
        )
        channel.tell("rejoined", rejoined)
        self._client.tell("rejoined", rejoined)

    async def _leave(self, channel: Subscription) -> None:
        if channel.state == "ended":
            return
        self._end(channel, None)
        await self._leave_channel(channel)

    async def _leave_channel(self, channel: Subscription) -> None:
        async with self._turn(channel.target):
            if self._client.is_connected:
                await self._client.command("leave_channel", {"room": channel.room, "channel": channel.channel})

    @staticmethod
    def _wanted_state(channel: Subscription, result: Mapping[str, Any]) -> str:
        """Why the state is to be loaded again; empty = it is not."""
        is_missing = channel.options.get_state is not None and result.get("recovered") is False
        return str(result.get("reason") or "trimmed") if is_missing else ""

    async def _with_state(self, channel: Subscription, reason: str) -> dict[str, Any]:
        async def join(position: Position | None) -> dict[str, Any]:
            # What the state holds has been seen, and nothing else.
            self._positions.pop(channel.target, None)
            if position is not None:
                self._accept(channel.target, position)
            return await self._ask(channel, position, is_rejoin=position is not None)

        get_state = channel.options.get_state
        assert get_state is not None
        return await join_with_state(get_state, reason, join, lambda: self._leave_channel(channel))

    async def _ask(self, channel: Subscription, last: Position | None, *, is_rejoin: bool) -> dict[str, Any]:
        # The server answers commands as they come about: a leave that overtook a join would be refused, and the join hold.
        async with self._turn(channel.target):
            return await self._client.command("join_channel", self._join_args(channel, last, is_rejoin=is_rejoin))

    def _join_args(self, channel: Subscription, last: Position | None, *, is_rejoin: bool) -> dict[str, Any]:
        room_last = None if channel.channel == "*" else self._positions.get(f"{channel.room}:*")
        return join_args(channel, last, room_last, is_rejoin=is_rejoin)

    def _without_overlap(self, channel: Subscription, joined: Joined) -> Joined:
        """What came between the subscription and its answer is in the history too: each publication is shown once."""
        channel.drop_unread_until(joined.position)
        first = channel.first_unread
        if first is not None and first.position is not None:
            begin = first.position

            def is_before(position: Position | None) -> bool:
                return position is None or position.epoch != begin.epoch or position.seq < begin.seq

            history = [publication for publication in joined.history if is_before(publication.position)]
            return Joined(joined.position, history, joined.total)
        if joined.history and joined.history[-1].position is not None:
            self._accept(channel.target, joined.history[-1].position)
        return joined

    def _note_room_log(self, channel: Subscription, result: Mapping[str, Any]) -> bool | None:
        """Remembers where messages to the whole room go on, so that they are asked for after a reconnect."""
        told = mapping_of(result.get("room_log"))
        position = position_of(told)
        if position is not None:
            self._accept(f"{channel.room}:*", position)
        recovered = told.get("recovered")
        return recovered if isinstance(recovered, bool) else None

    def _apply_members(self, channel: Subscription, result: Mapping[str, Any], *, is_news: bool) -> None:
        if channel.joined.total is None:
            return
        members = result.get("members") or []
        counts_only = len(members) < channel.joined.total
        change = {
            "room": channel.room,
            "channel": channel.channel,
            "joins": members,
            "leaves": [],
            "updates": [],
            "total": channel.joined.total,
            "counts_only": counts_only,
            "reset": not counts_only,
        }
        channel.apply_members(change, is_news=is_news)

    def _accept(self, key: str, position: Position) -> bool:
        last = self._positions.get(key)
        if last is not None and last.epoch == position.epoch and position.seq <= last.seq:
            return False
        self._positions[key] = position
        return True

    def _last_seen(self, channel: Subscription) -> Position | None:
        return self._positions.get(channel.target) or channel.joined.position

    def _end(self, channel: Subscription, error: ArqonBusError | None) -> None:
        if self._channels.get(channel.target) is channel:
            del self._channels[channel.target]
            self._positions.pop(channel.target, None)
            if not any(other.room == channel.room for other in self._channels.values()):
                self._positions.pop(f"{channel.room}:*", None)
        channel.end(error)

    def _readers_of(self, room: str, channel: str) -> list[Subscription]:
        if channel == "*":
            return [reader for reader in self._channels.values() if reader.room == room]
        reader = self._channels.get(f"{room}:{channel}")
        return [] if reader is None else [reader]

    def _turn(self, key: str) -> asyncio.Lock:
        return self._locks.setdefault(key, asyncio.Lock())


def _result_of(resumed: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to the join of a channel that was resumed; raises its refusal."""
    joined = resumed.get("joined")
    if isinstance(joined, dict):
        return joined
    raise ArqonBusError(str(resumed.get("error_code") or "INTERNAL_ERROR"), str(resumed.get("error") or ""))
