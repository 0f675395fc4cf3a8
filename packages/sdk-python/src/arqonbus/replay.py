"""Replays: a window of a channel sent again, to this client alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from .errors import ArqonBusError
from .messages import Publication, mapping_of, new_id
from .publication_queue import PublicationQueue

if TYPE_CHECKING:
    from .client import ArqonBusClient

#: A replay takes as long as it takes.
_MAX_REPLAY_S = 86_400.0


class Replay:
    """One under way. Can be read once; who stops reading cancels it. ``await result`` tells its number, hash and gaps."""

    def __init__(self, replays: Replays, replay_id: str, result: asyncio.Task[dict[str, Any]]) -> None:
        self.id = replay_id
        self.result = result
        self._replays = replays
        self._queue = PublicationQueue()

    async def __aiter__(self) -> AsyncIterator[Publication]:
        try:
            while True:
                try:
                    publication = await self._queue.next()
                except StopAsyncIteration:
                    return
                yield publication
        finally:
            await self._replays.cancel(self)

    def push(self, publication: Publication, size: int) -> bool:
        """Takes one; True = it is the first that had to be dropped."""
        return not self._queue.push(publication, size) and self._queue.dropped == 1

    def end(self, error: ArqonBusError | None) -> None:
        """Nothing more will come."""
        self._queue.end(error)


class Replays:
    """Those under way, by the ids of their commands."""

    def __init__(self, client: ArqonBusClient) -> None:
        self._client = client
        self._running: dict[str, Replay] = {}

    def start(self, args: Mapping[str, Any]) -> Replay:
        """Begins one."""
        replay_id = new_id()
        call = self._client.command("op.history.replay", args, timeout=_MAX_REPLAY_S, id=replay_id)
        replay = Replay(self, replay_id, asyncio.ensure_future(call))
        self._running[replay_id] = replay
        replay.result.add_done_callback(lambda done: self._end(replay, done))
        return replay

    def deliver(self, publication: Publication, size: int) -> bool:
        """Takes a replayed publication; False = it is published now."""
        replay_id = mapping_of(publication.metadata.get("replay")).get("request_id")
        if not isinstance(replay_id, str):
            return False
        replay = self._running.get(replay_id)
        if replay is not None and replay.push(publication, size):
            asyncio.ensure_future(self.cancel(replay))
        return True

    async def cancel(self, replay: Replay) -> None:
        """Ends it; it may be over already."""
        if self._running.pop(replay.id, None) is None:
            return
        try:
            await self._client.command("op.history.replay.cancel", {"request_id": replay.id})
        except ArqonBusError:
            # Then there is nothing to cancel.
            pass

    def _end(self, replay: Replay, done: asyncio.Task[dict[str, Any]]) -> None:
        self._running.pop(replay.id, None)
        error = None if done.cancelled() else done.exception()
        replay.end(error if isinstance(error, ArqonBusError) else None)
