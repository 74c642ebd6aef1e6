"""Scripts that park, take and reuse backend connections, before a real server."""

import time

import pymysql
import pytest
from harness import wire
from harness.lua import rows
from harness.target import run_client

pytestmark = pytest.mark.millrace_only

# SHOW POOL answers without a backend, one row a backend: parked for this user, clients attached, parked for all users.
LIBRARY = """
    local function answer(fields, rows)
      for i = 1, #fields do fields[i] = { name = fields[i], type = proxy.MYSQL_TYPE_VAR_STRING } end
      proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = { fields = fields, rows = rows } }
      return proxy.PROXY_SEND_RESULT
    end

    function own_statements(packet)
      if packet:sub(2) == "SHOW POOL" then
        local rows = {}
        for i = 1, #proxy.global.backends do
          local backend = proxy.global.backends[i]
          local users = backend.pool.users
          local mine, all = users[proxy.connection.client.username], users[""]
          rows[i] = { i, mine.cur_idle_connections, backend.connected_clients, all.cur_idle_connections }
        end
        return answer({ "backend", "idle", "clients", "all" }, rows)
      end
      if packet:sub(2) == "SHOW SCHEMAS OF PROXY" then
        local server = proxy.connection.server
        return answer({ "client", "server" }, { { proxy.connection.client.default_db, server and server.default_db } })
      end
      local limit = packet:match("^.SET POOL (%d+)$")
      if limit then
        proxy.global.backends[1].pool.max_idle_connections = tonumber(limit)
        proxy.global.backends[1].pool.min_idle_connections = 1
        return answer({ "most", "fewest" }, { { proxy.global.backends[1].pool.max_idle_connections,
                                                proxy.global.backends[1].pool.min_idle_connections } })
      end
      local number = packet:match("^.SET BACKEND (%-?%d+)$")
      if number then
        local done, reason = pcall(function() proxy.connection.backend_ndx = tonumber(number) end)
        return answer({ "backend", "refusal" }, { { proxy.connection.backend_ndx, (not done) and reason or nil } })
      end
    end
"""

MANUAL = LIBRARY + """
    function read_query(packet) return own_statements(packet) end
    function disconnect_client()
      if proxy.connection.client.default_db == "keep" then proxy.connection.backend_ndx = 0 end
    end
"""

KEEPALIVE = LIBRARY + """
    function read_auth_result(auth)
      if auth.packet:byte() == proxy.MYSQLD_PACKET_OK then proxy.connection.backend_ndx = 0 end
    end

    function read_query(packet)
      local decision = own_statements(packet)
      if decision then return decision end
      if packet:byte() == proxy.COM_QUIT then return end
      if proxy.connection.backend_ndx == 0 then
        for i = 1, #proxy.global.backends do
          if proxy.global.backends[i].pool.users[proxy.connection.client.username].cur_idle_connections > 0 then
            proxy.connection.backend_ndx = i
            break
          end
        end
      end
      proxy.queries:append(1, packet, { resultset_is_needed = true })
      return proxy.PROXY_SEND_QUERY
    end

    function read_query_result(inj)
      if not inj.resultset.flags.in_trans then proxy.connection.backend_ndx = 0 end
    end

    function disconnect_client() proxy.connection.backend_ndx = 0 end
"""

SPLIT = LIBRARY + """
    function connect_server()
      local first = proxy.global.backends[1]
      local connections = first.connected_clients + first.pool.users[""].cur_idle_connections
      proxy.connection.backend_ndx = connections == 0 and 1 or 2
    end

    function read_auth_result(auth)
      if auth.packet:byte() == proxy.MYSQLD_PACKET_OK then proxy.connection.backend_ndx = 0 end
    end

    local in_transaction = false

    function read_query(packet)
      local decision = own_statements(packet)
      if decision then return decision end
      if packet:byte() == proxy.COM_QUIT then return end
      if not in_transaction then
        local reads = packet:byte() == proxy.COM_QUERY and packet:sub(2, 7):upper() == "SELECT"
        proxy.connection.backend_ndx = reads and 2 or 1
      end
      proxy.queries:append(1, packet, { resultset_is_needed = true })
      return proxy.PROXY_SEND_QUERY
    end

    function read_query_result(inj)
      in_transaction = inj.resultset.flags.in_trans
      if not in_transaction then proxy.connection.backend_ndx = 0 end
    end

    function disconnect_client() proxy.connection.backend_ndx = 0 end
"""

