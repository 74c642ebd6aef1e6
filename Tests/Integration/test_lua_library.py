"""Scripts/lib: its unit tests run inside the proxy, and its scripts as a user meets them."""

import os
import threading
import time

import pymysql
import pytest
from harness import proxies
from harness.ports import wait_until

pytestmark = pytest.mark.millrace_only

LIBRARY = proxies.REPOSITORY / "Scripts/lib"
UNIT_TESTS = sorted((proxies.REPOSITORY / "Tests/Integration/lua").glob("*_test.lua"))
# MILLRACE_LUA_EXTRA puts folders behind the library, as for modules that the binary doesn't have yet.
LUA_PATH = f"{LIBRARY}/?.lua;{os.environ.get('MILLRACE_LUA_EXTRA', '')};;"

# A unit test's file defines self_test(); what becomes of it is told to whoever connects.
RUN_UNIT_TEST = """
  assert(loadfile("%s", "t", setmetatable({}, { __index = _G, __newindex = _G })))()
  function connect_server()
    local ok, message = pcall(self_test)
    print(ok and "self_test passed" or message)
    io.stdout:flush()
    proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = ok and "self_test passed" or message }
    return proxy.PROXY_SEND_RESULT
  end
"""


@pytest.fixture
def scripted(make_millrace, database, scratch):
    """Starts Millrace with a script of the library, or with a text that may require some."""

    def start(script, *options, backends=None, environment=None):
        path = LIBRARY / f"{script}.lua"
        if "\n" in script:
            path = scratch / f"script{time.monotonic_ns()}.lua"
            path.write_text(script)
        backends = [database.direct] if backends is None else backends
        variables = {"LUA_PATH": LUA_PATH, **(environment or {})}
        loops = [] if any("--event-threads" in option for option in options) else ["--event-threads=1"]
        return make_millrace(backends, f"--proxy-lua-script={path}", *loops, *options, environment=variables)

    return start


def connected(proxy, **options):
    settings = {"charset": "utf8mb4", "autocommit": True, "connect_timeout": 20, "read_timeout": 60}
    return pymysql.connect(**{**proxy.target.python_options, **settings, **options})


