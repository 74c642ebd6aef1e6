"""Bad input on the admin port: an error with its text, nothing changed, and the session goes on."""

import struct

import pymysql
import pytest
from harness.admin import start_admin
from harness.funnel import Backend, backend  # noqa: F401
from harness.wire import STMT_EXECUTE, STMT_PREPARE, Wire, error_of

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(180)]


@pytest.fixture
def admin(scratch, backend):  # noqa: F811
    running = start_admin(scratch, backends=[backend.direct], plugins="proxy,rules,funnel,admin")
    yield running
    alive = running.proxy.is_running
    running.proxy.end()
    assert alive, f"Millrace died:\n{running.proxy.output[-4000:]}"


@pytest.mark.parametrize(
    ("edit", "load", "places"),
    [
        (
            "INSERT INTO mysql_query_rules (rule_id, active, match_pattern, apply) VALUES (7, 1, '(unclosed', 1)",
            "MYSQL QUERY RULES", ("rule_id 7", "match_pattern"),
        ),
        (
            "INSERT INTO mysql_query_rules (rule_id, active, client_addr) VALUES (8, 1, 'no%where%')",
            "MYSQL QUERY RULES", ("rule_id 8", "client_addr"),
        ),
        ("INSERT INTO mysql_servers (hostname) VALUES ('not a name')", "MYSQL SERVERS", ("hostname",)),
        (
            "INSERT INTO mysql_users (username, password, use_ssl) VALUES ('x', 'y', 1)",
            "MYSQL USERS", ("username x", "use_ssl"),
        ),
    ],
)  # fmt: skip
def test_a_load_names_the_row_and_the_column(admin, edit, load, places):
    table = edit.split()[2]
    before = admin.ask(f"SELECT * FROM runtime_{table}")
    admin.ask(edit)
    for form in f"LOAD {load} TO RUNTIME", f"LOAD {load} VERIFY":
        text = admin.refusal(form)[1]
        assert all(place in text for place in (table, *places)), text
    assert admin.ask(f"SELECT * FROM runtime_{table}") == before


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("UPDATE mysql_servers SET weight='heavy'", 3819), ("UPDATE mysql_servers SET status='UP'", 3819),
        ("UPDATE mysql_servers SET port=70000", 3819), ("INSERT INTO mysql_servers (hostname, nowhere) VALUES (1, 2)", 1054),
        ("SET mysql-nothing='1'", 1193), ("SET mysql-query_digests_max='many'", 1231),
        ("UPDATE global_variables SET variable_value='x' WHERE variable_name='mysql-query_digests_max'", 1231),
        ("INSERT INTO global_variables VALUES ('mysql-nothing', '1')", 1193),
        ("THIS IS NOT SQL", 1064), ("SELECT FROM WHERE", 1064), ("'", 1064), ("SELECT (((", 1064),
        ("LOAD MYSQL NOTHING TO RUNTIME", 1064), ("LOAD MYSQL SERVERS TO NOWHERE", 1064), ("PROXYSQL FOO", 1064),
        ("ATTACH '/tmp/x' AS x", 1227), ("ATTACH DATABASE ':memory:' AS y", 1227), ("DETACH disk", 1227),
        ("PRAGMA journal_mode=DELETE", 1227), ("PRAGMA writable_schema=1", 1227),
        ("SELECT load_extension('/tmp/x.so')", 1227), ("CREATE TABLE x (a)", 1227), ("DROP TABLE mysql_servers", 1227),
        ("UPDATE sqlite_master SET sql=''", 1064), ("VACUUM INTO '/tmp/x'", 1227),
        ("UPDATE runtime_mysql_servers SET weight=2", 1227), ("DELETE FROM stats_mysql_global", 1227),
    ],
)  # fmt: skip
def test_an_error_is_told_and_nothing_changes(admin, sql, code):
    before = admin.ask("SELECT CONFIG FILE")
    with admin.connect() as connection, connection.cursor() as cursor:
        with pytest.raises(pymysql.Error) as caught:
            cursor.execute(sql)
        assert caught.value.args[0] == code and len(caught.value.args[1]) > 10, caught.value
        cursor.execute("SELECT 'goes on'")
        assert cursor.fetchall() == (("goes on",),)
    assert admin.ask("SELECT CONFIG FILE") == before


