"""Reference 4.7: every hook with every return value, and errors in each of them."""

import pymysql
import pytest
from harness import wire
from harness.lua import CONSOLE, Console, connected, rows, said
from harness.ports import wait_until
from harness.wire import Wire, error_of

pytestmark = pytest.mark.millrace_only

HOOKS = [
    "connect_server", "read_handshake", "read_auth", "read_auth_result", "read_query", "read_query_result",
    "disconnect_client",
]  # fmt: skip
ERR = "proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = 'by script', errcode = 1200, sqlstate = '42000' }"
# A greeting like MariaDB's, for a session without a server.
GREETING = (
    r'"\10" .. "5.5.5-10.11.0-script\0" .. string.pack("<I4", 99) .. "12345678\0" .. string.pack("<I2BI2I2B", 0xa20f,'
    r'45, 2, 0x000b, 21) .. ("\0"):rep(10) .. "901234567890\0" .. "mysql_native_password\0"'
)
# Drivers set their character set, which a server would answer.
ANSWERING_ALL = CONSOLE.replace(
    "if not code then return end",
    "if not code then proxy.response = { type = proxy.MYSQLD_PACKET_OK } return proxy.PROXY_SEND_RESULT end",
)
SERVERLESS = f"""
    function connect_server()
      proxy.response = {{ type = proxy.MYSQLD_PACKET_RAW, packets = {{ {GREETING} }} }}
      return proxy.PROXY_SEND_RESULT
    end
    function read_auth()
      proxy.response = {{ type = proxy.MYSQLD_PACKET_OK }}
      return proxy.PROXY_SEND_RESULT
    end
"""


# All hooks


def test_the_order_of_the_hooks(scripted):
    hooks = "".join(f"function {hook}() say('{hook}') end " for hook in HOOKS if "query" not in hook)
    proxy = scripted(hooks + """
        function read_query(packet)
          say("read_query", packet:byte())
          if packet:byte() ~= proxy.COM_QUERY then return end
          proxy.queries:append(1, packet)
          return proxy.PROXY_SEND_QUERY
        end
        function read_query_result() say("read_query_result") end
    """)
    with connected(proxy) as connection:
        rows(connection, "SELECT 1")
    wait_until(lambda: "disconnect_client" in said(proxy))
    heard = said(proxy)
    assert heard[:4] == ["connect_server", "read_handshake", "read_auth", "read_auth_result"]
    # Drivers set their character set first; COM_QUIT passes read_query, too.
    assert heard[-4:] == ["read_query|3", "read_query_result", "read_query|1", "disconnect_client"]


def test_what_the_hooks_are_called_with(scripted):
    proxy = scripted("""
        function connect_server(...) say("connect_server", select("#", ...)) end
        function read_handshake(...) say("read_handshake", select("#", ...)) end
        function read_auth(...) say("read_auth", select("#", ...)) end
        function read_auth_result(...) say("read_auth_result", select("#", ...), type(...), (...).packet:byte()) end
        function read_query(...) say("read_query", select("#", ...), (...) == "\\3SELECT 1") end
        function disconnect_client(...) say("disconnect_client", select("#", ...)) end
    """)
    with Wire(proxy.target) as client:
        client.login().answer_until_eof(wire.QUERY, b"SELECT 1", eofs=2)
    wait_until(lambda: len(said(proxy)) == 6)
    assert said(proxy) == [
        "connect_server|0", "read_handshake|0", "read_auth|0", "read_auth_result|1|table|0", "read_query|1|true",
        "disconnect_client|0",
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["", "nil", "false", "true", "'word'", "{}", "print"])
def test_what_is_no_number_is_no_decision(scripted, value):
    proxy = scripted("".join(f"function {hook}() return {value} end " for hook in HOOKS))
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    assert "(critical)" not in proxy.output


@pytest.mark.parametrize("hook", HOOKS)
def test_an_error_passes_and_is_logged_with_the_hook_s_name(scripted, hook):
    proxy = scripted(failing(hook))
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    wait_until(lambda: f"({hook})" in proxy.output)
    assert "oops" in proxy.output and "stack traceback" in proxy.output


@pytest.mark.parametrize("hook", HOOKS)
def test_an_error_refuses_where_the_option_says_so(scripted, hook):
    proxy = scripted(failing(hook), "--proxy-lua-on-error=refuse")
    if hook == "disconnect_client":
        connected(proxy).close()
        wait_until(lambda: "(disconnect_client)" in proxy.output)
    else:
        with pytest.raises(pymysql.Error, match=f"the Lua script failed in {hook}; the log says why"):
            rows(connected(proxy), "SELECT 1")
    assert "oops" in proxy.output and proxy.is_running


