"""The backlog's bounds: who waits in vain is told so and stays, who dies leaves, and connects wait as well."""

import asyncio
import re
import time

import pytest
from harness import swarm
from harness.backlog import Gate, serve, served
from harness.funnel import make_funnel, module_backend  # noqa: F401
from harness.swarm import Client, ServerError
from harness.wire import Closed

pytestmark = pytest.mark.millrace_only
ONE_LOOP = "--event-threads=1"


@pytest.fixture(autouse=True)
def nobody_served(module_backend):
    module_backend.ask("TRUNCATE TABLE one.served")


def test_a_full_backlog_is_an_error_at_once(make_funnel, module_backend):
    funnel = make_funnel(
        module_backend, "--funnel-max-backends=1", "--funnel-backlog-max=3", "--funnel-backlog-timeout=60"
    )

    async def crowd(gate):
        blocker, *waiters = await swarm.open_all(funnel.target, 5)
        blocked = await gate.block(blocker)
        tasks = {asyncio.create_task(waiter.query(serve(number))): waiter for number, waiter in enumerate(waiters)}
        done, waiting = await asyncio.wait(tasks, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        assert (len(done), len(waiting)) == (1, 3)
        (refused,) = done
        assert isinstance(refused.exception(), ServerError) and "backlog" in refused.exception().text
        gate.open()
        await asyncio.gather(blocked, *waiting)
        assert (await tasks[refused].query("SELECT 'still here'")).value == "still here"
        await swarm.close_all([blocker, *waiters])

    with Gate(module_backend) as gate:
        asyncio.run(crowd(gate))
    assert len(served(module_backend)) == 3, "who was refused ran nothing"


async def refused_in_time(client, least, most):
    """The error that the client's statement ends with, in time."""
    start = time.monotonic()
    with pytest.raises(ServerError) as error:
        await client.query(serve(99))
    assert least <= time.monotonic() - start <= most
    return error.value.text


def test_waiting_in_vain_ends_in_time(make_funnel, module_backend):
    funnel = make_funnel(module_backend, "--funnel-max-backends=1", "--funnel-backlog-timeout=1")

    async def crowd(gate):
        blocker, waiter = await swarm.open_all(funnel.target, 2)
        blocked = await gate.block(blocker)
        text = await refused_in_time(waiter, 0.9, 5)
        assert "all 1 connections held: 1 running a statement" in text
        gate.open()
        await blocked
        assert (await waiter.query("SELECT 'still here'")).value == "still here"
        await swarm.close_all([blocker, waiter])

    with Gate(module_backend) as gate:
        asyncio.run(crowd(gate))
    assert served(module_backend) == []


PINS = {
    "1 transaction, 1 temporary table": ["BEGIN", "CREATE TEMPORARY TABLE one.t (a INT)"],
    "2 temporary table, 1 transaction": [
        "BEGIN",
        "CREATE TEMPORARY TABLE one.t (a INT)",
        "CREATE TEMPORARY TABLE one.t (a INT)",
    ],
    "1 LOCK TABLES": ["LOCK TABLES one.fruit READ"],
    "1 GET_LOCK": ["SELECT GET_LOCK('held', 0)"],
    "1 HANDLER": ["HANDLER one.fruit OPEN"],
    "1 hidden state": ["CALL one.hide()"],
}


@pytest.mark.parametrize("text", PINS.keys())
def test_who_waits_in_vain_is_told_what_holds_the_connections(make_funnel, module_backend, text):
    module_backend.ask("CREATE OR REPLACE PROCEDURE one.hide() SET @hidden = 1, SESSION sql_mode = ''")
    sqls = PINS[text]
    funnel = make_funnel(module_backend, f"--funnel-max-backends={len(sqls)}", "--funnel-backlog-timeout=1")

    async def crowd():
        waiter, *holders = await swarm.open_all(funnel.target, len(sqls) + 1)
        for holder, sql in zip(holders, sqls, strict=True):
            await holder.query(sql)
        told = await refused_in_time(waiter, 0.9, 5)
        found = re.search(rf"all {len(sqls)} connections held: (.*?)(?:\)|$|[.;])", told)
        assert found and sorted(found[1].split(", ")) == sorted(text.split(", ")), told
        await swarm.close_all(holders)
        assert (await waiter.query("SELECT 'their turn ended'")).value == "their turn ended"
        await waiter.close()

    asyncio.run(crowd())


def test_who_dies_in_the_queue_leaves_it_at_once(make_funnel, module_backend):
    """The backlog is full; ten die, and ten others find room. Nothing of the dead is run."""
    options = ["--funnel-max-backends=1", "--funnel-backlog-max=20", ONE_LOOP]
    funnel = make_funnel(module_backend, *options)

    async def crowd(gate):
        blocker, *waiters = await swarm.open_all(funnel.target, 21)
        tasks = [await gate.block(blocker)]
        queued = [asyncio.create_task(waiter.query(serve(number))) for number, waiter in enumerate(waiters)]
        # One too many is refused, which tells that the twenty are in.
        probe = await Client.open(funnel.target)
        with pytest.raises(ServerError):
            await probe.query(serve(99))
        for number, waiter in enumerate(waiters):
            if number % 2:
                waiter.abort()
        late = await swarm.open_all(funnel.target, 10)
        queued += [asyncio.create_task(client.query(serve(100 + number))) for number, client in enumerate(late)]
        await asyncio.sleep(0.1)
        gate.open()
        ended = await asyncio.gather(*tasks, *queued, return_exceptions=True)
        assert [type(end) for end in ended if isinstance(end, Exception)] == [Closed] * 10
        await swarm.close_all([probe, *late, *waiters[::2]])

    with Gate(module_backend) as gate:
        asyncio.run(crowd(gate))
    found = served(module_backend)
    assert found[:10] == list(range(0, 20, 2)) and sorted(found[10:]) == list(range(100, 110))


# Connections wait, too


def test_clients_above_the_limit_wait_ungreeted_and_in_order(make_funnel, module_backend):
    funnel = make_funnel(module_backend, "--funnel-max-clients=3", "--funnel-connect-backlog-timeout=30", ONE_LOOP)

    async def crowd():
        inside = await swarm.open_all(funnel.target, 3)
        entered, late = [], []

        async def enter(number):
            client = await Client.open(funnel.target)
            entered.append(number)
            return client

        for number in range(3):
            late.append(asyncio.create_task(enter(number)))
            await asyncio.sleep(0.05)
        for number in range(3):
            assert entered == list(range(number))
            await inside[number].close()
            client = await asyncio.wait_for(late[number], 20)
            assert (await client.query("SELECT 'in'")).value == "in"
        assert entered == [0, 1, 2]
        await swarm.close_all([task.result() for task in late])

    asyncio.run(crowd())


def test_a_client_that_waits_in_vain_to_be_greeted(make_funnel, module_backend):
    funnel = make_funnel(module_backend, "--funnel-max-clients=2", "--funnel-connect-backlog-timeout=1")

    async def crowd():
        inside = await swarm.open_all(funnel.target, 2)
        start = time.monotonic()
        with pytest.raises(ServerError) as error:
            await Client.open(funnel.target)
        assert error.value.code == 1040
        assert 0.9 <= time.monotonic() - start <= 5
        assert (await inside[0].query("SELECT 1")).value == "1"
        await swarm.close_all(inside)

    asyncio.run(crowd())