REUSE = LIBRARY + """
    function connect_server()
      proxy.connection.backend_ndx = 1
      return proxy.PROXY_IGNORE_RESULT
    end
    function read_query(packet) return own_statements(packet) end
    function disconnect_client() proxy.connection.backend_ndx = 0 end
"""


def connected(proxy, user="app", password="secret", **options):
    options = {"charset": "utf8mb4", "autocommit": True, **options}
    target = proxy.target.as_user(user, password)
    return pymysql.connect(**target.python_options, connect_timeout=20, read_timeout=60, **options)


def value(connection, sql):
    return rows(connection, sql)[0][0]


def pool(connection):
    """Per backend: what is parked for this user, and how many clients are attached."""
    return [(int(idle), int(clients)) for _, idle, clients, _ in rows(connection, "SHOW POOL")]


def refusal(connection, number):
    """What the script is told when it sets backend_ndx; the number that is read behind it."""
    backend, reason = rows(connection, f"SET BACKEND {number}")[0]
    return int(backend), reason


def eventually(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def test_keepalive_parks_after_login_and_takes_its_own_again(scripted):
    proxy = scripted(KEEPALIVE)
    with connected(proxy) as first, connected(proxy) as second:
        assert pool(first) == [(2, 0)]
        ids = [value(first, "SELECT CONNECTION_ID()"), value(second, "SELECT CONNECTION_ID()")]
        assert ids[0] != ids[1]
        rows(first, "SET @mine = 1")
        assert value(second, "SELECT @mine") is None
        for _ in range(3):
            assert value(first, "SELECT CONNECTION_ID()") == ids[0]
            assert value(first, "SELECT @mine") == 1
        assert pool(first) == [(2, 0)]
    with connected(proxy) as third:
        eventually(lambda: pool(third) == [(3, 0)])


def test_own_connection_is_preferred_and_left_as_it_was(scripted):
    proxy = scripted(MANUAL)
    with connected(proxy, database="test") as first, connected(proxy, database="mysql") as second:
        ids = [value(client, "SELECT CONNECTION_ID()") for client in (first, second)]
        rows(first, "SET @mine = 'kept'")
        assert refusal(second, 0) == (0, None)
        assert refusal(first, 0) == (0, None)
        assert pool(first) == [(2, 0)]
        assert rows(first, "SELECT CONNECTION_ID(), @mine, DATABASE()") == ((ids[0], "kept", "test"),)
        assert rows(second, "SELECT CONNECTION_ID(), @mine, DATABASE()") == ((ids[1], None, "mysql"),)


def test_a_leak_is_reset(scripted):
    proxy = scripted(MANUAL)
    with connected(proxy, database="mysql") as taker:
        with connected(proxy, database="test") as giver:
            rows(giver, "SET @leak = 'secret', SESSION sql_mode = 'ANSI'")
            rows(giver, "CREATE TEMPORARY TABLE test.leak (a INT)")
            theirs = value(giver, "SELECT CONNECTION_ID()")
            assert refusal(giver, 0) == (0, None)
        # Its own connection is ended by the server, so that only the other one is left to take.
        own = value(taker, "SELECT CONNECTION_ID()")
        assert refusal(taker, 0) == (0, None)
        with connected(proxy) as killer:
            rows(killer, f"KILL {own}")
            eventually(lambda: pool(killer)[0][0] == 1)
        assert value(taker, "SELECT CONNECTION_ID()") == theirs
        assert value(taker, "SELECT @leak") is None
        assert "ANSI" not in value(taker, "SELECT @@sql_mode")
        assert value(taker, "SELECT DATABASE()") == "mysql"
        with pytest.raises(pymysql.Error, match="1146"):
            rows(taker, "SELECT * FROM test.leak")
        assert rows(taker, "SHOW SCHEMAS OF PROXY") == (("mysql", "mysql"),)


def test_a_schema_that_is_gone_is_told_before_the_command(scripted, database):
    proxy = scripted(MANUAL)
    database.query("CREATE DATABASE IF NOT EXISTS passing")
    with connected(proxy, database="passing") as taker:
        with connected(proxy, database="test") as giver:
            assert refusal(giver, 0) == (0, None)
        own = value(taker, "SELECT CONNECTION_ID()")
        assert refusal(taker, 0) == (0, None)
        database.query(f"KILL {own}; DROP DATABASE passing")
        eventually(lambda: pool(taker)[0][0] == 1)
        for _ in range(2):
            with pytest.raises(pymysql.Error, match="1049"):
                rows(taker, "SELECT DATABASE()")
        taker.select_db("mysql")
        assert value(taker, "SELECT DATABASE()") == "mysql"


def test_read_write_splitting(scripted, make_database):
    writer, reader = make_database(["--server-id=11"]), make_database(["--server-id=12"])
    for server in (writer, reader):
        server.query("CREATE TABLE test.t (server INT); INSERT INTO test.t VALUES (@@server_id)")
    proxy = scripted(
        SPLIT, f"--proxy-read-only-backend-addresses={reader.direct.address}", backends=[writer.direct])
    with connected(proxy, database="test") as filler, connected(proxy, database="test") as client:
        assert pool(client) == [(1, 0), (1, 0)]
        for _ in range(5):
            assert value(client, "SELECT server FROM t") == 12
            rows(client, "UPDATE t SET server = server + 100")
            assert value(filler, "SELECT @@server_id") == 12
        assert int(writer.query("SELECT server FROM test.t")) == 511
        assert int(reader.query("SELECT server FROM test.t")) == 12
        rows(client, "BEGIN")
        assert value(client, "SELECT server FROM t") == 511
        assert pool(client) == [(0, 1), (1, 0)]
        rows(client, "COMMIT")
        assert value(client, "SELECT server FROM t") == 12
        rows(client, "USE mysql")
        assert value(client, "SELECT DATABASE()") == "mysql"
        assert value(filler, "SELECT DATABASE()") == "test"
    assert "refused" not in proxy.output


def test_reuse_by_two_users(scripted):
    proxy = scripted(REUSE)
    with connected(proxy) as first:
        ours = value(first, "SELECT CONNECTION_ID()")
        rows(first, "SET @leak = 1")
    with connected(proxy, "other", "different", database="test") as second:
        assert rows(second, "SELECT CONNECTION_ID(), CURRENT_USER(), USER() LIKE 'other@%', @leak, DATABASE()") == (
            (ours, "other@%", 1, None, "test"),)
        with connected(proxy):
            pass
        eventually(lambda: rows(second, "SHOW POOL") == (("1", "0", "1", "1"),))
    with pytest.raises(pymysql.Error, match="1045"):
        connected(proxy, "app", "wrong")
    with connected(proxy) as third:
        assert value(third, "SELECT CURRENT_USER()") == "app@%"
        # The wrong password has ended the one that was parked first.
        assert value(third, "SELECT CONNECTION_ID()") == ours
        assert rows(third, "SHOW POOL") == (("1", "0", "1", "0"),)


def test_reuse_by_clients_of_other_kinds(scripted):
    """A client whose capabilities aren't the parked connection's is logged in on a new one, unnoticed."""
    proxy = scripted(REUSE)
    with connected(proxy):
        pass
    for _ in range(3):
        code, output, errors = run_client(
            proxy.target, "--skip-column-names", sql="SELECT CURRENT_USER(), @a; SET @a = 1; SELECT @a")
        assert (code, output.split()) == (0, [b"app@%", b"NULL", b"1"]), errors
    for _ in range(2):
        code, output, errors = run_client(proxy.target.as_user("curve", "secret"), sql="SELECT CURRENT_USER()")
        assert (code, output.split()[1:]) == (0, [b"curve@%"]), errors
    with connected(proxy, "other", "different") as python:
        assert value(python, "SELECT CURRENT_USER()") == "other@%"
    code, _, errors = run_client(proxy.target.as_user("app", "wrong"), sql="SELECT 1")
    assert code and b"1045" in errors


def test_what_is_not_clean_is_not_parked(scripted):
    proxy = scripted(MANUAL)
    with connected(proxy, database="test") as client, connected(proxy) as watcher:
        rows(client, "BEGIN")
        assert "a transaction is open" in refusal(client, 0)[1]
        rows(client, "COMMIT")
        client.autocommit(False)
        assert "autocommit is off" in refusal(client, 0)[1]
        client.autocommit(True)
        for number in (2, -1, 99):
            assert "from 0 (none) to 1" in refusal(client, number)[1]
        assert refusal(client, 1) == (1, None)
        assert pool(watcher) == [(0, 2)]


def test_a_transaction_that_the_client_leaves_is_closed(scripted):
    proxy = scripted(KEEPALIVE)
    with connected(proxy) as watcher:
        leaver = connected(proxy, database="test")
        rows(leaver, "BEGIN")
        assert pool(watcher) == [(1, 1)]
        leaver.close()
        eventually(lambda: pool(watcher) == [(1, 0)])


def test_a_session_whose_connection_is_gone(scripted, database):
    proxy = scripted(MANUAL)
    with connected(proxy) as client, connected(proxy) as watcher:
        own = value(client, "SELECT CONNECTION_ID()")
        assert refusal(client, 0) == (0, None)
        database.query(f"KILL {own}")
        eventually(lambda: pool(watcher) == [(0, 1)])
        with pytest.raises(pymysql.Error, match="1105.*I have no server backend"):
            rows(client, "SELECT 1")
        with pytest.raises(pymysql.Error):
            rows(client, "SELECT 1")
        assert pool(watcher) == [(0, 1)]


def test_limits_of_the_pool(scripted, database):
    proxy = scripted(MANUAL, "--proxy-read-timeout=3")
    clients = [connected(proxy) for _ in range(4)]
    ids = [value(client, "SELECT CONNECTION_ID()") for client in clients]
    assert rows(clients[0], "SET POOL 2") == (("2", "1"),)
    for client in clients[:3]:
        assert refusal(client, 0) == (0, None)
    assert pool(clients[3]) == [(2, 1)]
    listed = f"SELECT id FROM information_schema.processlist WHERE id IN ({ids[0]}, {ids[1]}, {ids[2]}) ORDER BY id"
    eventually(lambda: database.query(listed).split() == [str(ids[1]), str(ids[2])])
    # Two are left, until they have idled for the proxy's read timeout.
    eventually(lambda: not database.query(listed))
    for client in clients:
        client.close()


def test_prepared_statements_stay_with_their_connection(scripted):
    proxy = scripted(MANUAL)
    with connected(proxy) as filler:
        assert refusal(filler, 0) == (0, None)
        with wire.Wire(proxy.target) as client:
            client.login()
            client.command(wire.STMT_PREPARE, b"SELECT 42")
            prepared = client.read()
            statement = prepared[1:5]
            assert wire.is_ok(prepared)
            client.read(), client.read()
            client.query("SET BACKEND 0")
            answer = [client.read() for _ in range(6)]
            assert wire.text_values(answer[4])[0] == b"1"
            assert b"prepared statements" in wire.text_values(answer[4])[1]
            client.command(wire.STMT_EXECUTE, statement + b"\0\1\0\0\0")
            execution = [client.read() for _ in range(5)]
            assert execution[3].endswith(b"\x2a\0\0\0")
            client.command(wire.STMT_CLOSE, statement)
            client.query("SET BACKEND 0")
            answer = [client.read() for _ in range(6)]
            assert wire.text_values(answer[4]) == [b"0", None]
            assert client.is_alive()


def test_the_schema_is_followed(scripted):
    proxy = scripted(MANUAL)
    with connected(proxy, database="test") as client:
        assert rows(client, "SHOW SCHEMAS OF PROXY") == (("test", "test"),)
        client.select_db("mysql")
        assert rows(client, "SHOW SCHEMAS OF PROXY") == (("mysql", "mysql"),)
        rows(client, " /* there */ uSe `test`; ")
        assert rows(client, "SHOW SCHEMAS OF PROXY") == (("test", "test"),)
        with pytest.raises(pymysql.Error, match="1049"):
            rows(client, "USE absent")
        assert rows(client, "SHOW SCHEMAS OF PROXY") == (("test", "test"),)
        assert refusal(client, 0) == (0, None)
        assert rows(client, "SHOW SCHEMAS OF PROXY") == (("test", None),)


def test_drain_closes_what_is_parked(scripted, database):
    proxy = scripted(KEEPALIVE)
    with connected(proxy) as client:
        own = value(client, "SELECT CONNECTION_ID()")
    eventually(lambda: str(own) in database.query("SELECT id FROM information_schema.processlist").split())
    began = time.monotonic()
    proxy.end()
    assert time.monotonic() - began < 5
    eventually(lambda: str(own) not in database.query("SELECT id FROM information_schema.processlist").split())
