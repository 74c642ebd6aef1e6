"""What dying servers, killed connections and silent clients do to sessions: an error that says so at most."""

import asyncio
import re
import socket
import time

import pytest
from harness import swarm
from harness.answers import LOST, answers, failure, says_lost
from harness.background import Background
from harness.backlog import Gate
from harness.funnel import ConnectionWatch, backend, make_funnel, module_backend  # noqa: F401
from harness.ports import wait_until
from harness.swarm import Client, ServerError
from harness.wire import Wire

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(180)]


def value(connection, sql):
    """The one value that the statement must answer with."""
    last = answers(connection, sql)[-1]
    assert isinstance(last[1], tuple), f"{sql}: {last}"
    return last[1][0][0]


def value_or_number(connection, sql):
    last = answers(connection, sql)[-1]
    return last[1][0][0] if isinstance(last[1], tuple) else last[1]


# The server is not there


def test_a_server_that_is_gone_at_the_start_and_comes(backend, make_funnel):
    """A client logs in, its statement waits and fails with the reason, and the same client works later."""
    backend.server.stop()
    funnel = make_funnel(backend, "--funnel-backend-wait=1")

    async def story():
        client = await Client.open(funnel.target)
        start = time.monotonic()
        with pytest.raises(ServerError) as error:
            await client.query("SELECT 1")
        assert time.monotonic() - start <= 6
        assert str(backend.server.port) in error.value.text
        await asyncio.to_thread(backend.server.start)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                return (await client.query("SELECT 'back'")).value
            except ServerError:
                await asyncio.sleep(0.1)

    assert asyncio.run(story()) == "back"


def test_a_statement_waits_for_the_server_to_come_back(backend, make_funnel):
    funnel = make_funnel(backend, "--funnel-backend-wait=60")
    with funnel.connect() as connection:
        assert value(connection, "SELECT 1") == 1
        backend.server.stop()
        waiting = Background(connection, "SELECT 'waited'")
        backend.server.start()
        assert waiting.result(60) == (("waited",),)


def test_once_known_to_be_down_statements_fail_at_once(backend, make_funnel):
    """Who comes after the wait is over doesn't wait again."""
    funnel = make_funnel(backend, "--funnel-backend-wait=2")
    with funnel.connect() as connection:
        assert value(connection, "SELECT 1") == 1
        backend.server.stop()
        failure(connection, "SELECT 2")
        start = time.monotonic()
        failure(connection, "SELECT 3")
        assert time.monotonic() - start < 1


def test_500_clients_connect_while_the_server_restarts(backend, make_funnel):
    """All are answered in the end, and the new server never sees more connections than allowed, nor a storm."""
    funnel = make_funnel(backend, "--funnel-max-backends=5", "--funnel-backend-wait=60")
    with funnel.connect() as connection:
        assert value(connection, "SELECT 1") == 1

    async def client(number):
        connection = await Client.open(funnel.target, timeout=100)
        assert (await connection.query(f"SELECT {number}")).value == str(number)
        await connection.close()

    async def crowd():
        backend.server.stop()
        restart = asyncio.create_task(asyncio.to_thread(backend.server.start))
        await asyncio.gather(*[client(number) for number in range(500)])
        await restart

    asyncio.run(crowd())
    # One for the harness, which knocks to see whether the server is up.
    assert int(backend.ask("SHOW GLOBAL STATUS LIKE 'Max_used_connections'")[0][1]) <= 5 + 1 + 1
    assert int(backend.ask("SHOW GLOBAL STATUS LIKE 'Connections'")[0][1]) <= 60


def test_500_clients_at_once_after_a_restart(backend, make_funnel):
    """They were there before it; all ask at the same moment, and none sees an error."""
    funnel = make_funnel(backend, "--funnel-max-backends=5", "--funnel-backend-wait=60")

    async def crowd():
        clients = await swarm.open_all(funnel.target, 500)
        await asyncio.gather(*[client.query("SELECT 1") for client in clients[:50]])
        await asyncio.to_thread(backend.restart)
        with ConnectionWatch(backend) as watch:
            found = await asyncio.gather(*[client.query(f"SELECT {number}") for number, client in enumerate(clients)])
        assert [answer.value for answer in found] == [str(number) for number in range(500)]
        await swarm.close_all(clients)
        return watch.most

    # One for the probe that saw the server up again, whose thread may outlive its socket.
    assert asyncio.run(crowd()) <= 5 + 1


