"""Reference 4.3: proxy.global, its backends and their addresses."""

import pymysql
import pytest
from harness.lua import CONSOLE, Console, connected, rows, said
from harness.ports import free_port
from harness.target import Target

pytestmark = pytest.mark.millrace_only


def test_proxy_global_is_a_plain_table(lua):
    assert lua.values("return type(proxy.global), getmetatable(proxy.global)") == ["table", None]


def test_proxy_global_config_is_an_empty_table_for_scripts(lua):
    assert lua.values("return type(proxy.global.config), next(proxy.global.config)") == ["table", None]
    assert lua.values("proxy.global.config.mine = { limit = 3 } return proxy.global.config.mine.limit") == [3]
    lua.values("proxy.global.config.mine = nil")


# proxy.global.backends


@pytest.fixture
def backends(scripted, database):
    """A console before this database, over TCP and over its socket, a read-only IPv6 server and a closed port."""
    targets = [database.direct, database.direct_socket]
    read_only = ["--proxy-read-only-backend-addresses=[::1]:3399", "--proxy-read-only-backend-addresses=10.0.0.9"]
    console = Console(scripted(CONSOLE, *read_only, backends=targets))
    yield console
    console.close()


def test_backends_are_counted_from_1(backends):
    assert backends.values("return type(proxy.global.backends), #proxy.global.backends") == ["userdata", 4]
    assert backends.value("proxy.global.backends[1] ~= nil and proxy.global.backends[4] ~= nil") is True


@pytest.mark.parametrize("number", ["0", "5", "-1", "1e15", "1.5", "math.huge"])
def test_a_number_out_of_range_is_nil(backends, number):
    if number in ("1.5", "math.huge"):
        assert "takes a number" in backends.error(f"return proxy.global.backends[{number}]")
    else:
        assert backends.value(f"proxy.global.backends[{number}]") is None


@pytest.mark.parametrize("key", ["'rw'", "true", "{}", "print"])
def test_a_key_that_is_no_number_is_an_error(backends, key):
    message = backends.error(f"return proxy.global.backends[{key}]")
    assert "proxy.global.backends takes a number from 1 to #proxy.global.backends" in message


def test_backends_cannot_be_added_or_removed(backends):
    for code in ("proxy.global.backends[5] = {}", "proxy.global.backends[1] = nil"):
        assert "is not writable" in backends.error(code)


# One backend


def test_types_in_the_order_of_the_options(backends):
    types = backends.values("local t = {} for i = 1, 4 do t[i] = proxy.global.backends[i].type end return unpack(t)")
    assert types == [1, 1, 2, 2]
    assert backends.value("proxy.global.backends[1].type == proxy.BACKEND_TYPE_RW") is True
    assert backends.value("proxy.global.backends[3].type == proxy.BACKEND_TYPE_RO") is True


def test_connected_clients_follow_the_connections(backends):
    read = "return proxy.global.backends[1].connected_clients, proxy.global.backends[2].connected_clients"
    assert backends.values(read) == [1, 0]


def test_connected_clients_counts_up_and_down(scripted):
    proxy = scripted(CONSOLE)
    first = Console(proxy)
    others = [connected(proxy) for _ in range(3)]
    assert first.value("proxy.global.backends[1].connected_clients") == 4
    for other in others:
        other.close()
    values = [first.value("proxy.global.backends[1].connected_clients") for _ in range(200)]
    assert values[-1] == 1
    first.close()


def test_the_state_is_unknown_at_first_and_up_after_a_connect(scripted):
    proxy = scripted("""
        function connect_server() say(proxy.global.backends[1].state) end
        function read_query() say(proxy.global.backends[1].state) end
    """)
    with connected(proxy) as connection:
        rows(connection, "SELECT 1")
    states = said(proxy)
    assert states[0] == "0" and states[-1] == "1"


def test_the_state_is_down_after_a_refused_connect(scripted, direct):
    proxy = scripted(CONSOLE, backends=[Target(port=free_port()), direct])
    console = Console(proxy)
    assert console.value("proxy.global.backends[1].state") == 2
    assert console.value("proxy.connection.backend_ndx") == 2
    console.close()


