"""
Drives the Python SDK through the scenarios of proto/conformance: reads orders as JSON lines from standard input, and writes
answers and events to standard output. proto/conformance/README.md describes both.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from typing import Any

from arqonbus import ArqonBusClient, ArqonBusError, Position, Publication, Subscription, Task, TaskFailure

#: The largest order.
LIMIT_BYTES = 16_777_216


def write(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def error_members(error: BaseException | None) -> dict[str, Any]:
    if isinstance(error, ArqonBusError):
        return {"code": error.code, "message": str(error), "details": error.details}
    return {} if error is None else {"code": "", "message": repr(error)}


def position_members(position: Position | None) -> dict[str, Any]:
    return {} if position is None else {"epoch": position.epoch, "seq": position.seq}


def publication_members(publication: Publication) -> dict[str, Any]:
    payload = publication.payload
    is_bytes = isinstance(payload, bytes)
    body = {"base64": base64.b64encode(payload).decode()} if is_bytes else {"payload": payload}
    return {
        "target": f"{publication.room}:{publication.channel}",
        "sender": publication.sender,
        "id": publication.id,
        "content_type": publication.content_type,
        **body,
        **position_members(publication.position),
    }


class Driven:
    """A client, and what its driver remembers of it."""

    def __init__(self, name: str, order: dict[str, Any]) -> None:
        self.name = name
        self.channels: dict[str, Subscription] = {}
        tokens = list(order["tokens"])
        token = tokens[0] if len(tokens) == 1 else lambda: tokens.pop(0) if len(tokens) > 1 else tokens[0]
        timeout = order.get("request_timeout_ms", 10_000) / 1000
        self.client = ArqonBusClient(
            order["url"], token, screen_name=order["screen_name"], format=order["format"], request_timeout=timeout
        )
        on = self.client.on
        on("state", lambda state: self.tell("state", {"state": state}))
        on("welcome", lambda welcome: self.tell("welcome", {"client_id": welcome.client_id}))
        on("private", lambda publication: self.tell("private", publication_members(publication)))
        on("system", self._on_system)
        on("error", lambda error: self.tell("error", error_members(error)))
        on("close", lambda error: self.tell("closed", error_members(error)))

    def tell(self, event: str, members: dict[str, Any]) -> None:
        write({"client": self.name, "event": event, **members})

    def _on_system(self, frame: dict[str, Any]) -> None:
        payload = frame["payload"]
        self.tell("system", {"name": payload.get("event"), "payload": payload})

    async def connect(self, _: dict[str, Any]) -> dict[str, Any]:
        welcome = await self.client.connect()
        return {"client_id": welcome.client_id, "user": welcome.user, "tenant": welcome.tenant}

    async def join(self, order: dict[str, Any]) -> dict[str, Any]:
        target = order["target"]
        options = {name: order[name] for name in ("echo", "presence", "history", "meta") if name in order}
        if "state" in order:

            def get_state(reason: str) -> Position:
                self.tell("state wanted", {"target": target, "reason": reason})
                return Position(**order["state"])

            options["get_state"] = get_state
        channel = self.channels[target] = await self.client.join(target, **options)
        names = ("recovered", "reloaded")
        channel.on(
            "rejoined",
            lambda told: self.tell(
                "rejoined", {"target": target, "reason": told.reason or "", **{name: getattr(told, name) for name in names}}
            ),
        )
        channel.on("presence", lambda told: self.tell("presence", {**told, "target": target}))
        channel.on("discontinuity", lambda _: self.tell("discontinuity", {"target": target}))
        channel.on("end", lambda error: self.tell("ended", {"target": target, **error_members(error)}))
        if not order.get("unread"):
            await self.read(order)
        return {
            "history": [publication.payload for publication in channel.joined.history],
            "users": [member["user"] for member in channel.members.values()],
            **position_members(channel.joined.position),
        }

    async def read(self, order: dict[str, Any]) -> dict[str, Any]:
        channel = self.channels[order["target"]]

        async def run() -> None:
            try:
                async for publication in channel:
                    self.tell("publication", publication_members(publication))
            except ArqonBusError as error:
                self.tell("overflow", error_members(error))

        keep(run())
        return {}

    async def leave(self, order: dict[str, Any]) -> dict[str, Any]:
        await self.channels[order["target"]].leave()
        return {}

    async def publish(self, order: dict[str, Any]) -> dict[str, Any]:
        return await self._send(order, lambda *args, **options: self.client.publish(order["target"], *args, **options))

    async def private(self, order: dict[str, Any]) -> dict[str, Any]:
        return await self._send(order, lambda *args, **options: self.client.private(order["to"], *args, **options))

    async def _send(self, order: dict[str, Any], send: Any) -> dict[str, Any]:
        options = {name: order[name] for name in ("content_type", "expected_seq") if name in order}
        payload = base64.b64decode(order["base64"]) if "base64" in order else order["payload"]
        result = await send(payload, id=order.get("message_id"), ack=not order.get("no_ack"), **options)
        return {"id": result.id, "duplicate": result.is_duplicate, **position_members(result.position)}

    async def command(self, order: dict[str, Any]) -> dict[str, Any]:
        return await self.client.command(order["name"], order.get("args"))

    async def history(self, order: dict[str, Any]) -> dict[str, Any]:
        room, channel = order["target"].split(":")
        ordering = "newest" if order.get("newest") else "oldest"
        options = {name: order[name] for name in ("page_size", "epoch", "earlier_epochs") if name in order}
        pages = self.client.history(room, channel, order=ordering, **options)
        return {"payloads": [publication.payload async for publication in pages]}

    async def replay(self, order: dict[str, Any]) -> dict[str, Any]:
        options = {name: order[name] for name in ("from_seq", "to_seq", "epoch") if name in order}
        replay = self.client.replay(order["target"], **options)
        payloads = [publication.payload async for publication in replay]
        result = await replay.result
        return {"payloads": payloads, "count": result["count"], "hash": result["hash"]}

    async def operate(self, order: dict[str, Any]) -> dict[str, Any]:
        async def handle(task: Task) -> Any:
            work = task.payload
            self.tell("task", {"attempt": task.attempt})
            for news in work.get("progress", ()):
                task.progress(news)
            if work.get("hang") and task.attempt == 1:
                try:
                    await asyncio.Event().wait()
                finally:
                    self.tell("task aborted", {})
            if "fail" in work and (work.get("final") or task.attempt == 1):
                raise TaskFailure(work["fail"], final=bool(work.get("final")))
            return work.get("give")

        await self.client.operate(order["group"], handle)
        return {}

    async def submit(self, order: dict[str, Any]) -> dict[str, Any]:
        task = await self.client.submit(order["payload"], group=order["group"])
        progress = [news async for news in task]
        result = await task.result()
        return {"state": result.state, "payload": result.payload, "reason": result.reason, "progress": progress}

    async def store(self, order: dict[str, Any]) -> dict[str, Any]:
        store, op, key = self.client.store, order["op"], order["key"]
        condition = {"if_version": order["if_version"]} if "if_version" in order else {}
        if op == "set":
            return {"version": await store.set(key, order["value"], **condition)}
        if op == "get":
            found = await store.get(key)
            return {"found": False} if found is None else {"found": True, "value": found.value, "version": found.version}
        if op == "delete":
            return {"deleted": await store.delete(key, **condition)}
        if op == "increment":
            value, version = await store.increment(key, order["by"])
            return {"value": value, "version": version}
        return {"keys": [item.key async for item in store.list(key)]}

    async def watch(self, order: dict[str, Any]) -> dict[str, Any]:
        watch = await self.client.store.watch(prefix=order["prefix"])

        async def run() -> None:
            async for change in watch:
                kinds = {"deleted": change.kind == "deleted", "missed": change.kind == "missed"}
                self.tell("change", {"key": change.key, "version": change.version, "value": change.value, **kinds})

        keep(run())
        return {}

    async def close(self, _: dict[str, Any]) -> dict[str, Any]:
        await self.client.close()
        return {}


running: set[asyncio.Task[None]] = set()


def keep(work: Any) -> None:
    """Runs it beside the rest."""
    task = asyncio.ensure_future(work)
    running.add(task)
    task.add_done_callback(running.discard)


async def obey(clients: dict[str, Driven], order: dict[str, Any]) -> None:
    name = order["client"]
    try:
        if order["do"] == "connect":
            clients[name] = Driven(name, order)
        result = await getattr(clients[name], order["do"])(order)
        write({"id": order["id"], "result": result})
    except Exception as error:
        write({"id": order["id"], "error": error_members(error)})


async def main() -> None:
    clients: dict[str, Driven] = {}
    lines = asyncio.StreamReader(limit=LIMIT_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        keep(obey(clients, json.loads(line)))
    await asyncio.gather(*(driven.client.close() for driven in clients.values()), return_exceptions=True)


asyncio.run(main())
