"""Servers changed from the admin port while clients use them: nothing fails that need not."""

import threading
import time

import pytest
from harness.admin import start_admin
from harness.funnel import PASSWORDS, connect, users_file
from harness.ports import wait_until
from harness.servers import Clients, port, servers, value  # noqa: F401

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(180)]


@pytest.fixture
def admin(scratch, servers):  # noqa: F811
    accounts = f"--funnel-users-file={users_file(scratch, ['app'])}"
    running = start_admin(
        scratch, accounts, "--funnel-max-backends=4", backends=[server.direct for server in servers],
        plugins="proxy,funnel,admin",
    )  # fmt: skip
    running.clients = running.proxy.listen.as_user("app", PASSWORDS["app"])
    yield running
    alive = running.proxy.is_running
    running.proxy.end()
    assert alive, f"Millrace died:\n{running.proxy.output[-4000:]}"


def load(admin, *changes):
    admin.ask("; ".join([*changes, "LOAD MYSQL SERVERS TO RUNTIME"]))


def at(server):
    return f"port={port(server)}"


def test_the_servers_of_the_options_are_in_the_table(admin, servers):  # noqa: F811
    found = admin.ask("SELECT hostgroup_id, hostname, port, status, weight, max_connections FROM mysql_servers")
    assert sorted(found) == sorted((0, "127.0.0.1", port(server), "ONLINE", 1, 4) for server in servers)
    assert sorted(found) == sorted(
        admin.ask("SELECT hostgroup_id, hostname, port, status, weight, max_connections FROM runtime_mysql_servers")
    )


def test_a_new_row_keeps_the_funnels_limit_and_an_explicit_one_counts(admin, servers):  # noqa: F811
    limits = "SELECT hostgroup_id, max_connections FROM runtime_mysql_servers WHERE hostgroup_id > 4 ORDER BY 1"
    columns, where = "(hostgroup_id, hostname, port", f"'127.0.0.1', {port(servers[0])}"
    load(
        admin, f"INSERT INTO mysql_servers {columns}) VALUES (5, {where})",
        f"INSERT INTO mysql_servers {columns}, max_connections) VALUES (6, {where}, 7)",
    )  # fmt: skip
    assert admin.ask(limits) == [(5, 4), (6, 7)]


def test_weights(admin, servers):  # noqa: F811
    heavy, light = servers
    load(admin, f"UPDATE mysql_servers SET weight=9 WHERE {at(heavy)}")
    with Clients(admin.clients, 2) as clients:
        time.sleep(3)
    seen = clients.shares()
    assert not clients.failures
    assert 0.04 < seen[port(light)] / sum(seen.values()) < 0.25, seen


def test_a_paused_server_keeps_its_statements_waiting(admin, servers):  # noqa: F811
    used, other = servers
    load(admin, f"DELETE FROM mysql_servers WHERE {at(other)}")
    with connect(admin.clients) as connection:
        assert value(connection, "SELECT @@port") == port(used)
        admin.ask(f"PAUSE 127.0.0.1:{port(used)}")
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(value(connection, "SELECT @@port")))
        waiting.start()
        time.sleep(1)
        assert not answers
        admin.ask(f"RESUME 127.0.0.1:{port(used)}")
        waiting.join(10)
        assert answers == [port(used)]


def test_a_drained_server_ends_its_transactions_and_is_left(admin, servers):  # noqa: F811
    drained, kept = servers
    with connect(admin.clients) as holder, Clients(admin.clients, 8) as clients:
        cursor = holder.cursor()
        while True:
            cursor.execute("BEGIN")
            cursor.execute("SELECT @@port")
            if cursor.fetchone()[0] == port(drained):
                break
            cursor.execute("COMMIT")
        admin.ask(f"DRAIN 127.0.0.1:{port(drained)}")
        time.sleep(0.5)
        clients.shares()
        time.sleep(1)
        assert set(clients.shares()) == {port(kept)}
        assert len(drained.connections()) == 1
        cursor.execute("SELECT @@port")
        assert cursor.fetchone()[0] == port(drained)
        cursor.execute("COMMIT")
        wait_until(lambda: not drained.connections(), what="the drained server to be left")
        cursor.execute("SELECT @@port")
        assert cursor.fetchone()[0] == port(kept)
        admin.ask(f"RESUME 127.0.0.1:{port(drained)}")
        wait_until(lambda: clients.shares()[port(drained)] > 0, what="the server to be used again")
    assert not clients.failures


def test_an_offline_hard_server_is_left_at_once(admin, servers):  # noqa: F811
    gone, kept = servers
    with Clients(admin.clients, 8) as clients:
        time.sleep(0.5)
        load(admin, f"UPDATE mysql_servers SET status='OFFLINE_HARD' WHERE {at(gone)}")
        wait_until(lambda: not gone.connections(), what="the server to be left")
        clients.shares()
        time.sleep(1)
        assert set(clients.shares()) == {port(kept)}
        assert all(arguments[0] in (2013, 1105) for arguments in clients.failures), clients.failures
        lost = len(clients.failures)
        load(admin, f"UPDATE mysql_servers SET status='ONLINE' WHERE {at(gone)}")
        wait_until(lambda: clients.shares()[port(gone)] > 0, what="the server to be used again")
        assert len(clients.failures) == lost


def test_servers_come_and_go_under_load_without_an_error(admin, servers):  # noqa: F811
    _, other = servers
    with Clients(admin.clients, 8) as clients:
        for turn in range(30):
            load(admin, f"DELETE FROM mysql_servers WHERE {at(other)}")
            load(
                admin,
                "INSERT INTO mysql_servers (hostgroup_id, hostname, port, max_connections) "
                f"VALUES (0, '127.0.0.1', {port(other)}, {2 + turn % 3})",
            )
        assert sum(clients.shares().values()) > 0
        wait_until(lambda: clients.shares()[port(other)] > 0, what="the server to be used")
    assert not clients.failures


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ("UPDATE mysql_servers SET hostname=''", "hostname"),
        ("UPDATE mysql_servers SET hostname='no such host !'", "hostname"),
    ],
)
def test_a_wrong_row_changes_nothing(admin, servers, change, place):  # noqa: F811
    before = admin.ask("SELECT * FROM runtime_mysql_servers")
    admin.ask(change)
    assert place in admin.refusal("LOAD MYSQL SERVERS TO RUNTIME")[1]
    assert admin.ask("SELECT * FROM runtime_mysql_servers") == before
