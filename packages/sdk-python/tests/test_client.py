"""The client against a real bus."""

from __future__ import annotations

import uuid

import pytest
from arqonbus import ArqonBusClient, ArqonBusError, Task, TaskFailure, TaskResult
from arqonbus.wire_format import FormatName
from conftest import next_event, run, wire


def channel_name() -> str:
    """One that no other test uses."""
    return f"python:{uuid.uuid4().hex[:12]}"


def test_publishes_and_receives_once_with_positions(url: str, tokens: dict[str, str]) -> None:
    async def scenario() -> None:
        name = channel_name()
        async with ArqonBusClient(url, tokens["alice"]) as alice, ArqonBusClient(url, tokens["bob"]) as bob:
            heard = await bob.join(name)
            chat = await alice.join(name, echo=True)
            first = await chat.publish({"text": "grüß dich \U0001f680"}, id="arq_python-0001")
            again = await chat.publish({"text": "grüß dich \U0001f680"}, id="arq_python-0001")
            await chat.publish(b"\x00\xff", content_type="image/png")
            assert (first.is_duplicate, again.is_duplicate) == (False, True)
            assert first.position == again.position
            for reader in (heard, chat):
                got = [publication async for publication in _take(reader, 2)]
                assert [publication.payload for publication in got] == [{"text": "grüß dich \U0001f680"}, b"\x00\xff"]
                assert got[0].position == first.position
                assert {publication.sender for publication in got} == {alice.id}

    run(scenario)


def test_history_pages_and_one_writer_at_a_time(url: str, tokens: dict[str, str]) -> None:
    async def scenario() -> None:
        name = channel_name()
        room, channel = name.split(":")
        async with ArqonBusClient(url, tokens["alice"]) as alice:
            chat = await alice.join(name)
            for number in range(7):
                last = await chat.publish(number)
            assert [p.payload async for p in chat.history(page_size=3)] == list(range(7))
            assert [p.payload async for p in alice.history(room, channel, order="newest", page_size=3)][0] == 6
            assert last.position is not None
            with pytest.raises(ArqonBusError) as refused:
                await chat.publish("late", expected_seq=last.position.seq - 1)
            assert refused.value.code == "CONFLICT"
            assert refused.value.details["seq"] == last.position.seq
            again = await alice.join(name)
            assert again is chat
            await chat.leave()
            newest = await alice.join(name, history=2)
            assert [p.payload for p in newest.joined.history] == [5, 6]

    run(scenario)


def test_private_messages_presence_and_status(url: str, tokens: dict[str, str]) -> None:
    async def scenario() -> None:
        name = channel_name()
        async with ArqonBusClient(url, tokens["alice"], screen_name="Alice") as alice:
            chat = await alice.join(name, presence=True)
            async with ArqonBusClient(url, tokens["bob"]) as bob:
                told = await _after(bob.join(name, meta={"seat": 4}), lambda add: chat.on("presence", add))
                assert [(member["user"], member["meta"]) for member in told["joins"]] == [("bob", {"seat": 4})]
                assert set(chat.members) == {alice.id, bob.id}
                heard = await _after(
                    alice.private("user:bob", "for you alone"), lambda add: bob.on("private", add)
                )
                assert (heard.payload, heard.sender) == ("for you alone", alice.id)
                await _after(
                    bob.command("set_status", {"status": "away"}), lambda add: chat.on("presence", add)
                )
                assert chat.members[bob.id]["status"] == "away"
                gone = bob.id
                left = next_event(lambda add: chat.on("presence", add))
                await bob.close()
            assert [member["client_id"] for member in (await left)["leaves"]] == [gone]  # type: ignore[index]
            with pytest.raises(ArqonBusError) as refused:
                await alice.private(gone, "nobody")
            assert refused.value.code == "TARGET_NOT_FOUND"

    run(scenario)


def test_a_lost_connection_is_the_same_client_and_misses_nothing(url: str, tokens: dict[str, str]) -> None:
    async def scenario() -> None:
        name = channel_name()
        async with wire(url) as line, ArqonBusClient(url, tokens["alice"]) as alice:
            async with ArqonBusClient(line.url, tokens["bob"]) as bob:
                heard, chat = await bob.join(name), await alice.join(name)
                before = bob.id
                await chat.publish(0)
                line.cut()
                await bob.changed.until(lambda: not bob.is_connected)
                for number in range(1, 40):
                    await chat.publish(number)
                rejoined = await _after(_call(line.mend), lambda add: bob.on("rejoined", add))
                await chat.publish(40)
                assert [p.payload async for p in _take(heard, 41)] == list(range(41))
                assert (rejoined.recovered, rejoined.reason, bob.id) == (True, None, before)

    run(scenario)


