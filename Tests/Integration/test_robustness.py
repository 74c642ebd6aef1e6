"""What misbehaving clients and dying backends do to the proxy: to their own connection, and to nothing else."""

import contextlib
import os
import random
import signal
import socket
import struct
import time

import pytest
from harness import wire
from harness.ports import accepts, free_port, wait_until
from harness.process import descriptor_count, resident_kilobytes
from harness.target import Target, run_client
from harness.wire import Closed, Wire

pytestmark = pytest.mark.millrace_only


def packet(payload, sequence):
    return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload


def greeted(target):
    connection = Wire(target)
    connection.read_greeting()
    return connection


GARBAGE_LOGINS = {
    "a packet that is too short": packet(b"\x85\xa2", 1),
    "no packet at all": packet(b"", 1),
    "the wrong sequence id": packet(b"\0" * 40, 7),
    "random bytes": packet(random.Random(1).randbytes(300), 1),
    "a web browser": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a TLS hello": bytes.fromhex("16030100") + b"\x50" + b"\1" * 80,
    "16 MB announced": b"\xff\xff\xff\1" + b"\0" * 1000,
    "a user name without an end": packet(struct.pack("<IIB23x", wire.USUAL, 1 << 24, 45) + b"x" * 200, 1),
    "an answer longer than the packet": packet(struct.pack("<IIB23x", wire.USUAL, 1 << 24, 45) + b"app\0\xff", 1),
    "SSLRequest, which was not offered": packet(struct.pack("<IIB23x", wire.USUAL | wire.SSL, 1 << 24, 45), 1),
}


@pytest.mark.parametrize("login", GARBAGE_LOGINS.values(), ids=GARBAGE_LOGINS.keys())
def test_a_garbage_login_ends_that_connection_only(database, make_millrace, login):
    proxy = make_millrace([database.direct], "--proxy-login-timeout=2")
    with Wire(proxy.target).login() as witness, greeted(proxy.target) as connection:
        connection.send_raw(login)
        left = connection.read_until_closed()
        assert left == b"" or left[4:5] == b"\xff"
        assert witness.is_alive()
    assert proxy.is_running


def test_packets_torn_into_bytes_are_put_together(proxied):
    with greeted(proxied) as connection:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for payload, sequence in ((connection.login_packet(), 1), (b"\3SELECT 'torn'", 0)):
            for byte in packet(payload, sequence):
                connection.send_raw(bytes([byte]))
                time.sleep(0.001)
            answer = connection.read()
        assert answer == b"\1"
        assert wire.text_values([connection.read() for _ in range(3)][2]) == [b"torn"]


def test_commands_sent_at_once_are_answered_in_order(proxied):
    with Wire(proxied).login() as connection:
        connection.send_raw(b"".join(packet(b"\3SELECT %d" % number, 0) for number in range(50)))
        for number in range(50):
            packets = [connection.read() for _ in range(5)]
            assert wire.text_values(packets[3]) == [str(number).encode()]


@pytest.mark.parametrize("command", [packet(b"\3SELECT 1", 5), packet(b"", 0), packet(b"\x17\1", 0), packet(b"\x1c", 0)])
def test_a_malformed_command_ends_at_most_that_connection(database, make_millrace, command):
    proxy = make_millrace([database.direct], "--proxy-read-timeout=5")
    with Wire(proxy.target).login() as witness, Wire(proxy.target).login() as connection:
        connection.send_raw(command)
        connection.socket.settimeout(20)
        try:
            assert connection.read()[:1] in (b"\xff", b"\1")
        except Closed:
            pass
        assert witness.is_alive()
    assert proxy.is_running


def test_half_a_command_and_then_nothing(database, make_millrace):
    proxy = make_millrace([database.direct], "--proxy-read-timeout=1")
    with Wire(proxy.target).login() as connection:
        connection.send_raw(b"\x64\0\0\0\3SELECT")
        left = connection.read_until_closed()
        assert left == b"" or left[4:5] == b"\xff"


def test_random_bytes_at_random_moments(database, make_millrace):
    """A seeded storm: whatever is said, the next client is served."""
    proxy = make_millrace([database.direct], "--proxy-login-timeout=1", "--proxy-read-timeout=2")
    chance = random.Random(20)
    for _ in range(200):
        with Wire(proxy.target) as connection:
            if chance.random() < 0.7:
                connection.read_greeting()
            if chance.random() < 0.3:
                connection.send(connection.login_packet() if connection.greeting else b"early", 1)
            connection.send_raw(chance.randbytes(chance.randrange(200)))
    with Wire(proxy.target).login() as connection:
        assert connection.is_alive()
    assert proxy.is_running


