"""Reference 4.4: proxy.connection, its client and its server."""

import pymysql
import pytest
from harness.lua import CONSOLE, SAY, Console, connected, rows, said
from harness.ports import free_port
from harness.target import Target

pytestmark = pytest.mark.millrace_only


# backend_ndx


def test_backend_ndx_is_0_in_connect_server_and_then_the_backend_s_number(scripted):
    proxy = scripted("""
        function connect_server() say(proxy.connection.backend_ndx) end
        function read_handshake() say(proxy.connection.backend_ndx) end
        function read_query() say(proxy.connection.backend_ndx) end
    """)
    with connected(proxy) as connection:
        rows(connection, "SELECT 1")
    assert said(proxy)[:2] == ["0", "1"]
    assert set(said(proxy)[1:]) == {"1"}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_connect_server_chooses(scripted, database, number):
    read_only = f"--proxy-read-only-backend-addresses=localhost:{database.port}"
    source = f"function connect_server() proxy.connection.backend_ndx = {number} end " + CONSOLE
    console = Console(scripted(source, read_only, backends=[database.direct, database.direct_socket]))
    assert console.value("proxy.connection.backend_ndx") == number
    names = [f"127.0.0.1:{database.port}", database.socket, f"localhost:{database.port}"]
    assert console.value("proxy.connection.server.dst.name") == names[number - 1]
    console.close()


def test_a_chosen_backend_that_is_down_gives_way_to_the_default(scripted, direct):
    source = "function connect_server() proxy.connection.backend_ndx = 1 end " + CONSOLE
    console = Console(scripted(source, backends=[Target(port=free_port()), direct]))
    assert console.value("proxy.connection.backend_ndx") == 2
    console.close()


@pytest.mark.parametrize("value", ["2", "-1", "'a'", "nil", "true", "{}", "1.5"])
def test_a_backend_ndx_out_of_range_is_an_error_and_the_default_applies(scripted, value):
    proxy = scripted(f"function connect_server() proxy.connection.backend_ndx = {value} end")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    assert "proxy.connection.backend_ndx takes a number from 0 (none) to 1" in proxy.output


# connection_close


def test_connection_close_closes_after_the_result(scripted):
    proxy = scripted("""
        function read_query(packet)
          if packet:find("stay") then proxy.connection.connection_close = false end
          if packet:find("go") then proxy.connection.connection_close = true end
        end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 'stay'") == (("stay",),)
        assert rows(connection, "SELECT 'go'") == (("go",),)
        with pytest.raises(pymysql.Error):
            rows(connection, "SELECT 1")


def test_connection_close_after_an_answer_of_the_script(scripted):
    proxy = scripted("""
        function read_query(packet)
          if not packet:find("bye") then return end
          proxy.connection.connection_close = true
          proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = "bye" }
          return proxy.PROXY_SEND_RESULT
        end
    """)
    with connected(proxy) as connection:
        with pytest.raises(pymysql.Error, match="bye"):
            rows(connection, "SELECT 'bye'")
        with pytest.raises(pymysql.Error):
            rows(connection, "SELECT 1")


def test_connection_close_in_read_query_result(scripted):
    proxy = scripted("""
        function read_query(packet)
          if not packet:find("last") then return end
          proxy.queries:append(1, packet, { resultset_is_needed = true })
          return proxy.PROXY_SEND_QUERY
        end
        function read_query_result() proxy.connection.connection_close = true end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 'last'") == (("last",),)
        with pytest.raises(pymysql.Error):
            rows(connection, "SELECT 1")


def test_connection_close_is_write_only_and_takes_a_boolean(lua):
    assert lua.value("proxy.connection.connection_close") is None
    for value in ("1", "'true'", "nil", "{}"):
        message = lua.error(f"proxy.connection.connection_close = {value}")
        assert "proxy.connection.connection_close takes true or false" in message


# Names on proxy.connection


def test_client_and_server_are_objects(lua):
    for name in ("proxy.connection", "proxy.connection.client", "proxy.connection.server"):
        assert lua.value(f"type({name})") == "userdata"


def test_server_is_nil_in_connect_server(scripted):
    proxy = scripted("function connect_server() say(proxy.connection.server, type(proxy.connection.client)) end")
    connected(proxy).close()
    assert said(proxy) == ["nil|userdata"]


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("default_db", "use proxy.connection.client.default_db or proxy.connection.server.default_db"),
        ("thread_id", "use proxy.connection.server.thread_id"),
        ("mysqld_version", "use proxy.connection.server.mysqld_version"),
    ],
)
def test_old_names_raise_an_error_that_says_what_to_use(lua, name, instead):
    assert f"proxy.connection.{name} is gone: {instead}" in lua.error(f"return proxy.connection.{name}")


def test_other_names_are_nil_and_not_writable(lua):
    assert lua.value("proxy.connection.anything") is None
    for name in ("anything", "client", "server", "default_db"):
        assert f"proxy.connection.{name} is not writable" in lua.error(f"proxy.connection.{name} = 1")