# Backend connections die


def test_an_idle_connection_that_was_killed_is_replaced_unnoticed(module_backend, make_funnel):
    funnel = make_funnel(module_backend, "--funnel-max-backends=1")
    with funnel.connect() as connection:
        for number in range(20):
            assert value(connection, f"SELECT {number}") == number
            assert module_backend.kill_connections() == 1


def test_session_variables_survive_a_killed_connection(module_backend, make_funnel):
    """The proxy knows them; user variables that only the connection knew are lost with an error, never silently."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=1")
    with funnel.connect() as connection:
        answers(connection, "SET SESSION group_concat_max_len = 77, time_zone = '+03:00'")
        answers(connection, "USE two")
        module_backend.kill_connections()
        look = "SELECT @@group_concat_max_len, @@time_zone, DATABASE()"
        assert answers(connection, look)[0][1] == ((77, "+03:00", "two"),)
        answers(connection, "SET @kept = 5")
        module_backend.kill_connections()
        assert value_or_number(connection, "SELECT @kept") in {5, *LOST}


@pytest.mark.parametrize("held", [
    "BEGIN; INSERT INTO served (who) VALUES (1)", "CREATE TEMPORARY TABLE t AS SELECT 1 AS a",
    "SELECT GET_LOCK('held', 0)",
    "LOCK TABLES served WRITE", "SET autocommit = 0; SELECT COUNT(*) FROM served",
])  # fmt: skip
def test_what_only_the_connection_had_is_lost_with_an_error(module_backend, make_funnel, held):
    """And the client can go on: it holds nothing any more."""
    module_backend.ask("TRUNCATE TABLE one.served")
    funnel = make_funnel(module_backend, "--funnel-max-backends=1")
    with funnel.connect() as connection, funnel.connect() as other:
        answers(connection, held)
        assert module_backend.kill_connections() == 1
        code, text = failure(connection, "INSERT INTO served (who) VALUES (2)")
        assert says_lost(code, text), (code, text)
        assert value(connection, "SELECT 'usable'") == "usable"
        answers(connection, "ROLLBACK")
        assert value(other, "SELECT COUNT(*) FROM served") == 0


def test_a_connection_that_is_killed_under_a_statement(module_backend, make_funnel):
    funnel = make_funnel(module_backend, "--funnel-max-backends=1")
    with funnel.connect() as connection:
        running = Background(connection, "SELECT SLEEP(15)")
        wait_until(lambda: any("SLEEP" in (info or "") for *_, info in module_backend.connections()), 20)
        module_backend.kill_connections()
        assert running.result() in LOST
        assert value(connection, "SELECT 'usable'") == "usable"


def test_a_statement_that_may_have_run_is_never_run_twice(module_backend, make_funnel):
    """It waits for a lock when its connection is killed."""
    module_backend.ask("TRUNCATE TABLE one.served")
    funnel = make_funnel(module_backend, "--funnel-max-backends=2")
    with funnel.connect() as connection, Gate(module_backend) as gate:
        running = Background(connection, "INSERT INTO served (who) SELECT COUNT(*) FROM one.gate")
        wait_until(gate.is_reached, 20)
        module_backend.kill_connections()
        assert running.result() in LOST
        gate.open()
        assert value(connection, "SELECT COUNT(*) FROM served") == 0


def test_a_server_that_crashes_under_a_statement_and_a_transaction(backend, make_funnel):
    funnel = make_funnel(backend, "--funnel-backend-wait=60")
    with funnel.connect() as busy, funnel.connect() as holder, funnel.connect() as idle:
        answers(holder, "BEGIN; INSERT INTO served (who) VALUES (1)")
        assert value(idle, "SELECT 1") == 1
        running = Background(busy, "SELECT SLEEP(15)")
        wait_until(lambda: any("SLEEP" in (info or "") for *_, info in backend.connections()), 20)
        backend.server.kill()
        backend.server.start()
        assert running.result() in LOST
        assert says_lost(*failure(holder, "COMMIT"))
        for connection in (busy, holder, idle):
            assert value(connection, "SELECT COUNT(*) FROM served") == 0


# Clients that say nothing


def test_silent_clients_hold_nothing(module_backend, make_funnel):
    """Logged in and silent, not logged in, and silent in the midst of a command."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=1", "--funnel-backlog-timeout=5")
    target = funnel.target
    logged_in = [Wire(target, schema="one").login() for _ in range(30)]
    strangers = [socket.create_connection((target.host, target.port)) for _ in range(30)]
    for silent in logged_in[:10]:
        silent.send_raw(b"\x64\0\0\0\3SELECT")
    try:
        with funnel.connect() as connection:
            assert [value(connection, f"SELECT {number}") for number in range(20)] == list(range(20))
        assert logged_in[-1].is_alive()
    finally:
        for silent in (*[wire.socket for wire in logged_in], *strangers):
            silent.close()