def test_silence_at_login_ends_in_time(database, make_millrace):
    proxy = make_millrace([database.direct], "--proxy-login-timeout=1")
    with greeted(proxy.target) as silent, Wire(proxy.target).login() as logged_in:
        left = silent.read_until_closed()
        assert left == b"" or left[4:5] == b"\xff"
        assert logged_in.is_alive(), "the timeout is for the login only"


def test_connecting_and_closing_leaves_nothing_behind(database, make_millrace):
    proxy = make_millrace([database.direct])
    with Wire(proxy.target).login():
        pass
    wait_until(lambda: database.query("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'app'") == "1\n")
    before = descriptor_count(proxy.pid)
    for number in range(500):
        connection = socket.create_connection((proxy.target.host, proxy.target.port))
        if number % 2:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    wait_until(lambda: descriptor_count(proxy.pid) <= before, what="the descriptors to be given back")
    guests = "SELECT COUNT(*) < 10 FROM information_schema.processlist"
    wait_until(lambda: database.query(guests) == "1\n", what="the server to be done with the connections")
    with Wire(proxy.target).login() as connection:
        assert connection.is_alive()


def test_no_backend_is_an_error_at_once(make_millrace):
    proxy = make_millrace([Target(port=free_port())])
    with Wire(proxy.target, timeout=5) as connection:
        code, _, text = wire.error_of(connection.read())
        assert code >= 1000 and text
    code, _, errors = run_client(proxy.target, sql="SELECT 1")
    assert code == 1 and b"ERROR" in errors
    assert proxy.is_running


def test_the_next_backend_serves_when_the_first_is_down(database, make_millrace):
    proxy = make_millrace([Target(port=free_port()), database.direct])
    for _ in range(4):
        with Wire(proxy.target).login() as connection:
            assert connection.is_alive()


def server_port(target):
    with Wire(target).login() as connection:
        connection.query("SELECT @@port")
        return int(wire.text_values([connection.read() for _ in range(5)][3])[0])


def test_a_backend_that_returns_is_taken_back(make_database, make_millrace):
    first, second = make_database(), make_database()
    proxy = make_millrace([first.direct, second.direct])
    first.stop()
    assert server_port(proxy.target) == second.port
    first.start()
    second.stop()
    wait_until(lambda: tried_port(proxy.target) == first.port, seconds=90, what="the first backend to be taken back")


def tried_port(target):
    try:
        return server_port(target)
    except (AssertionError, Closed, OSError):
        return None


def test_connections_spread_over_the_backends(make_database, make_millrace):
    servers = [make_database(), make_database()]
    proxy = make_millrace([server.direct for server in servers], "--event-threads=1")
    connections = [Wire(proxy.target).login() for _ in range(10)]
    counts = [server.query("SELECT COUNT(*) FROM information_schema.processlist WHERE user='app'") for server in servers]
    for connection in connections:
        connection.socket.close()
    assert counts == ["6\n", "6\n"], "five each, and the one that asks"


@pytest.mark.parametrize("fallback", [True, False])
def test_read_only_backends_serve_only_if_they_may(database, make_millrace, fallback):
    options = [f"--proxy-read-only-backend-addresses={database.direct.address}"]
    proxy = make_millrace([Target(port=free_port())], *options, *["--proxy-read-only-fallback"][: int(fallback)])
    code, output, _ = run_client(proxy.target, "-N", sql="SELECT 1")
    assert (code, output) == ((0, b"1\n") if fallback else (1, b""))


def big_query(megabytes):
    return f"SELECT REPEAT('x', 1000000) FROM seq_1_to_{megabytes}"


def test_a_backend_that_dies_in_mid_result_is_no_short_result(make_database, make_millrace):
    server = make_database()
    proxy = make_millrace([server.direct])
    with Wire(proxy.target).login() as connection:
        connection.query(big_query(500))
        for _ in range(10):
            connection.read()
        server.kill()
        last, rows = b"", 0
        try:
            while last[:1] != b"\xff":
                last = connection.read()
                rows += 1
                assert not wire.is_eof(last), "the result looks whole"
        except Closed:
            pass
        assert rows < 500
    assert proxy.is_running


def test_a_backend_that_dies_while_it_thinks(make_database, make_millrace):
    server = make_database()
    proxy = make_millrace([server.direct])
    with Wire(proxy.target).login() as connection:
        connection.query("SELECT SLEEP(100)")
        wait_until(lambda: "SLEEP" in server.query("SELECT info FROM information_schema.processlist"))
        server.kill()
        code, state, _ = wire.error_of(connection.read())
        assert (code, state) in ((2013, "HY000"), (2013, "08S01"), (1158, "08S01"))
        assert connection.read_until_closed() == b""