def test_of_several_statements_those_behind_a_failed_one_are_not_run(admin):
    with admin.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE mysql_servers SET comment='first'; NO SQL; UPDATE mysql_servers SET comment='third'")
        with pytest.raises(pymysql.Error):
            cursor.nextset()
        cursor.execute("SELECT comment FROM mysql_servers")
        assert cursor.fetchall() == (("first",),)


def test_a_long_statement_and_one_too_long(admin):
    text = "x" * 20_000_000
    assert admin.ask(f"SELECT LENGTH('{text}')") == [(len(text),)]
    values = ",".join(f"({number}, 1, 'u{number}')" for number in range(1, 30_001))
    admin.ask(f"INSERT INTO mysql_query_rules (rule_id, active, username) VALUES {values}")
    assert admin.ask("SELECT COUNT(*) FROM mysql_query_rules") == [(30_000,)]
    deep = "(" * 100_000
    assert admin.refusal(f"SELECT {deep}1")[0] == 1064
    with pytest.raises(pymysql.Error):
        admin.ask("SELECT '" + "y" * (70 << 20) + "'")
    assert admin.ask("SELECT 1") == [(1,)]


def test_the_stats_account_sets_nothing_back(admin):
    stats = admin.as_stats()
    names = [name for (name,) in admin.ask("SHOW TABLES FROM stats LIKE '%\\_reset'")]
    assert "stats_mysql_query_digest_reset" in names
    for name in names:
        assert admin.refusal(f"SELECT * FROM stats.{name}", stats)[0] == 1227
        assert admin.refusal(f"SELECT COUNT(*) FROM {name}", stats)[0] == 1227
        assert admin.refusal(f"TRUNCATE {name.removesuffix('_reset')}", stats)[0] == 1227
    for sql in (
        "BEGIN; DELETE FROM mysql_servers", "INSERT INTO stats_mysql_global VALUES ('x', 1)", "PAUSE", "SELECT CONFIG FILE",
        "SAVE CONFIG TO FILE /tmp/x.sql", "PROXYSQL READONLY", "CHECKSUM MYSQL SERVERS", "FLUSH QUERY CACHE",
    ):  # fmt: skip
        assert admin.refusal(sql, stats)[0] == 1227, sql
    assert admin.ask("SELECT COUNT(*) > 0 FROM stats_mysql_global", stats) == [(1,)]


def test_prepared_statements_with_wrong_parameters(admin):
    def execution(statement, values=b""):
        return struct.pack("<IBI", statement, 0, 1) + values

    with Wire(admin.target, schema="main").login() as wire:
        prepared = wire.answer_until_eof(STMT_PREPARE, b"SELECT ?, ?")[0][0]
        assert prepared[:1] == b"\0" and struct.unpack_from("<HH", prepared, 5) == (2, 2)
        wire.read()
        wire.read()
        wire.read()
        [(unknown, _)] = wire.answer(STMT_EXECUTE, execution(99))
        assert error_of(unknown)[0] == 1243
        # No values at all: the packet is malformed, and MySQL's own server would read beyond its end.
        [(short, _)] = wire.answer(STMT_EXECUTE, execution(1))
        assert error_of(short)[0] == 1835
    with admin.connect() as connection, connection.cursor() as cursor:
        for sql in "SELECT ?", "INSERT INTO mysql_servers (hostname) VALUES (?)":
            with pytest.raises(pymysql.Error) as caught:
                cursor.execute(sql)
            assert caught.value.args[0] == 1064
    assert admin.ask("SELECT 1") == [(1,)]
