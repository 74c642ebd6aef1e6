"""Reference 4.1: which names a script shares with whom, when it runs, and what its messages show."""

import subprocess

import pymysql
import pytest
from harness import proxies
from harness.lua import CONSOLE, connected, rows, said

pytestmark = pytest.mark.millrace_only


# Globals


def test_globals_are_private_to_a_connection(scripted):
    proxy = scripted("""
        count = (count or 0) + 1
        function read_query(packet) count = count + 1 say(packet:sub(2), count) end
    """)
    with connected(proxy) as first, connected(proxy, autocommit=None) as second:
        rows(first, "SELECT 'first'")
        rows(first, "SELECT 'first'")
        rows(second, "SELECT 'second'")
    counts = [line.split("|") for line in said(proxy)]
    first, second = ([int(n) for text, n in counts if text == f"SELECT '{name}'"] for name in ("first", "second"))
    assert first[1] == first[0] + 1
    assert second[0] <= first[0], "the second connection counts on its own"


def test_reads_of_globals_fall_through_to_the_shared_ones(scripted):
    proxy = scripted("""
        _G.clients = (_G.clients or 0) + 1
        function read_query() say(clients, rawget(_ENV, "clients")) end
    """)
    with connected(proxy) as first, connected(proxy):
        rows(first, "SELECT 1")
    assert said(proxy)[-1] == "2|nil"


def test_the_top_level_runs_once_a_connection_before_its_first_hook(scripted):
    proxy = scripted("""
        say("top")
        function connect_server() say("connect_server") end
    """)
    for _ in range(2):
        with connected(proxy) as connection:
            rows(connection, "SELECT 1")
            rows(connection, "SELECT 2")
    assert said(proxy) == ["top", "connect_server"] * 2


# The table proxy


def test_new_fields_of_proxy_are_private_to_a_connection(scripted):
    proxy = scripted("""
        proxy.mine = (proxy.mine or 0) + 1
        function read_query() say(proxy.mine, rawget(proxy, "mine")) end
    """)
    for _ in range(2):
        with connected(proxy) as connection:
            rows(connection, "SELECT 1")
    assert set(said(proxy)) == {"1|nil"}


def test_proxy_global_is_shared_by_the_connections_of_a_loop(scripted):
    proxy = scripted("""
        proxy.global.seen = (proxy.global.seen or 0) + 1
        function read_query() say(proxy.global.seen) end
    """)
    with connected(proxy) as first, connected(proxy) as second:
        rows(first, "SELECT 1")
        rows(second, "SELECT 1")
    assert set(said(proxy)[-2:]) == {"2"}


def test_a_field_that_proxy_has_already_is_shared(scripted):
    proxy = scripted("""
        if not proxy.global.changed then proxy.global.changed = true proxy.COM_DAEMON = "changed" end
        function read_query() say(proxy.COM_DAEMON) end
    """)
    for _ in range(2):
        with connected(proxy) as connection:
            rows(connection, "SELECT 1")
    assert set(said(proxy)) == {"changed"}


@pytest.mark.parametrize("hook", ["connect_server", "read_handshake", "read_auth", "read_auth_result", "read_query"])
def test_each_hook_sees_its_own_connection(scripted, hook):
    proxy = scripted(f"""
        proxy.number = (proxy.global.number or 0) + 1
        proxy.global.number = proxy.number
        local mine = proxy.number
        function {hook}() say(mine == proxy.number) end
    """)
    with connected(proxy) as first, connected(proxy) as second, connected(proxy):
        rows(first, "SELECT 1")
        rows(second, "SELECT 1")
    assert set(said(proxy)) == {"true"}


# Required files


@pytest.fixture
def library(scratch):
    """Writes a module beside the script; answers the line that makes it findable."""

    def write(name, source):
        (scratch / f"{name}.lua").write_text(source)
        return f'package.path = "{scratch}/?.lua;" .. package.path '

    return write


def test_a_required_file_runs_once_a_loop_and_shares_its_locals(scripted, library):
    path = library("counter", "local n = 0  _G.loads = (_G.loads or 0) + 1  return function() n = n + 1 return n end")
    proxy = scripted(path + 'local counter = require("counter") function read_auth() say(counter(), loads) end')
    for _ in range(3):
        connected(proxy).close()
    assert said(proxy) == ["1|1", "2|1", "3|1"]


def test_globals_of_a_required_file_are_the_shared_ones(scripted, library):
    path = library("settings", "limit = 7")
    proxy = scripted(path + 'require("settings") say(limit, _G.limit, rawget(_ENV, "limit"))')
    connected(proxy).close()
    assert said(proxy) == ["7|7|nil"]


