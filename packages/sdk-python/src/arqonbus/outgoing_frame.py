"""Frames that the client sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .messages import check_id, new_id
from .payload import to_payload


def message_frame(kind: str, payload: Any, content_type: str | None, message_id: str | None) -> dict[str, Any]:
    """An ``event`` or ``private`` frame without its target."""
    checked = new_id() if message_id is None else check_id(message_id)
    return {"version": "1.0", "id": checked, "type": kind, **to_payload(payload, content_type)}


def command_frame(name: str, args: Mapping[str, Any], command_id: str | None) -> dict[str, Any]:
    """A ``command`` frame."""
    return {"version": "1.0", "id": command_id or new_id(), "type": "command", "command": name, "args": dict(args)}


def given(**members: Any) -> dict[str, Any]:
    """Those members that are not None."""
    return {name: value for name, value in members.items() if value is not None}
