"""What the tests run against: a bus that somebody else has started, and a wire that can be cut."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

TIMEOUT_S = 60


@pytest.fixture
def tokens() -> dict[str, str]:
    """Tokens by name: ``alice`` and ``bob`` of one tenant, ``carol`` of another."""
    return json.loads(os.environ["ARQON_TEST_TOKENS"])


@pytest.fixture
def url() -> str:
    """Where the bus is."""
    return os.environ["ARQONBUS_WS_URL"]


class Wire:
    """A TCP proxy before the bus, which can be cut and mended."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._server: asyncio.Server | None = None
        self.url = ""

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}{self._target.path}"

    def cut(self) -> None:
        """Every connection is gone, and none can be made."""
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._is_cut = False

    async def close(self) -> None:
        self.cut()
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        up_reader, up_writer = await asyncio.open_connection(self._target.hostname, self._target.port)
        self._writers |= {writer, up_writer}
        await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))
        self._writers -= {writer, up_writer}


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.transport.abort()


@asynccontextmanager
async def wire(url: str) -> AsyncIterator[Wire]:
    """A wire to the bus, for as long as the block lasts."""
    opened = Wire(url)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Runs a scenario; it must come to its end."""
    asyncio.run(asyncio.wait_for(scenario(), TIMEOUT_S))


async def next_event(add: Callable[[Callable[[object], None]], Callable[[], None]]) -> object:
    """What a listener is told next; ``add`` adds it."""
    told: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    remove = add(lambda event: told.done() or told.set_result(event))
    try:
        return await told
    finally:
        remove()
