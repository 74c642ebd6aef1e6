"""The admin port with the real binary and real clients."""

import threading
import time

import mysql.connector
import pymysql
import pytest
from harness import proxies
from harness.admin import (  # noqa: F401
    ADMIN, Admin, admin, admin_options, make_admin, private_file, refused_start,
)
from harness.ports import free_port, wait_until
from harness.target import Target, run_client

pytestmark = pytest.mark.millrace_only


def test_missing_credentials_are_told():
    assert "--admin-username" in refused_start()
    assert "--admin-password" in refused_start("--admin-username=boss")
    both = refused_start("--admin-username=boss", "--admin-password=x", "--admin-password-file=/x")
    assert "one of them" in both
    assert "--admin-stats-password" in refused_start(
        "--admin-username=boss", "--admin-password=x", "--admin-stats-username=w"
    )


def test_a_password_file_must_be_private(make_admin, scratch):
    path = private_file(scratch / "password", "from the file\n")
    path.chmod(0o644)
    told = refused_start("--admin-username=boss", f"--admin-password-file={path}")
    assert str(path) in told and "chmod 600" in told


def test_wrong_logins_are_refused(admin):
    for user, password in ((ADMIN[0], "wrong"), (ADMIN[0], ""), ("nobody", "x"), ("root", "")):
        code, _, errors = admin.client("SELECT 1", target=admin.target.as_user(user, password))
        assert code == 1 and "ERROR 1045 (28000)" in errors


def test_drivers_log_in(admin):
    for method in ("mysql_native_password", "caching_sha2_password"):
        options = {**admin.target.python_options, "use_pure": True, "ssl_disabled": True, "auth_plugin": method}
        connection = mysql.connector.connect(**options)
        cursor = connection.cursor(prepared=True)
        cursor.execute("SELECT variable_name FROM global_variables WHERE variable_name = ?", ("admin-read_only",))
        assert cursor.fetchall() == [("admin-read_only",)]
        connection.close()


def test_a_unix_socket(make_admin, scratch):
    path = f"{scratch}/admin.sock"
    make_admin(f"--admin-address={path}")
    target = Target(socket=path, user=ADMIN[0], password=ADMIN[1])
    wait_until(lambda: run_client(target, "-N", sql="SELECT 1")[1] == b"1\n", 10, "the socket")


def test_the_stock_client(admin):
    code, output, errors = admin.client("\\s\nSELECT COUNT(*) FROM global_variables;\nSHOW TABLES LIKE 'global%';\n")
    assert (code, errors) == (0, "")
    assert "millrace-admin" in output and "Current user:\t\tboss@127.0.0.1" in output
    assert "COUNT(*)" in output and "global_variables" in output


def test_completion_reads_the_tables(admin):
    # --auto-rehash asks for every table's fields.
    code, output, errors = admin.client("SELECT 1;\nrehash\nSELECT 2;", "--auto-rehash", "-N", "-D", "main")
    assert (code, output, errors) == (0, "1\n2\n", "")


def test_errors_are_told_and_the_session_goes_on(admin):
    sql = "THIS IS NO SQL; SELECT * FROM nothing; ATTACH '/tmp/x' AS y; PRAGMA journal_mode=DELETE;"
    sql += "SELECT load_extension('x'); SET mysql-nothing = 1; SELECT 'still here';"
    code, output, errors = admin.client(sql, "--force", "-N")
    assert (code, output) == (0, "still here\n")
    assert errors.count("ERROR") == 6
    assert admin.refusal("SET admin-nothing='1'")[0] == 1193


def test_several_statements_in_a_packet(admin):
    with admin.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1; SET admin-read_only='false'; SELECT 'b' AS \"x\"")
        assert cursor.fetchall() == ((1,),)
        assert cursor.nextset() and cursor.nextset()
        assert cursor.description[0][0] == "x"
        assert cursor.fetchall() == (("b",),)


def test_backslashes_and_quotes_come_back_as_they_were(admin):
    text = "^\\d+ 'it''s' \"x\"\\"
    with admin.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT %s", (text,))
        assert cursor.fetchall() == ((text,),)


