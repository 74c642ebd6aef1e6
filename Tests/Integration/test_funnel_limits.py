"""How many backend connections there are, and who gets the next one."""

import asyncio
import json
import os
import re
import signal
import time

import pytest
from harness import swarm
from harness.backlog import Gate, serve, served
from harness.funnel import ConnectionWatch, make_funnel, module_backend, start_funnel  # noqa: F401
from harness.lua import rows
from harness.ports import wait_until
from harness.swarm import Client
from pymysql.constants import CLIENT

pytestmark = pytest.mark.timeout(180)
CLIENTS = int(os.environ.get("MILLRACE_FUNNEL_CLIENTS") or 1000)


@pytest.fixture(autouse=True)
def nobody_served(module_backend):
    wait_until(lambda: not module_backend.connections(), what="the last test's connections to end")
    module_backend.ask("TRUNCATE TABLE one.served")


# How many


@pytest.mark.millrace_only
def test_a_thousand_clients_on_two_connections(make_funnel, module_backend):
    """Every answer is the right one, and the server never sees a third connection."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=2")

    async def client(number, connection):
        await connection.query(f"SET @me = {number}")
        for turn in range(4):
            answer = await connection.query(f"SELECT @me, {turn}, {number} * 2 AS twice, CONNECTION_ID()")
            found = [(str(number), str(turn), str(number * 2), str(connection.connection_id))]
            assert answer.rows == found
            assert answer.columns[2][0] == "twice"

    async def crowd():
        connections = await swarm.open_all(funnel.target, CLIENTS, timeout=120)
        await asyncio.gather(*[client(number, connection) for number, connection in enumerate(connections)])
        await swarm.close_all(connections)

    with ConnectionWatch(module_backend) as watch:
        asyncio.run(crowd())
    assert watch.looks > 10
    assert 1 <= watch.most <= 2, watch.seen


@pytest.mark.millrace_only
def test_users_take_turns_within_the_limit(make_funnel, module_backend):
    """Connections of one user are closed for another's; the count at the server never rises above the limit."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=3")

    async def client(number):
        user = ("app", "other", "reader")[number % 3]
        connection = await Client.open(funnel.as_user(user))
        for turn in range(10):
            assert (await connection.query(f"SELECT CURRENT_USER(), {turn}")).rows == [(f"{user}@%", str(turn))]
        await connection.close()

    async def crowd():
        await asyncio.gather(*[client(number) for number in range(60)])

    with ConnectionWatch(module_backend) as watch:
        asyncio.run(crowd())
    assert 1 <= len(watch.seen) <= 3, watch.seen


@pytest.mark.millrace_only
def test_a_users_own_limit(make_funnel, module_backend):
    funnel = make_funnel(module_backend, "--funnel-max-backends=4", "--funnel-user-max-backends=1")

    async def crowd():
        connections = await swarm.open_all(funnel.target, 20)
        await asyncio.gather(*[connection.query("SELECT SLEEP(0.02)") for connection in connections])
        await swarm.close_all(connections)

    with ConnectionWatch(module_backend) as watch:
        asyncio.run(crowd())
    assert watch.most == 1, watch.seen


@pytest.mark.millrace_only
def test_a_users_own_limit_holds_whatever_its_clients_negotiate(make_funnel, module_backend):
    """Connections of clients that negotiate different things are not interchangeable, and share the limit all the same."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=4", "--funnel-user-max-backends=1")
    with (
        ConnectionWatch(module_backend) as watch,
        funnel.connect() as one,
        funnel.connect(client_flag=CLIENT.FOUND_ROWS | CLIENT.MULTI_STATEMENTS) as other,
    ):
        for turn in range(10):
            for connection in (one, other):
                assert rows(connection, f"SELECT {turn}") == ((turn,),)
    assert len(watch.seen) == 1, watch.seen


@pytest.mark.millrace_only
def test_the_limit_holds_from_the_first_moment_on(scratch, module_backend):
    """The look at the server's greeting is a connection too; it has ended when the first statement's is opened."""
    with ConnectionWatch(module_backend) as watch:
        for _ in range(5):
            funnel = start_funnel(scratch, module_backend, "--funnel-max-backends=1")
            with funnel.connect() as connection:
                assert rows(connection, "SELECT 1") == ((1,),)
            funnel.proxy.end()
            wait_until(lambda: not module_backend.connections(), what="the connection to end")
    assert len(watch.seen) == 1, watch.seen


@pytest.mark.millrace_only
def test_a_connection_whose_state_fits_is_preferred(make_funnel, module_backend):
    """Not the one that was used longest ago, which is in another schema."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=2", "--event-threads=1")
    with funnel.connect(database="one") as one, funnel.connect(database="two") as two:
        for connection in (one, two):
            rows(connection, "BEGIN")
        for connection in (one, two):
            rows(connection, "COMMIT")
        before = schema_changes(module_backend)
        with funnel.connect(database="two") as third:
            assert rows(third, "SELECT name FROM place") == (("two",),)
        with funnel.connect(database="one") as fourth:
            assert rows(fourth, "SELECT name FROM place") == (("one",),)
        assert schema_changes(module_backend) == before


