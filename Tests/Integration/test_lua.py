"""Lua scripts between a real client and a real server."""

import signal
import threading

import pymysql
import pytest
from harness import proxies
from harness.lua import connected, rows
from harness.ports import wait_until

pytestmark = pytest.mark.millrace_only


def test_an_answer_without_a_backend(scripted):
    proxy = scripted("""
        function read_query(packet)
          if packet ~= string.char(proxy.COM_QUERY) .. "SELECT hello" then return end
          proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = {
            fields = { { name = "greeting", type = proxy.MYSQL_TYPE_VAR_STRING }, { name = "n" } },
            rows = { { "hello " .. proxy.connection.client.username, 1 }, { nil, 2 } } } }
          return proxy.PROXY_SEND_RESULT
        end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT hello") == (("hello app", "1"), (None, "2"))
        assert rows(connection, "SELECT 5") == ((5,),)


def test_block_by_error(scripted):
    proxy = scripted("""
        function read_query(packet)
          if packet:byte() == proxy.COM_QUERY and packet:sub(2):upper():match("^DROP ") then
            proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = "no DROP here", errcode = 1142, sqlstate = "42000" }
            return proxy.PROXY_SEND_RESULT
          end
        end
    """)
    with connected(proxy) as connection:
        with pytest.raises(pymysql.Error) as error:
            rows(connection, "DROP TABLE scenario.nothing")
        assert error.value.args == (1142, "no DROP here")
        assert rows(connection, "SELECT 1") == ((1,),)


def test_rewrite_by_append(scripted):
    proxy = scripted("""
        function read_query(packet)
          if packet:byte() ~= proxy.COM_QUERY then return end
          proxy.queries:append(1, (packet:gsub("old", "new")))
          return proxy.PROXY_SEND_QUERY
        end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 'old'") == (("new",),)


MASK = """
    function read_query(packet)
      if packet:byte() ~= proxy.COM_QUERY then return end
      proxy.queries:append(1, packet, { resultset_is_needed = true })
      proxy.queries:append(2, string.char(proxy.COM_QUERY) .. "SELECT 'unseen'", { resultset_is_needed = true })
      return proxy.PROXY_SEND_QUERY
    end
    function read_query_result(inj)
      if inj.id == 2 then return proxy.PROXY_IGNORE_RESULT end
      local set = inj.resultset
      if #set.fields == 0 then return end
      local fields, masked = {}, {}
      for i = 1, #set.fields do fields[i] = { name = set.fields[i].name, type = set.fields[i].type } end
      for row in set.rows do
        for i = 1, #fields do if fields[i].name == "card" then row[i] = "****" .. row[i]:sub(-4) end end
        masked[#masked + 1] = row
      end
      proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = { fields = fields, rows = masked } }
      return proxy.PROXY_SEND_RESULT
    end
"""


def test_mask_a_column(scripted):
    proxy = scripted(MASK)
    with connected(proxy) as connection:
        sql = "SELECT 'ada' AS name, '4111222233334444' AS card UNION ALL SELECT NULL, '99990000'"
        assert rows(connection, sql) == (("ada", "****4444"), (None, "****0000"))
        assert not rows(connection, "SET @a = 1")
        with pytest.raises(pymysql.Error, match="1146"):
            rows(connection, "SELECT * FROM test.absent")
        assert rows(connection, "SELECT 'x' AS y") == (("x",),)


def test_errors_pass_on_or_refuse(scripted):
    source = "function read_query(packet) if packet:find('FAIL') then error('oops') end end"
    passing = scripted(source)
    with connected(passing) as connection:
        assert rows(connection, "SELECT 'FAIL'") == (("FAIL",),)
    assert "script.lua:1: oops" in passing.output and "stack traceback" in passing.output
    refusing = scripted(source, "--proxy-lua-on-error=refuse")
    with connected(refusing) as connection:
        with pytest.raises(pymysql.Error, match="Lua script failed in read_query"):
            rows(connection, "SELECT 'FAIL'")
        assert rows(connection, "SELECT 1") == ((1,),)


