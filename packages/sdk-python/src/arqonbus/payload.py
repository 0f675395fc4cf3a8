"""Payloads: values of JSON, or bytes of another content type."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from .errors import ArqonBusError


def json_bytes(value: Any) -> bytes:
    """The value as JSON; raises ``VALIDATION_ERROR`` for what JSON cannot hold."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ArqonBusError("VALIDATION_ERROR", "The value cannot be written as JSON.") from error


def to_payload(payload: Any, content_type: str | None) -> dict[str, Any]:
    """The members ``payload`` and ``content_type`` of a frame: bytes are sent as bytes, all else as JSON."""
    if isinstance(payload, bytes | bytearray | memoryview):
        if content_type is not None and is_json(content_type):
            raise ArqonBusError("VALIDATION_ERROR", "Bytes need a content type that is not JSON.")
        return {"payload": bytes(payload), "content_type": content_type or "application/octet-stream"}
    if content_type is not None and not is_json(content_type):
        raise ArqonBusError("VALIDATION_ERROR", f"A payload of type {content_type} must be given as bytes.")
    return {"payload": payload} if content_type is None else {"payload": payload, "content_type": content_type}


def is_json(content_type: str) -> bool:
    """Whether payloads of this type are JSON values."""
    name = content_type.partition(";")[0].strip().lower()
    return name in ("", "application/json") or name.endswith("+json")


def decode_payload(payload: Any, content_type: str) -> Any:
    """The value as the application sees it: bytes travel in JSON as base64. Raises ``ValueError`` where they are none."""
    if is_json(content_type) or isinstance(payload, bytes):
        return payload
    if not isinstance(payload, str):
        raise ValueError("A payload of this type is text in base64.")
    return base64.b64decode(payload, validate=True)


def without_bytes(frame: Mapping[str, Any]) -> dict[str, Any]:
    """The frame as JSON has it: a payload of bytes as base64."""
    payload = frame.get("payload")
    if not isinstance(payload, bytes):
        return dict(frame)
    return {**frame, "payload": base64.b64encode(payload).decode("ascii")}
