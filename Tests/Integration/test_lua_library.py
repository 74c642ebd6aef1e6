"""Scripts/lib: its unit tests run inside the proxy, and its scripts that watch and count."""

import time

import pymysql
import pytest
from harness import proxies
from harness.background import Background
from harness.lua_library import (  # noqa: F401
    columns,
    connected,
    failure,
    no_errors,
    rows,
    scripted,
    shop,
)
from harness.ports import wait_until

pytestmark = pytest.mark.millrace_only

UNIT_TESTS = sorted((proxies.REPOSITORY / "Tests/Integration/lua").glob("*_test.lua"))

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


@pytest.mark.parametrize("path", UNIT_TESTS, ids=[path.stem for path in UNIT_TESTS])
def test_unit(scripted, path):
    proxy = scripted(RUN_UNIT_TEST % path, "--proxy-lua-max-instructions=100000000")
    with pytest.raises(pymysql.Error) as error:
        connected(proxy)
    assert "self_test passed" in str(error.value), proxy.output[-6000:]


# --- active-queries --------------------------------------------------------------------------------------------------


def test_active_queries(scripted, shop):
    proxy = scripted("active-queries")
    with connected(proxy, database="shop") as busy, connected(proxy) as asking:
        thread = Background(busy, "SELECT SLEEP(1.5), 'forged\n[1 root@x] line'")
        found = wait_until(lambda: rows(asking, "select * from  proxy.active_queries;"), 5)
        assert found[0][1].startswith("app@127.0.0.1:") and found[0][2] == "shop" and "SLEEP(1.5)" in found[0][4]
        assert "running" in proxy.output and "\n[1 root@x]" not in proxy.output
        assert thread.result() == ((0, "forged\n[1 root@x] line"),)
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


# --- active-transactions ---------------------------------------------------------------------------------------------


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
        other = Background(two, "UPDATE fruit SET price = 8 WHERE id = 1")
        assert 1213 in (thread.result(), other.result())
        wait_until(lambda: "error 1213" in proxy.output and proxy.output.count("price = 7") == 2)
    no_errors(proxy)


# --- auditing --------------------------------------------------------------------------------------------------------


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


# --- histogram -------------------------------------------------------------------------------------------------------


def test_histogram(scripted, shop):
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


def test_histogram_lets_a_local_file_through(scripted, shop, scratch):
    (scratch / "fruit.txt").write_text("7\tkiwi\t1.5\n8\tlime\t2\n")
    proxy = scripted("histogram")
    with connected(proxy, database="shop", local_infile=True) as connection:
        rows(connection, f"LOAD DATA LOCAL INFILE '{scratch}/fruit.txt' INTO TABLE fruit")
        assert rows(connection, "SELECT name FROM fruit WHERE id > 6") == (("kiwi",), ("lime",))
        assert ("shop.fruit", 1, 1) in rows(connection, "SELECT * FROM histogram.tables")
    no_errors(proxy)


@pytest.mark.parametrize("script", ["active-queries", "active-transactions", "auditing", "histogram", "analyze-query"])
def test_a_statement_of_2_mb_passes(scripted, script):
    proxy = scripted(script)
    with connected(proxy) as connection:
        assert rows(connection, f"SELECT LENGTH('{'x' * 2_000_000}')") == ((2_000_000,),)
    no_errors(proxy)
    assert len(proxy.output) < 100_000


def test_histogram_is_bounded(scripted):
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


# --- analyze-query ---------------------------------------------------------------------------------------------------


def test_analyze_query(scripted, shop):
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


# --- commit-obfuscator -----------------------------------------------------------------------------------------------


def test_commit_obfuscator(scripted, shop):
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
