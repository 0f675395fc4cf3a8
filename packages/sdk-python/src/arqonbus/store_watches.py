"""Watches of the store, through reconnects."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .errors import ArqonBusError
from .persist import persist
from .signal import Signal

if TYPE_CHECKING:
    from .client import ArqonBusClient

#: Changes that wait for a slow reader; of more none is told, but ``missed``.
_MAX_WAITING = 1_000

#: Namespace, and the key or the prefix.
_Place = tuple[str, str, str]


@dataclass(frozen=True)
class StoreChange:
    """What a watch tells, in the order of the versions. ``missed`` = more has changed than can be told: read anew, then go on."""

    kind: Literal["set", "deleted", "missed"]
    key: str = ""
    version: int = 0
    value: Any = None


class StoreWatch:
    """
    Changes of the store, to be read once with ``async for``. It ends with ``close``, and raises where rights end it and when the
    client closes.
    """

    def __init__(self, watches: StoreWatches, target: Mapping[str, str], after: int | None) -> None:
        self.target = target
        #: Whether its command is under way.
        self.is_beginning = False
        self._watches = watches
        self._seen = after
        self._news: deque[StoreChange] = deque()
        self._changed = Signal()
        self._is_ended = False
        self._error: ArqonBusError | None = None

    @property
    def version(self) -> int:
        """The version up to which everything has been told, or was there before it began."""
        return self._seen or 0

    @property
    def after(self) -> int | None:
        """Where its next command begins; None = from then on."""
        return self._seen

    async def close(self) -> None:
        """Ends it; what waits can still be read."""
        self.end(None)
        await self._watches.forget(self)

    async def __aiter__(self) -> AsyncIterator[StoreChange]:
        while True:
            await self._changed.until(lambda: bool(self._news) or self._is_ended)
            if self._news:
                yield self._news.popleft()
            elif self._error is not None:
                raise self._error
            else:
                return

    def begun(self, version: int, is_complete: bool) -> None:
        """The bus tells changes from this version on; not complete = some before it cannot be told."""
        if self._seen is None:
            self._seen = version
        if not is_complete:
            self._seen = max(self._seen, version)
            self.miss()

    def take(self, change: StoreChange) -> None:
        """Takes a change; one that was told already is nothing new."""
        if change.version <= self.version:
            return
        self._seen = change.version
        if len(self._news) >= _MAX_WAITING:
            self.miss()
        self._news.append(change)
        self._changed.fire()

    def miss(self) -> None:
        """What waits is not whole."""
        self._news = deque([StoreChange("missed")])
        self._changed.fire()

    def end(self, error: ArqonBusError | None) -> None:
        """Nothing more will come; the first reason counts."""
        if not self._is_ended:
            self._is_ended, self._error = True, error
            self._changed.fire()


class StoreWatches:
    """Those of a client."""

    def __init__(self, client: ArqonBusClient) -> None:
        self._client = client
        self._watches: dict[_Place, StoreWatch] = {}

    async def watch(self, target: Mapping[str, str], after: int | None) -> StoreWatch:
        """Begins one; ``target`` is what the command names it by."""
        place = _place_of(target)
        if place in self._watches:
            raise ArqonBusError("CONFLICT", "The client watches this already.")
        # Changes may come before the answer is read.
        watch = self._watches[place] = StoreWatch(self, target, after)
        watch.is_beginning = True
        try:
            await self._begin(watch)
        except BaseException:
            self._watches.pop(place, None)
            raise
        finally:
            watch.is_beginning = False
        return watch

    async def forget(self, watch: StoreWatch) -> None:
        """It is not wanted any more."""
        if not self._is_wanted(watch):
            return
        del self._watches[_place_of(watch.target)]
        try:
            await self._client.command("op.store.unwatch", watch.target)
        except ArqonBusError:
            # Where the connection is lost there is nothing to end.
            pass

    def begin_again(self) -> None:
        """There is a new connection."""
        for watch in self._watches.values():
            if not watch.is_beginning:
                watch.is_beginning = True
                asyncio.ensure_future(self._go_on(watch))

    def end_all(self, error: ArqonBusError) -> None:
        """The client is closed."""
        for watch in list(self._watches.values()):
            self._end(watch, error)

    def take(self, told: Mapping[str, Any]) -> None:
        """Takes the system event ``store``."""
        watch = self._watches.get(_place_of(told))
        if watch is None:
            return
        key, version = str(told.get("key", "")), told.get("version")
        if told.get("ended") is not None:
            self._end(watch, ArqonBusError("AUTHORIZATION_ERROR", "Rights have ended the watch."))
        elif told.get("missed") is True:
            watch.miss()
        elif isinstance(version, int) and told.get("deleted") is True:
            watch.take(StoreChange("deleted", key, version))
        elif isinstance(version, int):
            watch.take(StoreChange("set", key, version, told.get("value")))

    async def _go_on(self, watch: StoreWatch) -> None:
        async def begin() -> None:
            if self._is_wanted(watch):
                await self._begin(watch)

        try:
            await persist(begin, math.inf)
        except ArqonBusError as error:
            if self._is_wanted(watch):
                self._end(watch, error)
        finally:
            watch.is_beginning = False

    async def _begin(self, watch: StoreWatch) -> None:
        from_version = {} if watch.after is None else {"after": watch.after}
        told = await self._client.command("op.store.watch", {**watch.target, **from_version})
        watch.begun(int(told["version"]), told.get("complete") is True)

    def _end(self, watch: StoreWatch, error: ArqonBusError) -> None:
        self._watches.pop(_place_of(watch.target), None)
        watch.end(error)

    def _is_wanted(self, watch: StoreWatch) -> bool:
        return self._watches.get(_place_of(watch.target)) is watch


def _place_of(told: Mapping[str, Any]) -> _Place:
    """A change of a prefix names it beside its key."""
    prefix = told.get("prefix")
    kind, name = ("key", told.get("key")) if prefix is None else ("prefix", prefix)
    return str(told.get("namespace")), kind, str(name)