def test_a_client_that_takes_no_answer_holds_its_connection_for_a_while_only(module_backend, make_funnel):
    funnel = make_funnel(
        module_backend, "--funnel-max-backends=1", "--proxy-write-timeout=1", "--funnel-backlog-timeout=30"
    )
    with Wire(funnel.target, schema="one").login() as silent, funnel.connect() as connection:
        silent.query("SELECT REPEAT('x', 1000000) FROM seq_1_to_200")
        assert value(connection, "SELECT 'served'") == "served"


@pytest.mark.parametrize("begin", ["BEGIN", "SET autocommit = 0"])
def test_a_transaction_whose_holder_is_silent_ends_in_time(module_backend, make_funnel, begin):
    module_backend.ask("TRUNCATE TABLE one.served")
    options = ["--funnel-max-backends=1", "--funnel-transaction-timeout=1", "--funnel-backlog-timeout=20"]
    funnel = make_funnel(module_backend, *options)
    with funnel.connect() as holder, funnel.connect() as other:
        answers(holder, begin)
        answers(holder, "INSERT INTO served (who) VALUES (1)")
        assert value(other, "SELECT COUNT(*) FROM served") == 0
        code, text = failure(holder, "INSERT INTO served (who) VALUES (2)")
        assert code >= 1000 and re.search("time|lost|rolled back", text), text
        answers(holder, "ROLLBACK")
        assert value(holder, "SELECT COUNT(*) FROM served") == 0


def test_a_transaction_whose_holder_is_busy_goes_on(module_backend, make_funnel):
    """The limit is for silence, not for work."""
    module_backend.ask("TRUNCATE TABLE one.served")
    funnel = make_funnel(module_backend, "--funnel-max-backends=1", "--funnel-transaction-timeout=1")
    with funnel.connect() as holder:
        answers(holder, "BEGIN")
        for number in range(4):
            answers(holder, f"INSERT INTO served (who) SELECT {number} + SLEEP(0.5)")
        assert answers(holder, "COMMIT")[-1][0] is None
        assert value(holder, "SELECT COUNT(*) FROM served") == 4
    module_backend.ask("TRUNCATE TABLE one.served")


def test_clients_that_come_and_go_leave_no_connection_taken(module_backend, make_funnel):
    """Resets at every moment: in the login, in a statement, in a transaction, in the queue."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=2")
    sqls = [
        "SELECT 1",
        "BEGIN",
        "SELECT SLEEP(0.01)",
        "CREATE TEMPORARY TABLE one.t (a INT)",
        "SELECT GET_LOCK('come and go', 1)",
    ]

    async def come_and_go(number):
        reader, writer = await asyncio.open_connection(funnel.target.host, funnel.target.port)
        if number % 6:
            client = Client(reader, writer, 30)
            await client.log_in(funnel.target, "")
            client.send(b"\3" + sqls[number % len(sqls)].encode())
            await asyncio.sleep(number % 4 / 100)
        writer.transport.abort()

    async def crowd():
        for start in range(0, 300, 30):
            await asyncio.gather(*[come_and_go(start + number) for number in range(30)])
        clients = await swarm.open_all(funnel.target, 10)
        found = await asyncio.gather(*[client.query("SELECT SLEEP(0.1), @@autocommit") for client in clients])
        assert [answer.rows for answer in found] == [[("0", "1")]] * 10
        await swarm.close_all(clients)

    asyncio.run(crowd())