def test_who_cannot_be_resumed_is_another_client_and_misses_nothing(url: str, tokens: dict[str, str]) -> None:
    async def scenario() -> None:
        name = channel_name()
        async with wire(url) as line, ArqonBusClient(url, tokens["alice"]) as alice:
            async with ArqonBusClient(line.url, tokens["bob"]) as bob:
                heard, chat = await bob.join(name), await alice.join(name)
                before = bob.id
                await chat.publish(0)
                bob._work.resumer.token = "x" * 40
                line.cut()
                await bob.changed.until(lambda: not bob.is_connected)
                await chat.publish(1)
                rejoined = await _after(_call(line.mend), lambda add: bob.on("rejoined", add))
                assert [p.payload async for p in _take(heard, 2)] == [0, 1]
                assert rejoined.recovered
                assert bob.id != before

    run(scenario)


def test_what_is_published_without_a_connection_is_stored_once(url: str, tokens: dict[str, str]) -> None:
    async def scenario() -> None:
        name = channel_name()
        async with wire(url) as line, ArqonBusClient(line.url, tokens["alice"]) as alice:
            chat = await alice.join(name)
            await chat.publish("before")
            line.cut()
            await alice.changed.until(lambda: not alice.is_connected)
            [stored, _] = await _both(chat.publish("meanwhile"), _call(line.mend))
            assert stored.position is not None
            assert [p.payload async for p in chat.history()] == ["before", "meanwhile"]
            with pytest.raises(ArqonBusError) as refused:
                await chat.publish(float("nan"))
            assert refused.value.code == "VALIDATION_ERROR"

    run(scenario)


def test_tokens(url: str, tokens: dict[str, str]) -> None:
    async def scenario() -> None:
        with pytest.raises(ArqonBusError) as refused:
            await ArqonBusClient(url, "no.token.atall").connect()
        assert refused.value.code == "AUTHENTICATION_FAILED"
        given = iter(["no.token.atall", tokens["alice"]])

        async def fetch() -> str:
            return next(given)

        with pytest.raises(ArqonBusError):
            await ArqonBusClient(url, fetch).connect()
        async with ArqonBusClient(url, fetch) as alice:
            assert alice.welcome is not None
            assert alice.welcome.user == "alice"

    run(scenario)


def test_tenants_share_nothing_and_refusals_are_told(url: str, tokens: dict[str, str]) -> None:
    async def scenario() -> None:
        name = channel_name()
        async with ArqonBusClient(url, tokens["alice"]) as alice, ArqonBusClient(url, tokens["carol"]) as carol:
            here, there = await alice.join(name, echo=True), await carol.join(name, echo=True)
            await here.publish("acme")
            await there.publish("globex")
            assert [p.payload async for p in _take(there, 1)] == ["globex"]
            assert [p.payload async for p in there.history()] == ["globex"]
            with pytest.raises(ArqonBusError) as refused:
                await alice.command("op.ban.list")
            assert refused.value.code == "AUTHORIZATION_ERROR"
            error = await _after(
                alice.publish("nowhere:joined", 1, ack=False), lambda add: alice.on("error", add)
            )
            assert error.code == "NOT_SUBSCRIBED"
            for wrong in ("no channel", "a:b:c", "a:", "*:b"):
                with pytest.raises(ArqonBusError):
                    await alice.join(wrong)

    run(scenario)


def test_close_ends_what_is_read(url: str, tokens: dict[str, str]) -> None:
    async def scenario() -> None:
        async with ArqonBusClient(url, tokens["alice"]) as alice:
            chat = await alice.join(channel_name(), echo=True)
            # The bus has it before the echo is here.
            await _after(chat.publish(1), lambda add: alice.on("publication", add))
        assert [p.payload async for p in chat] == [1]
        with pytest.raises(ArqonBusError) as refused:
            await chat.publish(2)
        assert refused.value.code == "UNAVAILABLE"

    run(scenario)


@pytest.mark.parametrize("format", ["proto", "json"])
def test_frames_can_be_sent_and_read_as_they_are(url: str, tokens: dict[str, str], format: FormatName) -> None:
    async def scenario() -> None:
        async with ArqonBusClient(url, tokens["alice"], format=format) as alice:
            await alice.send_json({"version": "1.0", "id": "arq_raw-0001", "type": "command", "command": "ping"})
            frame = await alice.recv_json()
            assert (frame["request_id"], frame["payload"]["pong"]) == ("arq_raw-0001", True)

    run(scenario)


