"""Copies of statements that go to another hostgroup too."""

import time

import pytest
from harness.lua import rows
from harness.ports import wait_until
from harness.rules import ruled, start_ruled  # noqa: F401
from harness.servers import servers, value  # noqa: F401

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(180)]

PORT = "SELECT @@port"


@pytest.fixture
def mirror(servers):  # noqa: F811
    """The server of hostgroup 1, with a general log to see what comes."""
    server = servers[1]
    server.ask("SET GLOBAL log_output = 'TABLE'")
    server.ask("TRUNCATE mysql.general_log")
    server.ask("SET GLOBAL general_log = 1")
    yield server
    server.ask("SET GLOBAL general_log = 0")
    for each in servers:
        each.tidy()


def seen(server):
    """The texts of the clients' statements that the server has got, without what the funnel itself asks."""
    found = server.ask(
        "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type = 'Query' "
        "AND user_host LIKE 'app%' AND argument LIKE '%mark%' ORDER BY event_time"
    )
    return [text for (text,) in found]


def numbers(ruled):  # noqa: F811
    found = ruled.admin.ask("SELECT * FROM stats_mysql_global WHERE Variable_Name LIKE 'Mirror%'")
    return {name: int(number) for name, number in found}


def comes(server, *texts):
    wait_until(lambda: sorted(seen(server)) == sorted(texts), 10, f"the copies {texts}")


def at_rest(ruled):  # noqa: F811
    wait_until(lambda: numbers(ruled)["Mirror_concurrency"] == 0, 10, "copies to end")


def test_a_copy_runs_elsewhere_and_nobody_sees_its_answer(ruled, servers, mirror):  # noqa: F811
    ruled.load({"match_pattern": "mark", "mirror_hostgroup": 1})
    with ruled.connect() as connection:
        assert value(connection, "SELECT @@port AS mark") == ruled.first
        rows(connection, "INSERT INTO fruit (name, price) VALUES ('mark', 9)")
        assert value(connection, "SELECT LAST_INSERT_ID()") == 4
        rows(connection, "SELECT 'unseen'")
    comes(mirror, "SELECT @@port AS mark", "INSERT INTO fruit (name, price) VALUES ('mark', 9)")
    at_rest(ruled)
    for server in servers:
        assert server.ask("SELECT COUNT(*) FROM one.fruit WHERE name = 'mark'") == ((1,),)
    digests = ruled.admin.ask(
        "SELECT COUNT(*), SUM(count_star) FROM stats_mysql_query_digest WHERE digest_text LIKE '%mark'"
    )
    assert digests == [(1, 1)], "a copy isn't a client's statement"


def test_the_session_state_goes_with_it(ruled, mirror):  # noqa: F811
    ruled.load({"match_pattern": "mark", "mirror_hostgroup": 1})
    with ruled.connect() as connection:
        rows(connection, "SET sql_mode = 'ANSI_QUOTES', div_precision_increment = 7")
        connection.select_db("two")
        rows(connection, 'INSERT INTO one.fruit (name, price) SELECT CONCAT("name", 1/3, \'mark\'), 1 FROM "place"')
    at_rest(ruled)
    wanted = (("two0.3333333mark",),)
    wait_until(lambda: mirror.ask("SELECT name FROM one.fruit WHERE id > 3") == wanted, 10, "the copy with settings")


def test_rules_of_their_own(ruled, mirror):  # noqa: F811
    ruled.load(
        {"match_pattern": "mark", "mirror_flagOUT": 9},
        {"flagIN": 9, "match_pattern": "secret", "error_msg": "never"},
        {"flagIN": 9, "match_pattern": "'(mark)'", "replace_pattern": r"'\1 copied'", "destination_hostgroup": 1},
    )
    with ruled.connect() as connection:
        assert value(connection, "SELECT 'mark'") == "mark"
        assert value(connection, "SELECT 'secret', 'mark'") == "secret", "an answer of the copy's own is no matter"
    comes(mirror, "SELECT 'mark copied'")
    ruled.load({"match_pattern": "mark", "mirror_hostgroup": 0}, routes=[("app", "one", 0, 1)])
    with ruled.connect() as connection:
        assert value(connection, "SELECT @@port, 'mark'") == ruled.first, "the rule is the last one"
    comes(mirror, "SELECT 'mark copied'", "SELECT @@port, 'mark'")


def test_by_hint(ruled, mirror):  # noqa: F811
    with ruled.connect() as connection:
        assert value(connection, "SELECT /* mirror=1 */ 'mark'") == "mark"
    comes(mirror, "SELECT /* mirror=1 */ 'mark'")


@pytest.mark.parametrize(
    "sql",
    [
        "SET @mark = 1", "SELECT LAST_INSERT_ID() AS mark", "SELECT GET_LOCK('mark', 0)", "DO 'mark'",
        "BEGIN /* mark */",
        "SELECT @mark := 1", "CREATE TEMPORARY TABLE mark (id INT)", "SHOW TABLES LIKE 'mark'", "USE one /* mark */",
        "PREPARE mark FROM 'SELECT 1'", "SELECT CONNECTION_ID() AS mark", "SELECT @wanted AS mark",
    ],
)  # fmt: skip
def test_what_belongs_to_its_session_is_not_copied(ruled, mirror, sql):  # noqa: F811
    ruled.load({"match_pattern": "mark", "mirror_hostgroup": 1})
    with ruled.connect() as connection:
        rows(connection, sql)
        rows(connection, "SELECT 'mark and end'")
    comes(mirror, "SELECT 'mark and end'")


