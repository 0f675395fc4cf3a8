"""The two wire formats. Within the client a frame is a ``dict`` as JSON has it, in which a payload may be ``bytes``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from .payload import json_bytes, without_bytes
from .proto_frame import decode_proto_frame, encode_proto_frame

FormatName = Literal["json", "proto"]


class WireFormat(Protocol):
    """How frames look on the wire."""

    subprotocol: str
    #: Whether its frames are text.
    is_text: bool

    def encode(self, frame: Mapping[str, Any]) -> bytes:
        """The frame as it is sent. Raises ``VALIDATION_ERROR`` where it cannot be written."""

    def decode(self, raw: str | bytes) -> dict[str, Any] | None:
        """The frame that came; None where it is none."""


class JsonFormat:
    """Text, for people who look at what goes over the wire."""

    subprotocol = "arqon.v1.json"
    is_text = True

    def encode(self, frame: Mapping[str, Any]) -> bytes:
        """See :class:`WireFormat`."""
        return json_bytes(without_bytes(frame))

    def decode(self, raw: str | bytes) -> dict[str, Any] | None:
        """See :class:`WireFormat`."""
        try:
            frame = json.loads(raw) if isinstance(raw, str) else None
        except (ValueError, RecursionError):
            return None
        return frame if isinstance(frame, dict) else None


class ProtoFormat:
    """Protobuf, in binary frames."""

    subprotocol = "arqon.v1.proto"
    is_text = False

    def encode(self, frame: Mapping[str, Any]) -> bytes:
        """See :class:`WireFormat`."""
        return encode_proto_frame(frame)

    def decode(self, raw: str | bytes) -> dict[str, Any] | None:
        """See :class:`WireFormat`."""
        return decode_proto_frame(raw) if isinstance(raw, bytes) else None


def wire_format(name: FormatName | None, client_type: str) -> WireFormat:
    """The format of this name; None = programs speak Protobuf, people JSON, which their tools can show."""
    is_program = client_type in ("service", "ai-agent")
    return ProtoFormat() if name == "proto" or (name is None and is_program) else JsonFormat()
