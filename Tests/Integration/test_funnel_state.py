"""What a session keeps between statements while others use its backend connection: the same as on its own.

Each script is played direct, where A, B and C have connections of their own, and through the funnel, where they share.
"""

from pathlib import Path

import mysql.connector
import pytest
from harness.answers import answers, failure, last_rows, play, scripts
from harness.funnel import Funnel, make_funnel, module_backend  # noqa: F401
from harness.wire import DEPRECATE_EOF, QUERY, RESET_CONNECTION, USUAL, Wire, is_ok

SCENARIOS = Path(__file__).parent / "scenarios"
SHARED, PINNED = (scripts(SCENARIOS / name) for name in ("one-connection.txt", "two-connections.txt"))


@pytest.fixture(scope="module", autouse=True)
def role_and_procedure(module_backend):
    for sql in (
        "CREATE ROLE shopkeeper", "GRANT ALL ON one.* TO shopkeeper", "GRANT shopkeeper TO app@'%'",
        "CREATE PROCEDURE one.hidden() BEGIN SET @inside = 'A', SESSION sql_mode = 'ANSI'; "
        "CREATE TEMPORARY TABLE made_inside AS SELECT 'A' AS a; END",
    ):  # fmt: skip
        module_backend.ask(sql)


def compare_script(funnel, script):
    funnel.backend.tidy()
    expected = play(Funnel(None, funnel.backend).connect, script)
    funnel.backend.tidy()
    found = play(funnel.connect, script)
    for (line, right), (_, answer) in zip(expected, found, strict=True):
        assert answer == right, f"after {line}"
    return last_rows(expected)


@pytest.mark.parametrize("script", SHARED.values(), ids=SHARED.keys())
def test_one_backend_connection_for_all(make_funnel, module_backend, script):
    options = ["--funnel-max-backends=1", "--funnel-backlog-timeout=4"]
    assert compare_script(make_funnel(module_backend, *options), script)


@pytest.mark.parametrize("script", PINNED.values(), ids=PINNED.keys())
def test_one_for_who_holds_it_and_one_for_the_others(make_funnel, module_backend, script):
    options = ["--funnel-max-backends=2", "--funnel-backlog-timeout=4"]
    assert compare_script(make_funnel(module_backend, *options), script)


def prepared(target):
    """A connection for binary prepared statements."""
    return mysql.connector.connect(
        **target.python_options, database="one", use_pure=True, ssl_disabled=True, charset="utf8mb4", autocommit=True,
        collation="utf8mb4_general_ci", auth_plugin="mysql_native_password",
    )  # fmt: skip


def test_functions_inside_binary_prepared_statements(make_funnel, module_backend):
    """They answer for the session that executes them, time and again, and under their own names and types."""

    def scenario(target):
        seen, first, second = [], prepared(target), prepared(target)
        try:
            mine, others = first.cursor(prepared=True), second.cursor(prepared=True)
            for cursor in (mine, others):
                cursor.execute("SELECT id FROM fruit")
                cursor.fetchall()
            for round in range(3):
                for change, cursor in (("INSERT INTO served (who) VALUES (?), (?)", mine), ("DO ?", others)):
                    other = others if cursor is mine else mine
                    changing = (first if cursor is mine else second).cursor(prepared=True)
                    changing.execute(change, (round,) * change.count("?"))
                    other.execute("SELECT id, ? FROM fruit WHERE id <= 2", (round,))
                    other.fetchall()
                    cursor.execute("SELECT ROW_COUNT(), FOUND_ROWS() + 1, @@warning_count AS w, ?", (round,))
                    seen.append(([column[:2] for column in cursor.description], cursor.fetchall()))
                    cursor.execute("SELECT CONNECTION_ID(), connection_id() AS c, ?", (round,))
                    id = (first if cursor is mine else second).connection_id
                    seen.append(([column[:2] for column in cursor.description], cursor.fetchall() == [(id, id, round)]))
            return seen
        finally:
            first.close()
            second.close()
            module_backend.tidy()

    seen = make_funnel(module_backend, "--funnel-max-backends=1").compare(scenario)
    assert all(own for _, own in seen[1::2])