def test_hooks_of_a_required_file_are_found(scripted, library):
    path = library(
        "hooks",
        """
        function read_query(packet)
          if packet ~= "\\3SELECT from_a_module" then return end
          proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = "from a module" }
          return proxy.PROXY_SEND_RESULT
        end""",
    )
    proxy = scripted(path + 'require("hooks")')
    with connected(proxy) as connection, pytest.raises(pymysql.Error, match="from a module"):
        rows(connection, "SELECT from_a_module")


# Files, lines, messages


def test_a_missing_script_is_a_start_up_error(scratch, direct):
    missing = scratch / "missing.lua"
    done = subprocess.run(
        [proxies.BINARY, f"--proxy-backend-addresses={direct.address}", f"--proxy-lua-script={missing}"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"--proxy-lua-script: can't read '{missing}'" in done.stderr + done.stdout


def test_messages_show_the_file_and_the_script_s_own_line(scripted):
    proxy = scripted("function read_query()\n\n  error('here')\nend\n")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    assert "(read_query)" in proxy.output
    assert "script.lua:3: here" in proxy.output


def test_a_shebang_line_is_accepted(make_millrace, scratch, database):
    path = scratch / "shebang.lua"
    path.write_text("#!/usr/bin/env millrace\nfunction read_query() error('second line') end\n")
    path.write_text("#!/usr/bin/env millrace\nfunction read_query()\n  error('third line') end\n")
    proxy = make_millrace([database.direct], f"--proxy-lua-script={path}")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
    assert "shebang.lua:3: third line" in proxy.output


def test_an_error_at_the_top_level_is_a_start_up_error(scripted):
    with pytest.raises(AssertionError, match=r"--proxy-lua-script: .*script\.lua:2: at the top"):
        scripted("local x = 1\nerror('at the top')")


def test_an_error_at_the_top_level_for_a_client_passes_or_refuses(scripted):
    source = """
        proxy.global.n = (proxy.global.n or 0) + 1
        if proxy.global.n == 2 then error("the second") end
    """
    passing = scripted(source)
    for _ in range(3):
        with connected(passing) as connection:
            assert rows(connection, "SELECT 1") == ((1,),)
    assert "script.lua:3: the second" in passing.output
    refusing = scripted(source, "--proxy-lua-on-error=refuse")
    connected(refusing).close()
    with pytest.raises(pymysql.Error, match="the Lua script failed in the script's top level; the log says why"):
        connected(refusing)
    connected(refusing).close()


def test_print_writes_to_standard_output(scratch, database, scripted):
    proxy = scripted("function read_query() print('printed', 1, nil) io.stdout:flush() end")
    with connected(proxy) as connection:
        rows(connection, "SELECT 1")
    assert "printed\t1\tnil" in proxy.output


# Lua itself


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("_VERSION", "Lua 5.4"),
        ("unpack({ 1, 2 }) + select(2, unpack({ 1, 2 }))", 3),
        ("loadstring('return 4')()", 4),
        ("table.getn({ 1, 2, 3 })", 3),
        ("table.maxn({ [7] = 1 })", 7),
        ("math.mod(7, 4)", 3),
        ("math.pow(2, 3)", 8.0),
        ("string.gfind('a1', '%d')()", "1"),
        ("load([[return '\\d\\.']])()", "d."),
        ("type(module)", "function"),
        ("type(package.seeall)", "function"),
        ("getfenv(0) == _G", True),
        ("setfenv(function() return a end, { a = 5 })()", 5),
        ("type(io.open)", "function"),
        ("type(os.time)", "function"),
        ("type(coroutine.wrap)", "function"),
        ("type(debug.traceback)", "function"),
        ("utf8.len('äö')", 2),
        ("7 // 2", 3),
        ("string.unpack('<I2', '\\1\\2')", None),
    ],
)
def test_lua_5_4_with_the_names_of_5_1(lua, expression, value):
    if expression.startswith("string.unpack"):
        assert lua.values(f"return {expression}") == [513, 3]
    else:
        assert lua.value(expression) == value


def test_a_module_in_the_manner_of_5_1(scripted, library):
    path = library("my.old", "") and library("old", 'module("old", package.seeall) function twice(n) return n * 2 end')
    proxy = scripted(path + CONSOLE.replace("function read_query", 'require("old") function read_query', 1))
    with connected(proxy) as connection:
        assert rows(connection, "LUA return old.twice(4)") == (("number", "8"),)
