"""A script plays a whole server, well and badly; a second Millrace before it shows what its clients see."""

import pymysql
import pytest
from harness import wire
from harness.lua import connected, rows
from harness.proxies import REPOSITORY
from harness.wire import Closed, Wire, error_of

pytestmark = pytest.mark.millrace_only

SERVER = (REPOSITORY / "Tests/Integration/scenarios/server.lua").read_text()
GENEROUS = ["--proxy-lua-max-instructions=50000000", "--proxy-lua-max-memory=100000000"]
# ERR numbers: what the server sent makes no sense; it is gone; it kept silent.
SENSELESS, LOST, TIMED_OUT = 2027, 2013, 1159


class Pair:
    """The playing server and the proxy before it; both live on, whatever happens."""

    def __init__(self, make_millrace, scratch, fault="", front_options=()):
        script = scratch / "server.lua"
        script.write_text(f'local fault = "{fault}" ' + SERVER)
        self.back = make_millrace([], f"--proxy-lua-script={script}", *GENEROUS)
        self.front = make_millrace([self.back.target], "--proxy-login-timeout=2", *front_options)

    def check_alive(self):
        assert self.back.is_running and self.front.is_running, self.front.output[-4000:]


@pytest.fixture
def play(make_millrace, scratch):
    pairs = []

    def start(fault="", *front_options):
        pairs.append(Pair(make_millrace, scratch, fault, front_options))
        return pairs[-1]

    yield start
    for pair in pairs:
        pair.check_alive()


def packets_of(client):
    """The packets up to the end or to half a second of silence, and whether that was the end."""
    packets = []
    client.socket.settimeout(0.5)
    try:
        while True:
            packets.append(client.read())
    except Closed:
        return packets, True
    except TimeoutError:
        return packets, False


def answers(target, sql):
    with Wire(target) as client:
        client.login().query(sql)
        return packets_of(client)


def login_answer(target):
    with Wire(target) as client:
        client.read_greeting()
        client.send(client.login_packet(), 1)
        return packets_of(client)


# Well


def test_it_plays_a_server(play):
    pair = play()
    with connected(pair.front) as first, connected(pair.front, user="anybody", password="at all") as second:
        assert first.get_server_info() == "5.5.5-10.11.0-script"
        for connection in (first, second):
            assert rows(connection, "SELECT 1") == ((1,),)
            assert rows(connection, "SELECT 2 x 3") == ((1, 2), (2, 4), (3, 6))
            connection.ping()


@pytest.mark.parametrize("width", [1, 250, 251, 1000, 4096])
def test_wide_results(play, width):
    with connected(play().front) as connection:
        assert rows(connection, f"SELECT {width} x 2")[1] == tuple(2 * (i + 1) for i in range(width))


@pytest.mark.parametrize("length", [0, 1, 1000, 50_000])
def test_long_results(play, length):
    with connected(play().front) as connection:
        assert rows(connection, f"SELECT 2 x {length}") == tuple((i, 2 * i) for i in range(1, length + 1))


@pytest.mark.parametrize("size", [250, 251, 65_536, 0xFFFFFF - 4, 0xFFFFFF, 20_000_000])
def test_long_values(play, size):
    with connected(play().front) as connection:
        ((value,),) = rows(connection, f"SELECT wide value {size}")
        assert len(value) == size


# Badly, before the login


@pytest.mark.parametrize("fault", ["garbage", "protocol 9", "short", "no end of version"])
def test_a_greeting_that_makes_no_sense_is_an_error(play, fault):
    for proxy in (pair := play(fault)).back, pair.front:
        with Wire(proxy.target) as client:
            assert "greeting can't be understood" in error_of(client.read())[2]
            assert client.read_until_closed() == b""


def test_a_server_without_room(play):
    pair = play("no room")
    with pytest.raises(pymysql.Error) as error:
        connected(pair.front)
    assert error.value.args == (1040, "no room, says the script")


def test_a_greeting_of_70_kb(play):
    with connected(play("long").front) as connection:
        assert len(connection.get_server_info()) > 70_000
        assert rows(connection, "SELECT 1") == ((1,),)


def test_what_the_proxy_does_not_speak_is_not_offered(play):
    pair = play("tls")
    with Wire(pair.back.target) as direct, Wire(pair.front.target) as client:
        assert direct.read_greeting().capabilities & wire.SSL
        client.login()
        assert not client.greeting.capabilities & (wire.SSL | wire.COMPRESS)
        client.query("SELECT 1")
        assert len(packets_of(client)[0]) == 5


