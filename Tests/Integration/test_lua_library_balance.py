"""Scripts/lib: ro-balance, before a real replica."""

import pymysql
import pytest
from harness.lua_library import connected, no_errors, replica, rows, scripted  # noqa: F401
from harness.ports import wait_until

pytestmark = pytest.mark.millrace_only

RO_BALANCE = """
  proxy.global.config.ro_balance = proxy.global.config.ro_balance or { check_timeout = 0, retry_timeout = 3 }
  require("ro-balance")
"""


def server_of(connection):
    return rows(connection, "SELECT @@server_id")[0][0]


def test_ro_balance_leaves_out_a_replica_that_stands_still(scripted, database, replica):
    address = f"--proxy-read-only-backend-addresses={replica.direct.address}"
    proxy = scripted(RO_BALANCE, address, backends=[database.direct])
    with connected(proxy) as first:
        assert server_of(first) == 2
        assert rows(first, "SELECT 1") == ((1,),)
        assert rows(first, "SELECT * FROM proxy.lag")[0][:4] == (replica.direct.address, 0, 0, 1)
        replica.query("STOP SLAVE SQL_THREAD")
        rows(first, "SELECT 2")
        assert rows(first, "SELECT * FROM proxy.lag")[0][1:4] == (None, 0, 0)
        with connected(proxy) as second:
            assert server_of(second) == 1
        replica.query("START SLAVE")
        # A while later one client is tried there, and finds it well.
        def tried():
            with connected(proxy) as late:
                rows(late, "SELECT 3")
                return server_of(late) == 2
        wait_until(tried, 20)
    no_errors(proxy)


def test_ro_balance_does_not_come_between_a_statement_and_its_warnings(scripted, database, replica):
    address = f"--proxy-read-only-backend-addresses={replica.direct.address}"
    proxy = scripted(RO_BALANCE, address, backends=[database.direct])
    with connected(proxy) as connection:
        rows(connection, "SELECT SQL_CALC_FOUND_ROWS 1 UNION SELECT 2 LIMIT 1")
        assert rows(connection, "SELECT FOUND_ROWS()") == ((2,),)
        rows(connection, "SELECT CAST('x' AS INT)")
        assert rows(connection, "SHOW WARNINGS")[0][1] == 1292


def test_ro_balance_spreads_clients(scripted, database, make_database):
    replicas = [make_database(["--server-id=11"]), make_database(["--server-id=12"])]
    options = [f"--proxy-read-only-backend-addresses={server.direct.address}" for server in replicas]
    proxy = scripted("ro-balance", *options, backends=[database.direct])
    clients = [connected(proxy) for _ in range(6)]
    assert sorted(server_of(client) for client in clients) == [11, 11, 11, 12, 12, 12]
    # No replicas at all: they never lag.
    rows(clients[0], "SELECT 1")
    assert rows(clients[0], "SELECT * FROM proxy.lag")[0][1:4] == (0, 0, 1)
    for server in replicas:
        server.kill()
    wait_until(lambda: server_reached(proxy) == 1, 20)
    for client in clients:
        client._force_close()
    no_errors(proxy)


def server_reached(proxy):
    """The server that a new client gets; None while none takes it."""
    try:
        with connected(proxy) as connection:
            return server_of(connection)
    except pymysql.Error:
        return None