# Sockets


@pytest.mark.parametrize("side", ["client", "server"])
def test_what_the_login_tells(lua, side):
    socket = f"proxy.connection.{side}"
    assert lua.value(f"{socket}.username") == "app"
    assert lua.value(f"{socket}.default_db") == "test"
    assert lua.value(f"#{socket}.scrambled_password") == 20
    assert lua.value(f"{socket}.auth_plugin_name") == "mysql_native_password"


def test_default_db_without_a_schema_is_empty(console_proxy):
    console = Console(console_proxy)
    assert console.value("proxy.connection.client.default_db") == ""
    console.close()


def test_an_empty_password_is_an_empty_string(console_proxy):
    console = Console(console_proxy, user="nobody", password="")
    assert console.values("return proxy.connection.client.username, #proxy.connection.client.scrambled_password") == [
        "nobody", 0]  # fmt: skip
    console.close()


def test_what_the_greeting_tells(lua):
    version = rows(lua.connection, "SELECT VERSION()")[0][0].partition("-")[0]
    major, minor, patch = map(int, version.split("."))
    assert lua.value("proxy.connection.server.mysqld_version") == major * 10_000 + minor * 100 + patch
    assert lua.value("proxy.connection.server.thread_id") == rows(lua.connection, "SELECT CONNECTION_ID()")[0][0]
    assert lua.value("#proxy.connection.server.scramble_buffer") in (20, 21)


def test_nothing_is_known_of_the_login_before_it_was_read(scripted):
    proxy = scripted("""
        function read_handshake()
          local client = proxy.connection.client
          say(client.username, client.scrambled_password, client.default_db)
        end
    """)
    connected(proxy).close()
    assert said(proxy) == ["nil|nil|nil"]


def test_what_the_greeting_tells_in_read_handshake(scripted):
    proxy = scripted("""
        function read_handshake()
          local server = proxy.connection.server
          say(#server.scramble_buffer >= 20, server.auth_plugin_name, server.thread_id > 0)
        end
    """)
    connected(proxy).close()
    assert said(proxy) == ["true|mysql_native_password|true"]


def test_nothing_is_known_of_the_greeting_in_connect_server(scripted):
    proxy = scripted("""
        function connect_server()
          local client = proxy.connection.client
          say(client.mysqld_version, client.thread_id, client.scramble_buffer, client.auth_plugin_name)
        end
    """)
    connected(proxy).close()
    assert said(proxy) == ["nil|nil|nil|nil"]


def test_the_client_s_addresses(console_proxy):
    console = Console(console_proxy)
    local = console.connection._sock.getsockname()
    read = "local a = proxy.connection.client.{} return a.type, a.name, a.address, a.port"
    assert console.values(read.format("src")) == [2, f"127.0.0.1:{local[1]}", "127.0.0.1", local[1]]
    port = console_proxy.target.port
    assert console.values(read.format("dst")) == [2, f"127.0.0.1:{port}", "127.0.0.1", port]
    console.close()


def test_the_addresses_of_a_client_at_a_socket(make_millrace, scratch, direct):
    (scratch / "script.lua").write_text(SAY + CONSOLE)
    listen = Target(socket=str(scratch / "p.sock"))
    proxy = make_millrace([direct], f"--proxy-lua-script={scratch}/script.lua", listen=listen)
    console = Console(proxy)
    read = "local a = proxy.connection.client.dst return a.type, a.name, a.address, a.port"
    assert console.values(read) == [1, listen.socket, listen.socket, None]
    assert console.value("proxy.connection.client.src.type") == 1
    console.close()


def test_the_server_s_address(lua, database):
    read = "local a = proxy.connection.server.dst return a.type, a.name, a.address, a.port"
    assert lua.values(read) == [2, f"127.0.0.1:{database.port}", "127.0.0.1", database.port]


def test_the_proxy_s_own_address_towards_the_server(lua):
    host = rows(lua.connection, "SELECT HOST FROM information_schema.processlist WHERE ID = CONNECTION_ID()")[0][0]
    assert lua.value("proxy.connection.server.src.name") == host


def test_address_is_gone(lua):
    for side in ("client", "server"):
        assert "address is gone: use src.name or dst.name" in lua.error(f"return proxy.connection.{side}.address")


def test_unknown_names_are_nil_and_sockets_are_read_only(lua):
    for side in ("client", "server"):
        assert lua.value(f"proxy.connection.{side}.anything") is None
        for name in ("username", "default_db", "anything"):
            assert f"{name} is not writable" in lua.error(f"proxy.connection.{side}.{name} = 'x'")


def test_an_object_kept_from_a_client_that_is_gone_is_an_error(scripted):
    proxy = scripted("proxy.global.kept = proxy.global.kept or proxy.connection " + CONSOLE)
    connected(proxy).close()
    console = Console(proxy)
    console.values("collectgarbage()")
    message = console.error("return proxy.global.kept.backend_ndx")
    assert "is gone; use proxy.connection anew in each hook" in message
    console.close()
