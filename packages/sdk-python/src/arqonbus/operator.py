"""Taking tasks."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from .errors import ArqonBusError
from .persist import persist

if TYPE_CHECKING:
    from .client import ArqonBusClient

_REJOIN_FOR_S = 600.0
_REPORT_FOR_S = 60.0
_MAX_REASON_LENGTH = 200


class TaskFailure(Exception):
    """Raised by a handler: why it failed; ``final`` = nobody else need try."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class Task:
    """A task that is being worked on. Its handler is cancelled when the work counts no more."""

    def __init__(self, client: ArqonBusClient, frame: Mapping[str, Any]) -> None:
        self.id = str(frame.get("task_id"))
        #: The same task may come again, with another number.
        self.attempt = int(frame.get("attempt") or 0)
        self.payload = frame.get("payload")
        #: How good the result is, where the best of several counts.
        self.score: float = 0
        self._client = client
        self._told: asyncio.Future[None] | None = None

    def progress(self, payload: Any) -> None:
        """Tells the submitter, in order; nothing waits for it."""
        self._told = asyncio.ensure_future(self._tell(self._told, payload))

    async def flushed(self) -> None:
        """All progress has been told."""
        if self._told is not None:
            await self._told

    async def _tell(self, before: asyncio.Future[None] | None, payload: Any) -> None:
        if before is not None:
            await before
        try:
            await self._client.command("task.progress", {"task_id": self.id, "attempt": self.attempt, "payload": payload})
        except ArqonBusError:
            # Whether the work counts, the next sign of life tells.
            pass


#: Does a task, and gives the result; what it raises is a failure, and others try.
TaskHandler = Callable[[Task], Any | Awaitable[Any]]


class Operator:
    """A session that takes tasks, again after each reconnect."""

    def __init__(self, client: ArqonBusClient, args: Mapping[str, Any], handler: TaskHandler) -> None:
        self.group = str(args["group"])
        self._client = client
        self._args = args
        self._handler = handler
        self._lease_s = 1.0
        self._runs: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def join(self) -> None:
        """Announces it; raises the refusal."""
        told = await self._client.command("operator.join", self._args)
        self._lease_s = max(0.1, float(told.get("lease_ms") or 0) / 1000)

    async def rejoin(self) -> None:
        """Announces it again on a new connection; a refusal is told to ``on("error")``."""
        try:
            await persist(self.join, _REJOIN_FOR_S)
        except ArqonBusError as error:
            self._client.tell("error", error)

    async def leave(self) -> None:
        """Ends it; what it works on goes to others."""
        self.abort()
        self._client.forget_operator(self)
        await self._client.command("operator.leave")

    def abort(self) -> None:
        """Whatever it works on counts no more."""
        for run in list(self._runs.values()):
            run.cancel()

    def take(self, frame: Mapping[str, Any]) -> None:
        """Takes a frame for operators."""
        task = Task(self._client, frame)
        key = (task.id, task.attempt)
        if frame.get("state") == "assigned":
            run = asyncio.ensure_future(self._work(task))
            self._runs[key] = run
            run.add_done_callback(lambda _: self._runs.pop(key, None))
        elif key in self._runs:
            self._runs[key].cancel()

    async def _work(self, task: Task) -> None:
        told = {"task_id": task.id, "attempt": task.attempt}
        run = asyncio.current_task()
        beat = asyncio.ensure_future(self._beat(told, run))
        try:
            result = self._handler(task)
            if inspect.isawaitable(result):
                result = await result
            await task.flushed()
            await self._report("task.result", {**told, "payload": result, "score": task.score})
        except Exception as error:
            final = isinstance(error, TaskFailure) and error.final
            try:
                await self._report("task.fail", {**told, "payload": str(error)[:_MAX_REASON_LENGTH], "final": final})
            except ArqonBusError:
                # The lease runs out.
                pass
        finally:
            beat.cancel()

    async def _report(self, name: str, args: Mapping[str, Any]) -> None:
        try:
            await persist(lambda: self._client.command(name, args), _REPORT_FOR_S)
        except ArqonBusError as error:
            # Somebody else has the task: there is nothing to fail any more.
            if error.code != "CONFLICT":
                raise

    async def _beat(self, told: Mapping[str, Any], run: asyncio.Task[None] | None) -> None:
        """Three signs of life in each lease."""
        while True:
            await asyncio.sleep(self._lease_s / 3)
            try:
                await self._client.command("task.ack", told)
            except ArqonBusError as error:
                if error.code in ("CONFLICT", "NOT_FOUND") and run is not None:
                    run.cancel()
                    return
