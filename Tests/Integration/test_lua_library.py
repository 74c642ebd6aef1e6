"""Scripts/lib: its unit tests run inside the proxy, and its scripts as a user meets them."""

import os
import re
import socket
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
        return make_millrace(
            [database.direct] if backends is None else backends, f"--proxy-lua-script={path}", "--event-threads=1", *options,
            environment={"LUA_PATH": LUA_PATH, **(environment or {})},
        )  # fmt: skip

    return start


def connected(proxy, **options):
    settings = {**proxy.target.python_options, "charset": "utf8mb4", "autocommit": True, "connect_timeout": 20, **options}
    return pymysql.connect(**settings, read_timeout=60)


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


@pytest.mark.parametrize("path", UNIT_TESTS, ids=[path.stem for path in UNIT_TESTS])
def test_unit(scripted, tokenizer, path):
    proxy = scripted(RUN_UNIT_TEST % path)
    with pytest.raises(pymysql.Error) as error:
        connected(proxy)
    assert "self_test passed" in str(error.value), proxy.output[-6000:]
