"""mysql-proxy's Lua modules between a real client and a real server."""

import pymysql
import pytest
from harness.lua import connected, rows
from harness.ports import wait_until

pytestmark = pytest.mark.millrace_only


def test_a_script_ends_the_process_and_sessions_finish(scripted):
    proxy = scripted("""
        local chassis = require("chassis")
        function read_query(packet)
          if packet:sub(2) ~= "STOP" then return end
          chassis.set_shutdown()
          chassis.set_shutdown()
          proxy.response = { type = proxy.MYSQLD_PACKET_OK }
          return proxy.PROXY_SEND_RESULT
        end
    """)
    with connected(proxy) as busy, connected(proxy) as connection:
        rows(busy, "BEGIN")
        rows(connection, "STOP")
        wait_until(lambda: not proxy.listens, what="new connections to be refused")
        assert rows(busy, "SELECT 1") == ((1,),)
        rows(busy, "COMMIT")
    assert proxy.wait() == 0
    assert "script.lua:5: the script ends the process" in proxy.output
    assert "draining" in proxy.output and "second signal:" not in proxy.output


def test_a_keepalive_parent_ends_with_its_worker(scripted):
    proxy = scripted(
        """
        function read_query(packet) if packet:sub(2) == "SELECT 2" then require("chassis").set_shutdown() end end
        """,
        "--keepalive",
    )
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 2") == ((2,),)
    assert proxy.wait() == 0


def test_levels_and_print_reach_the_log(scripted):
    proxy = scripted("""
        local chassis = require("chassis")
        function read_query(packet)
          print("seen", #packet)
          for _, level in ipairs({ "critical", "warning", "message", "info", "debug" }) do chassis[level](level .. "!") end
        end
    """)
    with connected(proxy) as connection:
        rows(connection, "SELECT 1")
    assert "(message) seen\\t9" in proxy.output
    for level in ("critical", "warning", "message", "info", "debug"):
        assert f"({level}) " in proxy.output and f"script.lua:5: {level}!" in proxy.output


def test_a_script_plays_the_server(scripted):
    """The greeting is the script's, the password is checked by it, and no backend is asked."""
    proxy = scripted("""
        local proto, password = require("mysql.proto"), require("mysql.password")
        local challenge = ("c"):rep(20)
        local stored = password.hash(password.hash("secret"))

        function connect_server()
          proxy.response = { type = proxy.MYSQLD_PACKET_RAW, packets = { proto.to_challenge_packet({
            server_version = "5.7.99-script", thread_id = 7, challenge = challenge, charset = 45, server_status = 2,
            capabilities = 0x88208 }) } }
          return proxy.PROXY_SEND_RESULT
        end

        function read_auth()
          local client = proxy.connection.client
          local answer = proto.to_ok_packet({ server_status = 2 })
          if not password.check(challenge, client.scrambled_password, stored) then
            answer = proto.to_err_packet({ errcode = 1045, sqlstate = "28000", errmsg = "not you, " .. client.username })
          end
          proxy.response = { type = proxy.MYSQLD_PACKET_RAW, packets = { answer } }
          return proxy.PROXY_SEND_RESULT
        end

        function read_query(packet)
          proxy.response = { type = proxy.MYSQLD_PACKET_RAW, packets = { proto.to_ok_packet({ affected_rows = #packet }) } }
          return proxy.PROXY_SEND_RESULT
        end
    """)
    options = {**proxy.target.python_options, "password": "secret"}
    with pymysql.connect(**options, connect_timeout=20, read_timeout=60) as connection:
        assert connection.get_server_info() == "5.7.99-script" and connection.thread_id() == 7
        with connection.cursor() as cursor:
            assert cursor.execute("DO 1") == 5
    with pytest.raises(pymysql.Error) as error:
        pymysql.connect(**{**options, "password": "other"}, connect_timeout=20)
    assert error.value.args == (1045, "not you, " + options["user"])