def failing(hook):
    inject = """
        function read_query(packet)
          proxy.queries:append(1, packet, { resultset_is_needed = true })
          return proxy.PROXY_SEND_QUERY
        end
    """
    return (inject if hook == "read_query_result" else "") + f"function {hook}() error('oops') end"


@pytest.mark.parametrize("number", ["0", "3", "5", "-1", "1.5", "'3'", "math.huge"])
@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook != "disconnect_client"])
def test_another_number_is_an_error(scripted, hook, number):
    """mysql-proxy aborts here in read_query, and loses the client's answer in read_query_result."""
    proxy = scripted(failing(hook).replace("error('oops')", f"return {number}"))
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    assert f"{hook} returned" in proxy.output


# connect_server


@pytest.mark.parametrize("decision", ["PROXY_SEND_QUERY", "PROXY_IGNORE_RESULT"])
def test_connect_server_goes_on(scripted, decision):
    proxy = scripted(f"function connect_server() return proxy.{decision} end")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)


def test_connect_server_refuses_and_closes(scripted):
    proxy = scripted(f"function connect_server() {ERR} return proxy.PROXY_SEND_RESULT end")
    for _ in range(3):
        with Wire(proxy.target) as client:
            code, _, text = error_of(client.read())
            assert (code, text) == (1200, "by script")
            # mysql-proxy keeps the connection and crashes when the client sends anything more.
            client.send_raw(b"\1\0\0\1anything")
            assert client.read_until_closed() == b""
    assert proxy.is_running


def test_connect_server_cannot_answer_ok_or_a_result(scripted):
    for response in ("{ type = 0 }", "{ type = 0, resultset = { fields = { { name = 'a' } }, rows = {} } }"):
        proxy = scripted(f"function connect_server() proxy.response = {response} return proxy.PROXY_SEND_RESULT end")
        with connected(proxy) as connection:
            assert rows(connection, "SELECT 1") == ((1,),)
        assert "connect_server can't answer MYSQLD_PACKET_OK: a client expects a greeting" in proxy.output


def test_connect_server_greets_for_a_session_without_a_server(scripted):
    proxy = scripted(SERVERLESS + ANSWERING_ALL)
    console = Console(proxy, database="anywhere")
    assert console.connection.get_server_info() == "5.5.5-10.11.0-script"
    assert console.connection.thread_id() == 99
    assert console.values("return proxy.connection.server, proxy.connection.backend_ndx") == [None, 0]
    assert console.values("local c = proxy.connection.client return c.username, c.default_db") == ["app", "anywhere"]
    console.close()


def test_a_login_without_a_server_is_let_in_by_default(scripted):
    proxy = scripted(SERVERLESS.partition("function read_auth")[0] + ANSWERING_ALL)
    with Wire(proxy.target) as client:
        client.login()


def test_a_query_without_a_server_that_the_script_does_not_answer(scripted):
    proxy = scripted(
        SERVERLESS + """
        function read_query(packet)
          if packet:find("answered") then proxy.response = { type = 0 } return proxy.PROXY_SEND_RESULT end
        end
    """)  # fmt: skip
    with Wire(proxy.target) as client:
        client.login()
        assert client.answer(wire.QUERY, b"SELECT 'answered'")[0][0][:1] == b"\0"
        # mysql-proxy closes the connection.
        client.query("SELECT 1")
        assert error_of(client.read()) == (1105, "08S01", "(proxy) no backend is attached to this session")
        assert client.answer(wire.QUERY, b"SELECT 'answered'")[0][0][:1] == b"\0"
    assert proxy.is_running


# read_handshake


@pytest.mark.parametrize("decision", ["PROXY_SEND_RESULT", "PROXY_SEND_QUERY"])
def test_read_handshake_refuses_and_closes(scripted, decision):
    """PROXY_SEND_QUERY is an old word for PROXY_SEND_RESULT here."""
    proxy = scripted(f"function read_handshake() {ERR} return proxy.{decision} end")
    with Wire(proxy.target) as client:
        code, _, text = error_of(client.read())
        assert (code, text) == (1200, "by script")
        assert client.read_until_closed() == b""


def test_read_handshake_ignores_and_forwards(scripted):
    proxy = scripted("function read_handshake() return proxy.PROXY_IGNORE_RESULT end")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)


def test_read_handshake_replaces_the_greeting(scripted):
    proxy = scripted(f"""
        function read_handshake()
          proxy.response = {{ type = proxy.MYSQLD_PACKET_RAW, packets = {{ {GREETING} }} }}
          return proxy.PROXY_SEND_RESULT
        end
    """)
    with Wire(proxy.target) as client:
        assert client.read_greeting().version == "5.5.5-10.11.0-script"


