"""The two formats, on the golden vectors."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from arqonbus import ArqonBusError
from arqonbus.wire_format import JsonFormat, ProtoFormat, wire_format

VECTORS = [json.loads(path.read_text()) for path in sorted(Path(__file__).parents[3].glob("proto/vectors/*.json"))]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_both_formats_carry_the_golden_vectors(vector: dict[str, str]) -> None:
    binary = base64.b64decode(vector["proto_base64"])
    from_json, from_proto = JsonFormat().decode(vector["json"]), ProtoFormat().decode(binary)
    assert from_json is not None
    assert from_proto is not None
    assert as_sent(from_proto) == as_sent(from_json)
    for format, frame in ((ProtoFormat(), from_json), (JsonFormat(), from_proto)):
        encoded = format.encode(frame)
        assert as_sent(format.decode(encoded.decode() if format.is_text else encoded)) == as_sent(from_json)


def as_sent(frame: Any) -> Any:
    """As JSON tells them apart: a payload of bytes is what its base64 says."""
    return json.loads(JsonFormat().encode(frame))


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 30


@pytest.mark.parametrize("raw", [b"\xff\xff", b"J\x01{", "text", b"Z\x03[1,", b"\x18\x63"])
def test_what_is_no_envelope_is_no_frame(raw: bytes | str) -> None:
    assert ProtoFormat().decode(raw) is None


@pytest.mark.parametrize("raw", ["", "[1]", "{", b"{}", "[" * 100_000])
def test_what_is_no_object_of_json_is_no_frame(raw: bytes | str) -> None:
    assert JsonFormat().decode(raw) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "wish"},
        {"type": 7},
        {"type": "event", "seq": -1},
        {"type": "event", "id": 5},
        {"type": "event", "payload": float("nan")},
        {"type": "event", "payload": "\ud800"},
        {"type": "event", "payload": "no base64", "content_type": "image/png"},
        {"type": "event", "metadata": {"key": object()}},
        {"type": "event", "timestamp": "yesterday"},
    ],
)
def test_what_cannot_be_written_is_refused_before_it_is_sent(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArqonBusError) as refused:
        ProtoFormat().encode(wrong)
    assert refused.value.code == "VALIDATION_ERROR"


def test_programs_speak_protobuf_and_people_json_unless_told_otherwise() -> None:
    spoken = {kind: wire_format(None, kind).subprotocol for kind in ("service", "ai-agent", "human", "dashboard")}
    assert spoken == {
        "service": "arqon.v1.proto",
        "ai-agent": "arqon.v1.proto",
        "human": "arqon.v1.json",
        "dashboard": "arqon.v1.json",
    }
    assert wire_format("json", "service").subprotocol == "arqon.v1.json"
    assert wire_format("proto", "human").subprotocol == "arqon.v1.proto"