def test_nor_is_a_prepared_statement(ruled, mirror):  # noqa: F811
    mysql = pytest.importorskip("mysql.connector")
    ruled.load({"match_pattern": "mark", "mirror_hostgroup": 1})
    with mysql.connect(**ruled.target.python_options, use_pure=True) as connection:
        cursor = connection.cursor(prepared=True)
        cursor.execute("SELECT ?, 'mark'", (1,))
        assert cursor.fetchall() == [(1, "mark")]
    with ruled.connect() as connection:
        rows(connection, "SELECT 'mark and end'")
    comes(mirror, "SELECT 'mark and end'")


def test_a_failing_mirror_is_nobodys_concern(ruled, servers, mirror):  # noqa: F811
    servers[0].ask("CREATE OR REPLACE TABLE one.lonely AS SELECT 'mark' AS name")
    ruled.load({"match_pattern": "mark", "mirror_hostgroup": 1}, {"match_pattern": "noon", "mirror_hostgroup": 99})
    with ruled.connect() as connection:
        assert value(connection, "SELECT 'mark' FROM lonely") == "mark"
        assert value(connection, "SELECT 'noon'") == "noon"
        at_rest(ruled)
        mirror.server.stop()
        try:
            begin = time.monotonic()
            for _ in range(40):
                assert value(connection, "SELECT @@port, 'mark'") == ruled.first
            assert time.monotonic() - begin < 3, "nobody waits for the mirror"
        finally:
            mirror.server.start()
            mirror.ask("SET GLOBAL general_log = 0")


def test_copies_are_bounded(ruled, mirror):  # noqa: F811
    ruled.set(mirror_max_concurrency=2, mirror_max_queue_length=3)
    ruled.load(
        {"match_pattern": "mark", "mirror_flagOUT": 9},
        {"flagIN": 9, "match_pattern": "'mark'", "replace_pattern": "SLEEP(2), 'mark'", "destination_hostgroup": 1},
    )
    with ruled.connect() as connection:
        begin = time.monotonic()
        for number in range(8):
            assert value(connection, f"SELECT {number}, 'mark'") == number
        assert time.monotonic() - begin < 1.6, "the copies take their time, the statements don't"
        assert numbers(ruled) == {"Mirror_concurrency": 2, "Mirror_queue_length": 3, "Mirror_dropped": 3}
        comes(mirror, *[f"SELECT {number}, SLEEP(2), 'mark'" for number in range(5)])
        at_rest(ruled)
        assert numbers(ruled) == {"Mirror_concurrency": 0, "Mirror_queue_length": 0, "Mirror_dropped": 3}
        rows(connection, "SELECT 8, 'mark'")
        rows(connection, "SELECT 9, 'mark'")
        rows(connection, "SELECT 10, 'mark'")
        ruled.set(mirror_max_concurrency=16)
        assert numbers(ruled)["Mirror_queue_length"] == 0, "a higher bound holds at once"
        at_rest(ruled)


def test_a_long_answer_and_many_copies(ruled, mirror):  # noqa: F811
    ruled.load({"match_pattern": "mark", "mirror_hostgroup": 1})
    with ruled.connect() as connection:
        for _ in range(30):
            rows(connection, "SELECT REPEAT('mark', 500000)")
        for number in range(300):
            rows(connection, f"SELECT 'marking', {number}")
    at_rest(ruled)
    assert numbers(ruled)["Mirror_dropped"] == 0
    assert len(seen(mirror)) == 330


def test_a_copy_takes_no_longer_than_a_rule_says(ruled, mirror):  # noqa: F811
    ruled.load(
        {"match_pattern": "mark", "mirror_flagOUT": 9},
        {
            "flagIN": 9, "match_pattern": "'mark'", "replace_pattern": "SLEEP(60), 'mark'", "destination_hostgroup": 1,
            "timeout": 500,
        },
    )  # fmt: skip
    with ruled.connect() as connection:
        rows(connection, "SELECT 'mark'")
        assert numbers(ruled)["Mirror_concurrency"] == 1
        at_rest(ruled)
    assert not [row for row in mirror.connections() if row[3] and "SLEEP" in row[3]]


def test_the_process_ends_while_copies_run(scratch, servers, mirror):  # noqa: F811
    ruled = start_ruled(scratch, servers)  # noqa: F811
    ruled.set(mirror_max_concurrency=1)
    ruled.load(
        {"match_pattern": "mark", "mirror_flagOUT": 9},
        {"flagIN": 9, "match_pattern": "'mark'", "replace_pattern": "SLEEP(60), 'mark'", "destination_hostgroup": 1},
    )
    with ruled.connect() as connection:
        for _ in range(3):
            rows(connection, "SELECT 'mark'")
    begin = time.monotonic()
    ruled.admin.proxy.end()
    assert time.monotonic() - begin < 10
