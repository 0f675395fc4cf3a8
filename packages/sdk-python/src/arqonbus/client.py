"""The client: one connection kept open, what is joined on it, and what is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit, urlunsplit

from .connection import Connection, ConnectionEnded, open_connection
from .errors import ArqonBusError, error_of_frame, not_connected, unknown_outcome
from .listeners import Listener, Listeners
from .messages import (
    Publication,
    PublishResult,
    Welcome,
    check_id,
    encode_payload,
    format_time,
    mapping_of,
    new_id,
    parse_target,
    to_publication,
    to_publications,
    to_publish_result,
)
from .operator import Operator, TaskHandler
from .reconnect import STABLE_AFTER_S, ConnectionEnd, backoff, react
from .replay import Replay, Replays
from .requests import Requests
from .signal import Signal
from .state_loading import GetState
from .submitted_tasks import SubmittedTask, SubmittedTasks
from .subscription import JoinOptions, Subscription
from .subscriptions import Subscriptions
from .tokens import Token, TokenSource
from .within import within

State = Literal["idle", "connecting", "connected", "waiting", "closed"]
ClientType = Literal["human", "ai-agent", "dashboard", "service"]

#: The bus stores an id once within two minutes; a publication is tried again for half of that.
MAX_PUBLISH_RETRY_S = 60.0
#: Between tries of a publication that the server refuses for now.
RETRY_WAIT_S = 0.25
#: A crashed Brain is replaced within four seconds; joining afresh works without one.
MAX_RESUME_TRIES = 3
#: The least time between two refreshes; a hostile server cannot make the client hammer the token function.
MIN_REFRESH_INTERVAL_S = 10.0
#: Raw frames that wait for :meth:`ArqonBusClient.recv_json`.
MAX_RAW_FRAMES = 1_000


class ArqonBusClient:
    """
    A client of the bus. ``async with ArqonBusClient(url, token) as client`` connects and closes; in between, it reconnects by
    itself, goes on as the same client where the server allows it, and joins every channel again from where it was.

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
        request_timeout: float = 10.0,
        connect_timeout: float = 20.0,
        publish_retry: float = MAX_PUBLISH_RETRY_S,
    ) -> None:
        self.id = ""
        self.state: State = "idle"
        self.welcome: Welcome | None = None
        #: Fires whenever something changes that a waiting call may depend on.
        self.changed = Signal()
        description = {
            "client_type": client_type,
            "screen_name": screen_name,
            "avatar": avatar,
            "personality": personality,
        }
        self._url = _socket_url(url, description)
        self._tokens = TokenSource(token)
        self._request_timeout = request_timeout
        self._connect_timeout = connect_timeout
        self._publish_retry = min(publish_retry, MAX_PUBLISH_RETRY_S)
        self._listeners = Listeners()
        self._requests = Requests(self._transmit)
        self._subscriptions = Subscriptions(self)
        self._connection: Connection | None = None
        self._is_settled = False
        self._resume_token = ""
        self._shown: dict[str, Any] = {}
        self._task: asyncio.Task[None] | None = None
        self._error: ArqonBusError | None = None
        self._last_refresh = float("-inf")
        self._refreshing: asyncio.Task[None] | None = None
        self._raw: asyncio.Queue[dict[str, Any]] | None = None
        self._replays = Replays(self)
        self._tasks = SubmittedTasks(self)
        self._operator: Operator | None = None

    async def __aenter__(self) -> ArqonBusClient:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return self._connection is not None

    def on(self, name: str, listener: Listener) -> Callable[[], None]:
        """Adds a listener, a function or a coroutine function; the returned function takes it away."""
        return self._listeners.add(name, listener)

    def tell(self, name: str, event: Any) -> None:
        """Tells the listeners."""
        self._listeners.tell(name, event)

    async def connect(self) -> Welcome:
        """Connects, trying again for up to ``connect_timeout``; raises why that cannot be. Does nothing when connected."""
        if self._task is None or self._task.done():
            self._error = None
            self._task = asyncio.ensure_future(self._run())
        await self.changed.until(lambda: self._is_settled or self.state == "closed", self._connect_timeout)
        if self._is_settled and self.welcome is not None:
            return self.welcome
        error = self._error or unknown_outcome("No connection in time.")
        await self.close()
        raise error

    async def close(self) -> None:
        """Closes the connection and ends every subscription."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
        self._stop(None)

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
        return await self._subscriptions.join(target, JoinOptions(echo, presence, history, meta, get_state))

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
        frame = _message("event", payload, content_type, id)
        frame.update(room=room, channel=channel)
        optional = {
            "metadata": None if metadata is None else dict(metadata),
            "schema": schema or None,
            "traceparent": traceparent or None,
            "causal_parent_id": causal_parent_id or None,
            "vector_clock": None if vector_clock is None else dict(vector_clock),
            "expected_seq": expected_seq,
        }
        frame.update({name: value for name, value in optional.items() if value is not None})
        if not ack:
            await self._transmit(frame)
            return PublishResult(frame["id"])
        frame["ack"] = True
        reply = await self._publish_until_known(f"{room}:{channel}", frame)
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
        frame = _message("private", payload, content_type, id)
        frame["to"] = [to] if isinstance(to, str) else list(to)
        frame.update({name: value for name, value in (("room", room), ("channel", channel)) if value})
        await self._until_settled()
        if not ack:
            await self._transmit(frame)
            return PublishResult(frame["id"])
        frame["ack"] = True
        reply = await self._requests.send(frame, self._request_timeout)
        return to_publish_result(frame["id"], mapping_of(reply.get("payload")))

    async def command(
        self, name: str, args: Mapping[str, Any] | None = None, *, timeout: float | None = None, id: str | None = None
    ) -> dict[str, Any]:
        """Runs a command and gives its result; raises its refusal."""
        if name not in ("ping", "refresh"):
            await self._until_settled()
        result = await self._command(name, args or {}, timeout, id)
        if name == "set_status":
            self._shown.update({key: value for key, value in (args or {}).items() if key in ("status", "meta")})
        return result

    async def history(
        self,
        room: str,
        channel: str | None = None,
        *,
        order: Literal["oldest", "newest"] = "oldest",
        since: datetime | None = None,
        until: datetime | None = None,
        after_seq: int | None = None,
        before_seq: int | None = None,
        page_size: int | None = None,
    ) -> AsyncIterator[Publication]:
        """Reads what the log of a channel keeps, or of all channels of a room by time, page by page as it is consumed."""
        wanted = {
            "room": room,
            "channel": channel,
            "order": order,
            "since": None if since is None else format_time(since),
            "until": None if until is None else format_time(until),
            "after_seq": after_seq,
            "before_seq": before_seq,
            "limit": page_size,
        }
        args = {name: value for name, value in wanted.items() if value is not None}
        while True:
            page = await self.command("history", args)
            for publication in to_publications(page.get("publications") or ()):
                yield publication
            if not isinstance(page.get("cursor"), str):
                return
            args["cursor"] = page["cursor"]

    def replay(
        self,
        target: str,
        *,
        from_ts: datetime | None = None,
        to_ts: datetime | None = None,
        from_seq: int | None = None,
        to_seq: int | None = None,
        speed: float | None = None,
        strict_sequence: bool | None = None,
        causal: bool | None = None,
    ) -> Replay:
        """Has a window of a channel sent again, in order: ``async for`` reads it, ``await replay.result`` tells its hash and gaps."""
        room, channel = parse_target(target)
        wanted = {
            "room": room,
            "channel": channel,
            "from_ts": None if from_ts is None else format_time(from_ts),
            "to_ts": None if to_ts is None else format_time(to_ts),
            "from_seq": from_seq,
            "to_seq": to_seq,
            "speed": speed,
            "strict_sequence": strict_sequence,
            "causal": causal,
        }
        return self._replays.start({name: value for name, value in wanted.items() if value is not None})

    async def submit(self, payload: Any, *, group: str = "", idempotency_key: str = "", **options: Any) -> SubmittedTask:
        """Gives a task away; ``options`` are the arguments of ``task.submit``, such as ``capability`` and ``priority``."""
        args = {"payload": payload, "idempotency_key": idempotency_key or new_id(), **options}
        return await self._tasks.submit({**args, "group": group} if group else args)

    async def operate(self, group: str, handler: TaskHandler, **options: Any) -> Operator:
        """Takes the tasks of a group; ``options`` are the arguments of ``operator.join``, such as ``max_in_flight``."""
        operator = self._become(group, handler, options)
        try:
            await operator.join()
        except ArqonBusError:
            self.forget_operator(operator)
            raise
        return operator

    def task(self, group: str, **options: Any) -> Callable[[TaskHandler], TaskHandler]:
        """``@client.task("group")`` before connecting: takes the tasks of the group from then on; see :meth:`operate`."""

        def take(handler: TaskHandler) -> TaskHandler:
            operator = self._become(group, handler, options)
            if self._is_settled:
                asyncio.ensure_future(operator.rejoin())
            return handler

        return take

    def forget_operator(self, operator: Operator) -> None:
        """It takes no more tasks."""
        if self._operator is operator:
            self._operator = None

    def _become(self, group: str, handler: TaskHandler, options: Mapping[str, Any]) -> Operator:
        if self._operator is not None:
            raise ArqonBusError("CONFLICT", "The client is an operator; leave first.")
        self._operator = Operator(self, {"group": group, **options}, handler)
        return self._operator

    async def send_json(self, frame: Mapping[str, Any]) -> None:
        """Sends a frame as it is; raises ``UNAVAILABLE`` where there is no connection."""
        self._raw = self._raw or asyncio.Queue(MAX_RAW_FRAMES)
        await self._transmit(dict(frame))

    async def recv_json(self) -> dict[str, Any]:
        """
        The next frame as it came, of those since the first call of this or :meth:`send_json`; beyond 1,000 that nobody took the
        oldest are dropped. Everything else of the client sees them, too.
        """
        self._raw = self._raw or asyncio.Queue(MAX_RAW_FRAMES)
        return await self._raw.get()

    async def _run(self) -> None:
        """Keeps one connection open after the close-code table."""
        failures = 0
        while True:
            self._set_state("connecting")
            opened_at = float("inf")
            try:
                token = await within(self._tokens.get(), self._request_timeout)
                self._connection = await open_connection(self._url, token, self._request_timeout)
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
        settling = asyncio.ensure_future(self._settle(connection.welcome))
        try:
            return await connection.read(self._on_frame)
        finally:
            settling.cancel()
            await asyncio.gather(settling, return_exceptions=True)

    async def _settle(self, welcome: Welcome) -> None:
        """Goes on as the client of the connection before; where that cannot be, as a new one, from the same positions."""
        resumed: list[dict[str, Any]] = []
        try:
            if self._resume_token and welcome.resume_token:
                answer = await self._resume()
                if answer is not None:
                    changes = {"client_id": answer["client_id"], "resume_token": answer["resume_token"]}
                    welcome = Welcome(**{**welcome.__dict__, **changes})
                    resumed = answer["channels"]
        except ArqonBusError:
            # Before the joins, so that it is there when the channels see the client come.
            if self._shown:
                await asyncio.gather(self._command("set_status", self._shown, None), return_exceptions=True)
        self._resume_token = welcome.resume_token
        self.id, self.welcome, self._is_settled = welcome.client_id, welcome, True
        self.tell("welcome", welcome)
        self.changed.fire()
        await self._subscriptions.rejoin_all(welcome.client_id, resumed)
        await self._tasks.look_again()
        if self._operator is not None:
            await self._operator.rejoin()

    async def _resume(self) -> dict[str, Any] | None:
        args = {"resume_token": self._resume_token, "channels": self._subscriptions.to_resume(), **self._shown}
        for tries in range(1, MAX_RESUME_TRIES + 1):
            try:
                return await self._command("resume", args, None)
            except ArqonBusError as error:
                if not error.is_retryable or tries == MAX_RESUME_TRIES:
                    raise
                await asyncio.sleep(backoff(tries, error.retry_after))
        return None

    async def _publish_until_known(self, key: str, frame: dict[str, Any]) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._publish_retry
        is_uncertain = False
        text = "The publication got no acknowledgement."
        while True:
            if self.state in ("idle", "closed"):
                raise unknown_outcome(text) if is_uncertain else not_connected()
            if not await self.changed.until(lambda: self._is_ready(key), deadline - loop.time()):
                not_sent = "The publication was not sent: there was no connection in time."
                raise unknown_outcome(text) if is_uncertain else ArqonBusError("UNAVAILABLE", not_sent)
            if self.state == "closed":
                continue
            was_uncertain = is_uncertain
            try:
                return await self._requests.send(frame, min(self._request_timeout, max(0.001, deadline - loop.time())))
            except ArqonBusError as error:
                if error.details.get("not_sent") is True:
                    await asyncio.sleep(0)
                    continue
                is_uncertain = is_uncertain or error.is_indeterminate
                # A log looks for repeats before it compares: what it refuses as a conflict it has never stored.
                if not is_uncertain or error.code == "CONFLICT":
                    raise
                if not self._subscriptions.is_logged(key) or loop.time() >= deadline:
                    raise error if error.is_indeterminate else unknown_outcome(text) from error
                if error.is_indeterminate:
                    continue
                if not (was_uncertain and error.is_retryable):
                    raise unknown_outcome(text) from error
                await asyncio.sleep(error.retry_after or RETRY_WAIT_S)

    def _is_ready(self, key: str) -> bool:
        return self.state == "closed" or (self._is_settled and self._subscriptions.is_ready(key))

    async def _until_settled(self) -> None:
        """What is sent before it is known who the connection is comes from nobody yet."""
        if self._connection is not None:
            await self.changed.until(lambda: self._is_settled or self._connection is None, self._request_timeout)

    async def _command(
        self, name: str, args: Mapping[str, Any], timeout: float | None, id: str | None = None
    ) -> dict[str, Any]:
        frame = {"version": "1.0", "id": id or new_id(), "type": "command", "command": name, "args": dict(args)}
        reply = await self._requests.send(frame, timeout or self._request_timeout)
        return mapping_of(reply.get("payload"))

    async def _transmit(self, frame: dict[str, Any]) -> None:
        if self._connection is None:
            raise not_connected()
        await self._connection.send(frame)

    def _on_frame(self, frame: dict[str, Any], size: int) -> None:
        if self._raw is not None:
            if self._raw.full():
                self._raw.get_nowait()
            self._raw.put_nowait(frame)
        kind = frame.get("type")
        if kind in ("event", "private"):
            self._on_message(frame, size)
        elif kind in ("response", "error"):
            if not self._requests.answer(frame) and kind == "error":
                self.tell("error", error_of_frame(frame))
        elif kind == "system":
            self._on_system(frame)
        elif kind == "task":
            self._on_task(mapping_of(frame.get("payload")))

    def _on_message(self, frame: dict[str, Any], size: int) -> None:
        publication = to_publication(frame)
        if publication is None:
            self.tell("error", ArqonBusError("VALIDATION_ERROR", "The server sent a message that cannot be read."))
        elif frame["type"] == "private":
            self.tell("private", publication)
        elif not self._replays.deliver(publication, size) and self._subscriptions.deliver(publication, size):
            self.tell("publication", publication)

    def _on_task(self, told: dict[str, Any]) -> None:
        if told.get("role") == "submitter":
            self._tasks.take(told)
        elif self._operator is not None:
            self._operator.take(told)

    def _on_system(self, frame: dict[str, Any]) -> None:
        payload = mapping_of(frame.get("payload"))
        event = payload.get("event")
        if event == "token_expiring":
            self._refresh()
        elif event == "presence":
            self._subscriptions.tell_presence(payload)
        elif event == "discontinuity":
            room, channel = payload.get("room", frame.get("room")), payload.get("channel", frame.get("channel"))
            self._subscriptions.tell("discontinuity", str(room), str(channel), payload)
            self.tell("discontinuity", payload)
        self.tell("system", frame)

    def _refresh(self) -> None:
        now = asyncio.get_running_loop().time()
        is_under_way = self._refreshing is not None and not self._refreshing.done()
        if not self._tokens.can_renew or is_under_way or now - self._last_refresh < MIN_REFRESH_INTERVAL_S:
            return
        self._last_refresh = now
        self._refreshing = asyncio.ensure_future(self._send_new_token())

    async def _send_new_token(self) -> None:
        """A failure is told: the session ends with 4401 in its time, and the next try asks for a token again."""
        try:
            await self._command("refresh", {"token": await self._tokens.renew()}, None)
        except ArqonBusError as error:
            self.tell("error", error)

    def _lose(self, end: ConnectionEnd) -> None:
        self._connection = None
        self._is_settled = False
        self._error = end.to_error()
        self._subscriptions.suspend()
        if self._operator is not None:
            self._operator.abort()
        self._requests.abort()
        self.changed.fire()

    def _stop(self, error: ArqonBusError | None) -> None:
        if self.state == "closed":
            return
        self._error = error or ArqonBusError("UNAVAILABLE", "The client was closed.")
        self._is_settled = False
        self._resume_token, self._shown = "", {}
        self._requests.abort()
        self._subscriptions.end_all(error)
        if self._operator is not None:
            self._operator.abort()
        self._tasks.abort(self._error)
        if self._refreshing is not None:
            self._refreshing.cancel()
        self._set_state("closed")
        self.tell("close", error)

    def _set_state(self, state: State) -> None:
        if state == self.state:
            return
        self.state = state
        self.changed.fire()
        self.tell("state", state)


def _message(kind: str, payload: Any, content_type: str | None, message_id: str | None) -> dict[str, Any]:
    checked = new_id() if message_id is None else check_id(message_id)
    return {"version": "1.0", "id": checked, "type": kind, **encode_payload(payload, content_type)}


def _socket_url(url: str, description: Mapping[str, str]) -> str:
    """``http`` and ``https`` mean the same as ``ws`` and ``wss``; what describes the client goes into the query."""
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    own = urlencode({name: value for name, value in description.items() if value})
    query = "&".join(part for part in (parts.query, own) if part)
    return urlunsplit((scheme, parts.netloc, parts.path or "/v1/socket", query, ""))