def test_a_runaway_loop_ends_while_others_are_served(scripted):
    proxy = scripted("function read_query(packet) if packet:find('HANG') then while true do end end end")
    served = []

    def serve():
        with connected(proxy) as connection:
            for number in range(50):
                served.append(rows(connection, f"SELECT {number}"))

    other = threading.Thread(target=serve)
    with connected(proxy) as connection:
        other.start()
        for _ in range(20):
            assert rows(connection, "SELECT 'HANG'") == (("HANG",),)
        other.join(60)
    assert len(served) == 50
    assert "--proxy-lua-max-instructions" in proxy.output


def test_a_broken_script_is_a_start_up_error(scripted):
    with pytest.raises(AssertionError, match=r"--proxy-lua-script: .*script\.lua:2: "):
        scripted("function read_query(packet)\n  return return\nend\n")


def test_a_query_of_20_mb_passes_a_script(scripted):
    proxy = scripted("function read_query(packet) seen = #packet end")
    with connected(proxy) as connection:
        text = "x" * 20_000_000
        assert rows(connection, f"SELECT LENGTH('{text}')") == ((20_000_000,),)
    assert "not enough memory" not in proxy.output and "--proxy-lua-max-memory" not in proxy.output


def test_connect_server_refuses(scripted):
    proxy = scripted("""
        function connect_server()
          proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = "closed today", errcode = 1040, sqlstate = "08004" }
          return proxy.PROXY_SEND_RESULT
        end
    """)
    with pytest.raises(pymysql.Error, match="closed today"):
        connected(proxy)