@pytest.mark.millrace_only
def test_a_session_without_a_schema_takes_a_connection_that_has_one(make_funnel, module_backend):
    """The connection stays: its user logs in again on it, which takes off all that the other session has left."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=1")
    for user in ("app", "curve"):
        numbers = set()
        with funnel.connect(user, database=None) as other, funnel.connect(user, database=None) as one:
            for turn in range(3):
                rows(one, "SET @a = 'one', SESSION sql_mode = 'ANSI_QUOTES'")
                if not turn:
                    rows(one, "USE information_schema")
                assert rows(one, "SELECT DATABASE(), @a, @@sql_mode") == (
                    ("information_schema", "one", "ANSI_QUOTES"),
                )
                assert rows(other, f"SELECT DATABASE(), @a, {turn}") == ((None, None, turn),)
                assert "ANSI" not in rows(other, "SELECT @@sql_mode")[0][0]
                numbers |= {number for number, name, _, _ in module_backend.connections() if name == user}
        assert len(numbers) == 1


def schema_changes(backend):
    return int(backend.ask("SHOW GLOBAL STATUS LIKE 'Com_change_db'")[0][1])


@pytest.mark.millrace_only
def test_idle_clients_need_no_connection(make_funnel, module_backend):
    funnel = make_funnel(module_backend)

    async def crowd():
        connections = await swarm.open_all(funnel.target, 200)
        for connection in connections[:20]:
            await connection.results(14)
        await swarm.close_all(connections)

    with ConnectionWatch(module_backend) as watch:
        asyncio.run(crowd())
    assert watch.most == 0, watch.seen


@pytest.mark.millrace_only
def test_connections_opened_ahead(make_funnel, module_backend):
    """The minimum is there before anybody asks, and again when it was lost."""
    funnel = make_funnel(module_backend, "--funnel-min-backends=2", "--funnel-max-backends=3", "--funnel-keepalive=1")
    asyncio.run(ask_once(funnel.target))
    wait_until(lambda: len(module_backend.connections()) == 2, 20, "two connections")
    assert module_backend.kill_connections() == 2
    wait_until(lambda: len(module_backend.connections()) == 2, 20, "two connections again")


async def ask_once(target):
    connection = await Client.open(target)
    assert (await connection.query("SELECT 1")).value == "1"
    await connection.close()


@pytest.mark.millrace_only
def test_connections_are_retired_by_age(module_backend, make_funnel):
    funnel = make_funnel(module_backend, "--funnel-max-backends=1", "--funnel-max-age=1")
    with funnel.connect() as connection:
        rows(connection, "SET @kept = 1")
        first = module_backend.connections()[0][0]

        def is_another():
            assert rows(connection, "SELECT @kept") == ((1,),)
            now = module_backend.connections()
            return now and now[0][0] != first

        wait_until(is_another, 20, "another connection")


# Who is next


@pytest.mark.millrace_only
@pytest.mark.parametrize("threads, count", [(1, 200), (2, 40)])
def test_first_come_first_served(make_funnel, module_backend, threads, count):
    """All wait for one connection; they are served in the order of their arrival, whatever loop they live on."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=1", f"--event-threads={threads}")

    async def queue(gate):
        blocker, *waiters = await swarm.open_all(funnel.target, count + 1)
        tasks = [await gate.block(blocker)]
        for number, waiter in enumerate(waiters):
            tasks.append(asyncio.create_task(waiter.query(serve(number))))
            # One loop sees them in order; of two, one may be late.
            await asyncio.sleep(0.005)
            if threads > 1:
                await asyncio.to_thread(wait_until, lambda: statements_waiting(funnel) > number, 20, "its arrival")
        assert not any(task.done() for task in tasks)
        gate.open()
        await asyncio.gather(*tasks)
        await swarm.close_all([blocker, *waiters])

    with Gate(module_backend) as gate:
        asyncio.run(queue(gate))
    assert served(module_backend) == list(range(count))