def rows(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def columns(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [column[0] for column in cursor.description]


def failure(connection, sql):
    with pytest.raises(pymysql.Error) as error:
        rows(connection, sql)
    return error.value.args


# Tells whoever connects whether the proxy has what the library is written for.
PROBE = """
  function connect_server()
    local ok, message = pcall(function() %s end)
    proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = ok and "present" or message }
    return proxy.PROXY_SEND_RESULT
  end
"""


def need(scripted, lua):
    """Skips the test where the proxy can't do that yet."""
    with pytest.raises(pymysql.Error) as error:
        connected(scripted(PROBE % lua))
    if "present" not in str(error.value):
        pytest.skip(f"the proxy lacks {lua}: {error.value}")


@pytest.fixture
def tokenizer(scripted):
    need(scripted, 'require("mysql.tokenizer")')


@pytest.fixture
def pool(scripted, tokenizer):
    need(scripted, "return proxy.global.backends[1].pool.users.app.cur_idle_connections + 0")


class Background(threading.Thread):
    """Runs one statement; `outcome` is its rows, or the number of its error."""

    def __init__(self, connection, sql):
        super().__init__(daemon=True)
        self.connection, self.sql, self.outcome = connection, sql, None
        self.start()

    def run(self):
        try:
            self.outcome = rows(self.connection, self.sql)
        except pymysql.Error as error:
            self.outcome = error.args[0]


@pytest.mark.parametrize("path", UNIT_TESTS, ids=[path.stem for path in UNIT_TESTS])
def test_unit(scripted, tokenizer, path):
    proxy = scripted(RUN_UNIT_TEST % path, "--proxy-lua-max-instructions=100000000")
    with pytest.raises(pymysql.Error) as error:
        connected(proxy)
    assert "self_test passed" in str(error.value), proxy.output[-6000:]


@pytest.fixture
def shop(database):
    """A schema with a table of fruit, made anew."""
    database.query("""
        DROP DATABASE IF EXISTS shop; CREATE DATABASE shop; USE shop;
        CREATE TABLE fruit (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(30), price DECIMAL(6,2)) ENGINE=InnoDB;
        INSERT INTO fruit (name, price) VALUES ('fig', 0.5), ('plum', 0.25);
    """)


def no_errors(proxy):
    assert "stack traceback" not in proxy.output, proxy.output[-4000:]


# --- active-queries -------------------------------------------------------------------------------------------------


def test_active_queries(scripted, shop):
    proxy = scripted("active-queries")
    with connected(proxy, database="shop") as busy, connected(proxy) as asking:
        thread = Background(busy, "SELECT SLEEP(1.5), 'forged\n[1 root@x] line'")
        found = wait_until(lambda: rows(asking, "select * from  proxy.active_queries;"), 5)
        assert found[0][1].startswith("app@127.0.0.1:") and found[0][2] == "shop" and "SLEEP(1.5)" in found[0][4]
        assert "running" in proxy.output and "\n[1 root@x]" not in proxy.output
        thread.join(20)
        assert rows(asking, "SELECT * FROM proxy.active_queries") == ()
        failure(busy, "SELECT nonsense")
        assert rows(asking, "SELECT * FROM proxy.active_queries") == ()
    no_errors(proxy)


def test_active_queries_of_a_client_that_vanishes(scripted):
    proxy = scripted("active-queries")
    with connected(proxy) as asking:
        gone = connected(proxy)
        Background(gone, "SELECT SLEEP(2)")
        wait_until(lambda: rows(asking, "SELECT * FROM proxy.active_queries"), 5)
        gone._force_close()
        wait_until(lambda: not rows(asking, "SELECT * FROM proxy.active_queries"), 10)
    no_errors(proxy)


# --- active-transactions --------------------------------------------------------------------------------------------


def test_active_transactions_are_printed_after_a_lock_wait_timeout(scripted, shop):
    proxy = scripted("active-transactions")
    with connected(proxy, database="shop") as holder, connected(proxy, database="shop") as waiter:
        rows(holder, "BEGIN")
        rows(holder, "UPDATE fruit SET price = 1 WHERE id = 1")
        rows(waiter, "SET innodb_lock_wait_timeout = 1")
        rows(waiter, "BEGIN")
        assert failure(waiter, "SELECT * FROM fruit WHERE id = 1 FOR UPDATE")[0] == 1205
        output = wait_until(lambda: "error 1205" in proxy.output and proxy.output)
        assert "2 open transactions" in output and "UPDATE fruit SET price = 1 WHERE id = 1" in output
        assert "SELECT * FROM fruit WHERE id = 1 FOR UPDATE" in output
        # The client's own question about the error is answered.
        assert rows(waiter, "SHOW ERRORS")[0][1] == 1205
        rows(holder, "COMMIT")
        assert failure(waiter, "SELECT nonsense")[0] == 1054
        assert rows(waiter, "SELECT price FROM fruit WHERE id = 1 FOR UPDATE")[0][0] == 1
    assert proxy.output.count("error 1205") == 1 and "error 1054" not in proxy.output
    no_errors(proxy)


def test_active_transactions_after_a_deadlock(scripted, shop):
    proxy = scripted("active-transactions")
    with connected(proxy, database="shop") as one, connected(proxy, database="shop") as two:
        for connection, number in ((one, 1), (two, 2)):
            rows(connection, "BEGIN")
            rows(connection, f"UPDATE fruit SET price = 7 WHERE id = {number}")
        thread = Background(one, "UPDATE fruit SET price = 8 WHERE id = 2")
        time.sleep(0.3)
        codes = [thread.outcome]
        try:
            rows(two, "UPDATE fruit SET price = 8 WHERE id = 1")
        except pymysql.Error as error:
            codes.append(error.args[0])
        thread.join(20)
        assert 1213 in [*codes, thread.outcome]
    assert "error 1213" in proxy.output and proxy.output.count("price = 7") == 2
    no_errors(proxy)


# --- auditing -------------------------------------------------------------------------------------------------------


def test_auditing(scripted, shop):
    proxy = scripted("auditing")
    with connected(proxy, database="shop") as connection:
        rows(connection, "SELECT name FROM fruit")
        rows(connection, "UPDATE fruit SET price = 2")
        failure(connection, "SELECT nonsense")
        rows(connection, "SELECT 'a\nb'")
        rows(connection, "CREATE OR REPLACE USER audited@localhost IDENTIFIED BY 'hush-hush'")
        rows(connection, "SET PASSWORD FOR audited@localhost = PASSWORD('hush-hush')")
        rows(connection, "DROP USER audited@localhost")
        connection.ping()
    wait_until(lambda: "] left" in proxy.output)
    output = proxy.output
    assert "app@127.0.0.1:" in output and "] login accepted, schema shop" in output
    assert "2 rows, backend 1: [COM_QUERY] SELECT name FROM fruit" in output
    assert "2 affected, backend 1: [COM_QUERY] UPDATE fruit SET price = 2" in output
    assert "failed, backend 1: [COM_QUERY] SELECT nonsense" in output
    assert "[COM_QUERY] SELECT 'a\\nb'" in output and "[COM_PING]" in output
    assert "CREATE OR REPLACE `USER`" in output and "hush-hush" not in output
    no_errors(proxy)


def test_auditing_tells_of_refused_logins(scripted):
    proxy = scripted("auditing")
    with pytest.raises(pymysql.Error):
        connected(proxy, password="wrong")
    wait_until(lambda: "] login refused" in proxy.output)


# --- histogram ------------------------------------------------------------------------------------------------------


def test_histogram(scripted, tokenizer, shop):
    proxy = scripted("histogram")
    with connected(proxy, database="shop") as connection:
        rows(connection, "DELETE FROM histogram.queries")
        rows(connection, "DELETE FROM histogram.tables")
        for number in range(3):
            rows(connection, f"SELECT name FROM fruit WHERE id = {number}")
        rows(connection, "INSERT INTO shop.fruit (name) SELECT name FROM fruit")
        queries = {row[0]: row[1:] for row in rows(connection, "SELECT * FROM histogram.queries")}
        assert queries["SELECT `name` FROM `fruit` WHERE `id` = ?"][0] == 3
        most, average = queries["SELECT `name` FROM `fruit` WHERE `id` = ?"][1:]
        assert most >= average > 0
        assert rows(connection, "SELECT * FROM histogram.tables") == (("shop.fruit", 3, 1),)
        assert columns(connection, "SELECT * FROM histogram.tables") == ["table", "reads", "writes"]
        rows(connection, "delete from histogram.queries;")
        assert rows(connection, "SELECT * FROM histogram.queries") == ()
    no_errors(proxy)


def test_histogram_is_bounded(scripted, tokenizer):
    proxy = scripted("""
        proxy.global.config.histogram = proxy.global.config.histogram or { max_queries = 50 }
        require("histogram")
    """)
    with connected(proxy) as connection:
        for number in range(120):
            rows(connection, f"SELECT 1 AS a{number}")
        rows(connection, "SELECT '" + "x" * 100_000 + "'")
        found = [row[0] for row in rows(connection, "SELECT * FROM histogram.queries")]
        assert len(found) == 50 and "SELECT (long)" in found and "SELECT ? AS `a119`" in found
    no_errors(proxy)


# --- analyze-query --------------------------------------------------------------------------------------------------


def test_analyze_query(scripted, tokenizer, shop):
    proxy = scripted("""
        proxy.global.config.analyze_query = proxy.global.config.analyze_query
          or { min_queries = 20, auto_explain = true, auto_processlist = true }
        require("analyze-query")
    """)
    with connected(proxy, database="shop") as connection:
        rows(connection, "DELETE FROM histogram.queries")
        for _ in range(40):
            rows(connection, "SELECT SLEEP(0), name FROM fruit WHERE id = 1")
        assert rows(connection, "SELECT SLEEP(0.5), name FROM fruit WHERE id = 1") == ((0, "fig"),)
        found = rows(connection, "SELECT * FROM histogram.queries")[0]
        assert found[1] == 41 and found[2] >= 500_000 and 10_000 < found[3] < 100_000 and found[4] > 0
        slow = "us on average"
        wait_until(lambda: slow in proxy.output and "Info=SHOW FULL PROCESSLIST" in proxy.output)
        assert "table=fruit" in proxy.output
        # Settings are changed by statements.
        rows(connection, "PROXY SET GLOBAL analyze_query.analyze_queries = false")
        rows(connection, "SELECT 2 AS unseen")
        assert "unseen" not in str(rows(connection, "SELECT * FROM histogram.queries"))
        assert ("analyze_query", "analyze_queries", "false", "boolean") in rows(connection, "PROXY SHOW CONFIG")
    no_errors(proxy)


# --- commit-obfuscator ----------------------------------------------------------------------------------------------


def test_commit_obfuscator(scripted, tokenizer, shop):
    proxy = scripted("commit-obfuscator")
    outcomes = []
    with connected(proxy, database="shop") as connection:
        for number in range(40):
            rows(connection, "BEGIN")
            rows(connection, f"INSERT INTO fruit (name) VALUES ('kept {number}')")
            try:
                rows(connection, "/* app */ commit")
                outcomes.append(number)
            except pymysql.Error as error:
                assert error.args[0] == 1180
        kept = {row[0] for row in rows(connection, "SELECT name FROM fruit WHERE name LIKE 'kept %'")}
    assert kept == {f"kept {number}" for number in outcomes} and 4 <= len(kept) <= 36
    no_errors(proxy)


# --- load-multi -----------------------------------------------------------------------------------------------------

GREETER = """
  greeted = 0
  function read_query(packet)
    if packet:sub(2) == "SELECT greeting" then
      greeted = greeted + 1
      proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = {
        fields = { { name = "greeting" } }, rows = { { "hello " .. greeted } } } }
      return proxy.PROXY_SEND_RESULT
    elseif packet:sub(2) == "SELECT 'rewritten'" then
      proxy.queries:append(9, packet)   -- decided against: must not be sent
    end
  end
"""

REWRITER = """
  function read_query(packet)
    if packet:sub(2) ~= "SELECT 'rewritten'" then return end
    proxy.queries:append(1, string.char(proxy.COM_QUERY) .. "SELECT 'by rewriter'", { resultset_is_needed = true })
    return proxy.PROXY_SEND_QUERY
  end
  function read_query_result(inj)
    local row = inj.resultset.rows()
    proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = {
      fields = { { name = "text" } }, rows = { { row[1] .. " " .. inj.id } } } }
    return proxy.PROXY_SEND_RESULT
  end
"""


@pytest.fixture
def loadable(scratch):
    """A folder of scripts to load."""
    folder = scratch / "loadable"
    folder.mkdir()
    for name, text in (("greeter", GREETER), ("rewriter", REWRITER), ("broken", "return return")):
        (folder / f"{name}.lua").write_text(text)
    (folder / "failing.lua").write_text("error('not today')")
    return folder


def test_load_multi(scripted, loadable):
    proxy = scripted("load-multi", environment={"PLOAD_FOLDER": str(loadable)})
    with connected(proxy) as one, connected(proxy) as other:
        assert failure(one, "SELECT greeting")[0] == 1054
        rows(one, "PLOAD greeter")
        assert rows(one, "SELECT greeting") == (("hello 1",),)
        assert rows(one, "SELECT greeting") == (("hello 2",),)
        # Others take part at once, with globals of their own.
        assert rows(other, "SELECT greeting") == (("hello 1",),)
        rows(other, "pload 'rewriter';")
        assert rows(one, "SELECT 'rewritten'") == (("by rewriter 1",),)
        assert ("loaded", "greeter rewriter") in rows(one, "PLOAD_HELP")
        with connected(proxy) as late:
            assert rows(late, "SELECT greeting") == (("hello 1",),)
        rows(other, "PUNLOAD greeter")
        assert failure(one, "SELECT greeting")[0] == 1054
        assert rows(one, "SELECT 'rewritten'") == (("by rewriter 1",),)
        rows(one, "PUNLOAD rewriter")
        assert rows(other, "SELECT 'rewritten'") == (("rewritten",),)
    no_errors(proxy)


def test_load_multi_refuses(scripted, loadable):
    proxy = scripted("load-multi", environment={"PLOAD_FOLDER": str(loadable)})
    with connected(proxy) as connection:
        for statement, reason in (
            ("PLOAD broken", "broken.lua:1:"), ("PLOAD failing", "not today"), ("PLOAD absent", "no file"),
            ("PLOAD ../../etc/passwd", "letters"), ("PLOAD /tmp/x", "letters"), ("PUNLOAD greeter", "not loaded"),
        ):  # fmt: skip
            code, message = failure(connection, statement)
            assert code == 1105 and reason in message
        rows(connection, "PLOAD greeter")
        assert "already" in failure(connection, "PLOAD greeter")[1]


def test_load_multi_by_some_users_under_other_words(scripted, loadable):
    environment = {"PLOAD_FOLDER": str(loadable), "PLOAD_USERS": "other, root", "PLOAD": "LADEN"}
    proxy = scripted("load-multi", environment=environment)
    with connected(proxy) as app, connected(proxy, user="other", password="different") as other:
        assert "may not" in failure(app, "LADEN greeter")[1]
        assert failure(other, "PLOAD greeter")[0] == 1064
        rows(other, "LADEN greeter")
        assert rows(app, "SELECT greeting") == (("hello 1",),)


def test_load_multi_reaches_all_loops(scripted, loadable):
    proxy = scripted("load-multi", "--event-threads=4", environment={"PLOAD_FOLDER": str(loadable)})
    clients = [connected(proxy) for _ in range(16)]
    rows(clients[0], "PLOAD greeter")
    assert [rows(client, "SELECT greeting") for client in clients] == [(("hello 1",),)] * 16
    for client in clients:
        client.close()


# --- xtab -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def sales(database):
    database.query("""
        DROP DATABASE IF EXISTS shop; CREATE DATABASE shop; USE shop;
        CREATE TABLE sales (city VARCHAR(20), product VARCHAR(40), `we``ird` INT, amount INT) CHARSET utf8mb4;
        INSERT INTO sales VALUES ('Ulm', 'fig', 1, 5), ('Ulm', 'fig', 1, 7), ('Ulm', 'plum', 2, 1), ('Bonn', 'fig', 2, 3),
            ('Bonn', NULL, 1, 9), ('Bonn', 'o''brien` \\\\', 1, 2), ('Ulm', '日本', 1, 4);
    """)


def test_xtab(scripted, tokenizer, sales):
    proxy = scripted("xtab")
    with connected(proxy, database="shop") as connection:
        sql = "XTAB sales city product sum amount"
        assert columns(connection, sql) == ["city", "NULL", "fig", "o'brien` \\", "plum", "日本"]
        assert rows(connection, sql) == (("Bonn", 9, 3, 2, None, None), ("Ulm", None, 12, None, 1, 4))
        assert rows(connection, "xtab shop.sales city product count * SUMMARY;") == (
            ("Bonn", 1, 1, 1, 0, 0, 3), ("Ulm", 0, 2, 0, 1, 1, 4), ("total", 1, 3, 1, 1, 1, 7))  # fmt: skip
        assert columns(connection, "XTAB sales city product max amount summary")[-1] == "total"
        assert rows(connection, "XTAB sales city `we``ird` max amount") == (("Bonn", 9, 3), ("Ulm", 7, 1))
        assert columns(connection, "XTAB sales city amount count *")[1:] == ["1", "2", "3", "4", "5", "7", "9"]
    no_errors(proxy)


def test_xtab_shows_its_statement_and_explains_itself(scripted, tokenizer, sales):
    proxy = scripted("""require("xtab")\n""")
    with connected(proxy, database="shop") as connection:
        rows(connection, "XTAB QUERY")
        sql = rows(connection, "XTAB sales city product sum amount")[0][0]
        assert sql.startswith("SELECT `city`, SUM(IF(`product` IS NULL, `amount`, NULL)) AS `NULL`")
        assert rows(connection, sql) == (("Bonn", 9, 3, 2, None, None), ("Ulm", None, 12, None, 1, 4))
        rows(connection, "XTAB NOQUERY")
        assert len(rows(connection, "XTAB sales city product sum amount")) == 2
        assert len(rows(connection, "XTAB HELP")) == 5 and len(rows(connection, "XTAB VERSION")) == 1
    no_errors(proxy)


def test_xtab_lets_nothing_into_its_statement(scripted, tokenizer, sales):
    proxy = scripted("""
        proxy.global.config.xtab = proxy.global.config.xtab or { max_columns = 5 }
        require("xtab")
    """)
    with connected(proxy, database="shop") as connection:
        for sql, code in (
            ("XTAB sales city product sum", 1064), ("XTAB sales city product drop amount", 1064),
            ("XTAB sales city product sum *", 1064), ("XTAB sales city product sum amount total", 1064),
            ("XTAB sales city product sum 'x'", 1064), ("XTAB absent city product sum amount", 1146),
            ("XTAB `sales; DROP TABLE sales` city product sum amount", 1146),
            ("XTAB sales `city``, (SELECT 1)` product sum amount", 1054),
        ):  # fmt: skip
            assert failure(connection, sql)[0] == code, sql
        assert len(rows(connection, "XTAB sales city product sum amount")) == 2
        rows(connection, "INSERT INTO sales (city, product) VALUES ('Ulm', 'one more')")
        assert "more than 5" in failure(connection, "XTAB sales city product sum amount")[1]
    no_errors(proxy)


# --- admin-sql ------------------------------------------------------------------------------------------------------


def test_admin_sql(scripted, shop):
    proxy = scripted("admin-sql")
    with connected(proxy, database="shop") as connection:
        for sql in ("PING", "ping;", "DEBUG", "SETOPT", "REGSLAVE"):
            assert not rows(connection, sql), sql
        assert "Uptime:" in rows(connection, "STATISTICS")[0][0]
        assert any("app" in str(row) for row in rows(connection, "PROCINFO"))
        assert failure(connection, "PROCKILL")[0] == 1094
        assert "id" in rows(connection, "FLIST fruit")[0][0]
        assert failure(connection, "FLIST absent")[0] == 1146
        assert failure(connection, "TIME")[0] == 1047
        for sql in ("TDUMP", "TDUMP1", "TDUMP2"):
            assert failure(connection, sql)[0] == 1047
        # The server's own statements of similar words pass.
        assert rows(connection, "SELECT 1") == ((1,),) and failure(connection, "RESET nonsense")[0] == 1064
    no_errors(proxy)


def test_admin_sql_prepares_and_executes(scripted, shop):
    proxy = scripted("admin-sql")
    with connected(proxy, database="shop") as connection:
        statement, columns_of, parameters, _ = rows(connection, "PREP SELECT id, name FROM fruit")[0]
        assert statement > 0 and (columns_of, parameters) == (2, 0)
        first, count, size = rows(connection, "EXEC")[0]
        assert first == "02" and count == 2 and size > 0
        assert not rows(connection, "RESET")
        assert not rows(connection, "DEAL")
        assert failure(connection, "EXEC")[0] == 1243
        assert failure(connection, "PREP1")[0] in (1064, 1065)
        for sql in ("EXEC1", "RESET1", "FETCH1"):
            assert failure(connection, sql)[0] > 0
        assert not rows(connection, "PING")
    no_errors(proxy)


def test_admin_sql_asks_for_the_binary_log(scripted, make_database):
    proxy = scripted("admin-sql", backends=[make_database().direct])
    with connected(proxy) as connection:
        assert not rows(connection, "REGSLAVE")
        code, message = failure(connection, "BINLOGDUMP")
        assert code == 1236 and "Binary log is not open" in message
    no_errors(proxy)


def test_admin_sql_stops_the_server(scripted, make_database):
    server = make_database()
    proxy = scripted("admin-sql", backends=[server.direct])
    with connected(proxy) as connection:
        rows(connection, "COMMIT SUICIDE")
    wait_until(lambda: not server.process.is_running, 30)


# --- ro-balance -----------------------------------------------------------------------------------------------------


@pytest.fixture
def replica(database, make_database):
    """A replica of the shared database."""
    server = make_database(["--server-id=2", "--read-only"])
    server.query(f"""
        CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={database.port}, MASTER_USER='app', MASTER_PASSWORD='secret',
            MASTER_CONNECT_RETRY=1, MASTER_LOG_FILE='{database.query("SHOW MASTER STATUS").split()[0]}',
            MASTER_LOG_POS={database.query("SHOW MASTER STATUS").split()[1]};
        START SLAVE
    """)
    with pymysql.connect(**server.direct.python_options, cursorclass=pymysql.cursors.DictCursor) as connection:
        wait_until(lambda: rows(connection, "SHOW SLAVE STATUS")[0]["Seconds_Behind_Master"] == 0)
    return server


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


# --- rw-splitting and ro-pooling ------------------------------------------------------------------------------------


@pytest.fixture
def replicated(database, replica):
    """A read/write server and a read-only one that follows it, as options; the schema shop is on both."""
    database.query("""
        DROP DATABASE IF EXISTS shop; CREATE DATABASE shop; USE shop;
        CREATE TABLE fruit (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(30)) ENGINE=InnoDB;
        INSERT INTO fruit (name) VALUES ('fig'), ('plum');
    """)
    wait_until(lambda: replica.query("SELECT COUNT(*) FROM shop.fruit").strip() == "2")
    return [f"--proxy-read-only-backend-addresses={replica.direct.address}"]


SPLITTING = """
  proxy.global.config.rwsplit = proxy.global.config.rwsplit or { min_idle_connections = 1, is_debug = true }
  require("rw-splitting")
"""


@pytest.fixture
def split(scripted, pool, database, replicated):
    """rw-splitting with one client's connection to each server in the pool."""
    proxy = scripted(SPLITTING, *replicated, backends=[database.direct])
    # The first login opens a connection to the read/write server, the second one to the replica.
    clients = [connected(proxy, database="shop") for _ in range(2)]
    yield proxy
    for client in clients:
        client.close()
    no_errors(proxy)


# What a client learns without the statement being tied to its connection: the replica alone is read-only.
WHERE = "SELECT variable_value FROM information_schema.global_variables WHERE variable_name = 'server_id'"


def where(connection, suffix=""):
    """The id of the server that a read runs on."""
    return int(rows(connection, WHERE + suffix)[0][0])


def test_rw_splitting_sends_reads_to_the_replica(split):
    with connected(split, database="shop") as connection:
        assert where(connection) == 2
        for suffix in (" FOR UPDATE", " LOCK IN SHARE MODE"):
            assert where(connection, suffix) == 1
        rows(connection, "INSERT INTO fruit (name) VALUES ('quince')")
        assert rows(connection, "SELECT LAST_INSERT_ID()") == ((3,),)
        assert rows(connection, "SELECT name FROM fruit WHERE id = 3") == (("quince",),)
        for _ in range(5):
            where(connection)
        assert where(connection) == 2


def test_rw_splitting_keeps_transactions_together(split):
    with connected(split, database="shop") as connection:
        rows(connection, "BEGIN")
        assert where(connection) == 1
        rows(connection, "INSERT INTO fruit (name) VALUES ('undone')")
        rows(connection, "ROLLBACK")
        assert where(connection) == 2
        rows(connection, "SET autocommit = 0")
        assert where(connection) == 1
        rows(connection, "COMMIT")
        assert where(connection) == 1
        rows(connection, "SET autocommit = 1")
        assert where(connection) == 2


@pytest.mark.parametrize(
    "sql, then, expected",
    [
        ("SET @a = 5", "SELECT @a", 5),
        ("SELECT @b := 6", "SELECT @b", 6),
        ("SELECT 7 INTO @c", "SELECT @c", 7),
        ("CREATE TEMPORARY TABLE scratch AS SELECT 8 AS n", "SELECT n FROM scratch", 8),
        ("PREPARE nine FROM 'SELECT 9'", "EXECUTE nine", 9),
        ("SELECT GET_LOCK('lualib', 1)", "SELECT IS_USED_LOCK('lualib') = CONNECTION_ID()", 1),
        ("SET sql_mode = 'ANSI_QUOTES'", "SELECT @@sql_mode = 'ANSI_QUOTES'", 1),
        ("SELECT 1; SET @d = 10", "SELECT @d", 10),
    ],
)
def test_rw_splitting_keeps_what_a_client_left_on_its_connection(split, sql, then, expected):
    flags = pymysql.constants.CLIENT.MULTI_STATEMENTS
    with connected(split, database="shop", client_flag=flags) as connection:
        rows(connection, sql)
        while connection.next_result():
            pass
        assert where(connection) == 1
        with connected(split, database="shop") as other:
            rows(other, "UPDATE fruit SET name = name")
        assert rows(connection, then)[0][0] == expected
        assert where(connection) == 1


def test_rw_splitting_gives_the_schema_and_the_names_along(split):
    with connected(split, database="shop") as connection:
        rows(connection, "SET NAMES latin1")
        assert rows(connection, "SELECT DATABASE(), CHARSET('x')") == (("shop", "latin1"),)
        rows(connection, "USE mysql")
        assert rows(connection, "SELECT DATABASE(), CHARSET('x')") == (("mysql", "latin1"),)
        assert where(connection) == 2
        connection.select_db("shop")
        assert rows(connection, "SELECT DATABASE(), COUNT(*) FROM fruit") == (("shop", 2),)
    with connected(split, database="shop") as other:
        assert rows(other, "SELECT CHARSET('x')") == (("utf8mb4",),)


def test_rw_splitting_reports_a_schema_that_is_gone(split, database):
    database.query("CREATE DATABASE passing")
    with connected(split, database="shop") as connection, connected(split, database="shop") as other:
        rows(connection, "USE passing")
        rows(other, "DROP DATABASE passing")
        rows(other, "SELECT 1")
        wait_until(lambda: "passing" not in database.query("SHOW DATABASES"))
        assert failure(connection, "SELECT 1")[0] == 1049
        rows(connection, "USE shop")
        assert rows(connection, "SELECT DATABASE()") == (("shop",),)


def test_rw_splitting_answers_questions_about_the_statement_before(split):
    with connected(split, database="shop") as connection:
        rows(connection, "SELECT CAST('x' AS INT)")
        assert rows(connection, "SHOW WARNINGS")[0][1] == 1292
        rows(connection, "SELECT SQL_CALC_FOUND_ROWS name FROM fruit LIMIT 1")
        assert rows(connection, "SELECT FOUND_ROWS()") == ((2,),)
        assert failure(connection, "SELECT nonsense")[0] == 1054
        assert rows(connection, "SHOW ERRORS")[0][1] == 1054


def test_rw_splitting_is_set_by_statements(split):
    with connected(split, database="shop") as connection:
        shown = {row[1]: row[2] for row in rows(connection, "PROXY SHOW CONFIG") if row[0] == "rwsplit"}
        assert shown["min_idle_connections"] == "1" and shown["stay_after_write"] == "5"
        rows(connection, "PROXY SET GLOBAL rwsplit.stay_after_write = 0")
        rows(connection, "INSERT INTO fruit (name) VALUES ('kiwi')")
        assert where(connection) == 2


def test_rw_splitting_with_many_clients(split):
    """More clients than connections would be needed at once, each with a transaction now and then."""
    failures = []

    def work(number):
        try:
            with connected(split, database="shop") as connection:
                for turn in range(30):
                    assert rows(connection, f"SELECT {number}, {turn}") == ((number, turn),)
                    if turn % 5 == 0:
                        rows(connection, "BEGIN")
                        rows(connection, f"INSERT INTO fruit (name) VALUES ('{number}')")
                        rows(connection, "COMMIT")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    busy = [error for error in failures if "is busy" in str(error)]
    assert failures == busy


def test_ro_pooling(scripted, pool, database, replicated):
    proxy = scripted("""
        proxy.global.config.ropool = proxy.global.config.ropool or { min_idle_connections = 2 }
        require("ro-pooling")
    """, *replicated, backends=[database.direct])  # fmt: skip
    clients = [connected(proxy, database="shop") for _ in range(4)]
    for client in clients:
        assert where(client) == 2
        assert rows(client, "SELECT DATABASE()") == (("shop",),)
    rows(clients[0], "SET @a = 1")
    for client in clients[1:]:
        assert rows(client, "SELECT @a") == ((None,),)
    assert rows(clients[0], "SELECT @a") == ((1,),)
    for client in clients:
        client.close()
    no_errors(proxy)
