"""Connection ids and kills through the funnel: a client's own id is what KILL takes."""

import struct

import mysql.connector
import pymysql
import pytest
from harness.answers import answers, failure
from harness.background import Background
from harness.funnel import connect, make_funnel, module_backend  # noqa: F401
from harness.ports import wait_until
from harness.wire import Closed

COM_PROCESS_KILL = 12


@pytest.fixture
def funnel(make_funnel, module_backend):
    return make_funnel(module_backend, "--funnel-max-backends=3")


@pytest.mark.millrace_only
def test_the_connection_id_is_the_clients_own(funnel):
    connections = [funnel.connect() for _ in range(6)]
    try:
        for _ in range(3):
            for connection in connections:
                assert answers(connection, "SELECT CONNECTION_ID()")[0][1] == ((connection.thread_id(),),)
                assert answers(connection, "SELECT @@pseudo_thread_id")[0][1] == ((connection.thread_id(),),)
        assert len({connection.thread_id() for connection in connections}) == 6
    finally:
        for connection in connections:
            connection.close()


def prepared(target):
    return mysql.connector.connect(
        **target.python_options, database="one", use_pure=True, ssl_disabled=True, charset="utf8mb4", autocommit=True,
        collation="utf8mb4_general_ci", auth_plugin="mysql_native_password",
    )  # fmt: skip


def running(backend, text):
    return lambda: backend.ask(
        f"SELECT id FROM information_schema.processlist WHERE info LIKE '{text}' AND id <> CONNECTION_ID()"
    )


@pytest.mark.parametrize("command", ["KILL QUERY {}", "KILL {}", "COM_PROCESS_KILL"])
def test_kill_reaches_that_clients_statement_and_no_others(funnel, module_backend, command):
    with funnel.connect() as killer, funnel.connect() as victim, funnel.connect() as bystander:
        number = answers(victim, "SELECT CONNECTION_ID()")[0][1][0][0]
        victims, others = (
            Background(victim, "SELECT SLEEP(15), 'victim'"),
            Background(bystander, "SELECT SLEEP(2), 'other'"),
        )
        wait_until(running(module_backend, "SELECT SLEEP(15)%"), 20)
        if command == "COM_PROCESS_KILL":
            killer._execute_command(COM_PROCESS_KILL, struct.pack("<I", number))
            killer._read_ok_packet()
        else:
            answers(killer, command.format(number))
        assert others.result() == ((0, "other"),)
        if command == "KILL QUERY {}":
            assert victims.result() in (((1, "victim"),), 1317)
            assert answers(victim, "SELECT 1")[0][1] == ((1,),)
        else:
            assert victims.result() in (((1, "victim"),), 1317, 1927, 2013)
            with pytest.raises((pymysql.Error, OSError)):
                victim.ping(reconnect=False)


@pytest.mark.millrace_only
@pytest.mark.parametrize("way", ["PREPARE", "EXECUTE IMMEDIATE", "binary"])
def test_a_prepared_kill_takes_the_clients_own_ids(funnel, module_backend, way):
    """The bystander's connection at the server has the very id that the victim has at the funnel, or some other one."""
    with funnel.connect() as victim, funnel.connect() as bystander:
        killer = prepared(funnel.target)
        number = answers(victim, "SELECT CONNECTION_ID()")[0][1][0][0]
        victims = Background(victim, "SELECT SLEEP(15), 'victim'")
        others = Background(bystander, "SELECT SLEEP(2), 'other'")
        wait_until(running(module_backend, "SELECT SLEEP(15)%"), 20)
        cursor = killer.cursor(prepared=way == "binary")
        text = f"KILL QUERY {number}"
        if way == "PREPARE":
            cursor.execute(f"PREPARE doom FROM '{text}'")
            cursor.execute("EXECUTE doom")
        else:
            cursor.execute(text if way == "binary" else f"EXECUTE IMMEDIATE '{text}'")
        assert victims.result(10) in (((1, "victim"),), 1317)
        assert others.result() == ((0, "other"),)
        assert answers(victim, "SELECT 1")[0][1] == ((1,),)
        killer.close()


@pytest.mark.millrace_only
def test_a_kill_that_cannot_be_told_the_funnels_ids_is_refused(funnel):
    """It would hit the connection that has that id at the server."""
    with funnel.connect() as connection:
        for sql in (
            "PREPARE doom FROM 'KILL QUERY 4000000000'; EXECUTE doom", "KILL QUERY 4000000000; SELECT 1",
            "KILL QUERY 4000000000 + 0",
        ):  # fmt: skip
            assert failure(connection, sql)[0] == 1235
        assert failure(connection, "EXECUTE IMMEDIATE 'KILL QUERY 4000000000'")[0] == 1094
    connection = prepared(funnel.target)
    with pytest.raises(mysql.connector.Error) as refusal:
        connection.cursor(prepared=True).execute("KILL QUERY ?", (4000000000,))
    assert refusal.value.errno == 1235
    connection.close()


def test_kill_of_nobody_and_of_oneself(funnel):
    def scenario(target):
        with connect(target) as connection, connect(target) as other:
            nobody = failure(connection, "KILL QUERY 4000000000")[0]
            answers(connection, f"KILL {connection.thread_id()}")
            with pytest.raises((pymysql.Error, OSError, Closed)):
                connection.ping(reconnect=False)
            connection._force_close()
            return nobody, answers(other, "SELECT 1")[0][1]

    assert funnel.compare(scenario) == (1094, ((1,),))


@pytest.mark.millrace_only
def test_kill_of_an_idle_client_leaves_the_backend_connection_to_the_others(make_funnel, module_backend):
    funnel = make_funnel(module_backend, "--funnel-max-backends=1")
    with funnel.connect() as victim, funnel.connect() as killer:
        assert answers(victim, "SELECT 1")[0][1] == ((1,),)
        answers(killer, f"KILL {victim.thread_id()}")
        with pytest.raises((pymysql.Error, OSError)):
            victim.ping(reconnect=False)
        victim._force_close()
        assert answers(killer, "SELECT 2")[0][1] == ((2,),)
