"""Frames as they come, for programs that want to see them."""

from __future__ import annotations

import asyncio
from typing import Any

from .payload import without_bytes

#: Frames that wait for :meth:`ArqonBusClient.recv_json`.
MAX_RAW_FRAMES = 1_000


class RawFrames:
    """Keeps none before somebody wants one; then the newest."""

    def __init__(self) -> None:
        self._frames: asyncio.Queue[dict[str, Any]] | None = None

    def want(self) -> asyncio.Queue[dict[str, Any]]:
        """From now on frames are kept."""
        if self._frames is None:
            self._frames = asyncio.Queue(MAX_RAW_FRAMES)
        return self._frames

    def note(self, frame: dict[str, Any]) -> None:
        """Takes one that came."""
        if self._frames is None:
            return
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(without_bytes(frame))