def test_tasks_are_taken_by_a_decorated_function(url: str, tokens: dict[str, str]) -> None:
    async def scenario() -> None:
        group = f"python-{uuid.uuid4().hex[:12]}"
        worker, boss = ArqonBusClient(url, tokens["alice"]), ArqonBusClient(url, tokens["bob"])

        @worker.task(group, max_in_flight=2)
        async def double(task: Task) -> dict[str, int]:
            if not isinstance(task.payload["n"], int):
                raise TaskFailure("not a number", final=True)
            task.progress("begun")
            return {"doubled": 2 * task.payload["n"]}

        with pytest.raises(ArqonBusError) as refused:
            worker.task(group)(double)
        assert refused.value.code == "CONFLICT"
        async with worker, boss:
            done = await boss.submit({"n": 21}, group=group)
            assert [news async for news in done] == ["begun"]
            assert await done.result() == TaskResult("done", {"doubled": 42})
            failed = await (await boss.submit({"n": "many"}, group=group)).result()
            assert (failed.state, failed.reason) == ("failed", "not a number")
            # It stays a function of its own.
            assert double.__name__ == "double"

    run(scenario)


def test_what_is_too_large_is_refused_and_costs_no_connection(url: str, tokens: dict[str, str]) -> None:
    async def scenario() -> None:
        async with ArqonBusClient(url, tokens["alice"]) as alice:
            chat = await alice.join(channel_name())
            with pytest.raises(ArqonBusError) as refused:
                await chat.publish(b"x" * 70_000)
            assert refused.value.code == "PAYLOAD_TOO_LARGE"
            assert (await chat.publish(b"x" * 60_000)).position is not None

    run(scenario)


async def _take(reader, count):
    taken = 0
    async for publication in reader:
        yield publication
        taken += 1
        if taken == count:
            return


async def _after(action, add):
    """What a listener is told once the action is done, or while it is."""
    import asyncio

    told = asyncio.ensure_future(next_event(add))
    await asyncio.sleep(0)
    await action
    return await told


async def _both(first, second):
    import asyncio

    return await asyncio.gather(first, second)


async def _call(function):
    function()


def test_the_store_keeps_values_and_tells_changes_over_a_cut(url: str, tokens: dict[str, str]) -> None:
    async def scenario() -> None:
        name = uuid.uuid4().hex[:12]
        async with wire(url) as line, ArqonBusClient(url, tokens["bob"]) as bob:
            alice = ArqonBusClient(line.url, tokens["alice"])
            await alice.connect()
            mine, theirs = alice.store.within(name), bob.store.within(name)
            first = await theirs.set("cart/1", {"items": []}, ttl_seconds=600)
            assert await theirs.set("cart/2", None, if_version=0) == first + 1
            with pytest.raises(ArqonBusError) as refused:
                await theirs.set("cart/2", 2, if_version=0)
            assert (refused.value.code, refused.value.details["version"]) == ("CONFLICT", first + 1)
            kept, nothing = await mine.get("cart/1"), await mine.get("cart/2")
            assert kept is not None and (kept.value, kept.version) == ({"items": []}, first)
            assert kept.expires_at is not None and nothing is not None
            assert (nothing.value, nothing.expires_at, await mine.get("cart/3")) == (None, None, None)
            assert [item.key async for item in mine.list("cart/", page_size=1)] == ["cart/1", "cart/2"]
            assert await theirs.increment("visits", 5) == (5, first + 2)

            watch = await mine.watch(prefix="cart/", after=first)
            with pytest.raises(ArqonBusError):
                await mine.watch(prefix="cart/")
            line.cut()
            assert await theirs.delete("cart/2")
            line.mend()
            await theirs.set("visits", 0)
            last = await theirs.set("cart/1", 7)
            told = {}
            async for change in watch:
                told[change.key] = (change.kind, change.value)
                if change.version == last:
                    break
            assert told == {"cart/2": ("deleted", None), "cart/1": ("set", 7)}
            assert watch.version == last
            await watch.close()
            assert [change async for change in watch] == []

            ended = await mine.watch("visits")
            await alice.close()
            with pytest.raises(ArqonBusError):
                async for _ in ended:
                    pass

    run(scenario)
