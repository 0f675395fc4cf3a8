"""``arqon.v1.Envelope``, from what proto/ describes."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass


def _envelope_class() -> Any:
    # A pool of its own: other packages may bring the same file. Compiled code would bind users to one release of protobuf.
    pool = DescriptorPool()
    descriptor = files("arqonbus") / "descriptors" / "envelope.binpb"
    described = FileDescriptorSet.FromString(descriptor.read_bytes())
    for file in described.file:
        pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("arqon.v1.Envelope"))


#: The message. Its description is ``descriptors/envelope.binpb``, which ``npm run generate`` makes.
Envelope: Any = _envelope_class()