def test_a_state_that_a_script_writes_counts(scripted, database):
    proxy = scripted(
        "function connect_server() proxy.global.backends[1].state = proxy.BACKEND_STATE_DOWN end " + CONSOLE,
        backends=[database.direct, database.direct_socket],
    )
    console = Console(proxy)
    assert console.value("proxy.connection.backend_ndx") == 2
    console.values("proxy.global.backends[1].state = proxy.BACKEND_STATE_UP")
    assert console.value("proxy.global.backends[1].state") == 1
    console.close()


def test_all_backends_down_is_an_error_before_the_greeting(scripted):
    proxy = scripted("function connect_server() proxy.global.backends[1].state = proxy.BACKEND_STATE_DOWN end")
    with pytest.raises(pymysql.Error, match="all backends are down"):
        connected(proxy)


@pytest.mark.parametrize("value", ["3", "-1", "'up'", "nil", "true", "{}"])
def test_a_state_that_is_none_is_an_error(backends, value):
    message = backends.error(f"proxy.global.backends[1].state = {value}")
    assert "a backend's state is proxy.BACKEND_STATE_UNKNOWN, _UP or _DOWN" in message


def test_a_uuid_is_kept_for_all_connections(scripted):
    proxy = scripted(CONSOLE)
    first, second = Console(proxy), Console(proxy)
    assert first.value("proxy.global.backends[1].uuid") is None
    first.values("proxy.global.backends[1].uuid = 'a-b-c'")
    assert second.value("proxy.global.backends[1].uuid") == "a-b-c"
    second.values("proxy.global.backends[1].uuid = nil")
    assert first.value("proxy.global.backends[1].uuid") is None
    first.close()
    second.close()


@pytest.mark.parametrize("value", ["5", "true", "{}"])
def test_a_uuid_is_a_string_or_nil(backends, value):
    assert "a backend's uuid is a string or nil" in backends.error(f"proxy.global.backends[1].uuid = {value}")


@pytest.mark.parametrize("field", ["type", "connected_clients", "dst", "pool", "address", "anything"])
def test_other_fields_are_not_writable(backends, field):
    message = backends.error(f"proxy.global.backends[1].{field} = 1")
    assert f"proxy.global.backends[...].{field} is not writable" in message


@pytest.mark.parametrize("field", ["address", "anything", "[1]"])
def test_an_unknown_field_is_nil(backends, field):
    access = field if field.startswith("[") else f".{field}"
    assert backends.value(f"proxy.global.backends[1]{access}") is None


# Addresses


def test_addresses(backends, database):
    read = "local d = proxy.global.backends[{}].dst return d.type, d.name, d.address, d.port"
    assert backends.values(read.format(1)) == [2, f"127.0.0.1:{database.port}", "127.0.0.1", database.port]
    assert backends.values(read.format(2)) == [1, database.socket, database.socket, None]
    assert backends.values(read.format(3)) == [10, "[::1]:3399", "::1", 3399]
    assert backends.values(read.format(4)) == [2, "10.0.0.9:3306", "10.0.0.9", 3306]


def test_addresses_are_read_only(backends):
    assert "is not writable" in backends.error("proxy.global.backends[1].dst.port = 1")
    assert backends.value("proxy.global.backends[1].dst.anything") is None


# Several backends


def test_a_new_client_goes_to_the_backend_with_the_fewest(scripted, database):
    proxy = scripted(CONSOLE, backends=[database.direct, database.direct_socket])
    consoles = [Console(proxy) for _ in range(4)]
    assert [console.value("proxy.connection.backend_ndx") for console in consoles] == [1, 2, 1, 2]
    for console in consoles:
        console.close()


def test_read_only_backends_are_not_chosen_by_default(scripted, database):
    option = f"--proxy-read-only-backend-addresses={database.direct_socket.address}"
    proxy = scripted(CONSOLE, option)
    consoles = [Console(proxy) for _ in range(3)]
    assert [console.value("proxy.connection.backend_ndx") for console in consoles] == [1, 1, 1]
    for console in consoles:
        console.close()
