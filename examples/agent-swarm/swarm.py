"""
A swarm of agents: a coordinator gives the chapters of a text away, agents take them in turns, and one that fails is replaced.
The agents are clients of their own, as if they ran on machines of their own.
"""

from __future__ import annotations

import asyncio
import os

from arqonbus import ArqonBusClient, Task

URL, TOKEN = os.environ["ARQONBUS_WS_URL"], os.environ["ARQONBUS_AUTH_JWT"]
GROUP = "readers"
CHAPTERS = {
    "Loomings": "Call me Ishmael. Some years ago, never mind how long precisely, I thought I would sail about a little.",
    "The Spouter-Inn": "Entering that gable-ended Spouter-Inn, you found yourself in a wide, low, straggling entry.",
    "The Chapel": "In this same New Bedford there stands a Whaleman's Chapel.",
    "The Ship": "In bed we concocted our plans for the morrow.",
}


def agent(name: str) -> ArqonBusClient:
    """One that counts words, one chapter at a time; Bob does not like the first that he gets."""
    client = ArqonBusClient(URL, TOKEN, client_type="ai-agent", screen_name=name)
    is_moody = name == "Bob"

    @client.task(GROUP, max_in_flight=1)
    async def count_words(task: Task) -> dict[str, object]:
        nonlocal is_moody
        if is_moody:
            is_moody = False
            raise RuntimeError("I would prefer not to")
        task.progress(f"{name} reads {task.payload['title']}")
        return {"words": len(task.payload["text"].split()), "agent": name}

    return client


async def read(coordinator: ArqonBusClient, title: str, text: str) -> int:
    """Gives a chapter away, shows who reads it, and waits for the number of its words."""
    task = await coordinator.submit({"title": title, "text": text}, group=GROUP, max_attempts=3)
    async for news in task:
        print(news)
    result = await task.result()
    if result.state != "done":
        raise SystemExit(f"{title}: {result.state} ({result.reason})")
    return int(result.payload["words"])


async def main() -> None:
    async with agent("Alice"), agent("Bob"), agent("Carol"), ArqonBusClient(URL, TOKEN) as coordinator:
        counts = await asyncio.gather(*(read(coordinator, title, text) for title, text in CHAPTERS.items()))
        print(f"{sum(counts)} words in {len(counts)} chapters")


asyncio.run(main())
