"""Connection ids and kills through the funnel: a client's own id is what KILL takes."""

import struct

import pymysql
import pytest
from harness.answers import answers, failure
from harness.funnel import connect, make_funnel, module_backend  # noqa: F401
from harness.lua_library import Background
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
        victims.join(40)
        others.join(40)
        assert others.outcome == ((0, "other"),)
        if command == "KILL QUERY {}":
            assert victims.outcome in (((1, "victim"),), 1317)
            assert answers(victim, "SELECT 1")[0][1] == ((1,),)
        else:
            assert victims.outcome in (1317, 1927, 2013) or victims.outcome == ((1, "victim"),)
            with pytest.raises((pymysql.Error, OSError)):
                victim.ping(reconnect=False)


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
