"""Scripts/lib: the scripts that bring statements of their own."""

import pytest
from harness.lua_library import columns, connected, failure, no_errors, rows, scripted, shop  # noqa: F401
from harness.ports import wait_until

pytestmark = pytest.mark.millrace_only


# --- load-multi ------------------------------------------------------------------------------------------------------


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
            ("PLOAD ../../etc/passwd", "letters"), ("PLOAD /tmp/x", "letters"),
            ("PUNLOAD greeter", "not loaded"),
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


# --- xtab ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def sales(database):
    database.query("""
        DROP DATABASE IF EXISTS shop; CREATE DATABASE shop; USE shop;
        CREATE TABLE sales (city VARCHAR(20), product VARCHAR(40), `we``ird` INT, amount INT) CHARSET utf8mb4;
        INSERT INTO sales VALUES ('Ulm', 'fig', 1, 5), ('Ulm', 'fig', 1, 7), ('Ulm', 'plum', 2, 1),
            ('Bonn', 'fig', 2, 3), ('Bonn', NULL, 1, 9), ('Bonn', 'o''brien` \\\\', 1, 2), ('Ulm', '日本', 1, 4);
    """)


def test_xtab(scripted, sales):
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


def test_xtab_shows_its_statement_and_explains_itself(scripted, sales):
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


def test_xtab_lets_nothing_into_its_statement(scripted, sales):
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


# --- admin-sql -------------------------------------------------------------------------------------------------------


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
