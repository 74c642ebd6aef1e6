"""What a session keeps between statements while others use its backend connection: the same as on its own.

Each script is played direct, where A, B and C have connections of their own, and through the funnel, where they share.
"""

from pathlib import Path

import pytest
from harness.answers import answers, last_rows, play, scripts
from harness.funnel import Funnel, make_funnel, module_backend  # noqa: F401

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


@pytest.mark.millrace_only
def test_a_statement_of_somebody_elses_leaves_no_trace(make_funnel, module_backend):
    """A session that was never given anything sees the server's defaults, whoever had the connection before."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=1")
    look = (
        "SELECT @a, @b, @@sql_mode, @@time_zone, @@autocommit, LAST_INSERT_ID(), ROW_COUNT(), FOUND_ROWS(), DATABASE()"
    )
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
