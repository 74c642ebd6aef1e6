"""The funnel as one client sees it: logins, commands, results, compared with the server itself."""

import hashlib
import time

import mysql.connector
import pymysql
import pytest
from harness import wire
from harness.answers import answers
from harness.funnel import PASSWORDS, connect, make_funnel, module_backend  # noqa: F401
from harness.ports import wait_until
from harness.target import run_client
from harness.wire import Wire


@pytest.fixture
def funnel(make_funnel, module_backend):
    return make_funnel(module_backend, "--funnel-max-backends=3")


@pytest.fixture
def same(funnel):
    return funnel.compare


def refusal(target):
    with pytest.raises(pymysql.Error) as error:
        connect(target)
    return error.value.args[0]


# Logins


@pytest.mark.parametrize("user", ["app", "other", "reader"])
def test_a_login(same, user):
    def scenario(target):
        with connect(target) as connection:
            return answers(connection, "SELECT CURRENT_USER(), DATABASE(), @@character_set_client, @@autocommit")

    assert same(scenario, user)[0][1] == ((f"{user}@%", "one", "utf8mb4", 1),)


def test_refused_logins(same):
    def scenario(target):
        return [
            refusal(target.as_user(*account))
            for account in (("app", "wrong"), ("app", ""), ("stranger", "x"), ("stranger", ""))
        ]

    assert same(scenario) == [1045] * 4


def test_a_login_into_a_schema_that_is_not_there(same):
    def scenario(target):
        with pytest.raises(pymysql.Error) as error:
            with connect(target, database="no_such_schema") as connection:
                answers(connection, "SELECT 1")
        return error.value.args

    assert same(scenario)[0] == 1049


def test_a_login_by_ed25519(same):
    def scenario(target):
        return run_client(target, "-N", sql="SELECT CURRENT_USER()")

    assert same(scenario, "curve") == (0, b"curve@%\n", b"")


@pytest.mark.millrace_only
def test_every_account_of_the_server_is_known_without_a_list(make_funnel, module_backend):
    """Also one that is made, or given another password, while the proxy runs."""
    funnel = make_funnel(module_backend, ask_server=True)
    for user in ("app", "other", "reader"):
        with funnel.connect(user) as connection:
            assert answers(connection, "SELECT CURRENT_USER()")[0][1] == ((f"{user}@%",),)
    late = funnel.target.as_user("late", "first")
    assert refusal(late) == 1045
    try:
        module_backend.ask("CREATE USER late@'%' IDENTIFIED BY 'first'")
        with connect(late, database=None) as connection:
            assert answers(connection, "SELECT CURRENT_USER()")[0][1] == (("late@%",),)
        module_backend.ask("ALTER USER late@'%' IDENTIFIED BY 'second'")
        with connect(late.as_user("late", "second"), database=None) as connection:
            assert answers(connection, "SELECT CURRENT_USER()")[0][1] == (("late@%",),)
        wait_until(lambda: refused(late), what="the old password to be refused")
    finally:
        module_backend.ask("DROP USER late@'%'")


@pytest.mark.millrace_only
def test_who_tries_passwords_does_not_keep_the_server_busy(make_funnel, module_backend):
    """A wrong password has the account looked up again, once a second at most."""
    funnel = make_funnel(module_backend, ask_server=True)
    before, start = selects(module_backend), time.monotonic()
    for number in range(40):
        assert refusal(funnel.target.as_user("app", f"guess {number}")) == 1045
    assert selects(module_backend) - before <= 3 + time.monotonic() - start
    with funnel.connect() as connection:
        assert answers(connection, "SELECT CURRENT_USER()")[0][1] == (("app@%",),)


def selects(backend):
    return int(backend.ask("SHOW GLOBAL STATUS LIKE 'Com_select'")[0][1])


def refused(target):
    try:
        connect(target, database=None).close()
    except pymysql.Error as error:
        return error.args[0] == 1045
    return False


