"""Giving tasks away."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import ArqonBusError
from .persist import persist
from .signal import Signal

if TYPE_CHECKING:
    from .client import ArqonBusClient

_SUBMIT_FOR_S = 60.0
_MAX_NEWS = 1_000
#: Frames may overtake the answer that names their task.
_MAX_EARLY = 256


@dataclass(frozen=True)
class TaskResult:
    """How a task ended: ``done``, ``failed``, ``expired`` or ``cancelled``."""

    state: str
    #: What the operator gave; of a broadcast None.
    payload: Any = None
    #: Of a broadcast: what each gave, with its ``operator_id``.
    results: tuple[Mapping[str, Any], ...] = ()
    #: Why it failed.
    reason: Any = None


class SubmittedTask:
    """A task that was given away. ``async for`` reads what its operators tell on the way."""

    def __init__(self, client: ArqonBusClient, task_id: str) -> None:
        self.id = task_id
        self._client = client
        self._news: deque[Any] = deque(maxlen=_MAX_NEWS)
        self._changed = Signal()
        self._outcome: TaskResult | ArqonBusError | None = None

    async def result(self) -> TaskResult:
        """Waits until it has ended, also when the connection was lost meanwhile."""
        await self._changed.until(lambda: self._outcome is not None)
        if isinstance(self._outcome, TaskResult):
            return self._outcome
        raise self._outcome or ArqonBusError("INTERNAL_ERROR")

    async def cancel(self) -> None:
        """Takes it back."""
        await self._client.command("task.cancel", {"task_id": self.id})

    async def __aiter__(self) -> AsyncIterator[Any]:
        while True:
            await self._changed.until(lambda: bool(self._news) or self._outcome is not None)
            if not self._news:
                return
            yield self._news.popleft()

    def tell(self, frame: Mapping[str, Any]) -> bool:
        """Takes news; True = it has ended."""
        state = frame.get("state")
        if state == "progress":
            self._news.append(frame.get("payload"))
        elif state in ("done", "failed", "expired", "cancelled"):
            results = tuple(frame.get("results") or ())
            self._outcome = TaskResult(str(state), frame.get("payload"), results, frame.get("reason"))
        self._changed.fire()
        return self._outcome is not None

    def fail(self, error: ArqonBusError) -> None:
        """Nobody will know how it ended."""
        self._outcome = error
        self._changed.fire()


class SubmittedTasks:
    """Those of a client that have not ended."""

    def __init__(self, client: ArqonBusClient) -> None:
        self._client = client
        self._pending: dict[str, SubmittedTask] = {}
        self._submitting = 0
        self._early: deque[Mapping[str, Any]] = deque(maxlen=_MAX_EARLY)

    async def submit(self, args: Mapping[str, Any]) -> SubmittedTask:
        """Gives it away, and tries that for up to a minute."""
        self._submitting += 1
        try:
            told = await persist(lambda: self._client.command("task.submit", args), _SUBMIT_FOR_S)
            task = SubmittedTask(self._client, str(told["task_id"]))
            self._pending[task.id] = task
            for frame in list(self._early):
                self.take(frame)
        finally:
            self._submitting -= 1
            if self._submitting == 0:
                self._early.clear()
        if told.get("state") not in ("queued", "assigned"):
            # Of a key that was used before, the end may have been told long ago.
            await self._look(task.id)
        return task

    def take(self, frame: Mapping[str, Any]) -> None:
        """Takes a frame for submitters."""
        task_id = str(frame.get("task_id"))
        task = self._pending.get(task_id)
        if task is None:
            if self._submitting:
                self._early.append(frame)
        elif task.tell(frame):
            self._pending.pop(task_id, None)

    async def look_again(self) -> None:
        """Connected again: what ended meanwhile may have been told to nobody."""
        await asyncio.gather(*(self._look(task_id) for task_id in list(self._pending)))

    def abort(self, error: ArqonBusError) -> None:
        """The client is closed."""
        for task in self._pending.values():
            task.fail(error)
        self._pending.clear()

    async def _look(self, task_id: str) -> None:
        try:
            self.take(await persist(lambda: self._client.command("task.get", {"task_id": task_id}), _SUBMIT_FOR_S))
        except ArqonBusError as error:
            # While it cannot be asked, the next connection asks again.
            task = self._pending.pop(task_id, None) if error.code == "NOT_FOUND" else None
            if task is not None:
                task.fail(error)