def test_a_slow_reader_costs_bounded_memory(database, make_millrace):
    proxy = make_millrace([database.direct])
    with Wire(proxy.target).login() as connection:
        before = resident_kilobytes(proxy.pid)
        connection.query(big_query(600))
        largest = 0
        for _ in range(20):
            time.sleep(0.1)
            largest = max(largest, resident_kilobytes(proxy.pid))
        head = [connection.read() for _ in range(3)]
        rows = 0
        while not wire.is_eof(connection.read()):
            rows += 1
            largest = max(largest, resident_kilobytes(proxy.pid)) if rows % 50 == 0 else largest
    assert len(head) == 3 and rows == 600
    assert largest - before < 32 * 1024


def test_a_stalled_reader_is_closed_and_a_slow_one_is_not(database, make_millrace):
    proxy = make_millrace([database.direct], "--proxy-write-timeout=1")
    with Wire(proxy.target).login() as stalled, Wire(proxy.target).login() as slow:
        for connection in stalled, slow:
            connection.query(big_query(40))
        taken = 0
        for _ in range(40):
            time.sleep(0.1)
            taken += len(slow.socket.recv(300_000))
        wait_until(lambda: "did not take its answer in time" in proxy.output, what="the stalled one's end")
        while taken < 40_000_000:
            taken += len(slow.socket.recv(1 << 20) or pytest.fail("the slow reader was closed"))
    assert proxy.output.count("did not take its answer in time") == 1


def test_a_slow_server_costs_bounded_memory(database, make_millrace):
    """64 MB are sent to a backend that is stopped and takes nothing."""
    proxy = make_millrace([database.direct])
    with Wire(proxy.target).login() as connection:
        before = resident_kilobytes(proxy.pid)
        os.kill(database.process.pid, signal.SIGSTOP)
        try:
            connection.socket.settimeout(1)
            with pytest.raises(TimeoutError):
                connection.query(b"SELECT LENGTH('" + b"x" * (64 << 20) + b"')")
            assert resident_kilobytes(proxy.pid) - before < 32 * 1024
        finally:
            os.kill(database.process.pid, signal.SIGCONT)
    with Wire(proxy.target).login() as connection:
        assert connection.is_alive()


def test_descriptors_run_out_and_come_back(database, make_millrace):
    proxy = make_millrace([database.direct], "--max-open-files=64")
    with Wire(proxy.target).login() as early:
        crowd = [socket.create_connection((proxy.target.host, proxy.target.port)) for _ in range(100)]
        wait_until(lambda: descriptor_count(proxy.pid) >= 60, what="the descriptors to run out")
        assert early.is_alive(), "who is in goes on"
        for connection in crowd:
            connection.close()
        wait_until(lambda: tried_port(proxy.target) == database.port, what="accepting to resume")
        assert early.is_alive()
    warnings = [line for line in proxy.output.splitlines() if "(warning)" in line and "open files" in line]
    assert len(warnings) == 1, "one warning, not one a client"


def test_an_idle_client_is_closed_after_the_read_timeout(database, make_millrace):
    proxy = make_millrace([database.direct], "--proxy-read-timeout=1")
    with Wire(proxy.target).login() as connection:
        connection.read_until_closed()
    assert accepts(proxy.target.port)


def test_a_backend_that_takes_connections_and_says_nothing(make_millrace):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = make_millrace([Target(port=silent.getsockname()[1])], "--proxy-login-timeout=2", "--proxy-connect-timeout=1")
        with Wire(proxy.target, timeout=20) as connection:
            left = connection.read_until_closed()
            assert left == b"" or left[4:5] == b"\xff"


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", packet(b"\x09old\0", 0), packet(b"\x0a5.5", 0)])
def test_a_backend_that_is_no_mysql_server(make_millrace, greeting):
    with socket.create_server(("127.0.0.1", 0)) as impostor:
        impostor.settimeout(20)
        proxy = make_millrace([Target(port=impostor.getsockname()[1])], "--proxy-login-timeout=3")
        with Wire(proxy.target, timeout=20) as connection:
            while True:
                peer, _ = impostor.accept()
                peer.sendall(greeting)
                connection.socket.settimeout(0.2)
                try:
                    left = connection.read_until_closed()
                    break
                except TimeoutError:
                    continue
            assert left == b"" or left[4:5] == b"\xff"
        assert proxy.is_running


def test_a_server_that_refuses_is_heard(make_database, make_millrace):
    """An ERR packet instead of a greeting (1040 too many connections) is passed on."""
    server = make_database(["--max-connections=10"])
    proxy = make_millrace([server.direct])
    crowd = []

    def is_full():
        # A connection counts until its thread has ended, which those of the harness's knocks do a moment later.
        with contextlib.suppress(AssertionError):
            crowd.append(Wire(server.direct).login())
        # One more than the limit is let in, for an administrator.
        return len(crowd) == 11

    try:
        wait_until(is_full, what="eleven connections")
        with Wire(proxy.target) as connection:
            assert wire.error_of(connection.read())[0] == 1040
    finally:
        for one in crowd:
            one.socket.close()