@pytest.mark.millrace_only
def test_a_file_of_hashed_secrets(make_funnel, module_backend, scratch):
    twice = hashlib.sha1(hashlib.sha1(b"secret").digest()).hexdigest().upper()
    path = scratch / "hashed"
    path.write_text(f"app:*{twice}\n")
    path.chmod(0o600)
    funnel = make_funnel(module_backend, f"--funnel-users-file={path}", ask_server=True)
    with funnel.connect() as connection:
        assert answers(connection, "SELECT CURRENT_USER()")[0][1] == (("app@%",),)
    assert refusal(funnel.target.as_user("app", "wrong")) == 1045


@pytest.mark.millrace_only
def test_a_file_that_the_world_can_read_is_refused(make_funnel, module_backend, scratch):
    path = scratch / "open"
    path.write_text("app:secret\n")
    path.chmod(0o644)
    with pytest.raises(AssertionError, match="open"):
        make_funnel(module_backend, f"--funnel-users-file={path}", ask_server=True)


# Commands


def test_change_user(same):
    """Another user, a wrong password, and what is left of the session."""

    def scenario(target):
        connection = connector(target)
        try:
            connection.cmd_query("SET @kept = 1, SESSION sql_mode = 'ANSI'")
            connection.cmd_change_user("reader", PASSWORDS["reader"], "one", 45)
            seen = [asked(connection, "SELECT CURRENT_USER(), DATABASE(), @kept, @@sql_mode")]
            seen.append(asked(connection, "SELECT COUNT(*) FROM fruit"))
            with pytest.raises(mysql.connector.Error) as error:
                connection.cmd_query("DELETE FROM fruit")
            seen.append(error.value.errno)
            with pytest.raises(mysql.connector.Error) as error:
                connection.cmd_change_user("app", "wrong", "one", 45)
            return [*seen, error.value.errno]
        finally:
            connection.close()

    seen = same(scenario)
    assert "reader@%" in str(seen[0]) and seen[2:] == [1142, 1045]


def connector(target, pure=True, **options):
    return mysql.connector.connect(
        **target.python_options, database="one", use_pure=pure, ssl_disabled=True, charset="utf8mb4",
        collation="utf8mb4_general_ci", auth_plugin="mysql_native_password", **options,
    )  # fmt: skip


def asked(connection, sql):
    connection.cmd_query(sql)
    return connection.get_rows()[0]


def test_ping_schema_statistics_and_quit(same):
    def scenario(target):
        with Wire(target, schema="one").login() as connection:
            seen = [connection.is_alive(), connection.answer(wire.INIT_DB, b"two")[0]]
            seen.append(
                wire.text_values(
                    connection.answer_until_eof(wire.QUERY, b"SELECT name, DATABASE() FROM place", 2)[4][0]
                )
            )
            seen.append(wire.error_of(connection.answer(wire.INIT_DB, b"no_such_schema")[0][0]))
            seen.append(
                wire.text_values(
                    connection.answer_until_eof(wire.QUERY, b"SELECT name, DATABASE() FROM place", 2)[4][0]
                )
            )
            seen.append(connection.answer(wire.STATISTICS)[0][0].startswith(b"Uptime: "))
            seen.append(len(connection.answer_until_eof(wire.FIELD_LIST, b"place\0")))
            connection.command(wire.QUIT)
            return [*seen, connection.read_until_closed()]

    seen = same(scenario)
    assert seen[2] == seen[4] == [b"two", b"two"] and seen[3][0] == 1049 and seen[-1] == b""


def test_an_unknown_command(same):
    def scenario(target):
        with Wire(target, schema="one").login() as connection:
            code = wire.error_of(connection.answer(0x55)[0][0])[0]
            return code, connection.is_alive()

    assert same(scenario) == (1047, True)


# Statements