def test_read_handshake_sees_the_server(scripted):
    proxy = scripted("function read_handshake() say(proxy.connection.server.mysqld_version // 10000) end")
    connected(proxy).close()
    assert said(proxy) == ["10"]


# read_auth

# A login packet for the account `nobody`, which has no password.
NOBODY = r'string.pack("<I4I4B", 0x000fa285, 1 << 24, 45) .. ("\0"):rep(23) .. "nobody\0\0mysql_native_password\0"'


def test_read_auth_replaces_the_login_packet(scripted):
    proxy = scripted(f"""
        function read_auth()
          proxy.queries:append(1, {NOBODY})
          return proxy.PROXY_SEND_QUERY
        end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT CURRENT_USER()") == (("nobody@%",),)


@pytest.mark.parametrize("decision", ["PROXY_SEND_QUERY", "PROXY_IGNORE_RESULT"])
def test_read_auth_without_a_packet_forwards(scripted, decision):
    proxy = scripted(f"function read_auth() return proxy.{decision} end")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT CURRENT_USER()") == (("app@%",),)


def test_read_auth_refuses(scripted):
    proxy = scripted(f"""
        function read_auth()
          if proxy.connection.client.username ~= "other" then return end
          {ERR}
          return proxy.PROXY_SEND_RESULT
        end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    with pytest.raises(pymysql.Error) as error:
        connected(proxy, user="other", password="different")
    assert error.value.args == (1200, "by script")


def test_read_auth_answers_with_one_packet_only(scripted):
    proxy = scripted("""
        function read_auth()
          proxy.response = { type = 0, resultset = { fields = { { name = "a" } }, rows = {} } }
          return proxy.PROXY_SEND_RESULT
        end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    assert "a login is answered with one packet" in proxy.output


def test_read_auth_lets_in_without_a_server(scripted):
    proxy = scripted(
        f"""
        function connect_server()
          proxy.response = {{ type = proxy.MYSQLD_PACKET_RAW, packets = {{ {GREETING} }} }}
          return proxy.PROXY_SEND_RESULT
        end
        function read_auth()
          if proxy.connection.client.username == "app" then
            proxy.response = {{ type = proxy.MYSQLD_PACKET_OK }}
          else
            {ERR}
          end
          return proxy.PROXY_SEND_RESULT
        end
        """
        + ANSWERING_ALL
    )
    console = Console(proxy)
    assert console.value("1 + 1") == 2
    console.close()
    with pytest.raises(pymysql.Error, match="by script"):
        connected(proxy, user="other")


# read_auth_result


def test_read_auth_result_sees_success_and_failure(scripted):
    proxy = scripted("function read_auth_result(auth) say(auth.packet:byte(), auth.anything) end")
    connected(proxy).close()
    with pytest.raises(pymysql.Error, match="Access denied"):
        connected(proxy, password="wrong")
    assert said(proxy) == ["0|nil", "255|nil"]


@pytest.mark.parametrize("decision", ["PROXY_SEND_QUERY", "PROXY_IGNORE_RESULT"])
def test_read_auth_result_forwards(scripted, decision):
    proxy = scripted(f"function read_auth_result() return proxy.{decision} end")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)


def test_read_auth_result_replaces(scripted):
    proxy = scripted(f"""
        function read_auth_result(auth)
          if auth.packet:byte() == proxy.MYSQLD_PACKET_ERR then {ERR} return proxy.PROXY_SEND_RESULT end
        end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    with pytest.raises(pymysql.Error) as error:
        connected(proxy, password="wrong")
    assert error.value.args == (1200, "by script")


def test_read_auth_result_turns_a_success_into_an_error(scripted):
    proxy = scripted(f"function read_auth_result() {ERR} return proxy.PROXY_SEND_RESULT end")
    with pytest.raises(pymysql.Error, match="by script"):
        connected(proxy)


# read_query


def test_read_query_forwards_and_drops_what_is_queued(scripted):
    proxy = scripted("""function read_query() proxy.queries:append(1, "\\3SELECT 'queued'") end""")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 'own'") == (("own",),)
    assert "proxy.queries holds 1 queries, but nothing was returned; return proxy.PROXY_SEND_QUERY" in proxy.output


def test_read_query_sends_an_empty_queue(scripted):
    proxy = scripted("function read_query() return proxy.PROXY_SEND_QUERY end")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    assert "proxy.PROXY_SEND_QUERY was returned, but proxy.queries is empty" in proxy.output


def test_read_query_ignores_a_result_that_is_not_there(scripted):
    """mysql-proxy aborts."""
    proxy = scripted("function read_query() return proxy.PROXY_IGNORE_RESULT end")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    assert "read_query returned proxy.PROXY_IGNORE_RESULT: there is no result yet" in proxy.output


@pytest.mark.parametrize("decision", ["'2'", "2.0", "proxy.PROXY_SEND_RESULT"])
def test_numeric_strings_count(scripted, decision):
    proxy = scripted(f"""
        function read_query(packet) if packet:find("mine") then {ERR} return {decision} end end
    """)
    with connected(proxy) as connection, pytest.raises(pymysql.Error, match="by script"):
        rows(connection, "SELECT 'mine'")


def test_read_query_sees_every_command(scripted):
    proxy = scripted("function read_query(packet) say(packet:byte()) end")
    with Wire(proxy.target) as client:
        client.login()
        client.answer(wire.PING)
        client.answer(wire.STATISTICS)
        client.answer(wire.INIT_DB, b"test")
        client.answer(wire.RESET_CONNECTION)
        client.answer_until_eof(wire.FIELD_LIST, b"nothing\0%")
        statement = client.answer(wire.STMT_PREPARE, b"SELECT 1", packets=3)[0][0]
        client.command(wire.STMT_CLOSE, statement[1:5])
        client.answer(99)
        client.command(wire.QUIT)
        client.read_until_closed()
    assert said(proxy) == ["14", "9", "2", "31", "4", "22", "25", "99", "1"]


def test_read_query_answers_commands_of_every_kind(scripted):
    proxy = scripted(f"function read_query(packet) if packet:byte() == proxy.COM_PING then {ERR} return 2 end end")
    with Wire(proxy.target) as client:
        client.login()
        assert error_of(client.answer(wire.PING)[0][0]) == (1200, "42000", "by script")
        assert error_of(client.answer(wire.QUERY, b"no sql")[0][0])[0] == 1064


def test_read_query_gets_the_parts_of_a_long_packet_joined(scripted):
    proxy = scripted("""
        function read_query(packet)
          if packet:sub(1, 12) ~= "\\3SELECT 1 /*" then return end
          say(#packet, packet:sub(-2))
          proxy.queries:append(1, "\\3SELECT " .. #packet)
          return proxy.PROXY_SEND_QUERY
        end
    """)
    with connected(proxy) as connection:
        text = "SELECT 1 /*" + "x" * 20_000_000 + "*/"
        assert rows(connection, text) == ((len(text) + 1,),)
    assert said(proxy) == [f"{len(text) + 1}|*/"]


def test_a_pattern_at_the_start_of_a_long_packet_is_cheap(scripted):
    proxy = scripted("function read_query(packet) if packet:find('^\\3SELECT 1') then say('found') end end")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1 /*" + "x" * 20_000_000 + "*/") == ((1,),)
    assert said(proxy) == ["found"]


# read_query_result


def injecting(result, *queries, needed=True):
    appended = "".join(
        f"proxy.queries:append({number}, {query}, {{ resultset_is_needed = {str(needed).lower()} }}) "
        for number, query in enumerate(queries, start=1)
    )
    return f"""
        function read_query(packet)
          if not packet:find("inject") then return end
          {appended}
          return proxy.PROXY_SEND_QUERY
        end
        {result}
    """


def test_read_query_result_is_not_called_for_what_was_not_injected(scripted):
    proxy = scripted("function read_query_result() say('called') end")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    assert said(proxy) == []


@pytest.mark.parametrize("returned", ["", "return nil", "return proxy.PROXY_SEND_QUERY"])
def test_read_query_result_forwards(scripted, returned):
    proxy = scripted(injecting(f"function read_query_result() {returned} end", "packet"))
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 'inject'") == (("inject",),)


def test_read_query_result_replaces(scripted):
    proxy = scripted(injecting(f"function read_query_result() {ERR} return proxy.PROXY_SEND_RESULT end", "packet"))
    with connected(proxy) as connection:
        with pytest.raises(pymysql.Error, match="by script"):
            rows(connection, "SELECT 'inject'")
        assert rows(connection, "SELECT 1") == ((1,),)


def test_only_the_first_forwarded_result_counts(scripted):
    proxy = scripted(injecting("function read_query_result(inj) say(inj.id) end", "packet", '"\\3SELECT 2"'))
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 'inject'") == (("inject",),)
        assert rows(connection, "SELECT 1") == ((1,),)
    assert said(proxy) == ["1", "2"]
    assert "the client has its answer already: the result of query 2 is dropped" in proxy.output


def test_a_dropped_result(scripted):
    result = "function read_query_result(inj) if inj.id ~= 2 then return proxy.PROXY_IGNORE_RESULT end end"
    proxy = scripted(injecting(result, '"\\3SELECT 1"', "packet", '"\\3SELECT 3"'))
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 'inject'") == (("inject",),)
        assert rows(connection, "SELECT 1") == ((1,),)


@pytest.mark.parametrize("decision", ["PROXY_IGNORE_RESULT", "PROXY_SEND_RESULT"])
def test_a_result_that_was_not_needed_cannot_be_changed(scripted, decision):
    result = f"function read_query_result() {ERR} return proxy.{decision} end"
    proxy = scripted(injecting(result, "packet", needed=False))
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 'inject'") == (("inject",),)
        assert rows(connection, "SELECT 1") == ((1,),)
    assert "was appended without { resultset_is_needed = true }: its result can't be replaced" in proxy.output


def test_a_needed_result_without_the_hook_reaches_the_client(scripted):
    """mysql-proxy leaves the client without an answer."""
    with connected(scripted(injecting("", "packet"))) as connection:
        assert rows(connection, "SELECT 'inject'") == (("inject",),)


def test_a_second_packet_after_the_answer_does_not_disturb_the_client(scripted):
    """mysql-proxy closes the connection."""
    proxy = scripted(injecting("", "packet", '"\\3SELECT 2"', needed=False))
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 'inject'") == (("inject",),)
        assert rows(connection, "SELECT 1") == ((1,),)


def test_every_result_ignored_still_answers_the_client(scripted):
    proxy = scripted(injecting("function read_query_result() return proxy.PROXY_IGNORE_RESULT end", "packet"))
    with Wire(proxy.target, timeout=5) as client:
        client.login()
        client.query("SELECT 'inject'")
        answer = client.read()
        assert answer[:1] in (b"\xff", b"\0"), answer
        assert client.is_alive()


def test_more_packets_from_read_query_result(scripted):
    result = """
        function read_query_result(inj)
          say(inj.id)
          if inj.id < 5 then
            proxy.queries:append(inj.id + 1, "\\3SELECT 'round " .. inj.id + 1 .. "'", { resultset_is_needed = true })
            return proxy.PROXY_IGNORE_RESULT
          end
        end"""
    with connected(proxy := scripted(injecting(result, "packet"))) as connection:
        assert rows(connection, "SELECT 'inject'") == (("round 5",),)
    assert said(proxy) == ["1", "2", "3", "4", "5"]


def test_an_error_of_the_server_passes_the_hook(scripted):
    result = "function read_query_result(inj) say(inj.resultset.query_status) end"
    proxy = scripted(injecting(result, '"\\3SELECT * FROM absent.absent"'))
    with connected(proxy) as connection, pytest.raises(pymysql.Error) as error:
        rows(connection, "SELECT 'inject'")
    assert error.value.args[0] in (1049, 1146)
    assert said(proxy) == ["255"]


# disconnect_client


@pytest.mark.parametrize("value", ["1", "2", "4", "9", "nil", "'x'"])
def test_what_disconnect_client_returns_has_no_effect(scripted, value):
    proxy = scripted(f"function disconnect_client() say('left', proxy.connection.client.username) return {value} end")
    for _ in range(2):
        connected(proxy).close()
    wait_until(lambda: len(said(proxy)) == 2)
    assert said(proxy) == ["left|app"] * 2


def test_disconnect_client_runs_once_whoever_closes(scripted):
    proxy = scripted("""
        function disconnect_client() say("left") end
        function read_query(packet)
          if packet:find("close") then proxy.connection.connection_close = true end
        end
    """)
    quitting = connected(proxy)
    quitting.close()
    aborting = connected(proxy)
    aborting._force_close()
    closed = connected(proxy)
    rows(closed, "SELECT 'close'")
    killed = connected(proxy)
    with pytest.raises(pymysql.Error):
        rows(killed, "KILL CONNECTION_ID()")
    wait_until(lambda: len(said(proxy)) >= 4)
    with pytest.raises(pymysql.Error):
        connected(proxy, password="wrong")
    wait_until(lambda: len(said(proxy)) >= 5)
    assert said(proxy) == ["left"] * 5


def test_disconnect_client_runs_when_the_proxy_ends(scripted):
    proxy = scripted("function disconnect_client() say('left') end", "--shutdown-timeout=1")
    connection = connected(proxy)
    rows(connection, "SELECT 1")
    proxy.end()
    connection.close()
    assert said(proxy) == ["left"]
