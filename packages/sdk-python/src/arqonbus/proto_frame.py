"""Frames as Protobuf, in place of JSON, and back: the same members, under the same names but for the time."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from google.protobuf.message import DecodeError

from .envelope_message import Envelope
from .errors import ArqonBusError
from .payload import decode_payload, is_json, json_bytes
from .times import format_time_ms, parse_time_ms

#: Members that are values of JSON, as bytes of JSON.
_JSON_MEMBERS = ("metadata", "args", "spectral")
_LIST_MEMBERS = ("to", "vector", "capabilities")
_MAP_MEMBERS = ("vector_clock", "headers")
_PLAIN_MEMBERS = (
    "version id room channel sender content_type command ack request_id error error_code seq prev_seq epoch schema "
    "traceparent causal_parent_id intent"
).split()
_ENUM_MEMBERS = {"type": "ENVELOPE_TYPE_", "status": "REPLY_STATUS_"}


def encode_proto_frame(frame: Mapping[str, Any]) -> bytes:
    """The frame as an envelope; what is no member of one is left out. Raises ``VALIDATION_ERROR`` where it cannot be written."""
    try:
        members = {name: value for name, value in frame.items() if value is not None and name in _AS_IT_IS}
        members.update({name: json_bytes(frame[name]) for name in _JSON_MEMBERS if frame.get(name) is not None})
        members.update({name: f"{prefix}{frame[name].upper()}" for name, prefix in _ENUM_MEMBERS.items() if name in frame})
        if isinstance(frame.get("to"), str):
            members["to"] = [frame["to"]]
        if "payload" in frame:
            members["payload"] = _payload_bytes(frame)
        if "timestamp" in frame:
            members["timestamp_ms"] = parse_time_ms(frame["timestamp"])
        if "signature" in frame:
            members["signature"] = base64.b64decode(frame["signature"], validate=True)
        encoded: bytes = Envelope(**members).SerializeToString()
    except (TypeError, ValueError, AttributeError) as error:
        raise ArqonBusError("VALIDATION_ERROR", "The frame has members of the wrong types.") from error
    return encoded


def decode_proto_frame(raw: bytes) -> dict[str, Any] | None:
    """The frame in these bytes; None where they are none."""
    try:
        envelope = Envelope.FromString(raw)
        frame = {name: getattr(envelope, name) for name in _PLAIN_MEMBERS if getattr(envelope, name)}
        frame.update({name: list(getattr(envelope, name)) for name in _LIST_MEMBERS if getattr(envelope, name)})
        frame.update({name: dict(getattr(envelope, name)) for name in _MAP_MEMBERS if getattr(envelope, name)})
        frame.update({name: json.loads(getattr(envelope, name)) for name in _JSON_MEMBERS if getattr(envelope, name)})
        frame.update({name: _enum_name(envelope, name) for name in _ENUM_MEMBERS if getattr(envelope, name)})
        if envelope.payload or not is_json(envelope.content_type):
            is_text = is_json(envelope.content_type)
            frame["payload"] = json.loads(envelope.payload) if is_text else envelope.payload
        if envelope.timestamp_ms:
            frame["timestamp"] = format_time_ms(envelope.timestamp_ms)
        if envelope.signature:
            frame["signature"] = base64.b64encode(envelope.signature).decode("ascii")
        if envelope.HasField("expected_seq"):
            frame["expected_seq"] = envelope.expected_seq
    except (DecodeError, ValueError, RecursionError, OverflowError, KeyError):
        return None
    return frame


_AS_IT_IS = frozenset([*_PLAIN_MEMBERS, *_LIST_MEMBERS, *_MAP_MEMBERS, "expected_seq"])


def _payload_bytes(frame: Mapping[str, Any]) -> bytes:
    content_type = frame.get("content_type") or ""
    if is_json(content_type):
        return json_bytes(frame["payload"])
    payload: bytes = decode_payload(frame["payload"], content_type)
    return payload


def _enum_name(envelope: Any, name: str) -> str:
    values = envelope.DESCRIPTOR.fields_by_name[name].enum_type.values_by_number
    full: str = values[getattr(envelope, name)].name
    return full.removeprefix(_ENUM_MEMBERS[name]).lower()