STATEMENTS = [
    "SELECT * FROM fruit ORDER BY id", "SELECT * FROM fruit WHERE FALSE", "DO 1",
    "SELECT 1; DO 2; SELECT 'two', NULL; SELECT * FROM place",
    "SELECT 1; SELECT no_such_column; SELECT 3", "SELECT * FROM no_such_table", "NO SQL", "", "/* only a comment */",
    "SELECT 1;",
    "INSERT INTO fruit (name) VALUES ('fig')", "SELECT CAST('x' AS SIGNED), 1/0", "SHOW WARNINGS",
    "SELECT REPEAT('x', 70000)",
    "INSERT INTO fruit (id, name) VALUES (50, 'sloe'), (51, 'haw')", "UPDATE fruit SET price = 1 WHERE id >= 50",
    "DELETE FROM fruit WHERE id >= 50", "EXPLAIN SELECT 1", "SHOW CREATE TABLE place", "SHOW TABLES",
    "SELECT 'größer', '漢字', x'00ff', 1.50, NULL, TRUE, DATE'2024-02-29'", "SELECT * FROM seq_1_to_5000",
    "CHECKSUM TABLE fruit",
    "BEGIN NOT ATOMIC SELECT 1; SELECT 2; END", "VALUES (1, 2), (3, 4)", "ANALYZE TABLE place", "HELP 'no such topic'",
]  # fmt: skip


def test_statements(same):
    def scenario(target):
        with connect(target) as connection:
            return [(sql, answers(connection, sql)) for sql in STATEMENTS]

    seen = dict(same(scenario))
    assert len(seen["SELECT 1; DO 2; SELECT 'two', NULL; SELECT * FROM place"]) == 4
    assert seen["SELECT * FROM no_such_table"][0][1] == 1146


def test_procedures_with_several_results(same, module_backend):
    module_backend.ask("""CREATE OR REPLACE PROCEDURE one.several(IN n INT, OUT twice INT)
        BEGIN SELECT n; SELECT * FROM one.fruit ORDER BY id LIMIT n; SET twice = 2 * n; SELECT CAST('x' AS SIGNED); END""")

    def scenario(target):
        with connect(target) as connection:
            return [
                answers(connection, sql)
                for sql in ("CALL several(2, @twice)", "SELECT @twice", "SHOW WARNINGS", "CALL gone()")
            ]

    call, twice, _, gone = same(scenario)
    assert len(call) == 4 and twice[0][1] == ((4,),) and gone[0][1] == 1305


def test_64_megabytes_both_ways(same):
    def scenario(target):
        with connect(target, max_allowed_packet=256 << 20) as connection:
            down = answers(connection, "SELECT REPEAT('0123456789abcdef', 4 << 20)")[0][1][0][0]
            rows = answers(connection, "SELECT seq, REPEAT(CHAR(65 + seq % 26), 1 << 20) FROM seq_1_to_64")[0][1]
            up = answers(connection, f"SELECT LENGTH('{down}'), MD5('{down}')")[0][1]
            return len(down), up, [(number, len(text), text[:2]) for number, text in rows]

    length, up, rows = same(scenario)
    assert length == up[0][0] == 64 << 20 and len(rows) == 64


def test_local_infile(same, scratch):
    (scratch / "rows.csv").write_text("1000,medlar\n1001,rowan\n1001,twice\n")

    def scenario(target):
        with connect(target, local_infile=True) as connection:
            sql = f"LOAD DATA LOCAL INFILE '{scratch}/rows.csv' INTO TABLE fruit FIELDS TERMINATED BY ',' (id, name)"
            sqls = (
                sql,
                "SHOW WARNINGS",
                sql.replace("rows.csv", "missing.csv"),
                "SELECT 1",
                "DELETE FROM fruit WHERE id >= 1000",
            )
            return [answers(connection, sql) for sql in sqls]

    loaded, warnings, missing, after, deleted = same(scenario)
    assert loaded[0][2] == deleted[0][2] == 2 and warnings[0][1] and after[0][1] == ((1,),)
    assert missing[0][0] == "OperationalError"


@pytest.mark.parametrize("pure", [True, False], ids=["pure", "C"])
def test_prepared_statements(same, pure):
    def scenario(target):
        connection = connector(target, pure)
        try:
            seen, cursors = [], [connection.cursor(prepared=True) for _ in range(3)]
            for round in range(3):
                for number, cursor in enumerate(cursors):
                    cursor.execute(
                        f"SELECT {number}, ?, id, name FROM fruit WHERE id > ? ORDER BY id", ("größer", round)
                    )
                    seen.append((cursor.description, cursor.fetchall()))
            return seen
        finally:
            connection.close()

    assert [len(rows) for _, rows in same(scenario)] == [3, 3, 3, 2, 2, 2, 1, 1, 1]