def statements_waiting(funnel):
    """How many the funnel says are waiting for its one server."""
    before = len(reports(funnel))
    funnel.proxy.signal(signal.SIGUSR1)
    return wait_until(lambda: reports(funnel)[before:], what="a report")[0]["backends"][0]["backlog"]["waiting"]


def reports(funnel):
    return [json.loads(line)["funnel"] for line in re.findall(r'\{"funnel".*(?=\n)', funnel.output)]


def test_twelve_sleepers_on_three_connections(make_funnel, module_backend):
    """Four rounds of half a second; a poll, or a connection left idle for a round, would show."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=3")

    async def sleepers():
        connections = await swarm.open_all(funnel.target, 12)
        start = time.monotonic()
        await asyncio.gather(*[connection.query("SELECT SLEEP(0.5)") for connection in connections])
        taken = time.monotonic() - start
        await swarm.close_all(connections)
        return taken

    assert asyncio.run(sleepers()) <= 2.5


@pytest.mark.millrace_only
@pytest.mark.timeout(240)
def test_fair_shares(make_funnel, module_backend):
    """490 clients of one user and 10 of another, statements of the same cost: each user gets half of the time."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=2", "--funnel-queue=fair")
    finished = {"app": 0, "other": 0}

    async def client(user, connection, end):
        while time.monotonic() < end:
            await connection.query("SELECT SLEEP(0.01)")
            finished[user] += time.monotonic() < end

    async def crowd():
        many = await swarm.open_all(funnel.as_user("app"), 490)
        few = await swarm.open_all(funnel.as_user("other"), 10)
        end = time.monotonic() + 8
        clients = [client("app", connection, end) for connection in many] + [
            client("other", connection, end) for connection in few
        ]
        await asyncio.gather(*clients)
        await swarm.close_all(many + few)

    asyncio.run(crowd())
    mean = sum(finished.values()) / 2
    assert mean > 200, finished
    assert abs(finished["app"] - mean) <= mean / 10, finished


# What it tells


@pytest.mark.millrace_only
def test_the_report(make_funnel, module_backend):
    """USR1: what was counted is what was done, and who keeps a connection is named with the reasons."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=3")
    with funnel.connect() as idle, funnel.connect() as holder:
        for number in range(10):
            rows(idle, f"SELECT {number}")
        rows(holder, "CREATE TEMPORARY TABLE mine (id INT)")
        rows(holder, "BEGIN")
        rows(holder, "INSERT INTO mine VALUES (1)")
        funnel.proxy.signal(signal.SIGUSR1)
        [report] = wait_until(lambda: reports(funnel), what="the report")
        [backend] = report["backends"]
        [user] = [user for user in backend["users"] if user["name"] == "app"]
        # Each connection says `SET NAMES` or `SET AUTOCOMMIT` at its begin.
        assert 13 <= user["statements"] <= 13 + 2 * 2
        assert user["phases"]["backend_time"]["count"] == user["statements"]
        assert backend["connections"]["leased"] == 1 and backend["max"] == 3
        assert user["pins"]["now"] == {"transaction": 1, "temporary_table": 1}
        [pinned] = report["pinned"]
        assert pinned["client"] == holder.thread_id() and pinned["user"] == "app"
        assert pinned["backend"] == module_backend.direct.address
        assert pinned["reasons"] == ["transaction", "temporary_table"] and pinned["held_us"] > 0
