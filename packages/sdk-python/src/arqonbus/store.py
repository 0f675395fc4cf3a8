"""The values that a tenant keeps, by commands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .outgoing_frame import given
from .store_watches import StoreWatch, StoreWatches
from .times import parse_time

if TYPE_CHECKING:
    from .client import ArqonBusClient


@dataclass(frozen=True)
class StoredKey:
    """A key of a list."""

    key: str
    #: The number of its last change: what ``if_version`` compares with.
    version: int
    #: None = it does not expire.
    expires_at: datetime | None = None


@dataclass(frozen=True)
class StoredValue(StoredKey):
    """A value as the store has it."""

    #: A JSON value; what wrote it need not be yours, so check it as you would any input.
    value: Any = None


class ClientStore:
    """
    The values of one namespace. Refusals are raised; who hears ``TIMEOUT`` does not know whether it was done.
    ``if_version`` changes a value only where this is the version in force, 0 only where there is none; else ``CONFLICT``, with
    ``details["version"]``.
    """

    def __init__(self, client: ArqonBusClient, watches: StoreWatches, namespace: str = "default") -> None:
        self.namespace = namespace
        self._client = client
        self._watches = watches

    def within(self, namespace: str) -> ClientStore:
        """Another part of the store."""
        return ClientStore(self._client, self._watches, namespace)

    async def get(self, key: str) -> StoredValue | None:
        """The value of a key; None where there is none."""
        found = await self._command("get", key=key)
        if found.get("found") is not True:
            return None
        return StoredValue(key, int(found["version"]), _expiry_of(found), found.get("value"))

    async def set(
        self, key: str, value: Any, *, ttl_seconds: float | None = None, if_version: int | None = None
    ) -> int:
        """Keeps a JSON value, None too, and gives its version. With ``ttl_seconds`` it is gone after so long."""
        # `given` would leave a value that is None out.
        args = given(key=key, ttl_seconds=ttl_seconds, if_version=if_version)
        result = await self._client.command("op.store.set", {"namespace": self.namespace, **args, "value": value})
        return int(result["version"])

    async def delete(self, key: str, *, if_version: int | None = None) -> bool:
        """Takes a value away; False = there was none."""
        return (await self._command("delete", key=key, if_version=if_version)).get("deleted") is True

    async def increment(self, key: str, by: int = 1) -> tuple[int, int]:
        """Adds to an integer in one step, from 0 where there is none; gives what it is now, and its version."""
        result = await self._command("increment", key=key, by=by)
        return int(result["value"]), int(result["version"])

    async def list(self, prefix: str = "", *, page_size: int | None = None) -> AsyncIterator[StoredKey]:
        """The keys with a prefix, in the order of their bytes, page by page as they are consumed."""
        cursor: str | None = None
        while True:
            page = await self._command("list", prefix=prefix, limit=page_size, cursor=cursor)
            for item in page.get("items") or ():
                yield StoredKey(str(item["key"]), int(item["version"]), _expiry_of(item))
            cursor = page.get("cursor")
            if cursor is None:
                return

    async def watch(self, key: str | None = None, *, prefix: str | None = None, after: int | None = None) -> StoreWatch:
        """
        Tells the changes of a key, or of all with a ``prefix``, from now on or after a version. It goes on after each reconnect,
        where it tells first what has changed meanwhile.
        """
        if (key is None) == (prefix is None):
            raise ValueError("A watch is of a key or of a prefix.")
        return await self._watches.watch({"namespace": self.namespace, **given(key=key, prefix=prefix)}, after)

    async def _command(self, name: str, **args: Any) -> dict[str, Any]:
        return await self._client.command(f"op.store.{name}", given(namespace=self.namespace, **args))


def _expiry_of(told: Mapping[str, Any]) -> datetime | None:
    at = told.get("expires_at")
    return parse_time(at) if isinstance(at, str) else None
