"""The client: one connection kept open, what is joined on it, and what is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal

from .client_status import ClientStatus
from .client_work import ClientWork
from .connector import Connector
from .errors import ArqonBusError
from .history import Order, optional_time, read_history
from .messages import Publication, PublishResult, Welcome, mapping_of, new_id, parse_target, to_publish_result
from .operator import Operator, TaskHandler
from .outbox import MAX_PUBLISH_RETRY_S, Outbox
from .outgoing_frame import command_frame, given, message_frame
from .replay import Replay
from .requests import Requests
from .socket_url import socket_url
from .state_loading import GetState
from .store import ClientStore
from .submitted_tasks import SubmittedTask
from .subscription import JoinOptions, Subscription
from .token_refresher import TokenRefresher
from .tokens import Token, TokenSource
from .wire_format import FormatName, wire_format

ClientType = Literal["human", "ai-agent", "dashboard", "service"]


class ArqonBusClient(ClientStatus):
    """
    A client of the bus. ``async with ArqonBusClient(url, token) as client`` connects and closes; in between, it reconnects by
    itself, goes on as the same client where the server allows it, and joins every channel again from where it was.

    ``format`` is how frames look on the wire: ``proto`` (Protobuf) unless told otherwise for the client types ``service`` and
    ``ai-agent``, ``json`` for the others, whose tools can show it.

    ``on`` calls back: ``state`` (a :data:`State`), ``welcome``, ``private``, ``publication``, ``rejoined``, ``discontinuity``,
    ``system`` (the frame), ``error`` (what was refused and nobody waits for) and ``close`` (why).

    All times are seconds. Nothing of it may be used from another thread or event loop.
    """

    def __init__(
        self,
        url: str,
        token: Token,
        *,
        client_type: ClientType = "service",
        screen_name: str = "",
        avatar: str = "",
        personality: str = "",
        format: FormatName | None = None,
        request_timeout: float = 10.0,
        connect_timeout: float = 20.0,
        publish_retry: float = MAX_PUBLISH_RETRY_S,
    ) -> None:
        description = {
            "client_type": client_type,
            "screen_name": screen_name,
            "avatar": avatar,
            "personality": personality,
        }
        address, wire, tokens = socket_url(url, description), wire_format(format, client_type), TokenSource(token)
        self._request_timeout = request_timeout
        self._connect_timeout = connect_timeout
        self._requests = Requests(self._send)
        refresher = TokenRefresher(tokens, self._refresh, lambda error: self.tell("error", error))
        self._work = ClientWork(self, self._requests, refresher)
        self._connector = Connector(address, tokens, wire, request_timeout, self._work)
        super().__init__(self._connector, self._work.listeners)
        subscriptions = self._work.subscriptions
        self._outbox = Outbox(self._connector, self._requests, subscriptions, request_timeout, publish_retry)

    async def __aenter__(self) -> ArqonBusClient:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def store(self) -> ClientStore:
        """The values that the tenant keeps, of the namespace ``default``; see :meth:`ClientStore.within`."""
        return self._work.store

    async def connect(self) -> Welcome:
        """Connects, trying again for up to ``connect_timeout``; raises why that cannot be. Does nothing when connected."""
        return await self._connector.connect(self._connect_timeout)

    async def close(self) -> None:
        """Closes the connection and ends every subscription."""
        await self._connector.close()

    async def join(
        self,
        target: str,
        *,
        echo: bool = False,
        presence: bool = False,
        history: int | None = None,
        meta: Mapping[str, Any] | None = None,
        get_state: GetState | None = None,
    ) -> Subscription:
        """
        Joins ``room:channel``, or gives the subscription that there is. ``echo``: own messages too; ``presence``: keep
        ``members`` and tell who comes and goes; ``history``: the last n publications in ``joined.history``; ``meta``: what
        others see of this client here; ``get_state``: loads the state whose changes the channel tells, before the first join
        and whenever what was missed cannot be had.
        """
        return await self._work.subscriptions.join(target, JoinOptions(echo, presence, history, meta, get_state))

    async def publish(
        self,
        target: str,
        payload: Any,
        *,
        ack: bool = True,
        id: str | None = None,
        content_type: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        schema: str = "",
        traceparent: str = "",
        causal_parent_id: str = "",
        vector_clock: Mapping[str, int] | None = None,
        expected_seq: int | None = None,
    ) -> PublishResult:
        """
        Publishes to ``room:channel`` and waits until the bus has it. Lost connections are waited out, and on channels with a log
        it is sent again under the same ``id`` for up to ``publish_retry``; then ``TIMEOUT`` with ``is_indeterminate``. With
        ``ack=False`` it is sent at once, and a refusal is told to ``on("error")``.
        """
        room, channel = parse_target(target)
        frame = {**message_frame("event", payload, content_type, id), "room": room, "channel": channel}
        frame |= given(
            metadata=None if metadata is None else dict(metadata),
            schema=schema or None,
            traceparent=traceparent or None,
            causal_parent_id=causal_parent_id or None,
            vector_clock=None if vector_clock is None else dict(vector_clock),
            expected_seq=expected_seq,
        )
        if not ack:
            await self._send(frame)
            return PublishResult(frame["id"])
        frame["ack"] = True
        reply = await self._outbox.publish(f"{room}:{channel}", frame)
        return to_publish_result(frame["id"], mapping_of(reply.get("payload")))

    async def private(
        self,
        to: str | Sequence[str],
        payload: Any,
        *,
        ack: bool = True,
        id: str | None = None,
        content_type: str | None = None,
        room: str = "",
        channel: str = "",
    ) -> PublishResult:
        """Sends to client ids, or to ``user:<user>`` for every connection of a user. An absent target is ``TARGET_NOT_FOUND``."""
        frame = message_frame("private", payload, content_type, id)
        frame["to"] = [to] if isinstance(to, str) else list(to)
        frame |= given(room=room or None, channel=channel or None)
        await self._connector.until_settled()
        if not ack:
            await self._send(frame)
            return PublishResult(frame["id"])
        frame["ack"] = True
        reply = await self._requests.send(frame, self._request_timeout)
        return to_publish_result(frame["id"], mapping_of(reply.get("payload")))

    async def command(
        self, name: str, args: Mapping[str, Any] | None = None, *, timeout: float | None = None, id: str | None = None
    ) -> dict[str, Any]:
        """Runs a command and gives its result; raises its refusal."""
        if name not in ("ping", "refresh"):
            await self._connector.until_settled()
        result = await self.command_now(name, args or {}, timeout, id)
        if name == "set_status":
            self._work.resumer.note_shown(args or {})
        return result

    def history(
        self,
        room: str,
        channel: str | None = None,
        *,
        order: Order = "oldest",
        since: datetime | None = None,
        until: datetime | None = None,
        after_seq: int | None = None,
        before_seq: int | None = None,
        epoch: str | None = None,
        earlier_epochs: bool = False,
        page_size: int | None = None,
    ) -> AsyncIterator[Publication]:
        """Reads what the log of a channel keeps, or of all channels of a room by time, page by page as it is consumed.

        ``epoch`` is an earlier one of a channel, as the archive has it; with ``earlier_epochs`` and ``order="newest"`` it goes
        on in those before, as far as the archive reaches.
        """
        return read_history(
            self,
            earlier_epochs=earlier_epochs,
            room=room,
            channel=channel,
            order=order,
            since=optional_time(since),
            until=optional_time(until),
            after_seq=after_seq,
            before_seq=before_seq,
            epoch=epoch,
            limit=page_size,
        )

    def replay(
        self,
        target: str,
        *,
        from_ts: datetime | None = None,
        to_ts: datetime | None = None,
        from_seq: int | None = None,
        to_seq: int | None = None,
        epoch: str | None = None,
        speed: float | None = None,
        strict_sequence: bool | None = None,
        causal: bool | None = None,
    ) -> Replay:
        """Has a window of a channel sent again, in order: ``async for`` reads it, ``await replay.result`` tells its hash and gaps."""
        room, channel = parse_target(target)
        args = given(
            room=room,
            channel=channel,
            from_ts=optional_time(from_ts),
            to_ts=optional_time(to_ts),
            from_seq=from_seq,
            to_seq=to_seq,
            epoch=epoch,
            speed=speed,
            strict_sequence=strict_sequence,
            causal=causal,
        )
        return self._work.replays.start(args)

    async def submit(self, payload: Any, *, group: str = "", idempotency_key: str = "", **options: Any) -> SubmittedTask:
        """Gives a task away; ``options`` are the arguments of ``task.submit``, such as ``capability`` and ``priority``."""
        args = {"payload": payload, "idempotency_key": idempotency_key or new_id(), **options}
        return await self._work.tasks.submit({**args, "group": group} if group else args)

    async def operate(self, group: str, handler: TaskHandler, **options: Any) -> Operator:
        """Takes the tasks of a group; ``options`` are the arguments of ``operator.join``, such as ``max_in_flight``."""
        operator = self._work.become_operator(group, handler, options)
        try:
            await operator.join()
        except ArqonBusError:
            self._work.forget_operator(operator)
            raise
        return operator

    def task(self, group: str, **options: Any) -> Callable[[TaskHandler], TaskHandler]:
        """``@client.task("group")`` before connecting: takes the tasks of the group from then on; see :meth:`operate`."""

        def take(handler: TaskHandler) -> TaskHandler:
            operator = self._work.become_operator(group, handler, options)
            if self._connector.settled is not None:
                asyncio.ensure_future(operator.rejoin())
            return handler

        return take

    async def send_json(self, frame: Mapping[str, Any]) -> None:
        """Sends a frame with these members; raises ``UNAVAILABLE`` where there is no connection."""
        self._work.raw.want()
        await self._send(frame)

    async def recv_json(self) -> dict[str, Any]:
        """
        The next frame as JSON has it, of those since the first call of this or :meth:`send_json`; beyond 1,000 that nobody took the
        oldest are dropped. Everything else of the client sees them, too.
        """
        return await self._work.raw.want().get()

    # What follows is for the parts of the client.

    def forget_operator(self, operator: Operator) -> None:
        """It takes no more tasks."""
        self._work.forget_operator(operator)

    async def command_now(
        self, name: str, args: Mapping[str, Any], timeout: float | None = None, id: str | None = None
    ) -> dict[str, Any]:
        """As :meth:`command`, also before it is known who the connection is."""
        reply = await self._requests.send(command_frame(name, args, id), timeout or self._request_timeout)
        return mapping_of(reply.get("payload"))

    async def _send(self, frame: Mapping[str, Any], timeout: float | None = None) -> None:
        await self._connector.send(frame, timeout)

    async def _refresh(self, token: str) -> None:
        await self.command_now("refresh", {"token": token})