@pytest.mark.millrace_only
def test_a_statement_of_somebody_elses_leaves_no_trace(make_funnel, module_backend):
    """A session that was never given anything sees the server's defaults, whoever had the connection before."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=1")
    # FOUND_ROWS() of a new connection is what the connection before had, whose thread the server uses again.
    look = "SELECT @a, @b, @@sql_mode, @@time_zone, @@autocommit, LAST_INSERT_ID(), ROW_COUNT(), DATABASE()"
    with funnel.connect() as loud:
        for sql in (
            "SET @a = 1, @b = 2, sql_mode = '', time_zone = '+01:00'",
            "INSERT INTO served (who) VALUES (1)",
            "USE two",
        ):
            answers(loud, sql)
        with funnel.connect() as quiet, Funnel(None, module_backend).connect() as direct:
            assert answers(quiet, look) == answers(direct, look)
        answers(loud, "TRUNCATE TABLE one.served")


TRACK = 1 << 23


def test_a_client_is_told_the_changes_that_it_asks_for(make_funnel, module_backend):
    """Also when another session, which asks for others, has had the connection in between."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=1")

    def scenario(target):
        with Wire(target, schema="one") as one, Wire(target, schema="two") as two:
            one.login(USUAL | TRACK | DEPRECATE_EOF)
            two.login(USUAL | TRACK | DEPRECATE_EOF)
            told = []
            for sql in TOLD:
                told.append((sql, one.answer(QUERY, sql.encode())[0]))
                assert is_ok(two.answer(QUERY, b"SET @@session_track_schema = OFF")[0][0])
                told.append(("USE", two.answer(QUERY, b"USE two")[0]))
            assert is_ok(one.answer(RESET_CONNECTION)[0][0])
            told.append(("after reset", one.answer(QUERY, b"SET @a = 2, time_zone = '+03:00'")[0]))
            return told

    for right, found in zip(scenario(funnel.backend.direct), scenario(funnel.target), strict=True):
        assert found == right


TOLD = [
    "SET @a = 1", "SET time_zone = '+01:00'", "SET sql_mode = 'ANSI'", "SET session_track_state_change = 1",
    "SET @a = 1", "SET session_track_system_variables = 'sql_mode'", "SET sql_mode = ''", "SET time_zone = '+02:00'",
    "SET SESSION session_track_schema = OFF", "USE one", "SET @@session.session_track_schema = DEFAULT", "USE one",
    "SET session_track_system_variables = DEFAULT", "SET autocommit = 1", "SET session_track_state_change = OFF",
    "SET @a = 1", "SET session_track_system_variables = ''", "SET time_zone = '+01:00'",
]  # fmt: skip


@pytest.mark.millrace_only
def test_what_a_client_asks_for_stays_its_own(make_funnel, module_backend):
    """The funnel's own tracking goes on: it knows the schema of a session that wants to hear nothing of it.

    The variables themselves show the funnel's, which the README says.
    """
    funnel = make_funnel(module_backend, "--funnel-max-backends=1")
    with funnel.connect(database="one") as quiet, funnel.connect(database="one") as other:
        answers(quiet, "SET session_track_schema = OFF, session_track_system_variables = ''")
        answers(quiet, "USE two")
        answers(quiet, "SET time_zone = '+05:00'")
        answers(other, "SELECT 1")
        assert answers(quiet, "SELECT DATABASE(), @@time_zone")[0][1] == (("two", "+05:00"),)
        answers(other, "SELECT 1")
        assert answers(quiet, "SELECT @@session_track_schema")[0][1] == ((1,),)


@pytest.mark.millrace_only
def test_a_named_lock_pins_until_its_last_release(make_funnel, module_backend):
    """And SETVAL() pins nothing, since it changes nothing that the connection knows."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=1", "--funnel-backlog-timeout=0.5")
    module_backend.ask("CREATE OR REPLACE SEQUENCE one.numbers")
    with funnel.connect() as holder, funnel.connect() as other:
        for sql in ("SELECT GET_LOCK('jobs', 5)", "DO GET_LOCK('jobs', 5)", "SELECT RELEASE_LOCK('jobs')"):
            answers(holder, sql)
            assert "GET_LOCK" in failure(other, "SELECT 1")[1]
        answers(holder, "SELECT RELEASE_LOCK('jobs')")
        assert answers(other, "SELECT IS_USED_LOCK('jobs')")[0][1] == ((None,),)
        assert answers(holder, "SELECT SETVAL(numbers, 50)")[0][1] == ((50,),)
        assert answers(other, "SELECT LASTVAL(numbers)")[0][1] == ((None,),)
        assert answers(holder, "SELECT NEXTVAL(numbers)")[0][1] == ((51,),)
        assert "hidden state" in failure(other, "SELECT 1")[1]
        assert answers(holder, "SELECT LASTVAL(numbers)")[0][1] == ((51,),)