def test_a_greeting_and_then_silence(play):
    """The client waits for the server's next word, the server for the client's: the proxy's patience ends it."""
    with Wire(play().front.target) as client:
        client.read_greeting()
        assert error_of(client.read())[0] == TIMED_OUT
        assert client.read_until_closed() == b""


# Badly, in the login


def test_an_error_in_the_login(play):
    with pytest.raises(pymysql.Error) as error:
        connected(play("login refused").front)
    assert error.value.args == (1045, "Access denied, says the script")


@pytest.mark.parametrize("fault", ["login empty", "login short", "login cut error"])
def test_a_login_answer_that_makes_no_sense(play, fault):
    packets, closed = login_answer(play(fault).front.target)
    assert [error_of(packet)[0] for packet in packets] == [SENSELESS] and closed


@pytest.mark.parametrize(("fault", "first"), [("login garbage", b"\7\7\7"), ("login silence", b"\1\3")])
def test_a_login_that_the_server_leaves(play, fault, first):
    packets, closed = login_answer(play(fault).front.target)
    assert packets[0] == first and error_of(packets[1])[0] == LOST and closed


# Badly, in a result

RELAYED = [
    "only a count", "ok for rows", "error amid rows", "error without state", "long value", "missing value",
    "bad column", "file wanted",
]  # fmt: skip
CUT = ["short ok", "empty row", "bad count", "huge count", "eof first", "empty packet"]


@pytest.mark.parametrize("fault", RELAYED)
def test_what_can_be_followed_is_relayed(play, fault):
    """Rows aren't parsed, so wrong lengths inside of them are the client's to find."""
    pair = play()
    sql = f"SELECT 'fault {fault}'"
    assert answers(pair.front.target, sql) == answers(pair.back.target, sql)


@pytest.mark.parametrize("fault", CUT)
def test_what_cannot_be_followed_ends_in_an_error(play, fault):
    pair = play()
    packets, closed = answers(pair.front.target, f"SELECT 'fault {fault}'")
    assert error_of(packets[-1])[0] == SENSELESS and closed
    assert "the backend broke the protocol" in pair.front.output
    with connected(pair.front) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)


@pytest.mark.parametrize("fault", ["early end", "no columns"])
def test_a_result_that_ends_early(play, fault):
    pair = play()
    sent, _ = answers(pair.back.target, f"SELECT 'fault {fault}'")
    packets, closed = answers(pair.front.target, f"SELECT 'fault {fault}'")
    assert packets[:-1] == sent and error_of(packets[-1])[0] == LOST and closed
    with connected(pair.front) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)


def test_silence_amid_a_result(play):
    pair = play("", "--proxy-read-timeout=1")
    with Wire(pair.front.target) as client:
        client.login().query("SELECT 'fault only a count'")
        assert client.read() == b"\1"
        try:
            assert error_of(client.read())[0] in (TIMED_OUT, LOST)
        except Closed:
            pass
        assert client.read_until_closed() == b""


def test_packets_that_nobody_asked_for(play):
    pair = play()
    packets, closed = answers(pair.front.target, "SELECT 'fault too much'")
    assert packets == [b"\0\0\0\2\0\0\0"] and closed
    assert "bytes out of turn" in pair.front.output


# A script before the bad server

READER = """
    function read_query(packet)
      proxy.queries:append(1, packet, { resultset_is_needed = true })
      return proxy.PROXY_SEND_QUERY
    end
    function read_query_result(inj)
      local set = inj.resultset
      local n, raw = #set.fields, set.raw
      for i = 1, n do local name = set.fields[i].name end
      if set.rows then for row in set.rows do for i = 1, n do local value = row[i] end end end
    end
"""


@pytest.mark.parametrize("fault", [fault for fault in RELAYED if fault != "only a count"])
def test_a_script_that_reads_what_makes_no_sense(play, scratch, fault):
    (scratch / "reader.lua").write_text(READER)
    pair = play("", f"--proxy-lua-script={scratch}/reader.lua")
    sql = f"SELECT 'fault {fault}'"
    assert answers(pair.front.target, sql) == answers(pair.back.target, sql)
    if fault in ("long value", "missing value", "bad column"):
        assert "(read_query_result)" in pair.front.output and "can't be read" in pair.front.output


@pytest.mark.parametrize("fault", [*CUT, "early end", "no columns"])
def test_a_script_that_waits_for_what_never_comes(play, scratch, fault):
    (scratch / "reader.lua").write_text(READER)
    pair = play("", f"--proxy-lua-script={scratch}/reader.lua")
    packets, closed = answers(pair.front.target, f"SELECT 'fault {fault}'")
    assert error_of(packets[-1])[0] in (SENSELESS, LOST) and closed
    with connected(pair.front) as connection:
        assert rows(connection, "SELECT 1") == ((1,),)
