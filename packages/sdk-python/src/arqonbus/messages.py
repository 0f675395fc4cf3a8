"""Frames as the application sees them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .errors import ArqonBusError
from .payload import decode_payload
from .times import parse_time

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_ID = re.compile(r"arq_[A-Za-z0-9_-]{6,80}\Z")


@dataclass(frozen=True)
class Position:
    """A place in a channel's log."""

    epoch: str
    seq: int


@dataclass(frozen=True)
class Publication:
    """One message from another client: an event of a channel, or a private message."""

    room: str
    #: ``*`` on messages to the whole room.
    channel: str
    #: Client id of the sender, as the server knows it.
    sender: str
    id: str
    #: The parsed value where the content type is JSON, else ``bytes``.
    payload: Any
    content_type: str
    #: When the server took it in.
    timestamp: datetime
    metadata: Mapping[str, Any] = field(default_factory=dict)
    #: Where it stands in the channel's log; None where there is none.
    position: Position | None = None
    prev_seq: int | None = None
    schema: str = ""
    traceparent: str = ""
    causal_parent_id: str = ""
    vector_clock: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PublishResult:
    """What became of a publication."""

    id: str
    #: Where it stands in the channel's log; None on channels without one, and where no acknowledgement was asked for.
    position: Position | None = None
    #: Whether this id had been stored before, and nothing was stored or delivered now.
    is_duplicate: bool = False


@dataclass(frozen=True)
class Welcome:
    """The server's greeting: who the client is, and what is granted."""

    client_id: str
    session_id: str
    user: str
    tenant: str
    heartbeat_s: float
    limits: Mapping[str, Any]
    resume_token: str


def new_id() -> str:
    """``arq_`` and a ULID."""
    value = (int(time.time() * 1000) << 80) | int.from_bytes(os.urandom(10), "big")
    return "arq_" + "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5))


def check_id(message_id: str) -> str:
    """The id itself; raises ``VALIDATION_ERROR`` where it cannot be one."""
    if _ID.match(message_id):
        return message_id
    raise ArqonBusError("VALIDATION_ERROR", 'An id is "arq_" and 6 to 80 of A-Z, a-z, 0-9, "_" and "-".')


def parse_target(target: str) -> tuple[str, str]:
    """Room and channel of ``room:channel``; raises ``VALIDATION_ERROR`` where it is none."""
    room, _, channel = target.partition(":")
    if _NAME.match(room) and (channel == "*" or _NAME.match(channel)):
        return room, channel
    raise ArqonBusError("VALIDATION_ERROR", 'A channel is named "room:channel", in letters, digits, "_", "." and "-".')


def to_publication(frame: Mapping[str, Any]) -> Publication | None:
    """What the application sees of an ``event`` or ``private`` frame; None where it cannot be read."""
    content_type = str(frame.get("content_type") or "application/json")
    try:
        payload = decode_payload(frame.get("payload"), content_type)
        timestamp = parse_time(str(frame["timestamp"]))
    except (ValueError, TypeError, KeyError):
        return None
    return Publication(
        room=str(frame.get("room", "")),
        channel=str(frame.get("channel", "")),
        sender=str(frame.get("sender", "")),
        id=str(frame.get("id", "")),
        payload=payload,
        content_type=content_type,
        timestamp=timestamp,
        metadata=mapping_of(frame.get("metadata")),
        position=position_of(frame),
        prev_seq=frame.get("prev_seq"),
        schema=str(frame.get("schema", "")),
        traceparent=str(frame.get("traceparent", "")),
        causal_parent_id=str(frame.get("causal_parent_id", "")),
        vector_clock=mapping_of(frame.get("vector_clock")),
    )


def to_publications(frames: Iterable[Any]) -> list[Publication]:
    """Publications as they stand in results; what is none is left out."""
    found = (to_publication(frame) for frame in frames if isinstance(frame, dict))
    return [publication for publication in found if publication is not None]


def position_of(fields: Mapping[str, Any]) -> Position | None:
    """The position that a frame or a result tells."""
    epoch, seq = fields.get("epoch"), fields.get("seq")
    if not isinstance(epoch, str) or not epoch:
        return None
    return Position(epoch, seq if isinstance(seq, int) else 0)


def to_publish_result(message_id: str, payload: Mapping[str, Any]) -> PublishResult:
    """What the acknowledgement of a publication tells."""
    return PublishResult(message_id, position_of(payload), payload.get("duplicate") is True)


def to_welcome(payload: Mapping[str, Any]) -> Welcome | None:
    """The greeting; None where it names no client."""
    client_id = payload.get("client_id")
    if not isinstance(client_id, str) or not client_id:
        return None
    heartbeat = payload.get("heartbeat_ms")
    return Welcome(
        client_id=client_id,
        session_id=str(payload.get("session_id", "")),
        user=str(payload.get("user", "")),
        tenant=str(payload.get("tenant", "")),
        heartbeat_s=heartbeat / 1000 if isinstance(heartbeat, int | float) and heartbeat > 0 else 25.0,
        limits=mapping_of(payload.get("limits")),
        resume_token=str(payload.get("resume_token", "")),
    )


def mapping_of(value: Any) -> dict[str, Any]:
    """The members of an object; none where it is none."""
    return value if isinstance(value, dict) else {}
