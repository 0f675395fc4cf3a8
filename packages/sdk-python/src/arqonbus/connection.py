"""One WebSocket: from the handshake to its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from .errors import ArqonBusError, error_of_frame
from .frame_writer import FrameWriter
from .liveness import Liveness
from .messages import Welcome, mapping_of, to_welcome
from .reconnect import ConnectionEnd
from .wire_format import WireFormat
from .within import within

#: The largest frame that a server sends is 1 MiB.
MAX_FRAME_BYTES = 2_097_152
#: How long a good end may take.
CLOSE_WITHIN_S = 2.0

#: HTTP refusals of the upgrade, as the close codes that mean the same.
_CODE_OF_STATUS = {400: 4400, 401: 4401, 403: 4403, 429: 4429, 503: 1013}


class ConnectionEnded(Exception):
    """The connection, or the try for one, has come to its end."""

    def __init__(self, end: ConnectionEnd) -> None:
        super().__init__(f"ended with {end.code}")
        self.end = end


class Connection:
    """An open connection that the server has welcomed."""

    def __init__(self, socket: ClientConnection, wire: WireFormat, welcome: Welcome, timeout: float) -> None:
        self.welcome = welcome
        self._socket = socket
        self._wire = wire
        self._writer = FrameWriter(socket, is_text=wire.is_text)
        self._liveness = Liveness(self._ping, timeout)
        self._error: ArqonBusError | None = None
        self._return_in_s = 0.0
        self._why = ""

    async def send(self, frame: Mapping[str, Any], timeout: float) -> None:
        """
        Sends a frame, in the order of the calls. Raises ``UNAVAILABLE`` where the connection is gone, or had no room for ``timeout``
        seconds; ``VALIDATION_ERROR`` for what cannot be written, ``PAYLOAD_TOO_LARGE`` for what would cost the connection.
        """
        encoded = self._wire.encode(frame)
        allowed = self.welcome.limits.get("max_frame_bytes")
        if isinstance(allowed, int) and len(encoded) > allowed:
            raise ArqonBusError("PAYLOAD_TOO_LARGE", f"The message takes {len(encoded)} bytes; {allowed} are allowed.")
        await self._writer.write(encoded, timeout)

    async def read(self, on_frame: Callable[[dict[str, Any], int], None]) -> ConnectionEnd:
        """Hands every frame and its length on, until the connection ends."""
        watch = asyncio.ensure_future(self._watch())
        try:
            async for raw in self._socket:
                self._liveness.note()
                frame = self._wire.decode(raw)
                if frame is None:
                    continue
                self._note(frame)
                on_frame(frame, len(raw))
        except ConnectionClosed:
            pass
        finally:
            watch.cancel()
        self._writer.stop()
        return _end_of(self._socket, self._error, self._return_in_s, was_welcomed=True, why=self._why)

    async def close(self) -> None:
        """Sends what waits, and closes in good order; drops the connection where that takes longer than 2 s."""
        try:
            await within(self._close(), CLOSE_WITHIN_S)
        except asyncio.TimeoutError:
            self._drop("")
        self._writer.stop()

    async def _close(self) -> None:
        await self._writer.flush()
        await self._socket.close()

    async def _watch(self) -> None:
        await self._liveness.until_dead(self.welcome.heartbeat_s)
        self._drop("no answer to a ping")

    async def _ping(self) -> None:
        await (await self._socket.ping())

    def _drop(self, why: str) -> None:
        self._why = why
        self._socket.transport.abort()

    def _note(self, frame: dict[str, Any]) -> None:
        """What the server says of the connection itself tells how it ends."""
        if frame.get("type") == "error" and not frame.get("request_id"):
            self._error = error_of_frame(frame)
            self._return_in_s = self._error.retry_after
        payload = mapping_of(frame.get("payload"))
        if frame.get("type") == "system" and payload.get("event") == "going_away":
            self._return_in_s = _seconds(payload.get("reconnect_in_ms"))


async def open_connection(url: str, token: str, wire: WireFormat, timeout: float) -> Connection:
    """Opens a socket and waits for the greeting. Raises :class:`ConnectionEnded`, or ``VALIDATION_ERROR`` for a bad URL."""
    try:
        socket = await connect(
            url,
            subprotocols=[wire.subprotocol],  # type: ignore[list-item]
            additional_headers={"Authorization": f"Bearer {token}"},
            max_size=MAX_FRAME_BYTES,
            open_timeout=timeout,
            # See Liveness.
            ping_interval=None,
            close_timeout=CLOSE_WITHIN_S,
        )
    except InvalidURI as error:
        raise ArqonBusError("VALIDATION_ERROR", "The url cannot be one of a WebSocket.") from error
    except InvalidStatus as error:
        raise ConnectionEnded(_end_of_refusal(error)) from error
    except (InvalidHandshake, OSError, asyncio.TimeoutError, EOFError) as error:
        raise ConnectionEnded(ConnectionEnd(1006, str(error))) from error
    try:
        return await _greet(socket, wire, timeout)
    except BaseException:
        await socket.close()
        raise


async def _greet(socket: ClientConnection, wire: WireFormat, timeout: float) -> Connection:
    try:
        frame = wire.decode(await within(socket.recv(), timeout))
        if frame is not None and frame.get("type") == "error":
            await socket.wait_closed()
            raise ConnectionEnded(_end_of(socket, error_of_frame(frame), 0.0, was_welcomed=False))
    except ConnectionClosed:
        raise ConnectionEnded(_end_of(socket, None, 0.0, was_welcomed=False)) from None
    except asyncio.TimeoutError:
        raise ConnectionEnded(ConnectionEnd(1006, "no greeting in time")) from None
    welcome = to_welcome(mapping_of((frame or {}).get("payload")))
    if welcome is None:
        raise ConnectionEnded(ConnectionEnd(1006, "the first frame is no greeting"))
    return Connection(socket, wire, welcome, timeout)


def _end_of(
    socket: ClientConnection, error: ArqonBusError | None, return_in_s: float, *, was_welcomed: bool, why: str = ""
) -> ConnectionEnd:
    code = socket.close_code
    hint = max(return_in_s, error.retry_after if error is not None else 0.0)
    return ConnectionEnd(code or 1006, socket.close_reason or why, was_welcomed, error, hint)


def _end_of_refusal(refusal: InvalidStatus) -> ConnectionEnd:
    response = refusal.response
    code = _CODE_OF_STATUS.get(response.status_code, 1006)
    try:
        body = mapping_of(json.loads(response.body or b"{}"))
    except ValueError:
        body = {}
    error = None
    if isinstance(body.get("error_code"), str):
        text = str(body.get("error") or "")
        error = ArqonBusError(body["error_code"], text, details=mapping_of(body.get("details")))
    try:
        retry_after = float(response.headers.get("Retry-After", "0"))
    except ValueError:
        retry_after = 0.0
    hint = max(retry_after, error.retry_after if error is not None else 0.0)
    return ConnectionEnd(code, f"HTTP {response.status_code}", False, error, hint)


def _seconds(value: Any) -> float:
    return value / 1000 if isinstance(value, int | float) and value > 0 else 0.0
