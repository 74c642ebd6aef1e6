"""Reference 4.5: proxy.queries."""

import pymysql
import pytest
from harness.lua import connected, rows, said

pytestmark = pytest.mark.millrace_only

TWENTY_MB = 20_000_000


def test_append_sends_in_order_and_prepend_before_all(scripted):
    proxy = scripted("""
        function read_query(packet)
          if packet ~= "\\3SELECT three" then return end
          proxy.queries:append(2, "\\3SELECT 'two'", { resultset_is_needed = true })
          proxy.queries:append(3, "\\3SELECT 'three'", { resultset_is_needed = true })
          proxy.queries:prepend(1, "\\3SELECT 'one'", { resultset_is_needed = true })
          return proxy.PROXY_SEND_QUERY
        end
        function read_query_result(inj)
          say(inj.id, inj.query:sub(2))
          if inj.id < 3 then return proxy.PROXY_IGNORE_RESULT end
        end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT three") == (("three",),)
    assert said(proxy) == ["1|SELECT 'one'", "2|SELECT 'two'", "3|SELECT 'three'"]


def test_the_length_both_ways_and_reset(lua):
    values = lua.values("""
        local q = proxy.queries
        local t = { #q, q:len() }
        q:append(1, "\\3SELECT 1") q:append(2, "\\3SELECT 2") q:prepend(3, "\\3SELECT 3")
        t[3], t[4] = #q, q:len()
        q:reset()
        t[5], t[6] = #q, q:len()
        return unpack(t)""")
    assert values == [0, 0, 3, 3, 0, 0]


def test_it_is_an_object_without_other_names(lua):
    assert lua.values("return type(proxy.queries), proxy.queries.anything") == ["userdata", None]
    assert "is not writable" in lua.error("proxy.queries.anything = 1")


def test_the_queue_is_emptied_before_every_read_query(scripted):
    proxy = scripted("""
        function read_query(packet)
          say(#proxy.queries)
          proxy.queries:append(1, "\\3SELECT 1")
          proxy.queries:append(2, "\\3SELECT 2")
        end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 5") == ((5,),)
        assert rows(connection, "SELECT 6") == ((6,),)
    assert set(said(proxy)) == {"0"}


@pytest.mark.parametrize("value", ["nil", "{}", "true", "'one'", "1.5", "print"])
def test_an_id_that_is_no_integer_is_an_error(lua, value):
    for method in ("append", "prepend"):
        message = lua.error(f'proxy.queries:{method}({value}, "\\3SELECT 1")')
        assert f"proxy.queries:{method}(id, packet): the id must be an integer" in message


@pytest.mark.parametrize("identifier", ["-1", "0", "'7'", "7.0", "math.maxinteger", "math.mininteger"])
def test_any_integer_is_an_id(scripted, identifier):
    proxy = scripted(f"""
        function read_query(packet)
          if packet:byte() ~= proxy.COM_QUERY then return end
          proxy.queries:append({identifier}, packet)
          return proxy.PROXY_SEND_QUERY
        end
        function read_query_result(inj) say(inj.id == math.tointeger(tonumber({identifier})), inj.type == inj.id) end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    assert set(said(proxy)) == {"true|true"}


@pytest.mark.parametrize("value", ["nil", "{}", "true", "''", "5", "print"])
def test_a_packet_that_is_no_string_is_an_error(lua, value):
    message = lua.error(f"proxy.queries:append(1, {value})")
    assert "the packet must be a string that begins with a command byte" in message


@pytest.mark.parametrize("options", ["true", "'resultset_is_needed'", "5"])
def test_options_are_a_table(lua, options):
    message = lua.error(f'proxy.queries:append(1, "\\3SELECT 1", {options})')
    assert "the options must be a table, as { resultset_is_needed = true }" in message


@pytest.mark.parametrize("value", ["1", "'true'", "{}"])
def test_resultset_is_needed_is_a_boolean(lua, value):
    message = lua.error(f'proxy.queries:append(1, "\\3SELECT 1", {{ resultset_is_needed = {value} }})')
    assert "resultset_is_needed must be true or false" in message


@pytest.mark.parametrize("options", ["nil", "{}", "{ resultset_is_needed = nil }", "{ resultset_is_needed = false }"])
def test_resultset_is_needed_is_false_by_default(scripted, options):
    proxy = scripted(f"""
        function read_query(packet)
          if packet:byte() ~= proxy.COM_QUERY then return end
          proxy.queries:append(1, packet, {options})
          return proxy.PROXY_SEND_QUERY
        end
        function read_query_result(inj) say((pcall(function() return inj.resultset.rows end))) end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    assert set(said(proxy)) == {"false"}


def test_a_method_called_with_a_dot_is_an_error(lua):
    assert lua.error('proxy.queries.append(1, "\\3SELECT 1")')


def test_a_packet_of_20_mb_is_split(scripted):
    proxy = scripted(
        """
        function read_query(packet)
          local size = packet:match("^\\3SELECT large (%d+)$")
          if not size then return end
          proxy.queries:append(1, "\\3SELECT LENGTH('" .. ("x"):rep(size) .. "')")
          return proxy.PROXY_SEND_QUERY
        end
        """,
        "--proxy-lua-max-memory=100000000", "--proxy-lua-max-instructions=100000000",
    )  # fmt: skip
    with connected(proxy) as connection:
        assert rows(connection, f"SELECT large {TWENTY_MB}") == ((TWENTY_MB,),)
        # A payload that fills its packets wholly is ended by an empty one.
        full = 0xFFFFFF - len("\3SELECT LENGTH('')")
        assert rows(connection, f"SELECT large {full}") == ((full,),)


def test_packets_of_every_command(scripted):
    proxy = scripted("""
        local commands = { db = string.char(proxy.COM_INIT_DB) .. "scenario_db", ping = string.char(proxy.COM_PING) }
        function read_query(packet)
          local name = packet:match("^\\3COMMAND (%w+)$")
          if not name then return end
          proxy.queries:append(1, commands[name])
          return proxy.PROXY_SEND_QUERY
        end
    """)
    with connected(proxy) as connection:
        rows(connection, "CREATE OR REPLACE DATABASE scenario_db")
        assert not rows(connection, "COMMAND ping")
        assert not rows(connection, "COMMAND db")
        assert rows(connection, "SELECT DATABASE()") == (("scenario_db",),)
        rows(connection, "DROP DATABASE scenario_db")


def test_too_many_queries_are_an_error(lua):
    message = lua.error('for i = 1, 1001 do proxy.queries:append(i, "\\3DO 1") end')
    assert "proxy.queries holds 1000 queries, which is the most; append fewer" in message


def test_queries_of_a_client_that_is_gone_are_an_error(scripted):
    proxy = scripted("""
        proxy.global.kept = proxy.global.kept or proxy.queries
        function read_query(packet)
          if packet ~= "\\3SELECT kept" then return end
          collectgarbage()
          local done, message = pcall(function() return #proxy.global.kept end)
          proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = message }
          return proxy.PROXY_SEND_RESULT
        end
    """)
    connected(proxy).close()
    with connected(proxy) as connection, pytest.raises(pymysql.Error, match="use proxy.queries anew"):
        rows(connection, "SELECT kept")
