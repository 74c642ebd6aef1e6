"""Accounts of clients that are kept in the admin port's table mysql_users."""

import signal

import pymysql
import pytest
from harness.admin import start_admin
from harness.funnel import PASSWORDS, Backend, backend, connect, users_file  # noqa: F401
from harness.lua import rows
from harness.ports import wait_until

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(180)]

SECRET_HASH = "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7"


@pytest.fixture
def make(scratch, backend):  # noqa: F811
    running = []

    def make(*options, backends=None):
        admin = start_admin(
            scratch, *options, backends=backends or [backend.direct], plugins="proxy,funnel,admin"
        )  # fmt: skip
        running.append(admin)
        return admin

    yield make
    for admin in running:
        alive = admin.proxy.is_running or admin.has_ended
        admin.proxy.end()
        assert alive, f"Millrace died:\n{admin.proxy.output[-4000:]}"


@pytest.fixture
def admin(make):
    return make()


def load(admin, *statements):
    """Edits the table and takes it into use; answers the warnings."""
    with admin.connect() as connection, connection.cursor() as cursor:
        for sql in (*statements, "LOAD MYSQL USERS TO RUNTIME"):
            cursor.execute(sql)
        cursor.execute("SHOW WARNINGS")
        return [text for _, _, text in cursor.fetchall()]


def enter(admin, user="app", password=None, **options):
    return connect(admin.proxy.listen.as_user(user, password or PASSWORDS[user]), **options)


def denied(admin):
    """How many logins the proxy itself has found wrong."""
    return dict(admin.ask("SELECT * FROM stats_mysql_global"))["Access_Denied_Wrong_Password"]


def refusal(admin, *who, **options):
    with pytest.raises(pymysql.Error) as caught:
        enter(admin, *who, **options)
    return caught.value.args


def test_a_user_of_the_table_logs_in_and_one_that_is_gone_does_not(admin):
    assert refusal(admin)[0] == 1045
    assert load(admin, "INSERT INTO mysql_users (username, password) VALUES ('app', 'secret')") == []
    with enter(admin) as connection:
        assert rows(connection, "SELECT CURRENT_USER()")[0][0].startswith("app@")
        assert admin.ask("SELECT password FROM runtime_mysql_users") == [(SECRET_HASH,)]
        assert admin.ask("SELECT * FROM stats_mysql_users") == [("app", 1, 10000)]
        assert refusal(admin, "app", "wrong")[0] == 1045
        load(admin, "DELETE FROM mysql_users")
        assert refusal(admin)[0] == 1045
        # Who is in stays in.
        assert rows(connection, "SELECT 1")
    assert denied(admin) == 3


def test_a_hash_is_enough_once_a_client_has_shown_what_is_behind_it(admin):
    load(admin, f"INSERT INTO mysql_users (username, password) VALUES ('app', '{SECRET_HASH}')")
    with enter(admin) as connection:
        assert rows(connection, "SELECT 1")
    assert refusal(admin, "app", "wrong")[0] == 1045


def test_saved_from_runtime_no_password_is_left_and_survives_a_restart(make, scratch):
    file = f"--admin-database={scratch / 'admin.db'}"
    admin = make(file)
    load(admin, "INSERT INTO mysql_users (username, password, comment) VALUES ('app', 'secret', 'the shop')")
    admin.ask("SAVE MYSQL USERS FROM RUNTIME; SAVE MYSQL USERS TO DISK")
    assert admin.ask("SELECT password, comment FROM mysql_users") == [(SECRET_HASH, "the shop")]
    assert b"secret" not in (scratch / "admin.db").read_bytes()
    with enter(admin) as connection:
        assert rows(connection, "SELECT 1")
    admin.end()
    again = make(file)
    with enter(again) as connection:
        assert rows(connection, "SELECT 1")
    assert not [row for row in again.ask("SHOW CONFIG DIFF") if row[0] == "MYSQL USERS"]


def test_the_table_comes_before_file_and_server(make, scratch):
    file = users_file(scratch, ["app", "other"])
    admin = make(f"--funnel-users-file={file}", "--funnel-auth-user=keeper", "--funnel-auth-password=keys")
    load(admin, "INSERT INTO mysql_users (username, password) VALUES ('app', 'tables')")
    assert refusal(admin)[0] == 1045
    # The proxy lets it in; then the server says no, which has another password.
    before = denied(admin)
    assert refusal(admin, "app", "tables")[0] == 1045
    assert denied(admin) == before == 1
    for user in ("other", "reader"):
        with enter(admin, user) as connection:
            assert rows(connection, "SELECT 1")
    load(admin, "INSERT INTO mysql_users (username, password, active) VALUES ('other', 'different', 0)")
    assert refusal(admin, "other")[0] == 1045
    admin.proxy.signal(signal.SIGHUP)
    assert refusal(admin)[0] == 1045
    load(admin, "DELETE FROM mysql_users")
    for user in ("app", "other"):
        with enter(admin, user) as connection:
            assert rows(connection, "SELECT 1")


def test_another_password_at_the_server(admin):
    load(
        admin,
        "INSERT INTO mysql_users (username, password, backend, frontend) VALUES ('app', 'front', 0, 1)",
        "INSERT INTO mysql_users (username, password, backend, frontend) VALUES ('app', 'secret', 1, 0)",
    )
    with enter(admin, "app", "front") as connection:
        assert rows(connection, "SELECT CURRENT_USER()")[0][0].startswith("app@")