def test_connection_close_after_the_answer(scripted):
    proxy = scripted("""
        function read_query(packet)
          if packet:find("last") then proxy.connection.connection_close = true end
        end
        function disconnect_client() print("left: " .. proxy.connection.client.username) io.stdout:flush() end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 'last'") == (("last",),)
        with pytest.raises(pymysql.Error):
            rows(connection, "SELECT 1")
    assert "left: app" in proxy.output


def test_the_example_of_the_readme(scripted):
    readme = (proxies.REPOSITORY / "README.md").read_text()
    proxy = scripted(readme.split("```lua\n")[1].split("```")[0])
    with connected(proxy) as connection:
        assert rows(connection, "SELECT hello") == (("hello app",),)
        # Types are kept, so that drivers convert as before.
        assert rows(connection, "SELECT 7 AS id, '4111222233334444' AS card") == ((7, "****4444"),)
        assert rows(connection, "SELECT NULL AS card") == ((None,),)
        assert not rows(connection, "SET @a = 1")


def test_a_changed_script_reaches_new_clients(scripted, scratch):
    (scratch / "words.lua").write_text("return 'first'")
    proxy = scripted("""
        local word = require("words")
        function read_query(packet)
          if packet ~= string.char(proxy.COM_QUERY) .. "SELECT word" then return end
          proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = { fields = {{ name = "w" }}, rows = {{ word }} } }
          return proxy.PROXY_SEND_RESULT
        end
    """)
    with connected(proxy) as before:
        assert rows(before, "SELECT word") == (("first",),)
        (scratch / "words.lua").write_text("return 'second'")
        wait_until(lambda: "script.lua is reloaded" in proxy.output, 20, "the reload")
        with connected(proxy) as after:
            assert rows(after, "SELECT word") == (("second",),)
        assert rows(before, "SELECT word") == (("first",),)
        (scratch / "script.lua").write_text("function self_test() error('one test failed') end")
        proxy.signal(signal.SIGHUP)
        wait_until(lambda: "one test failed" in proxy.output, 20, "the refusal")
        assert "isn't reloaded" in proxy.output
        with connected(proxy) as after:
            assert rows(after, "SELECT word") == (("second",),)


def test_a_failing_self_test_is_a_start_up_error(scripted):
    with pytest.raises(AssertionError, match=r"--proxy-lua-script: .*script\.lua:1: 2 of 3 failed"):
        scripted("function self_test() error('2 of 3 failed') end")


def test_modules_beside_the_script_in_lua_path_and_from_debian(make_millrace, database, scratch):
    (scratch / "more").mkdir()
    (scratch / "beside.lua").write_text("return 'beside'")
    (scratch / "more/told.lua").write_text("return 'told'")
    (scratch / "script.lua").write_text("""
        local lpeg, lfs = require("lpeg"), require("lfs")
        local words = { require("beside"), require("told"), type(lpeg.P), type(lfs.attributes) }
        function read_query(packet)
          if packet:byte() ~= proxy.COM_QUERY or not packet:find("words") then return end
          proxy.response = { type = proxy.MYSQLD_PACKET_OK,
            resultset = { fields = {{ name = "w" }}, rows = {{ table.concat(words, " ") }} } }
          return proxy.PROXY_SEND_RESULT
        end
    """)
    proxy = make_millrace(
        [database.direct], f"--proxy-lua-script={scratch}/script.lua", f"--lua-path={scratch}/more/?.lua")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT words") == (("beside told function function",),)


def test_all_loops_share_a_dictionary(make_millrace, database, scratch):
    (scratch / "script.lua").write_text("""
        function read_query(packet)
          if packet:byte() ~= proxy.COM_QUERY or not packet:find("count") then return end
          local n = proxy.shared.incr("queries")
          proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = { fields = {{ name = "n" }}, rows = {{ n }} } }
          return proxy.PROXY_SEND_RESULT
        end
    """)
    proxy = make_millrace([database.direct], f"--proxy-lua-script={scratch}/script.lua", "--event-threads=4")
    connections = [connected(proxy) for _ in range(16)]
    answers = [int(rows(connection, "SELECT count")[0][0]) for _ in range(10) for connection in connections]
    assert sorted(answers) == list(range(1, 161))
    for connection in connections:
        connection.close()


def test_a_long_packet_acts_as_a_string(scripted):
    proxy = scripted("""
        function read_query(packet)
          if packet:byte() == proxy.COM_QUERY and packet:sub(2, 7) == "INSERT" and #packet > 2000000 then seen = true end
          if packet:find("SEEN", 1, true) and seen then proxy.connection.connection_close = true end
        end
    """)
    with connected(proxy) as connection:
        rows(connection, "CREATE TEMPORARY TABLE scenario.long_texts (t LONGTEXT)")
        rows(connection, "INSERT INTO scenario.long_texts VALUES ('" + "x" * 9_000_000 + "')")
        assert rows(connection, "SELECT LENGTH(t) AS SEEN FROM scenario.long_texts") == ((9_000_000,),)
        with pytest.raises(pymysql.Error):
            rows(connection, "SELECT 1")


def test_a_packet_in_several_pieces_becomes_a_string(scripted):
    proxy = scripted("""
        function read_query(packet)
          if packet:byte() ~= proxy.COM_QUERY then return end
          proxy.queries:append(1, tostring(packet))
          return proxy.PROXY_SEND_QUERY
        end
    """, "--proxy-lua-max-instructions=100000000")
    with connected(proxy) as connection:
        assert rows(connection, f"SELECT LENGTH('{'x' * 20_000_000}')") == ((20_000_000,),)
    assert "read_query" not in proxy.output


def test_a_kept_result_is_bounded(scripted):
    proxy = scripted("""
        function read_query(packet)
          if packet:byte() ~= proxy.COM_QUERY then return end
          proxy.queries:append(1, packet, { resultset_is_needed = true })
          proxy.queries:append(2, packet, { resultset_is_needed = true })
          return proxy.PROXY_SEND_QUERY
        end
        function read_query_result(inj) if inj.id == 2 then return proxy.PROXY_IGNORE_RESULT end end
    """, "--proxy-lua-max-result=1000000")
    with connected(proxy) as connection:
        with pytest.raises(pymysql.Error, match="--proxy-lua-max-result"):
            rows(connection, "SELECT REPEAT('x', 10000) FROM mysql.help_topic LIMIT 300")
        assert rows(connection, "SELECT LENGTH(REPEAT('x', 10000))") == ((10000,),)