def test_the_stats_account_changes_nothing(admin):
    stats = admin.as_stats()
    assert admin.ask("SELECT 1", stats) == [(1,)]
    assert admin.ask("SHOW TABLES FROM stats", stats) is not None
    for sql in (
        "SELECT * FROM global_variables", "SELECT * FROM runtime_global_variables", "SET admin-read_only='true'",
        "UPDATE global_variables SET variable_value='x'", "LOAD ADMIN VARIABLES TO RUNTIME", "SHOW CONFIG DIFF",
        "SAVE ADMIN VARIABLES TO DISK", "PRAGMA query_only=1", "ATTACH ':memory:' AS x", "SELECT @@admin-read_only",
    ):  # fmt: skip
        admin.refusal(sql, stats)
    assert admin.ask("SELECT variable_value FROM runtime_global_variables WHERE variable_name='admin-read_only'") == [
        ("false",)
    ]


def test_variables_survive_a_restart_once_they_are_saved(make_admin, scratch):
    option = f"--admin-database={scratch}/admin.sqlite"
    first = make_admin(option)
    first.ask("SET admin-stats_credentials='viewer:seen'")
    first.ask("LOAD ADMIN VARIABLES TO RUNTIME")
    assert first.ask("SELECT 1", first.target.as_user("viewer", "seen")) == [(1,)]
    first.ask("SAVE ADMIN VARIABLES TO DISK; SAVE MYSQL SERVERS TO DISK")
    assert [row[1] for row in first.ask("SHOW CONFIG DIFF")] == []
    first.end()
    again = make_admin(option)
    assert again.ask("SELECT 2", again.target.as_user("viewer", "seen")) == [(2,)]
    [(shown,)] = again.ask("SELECT @@admin-stats_credentials")
    assert shown.startswith("viewer:*") and "seen" not in shown
    assert (scratch / "admin.sqlite").stat().st_mode & 0o077 == 0


def test_without_a_disk_saving_is_an_error(admin):
    assert "--admin-database" in admin.refusal("SAVE ADMIN VARIABLES TO DISK")[1]


def test_a_configuration_file(make_admin, scratch):
    path = scratch / "config.sql"
    path.write_text("SET admin-stats_credentials='filed:away';\nLOAD ADMIN VARIABLES TO RUNTIME;\n")
    one = make_admin(f"--admin-config-file={path}")
    assert one.ask("SELECT 1", one.target.as_user("filed", "away")) == [(1,)]
    path.write_text("SELECT 1;\n\nSET admin-nothing=1;\n")
    told = refused_start("--admin-username=a", "--admin-password=b", f"--admin-config-file={path}")
    assert "line 3" in told and "admin-nothing" in told and str(path) in told


def test_a_slow_statement_keeps_nobody_waiting(admin):
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
    connection = admin.connect()
    ended = []

    def run():
        try:
            connection.cursor().execute(slow)
        except pymysql.Error as error:
            ended.append(error.args[0])

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        number = connection.thread_id()
        wait_until(
            lambda: [row[4] for row in admin.ask("SHOW PROCESSLIST") if row[0] == number] == ["Query"], 10,
            "the statement to run",
        )
        begun = time.monotonic()
        assert admin.ask("SELECT COUNT(*) > 0 FROM global_variables") == [(1,)]
        assert admin.ask("SET admin-read_only='false'") == []
        assert time.monotonic() - begun < 5
    finally:
        admin.ask(f"KILL QUERY {connection.thread_id()}")
        thread.join(20)
    assert ended == [1317]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'alive'")
        assert cursor.fetchall() == (("alive",),)
    admin.ask(f"KILL {connection.thread_id()}")
    with pytest.raises(pymysql.Error):
        connection.cursor().execute("SELECT 1")


def test_help_and_backends(make_admin, database):
    one = make_admin(backends=[database.direct])
    rows = one.ask("SELECT address, type FROM backends")
    assert rows == [(database.direct.address, "rw")]
    assert any("LOAD" in command for command, _ in one.ask("SELECT * FROM help"))


def test_a_port_of_its_own(scratch):
    """Without the proxy plugin, too."""
    port = free_port()
    process = proxies.Proxy(
        [proxies.BINARY, "--plugins=admin", *admin_options(port)], scratch, Target(port=port)
    ).wait_until_listening()
    try:
        assert Admin(process, port).ask("SHOW ADMIN VARIABLES LIKE 'admin-read%'") == [("admin-read_only", "false")]
    finally:
        process.end()