def test_hostgroup_and_schema_are_the_users_own(make, make_database):
    first, second = (Backend(make_database([])) for _ in range(2))
    admin = make(backends=[first.direct])
    ports = [server.direct.port for server in (first, second)]
    load(
        admin,
        f"INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (7, '127.0.0.1', {ports[1]})",
        "LOAD MYSQL SERVERS TO RUNTIME",
        "INSERT INTO mysql_users (username, password, default_hostgroup, default_schema) "
        "VALUES ('app', 'secret', 7, 'two')",
        "INSERT INTO mysql_users (username, password) VALUES ('other', 'different')",
    )
    with enter(admin, database=None) as connection, enter(admin, "other") as other:
        assert rows(connection, "SELECT @@port, DATABASE()")[0] == (ports[1], "two")
        assert rows(other, "SELECT @@port, DATABASE()")[0] == (ports[0], "one")
        listed = dict(admin.ask("SELECT user, hostgroup FROM stats_mysql_processlist"))
        assert listed == {"app": 7, "other": 0}
        assert dict(admin.ask("SELECT user, db FROM stats_mysql_processlist")) == {"app": "two", "other": "one"}
    with enter(admin, database="three") as connection:
        assert rows(connection, "SELECT @@port, DATABASE()")[0] == (ports[1], "three")
    (warning,) = load(admin, "UPDATE mysql_users SET default_hostgroup = 99 WHERE username = 'app'")
    assert "hostgroup 99 has no server" in warning
    assert "hostgroup 99 has no server" in refusal(admin)[1]


def test_max_connections_of_a_user(admin):
    load(admin, "INSERT INTO mysql_users (username, password, max_connections) VALUES ('app', 'secret', 2)")
    one, two = enter(admin), enter(admin)
    code, text = refusal(admin)
    assert code == 1226
    assert text == "User 'app' has exceeded the 'max_user_connections' resource (current value: 2)"
    one.close()
    wait_until(lambda: admin.ask("SELECT frontend_connections FROM stats_mysql_users") == [(1,)], what="one to go")
    enter(admin).close()
    two.close()
    wait_until(lambda: admin.ask("SELECT frontend_connections FROM stats_mysql_users") == [(0,)], what="all to go")
    load(admin, "UPDATE mysql_users SET max_connections = 0")
    assert refusal(admin)[0] == 1226


def test_one_wrong_row_and_nothing_is_loaded(admin):
    load(admin, "INSERT INTO mysql_users (username, password) VALUES ('app', 'secret')")
    admin.ask(
        "INSERT INTO mysql_users (username, password) VALUES ('other', 'different'), ('reader', '$A$005$tooshort')"
    )
    code, text = admin.refusal("LOAD MYSQL USERS TO RUNTIME")
    assert code == 1231 and "mysql_users, username reader, password" in text
    assert admin.ask("SELECT username FROM runtime_mysql_users") == [("app",)]
    assert refusal(admin, "other")[0] == 1045
    admin.ask("UPDATE mysql_users SET password = 'x', use_ssl = 1 WHERE username = 'reader'")
    assert "username reader, use_ssl" in admin.refusal("LOAD MYSQL USERS TO RUNTIME")[1]
    assert admin.refusal("INSERT INTO mysql_users (username, active) VALUES ('more', 2)")[0]
    warnings = load(admin, "UPDATE mysql_users SET use_ssl = 0, transaction_persistent = 0 WHERE username = 'reader'")
    assert len(warnings) == 1 and "transaction_persistent=0 has no effect" in warnings[0]


def test_one_user_is_loaded_alone(admin):
    load(admin, "INSERT INTO mysql_users (username, password) VALUES ('app', 'secret')")
    admin.ask(
        "INSERT INTO mysql_users (username, password) VALUES ('other', 'different'), ('reader', '$A$005$tooshort'); "
        "UPDATE mysql_users SET password = 'not yet' WHERE username = 'app'"
    )
    admin.ask("LOAD MYSQL USER other TO RUNTIME")
    for user in ("app", "other"):
        with enter(admin, user) as connection:
            assert rows(connection, "SELECT 1")
    code, text = admin.refusal("LOAD MYSQL USER reader TO RUNTIME")
    assert code == 1231 and "mysql_users, username reader, password" in text
    code, text = admin.refusal("LOAD MYSQL USER nobody FROM MEMORY")
    assert code == 1146 and "no 'nobody' in mysql_users" in text
    assert admin.ask("SELECT username FROM runtime_mysql_users") == [("app",), ("other",)]
    admin.ask("SAVE MYSQL USER other FROM RUNTIME")
    stored = dict(admin.ask("SELECT username, password FROM mysql_users"))
    assert stored["other"].startswith("*") and stored["app"] == "not yet"
    # By the hash alone: what was known in plain stays known.
    admin.ask("LOAD MYSQL USER other TO RUNTIME")
    with enter(admin, "other") as connection:
        assert rows(connection, "SELECT 1")
        with admin.connect() as port, port.cursor() as cursor:
            cursor.execute("DELETE FROM mysql_users WHERE username = 'other'")
            cursor.execute("LOAD MYSQL USER other TO RUNTIME")
            cursor.execute("SHOW WARNINGS")
            assert [text for _, _, text in cursor.fetchall()] == [
                "'other' is not in mysql_users any more, and was taken out of use"
            ]
        assert rows(connection, "SELECT 1"), "who is in stays in"
        assert refusal(admin, "other")[0] == 1045
