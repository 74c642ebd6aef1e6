"""The process itself: options, defaults file, exit codes, signals, log, pid file, daemon, keepalive, systemd."""

import json
import os
import re
import signal
import socket
import subprocess

import pytest
from harness import proxies, wire
from harness.ports import accepts, free_port, wait_until
from harness.target import Target
from harness.wire import Closed, Wire

pytestmark = pytest.mark.millrace_only


def run(*arguments, timeout=20, **keywords):
    """Runs the binary to its end."""
    return subprocess.run(
        [str(proxies.BINARY), *map(str, arguments)], capture_output=True, text=True, timeout=timeout, check=False, **keywords
    )


# Options


def test_version():
    done = run("--version")
    assert done.returncode == 0
    assert re.match(r"millrace \d+\.\d+\.\d+", done.stdout)


def test_help_shows_the_options_in_groups():
    short, everything, one = run("--help"), run("--help-all", "--plugins=proxy,sandbox"), run("--help-proxy")
    assert (short.returncode, everything.returncode, one.returncode) == (0, 0, 0)
    for option in ("--plugins", "--defaults-file", "--log-level", "--pid-file", "--event-threads", "--shutdown-timeout"):
        assert option in short.stdout
    assert "--sandbox-database" in everything.stdout and "--proxy-backend-addresses" in everything.stdout
    assert "--proxy-read-only-fallback" in one.stdout and "--sandbox-database" not in one.stdout


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--bogus"], ["--bogus"]),
        (["--plugins=proxy,no-such"], ["no-such", "proxy", "sandbox"]),
        (["--event-threads=0"], ["event-threads"]),
        (["--event-threads=many"], ["event-threads", "many"]),
        (["--log-level=loud"], ["loud", "debug"]),
        (["--proxy-address=127.0.0.1:99999"], ["99999"]),
        (["--proxy-backend-addresses=127.0.0.1:1", "--proxy-backend-addresses=127.0.0.1:1"], ["127.0.0.1:1"]),
        (["--defaults-file=/no/such/file"], ["/no/such/file"]),
        (["--basedir=relative"], ["basedir"]),
        (["--log-file=/tmp/x.log", "--log-use-syslog"], ["log-file", "log-use-syslog"]),
        (["--user=no-such-user"], ["no-such-user"]),
        (["leftover"], ["leftover"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_wrong_option_is_named_and_ends_with_1(arguments, words):
    plugins = [] if any(argument.startswith("--plugins") for argument in arguments) else ["--plugins=proxy"]
    address = [] if any(argument.startswith("--proxy-address") for argument in arguments) else ["--proxy-address=127.0.0.1:0"]
    done = run(*plugins, *address, *arguments)
    assert done.returncode == 1
    for word in words:
        assert word in done.stderr


def test_a_port_in_use_is_named_and_ends_with_1():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--plugins=proxy", f"--proxy-address=127.0.0.1:{port}")
    assert done.returncode == 1
    assert str(port) in done.stderr


# Defaults file


def write_defaults(scratch, text, mode=0o600):
    path = scratch / "millrace.cnf"
    path.write_text(text)
    path.chmod(mode)
    return f"--defaults-file={path}"


@pytest.mark.parametrize("group", ["millrace", "mysql-proxy"])
def test_every_kind_of_value_works_in_the_defaults_file(database, scratch, group):
    port, pid_file = free_port(), scratch / "pid"
    defaults = write_defaults(
        scratch,
        f"""[{group}]
plugins = proxy
proxy-address = 127.0.0.1:{port}
proxy-backend-addresses = 127.0.0.1:{free_port()}, {database.direct.address}
proxy-login-timeout = 0.5
event-threads = 1
proxy-read-only-fallback = true
pid-file = {pid_file}
log-level = debug
""",
    )
    target = Target(port=port)
    with proxies.Proxy([proxies.BINARY, defaults], scratch, target).wait_until_listening() as proxy:
        with Wire(target).login() as connection, Wire(target) as silent:
            assert connection.is_alive()
            silent.read_greeting()
            silent.read_until_closed()
        assert int(pid_file.read_text()) == proxy.pid


def test_the_command_line_beats_the_file(database, scratch):
    chosen, unused = free_port(), free_port()
    defaults = write_defaults(scratch, f"[millrace]\nproxy-address=127.0.0.1:{unused}\nproxy-login-timeout=100\n")
    with proxies.start_millrace(
        scratch, [database.direct], defaults, "--proxy-login-timeout=0.5", listen=Target(port=chosen)
    ) as proxy:
        assert not accepts(unused)
        with Wire(proxy.target, timeout=10) as silent:
            silent.read_greeting()
            silent.read_until_closed()


@pytest.mark.parametrize(
    "text, line",
    [
        ("[millrace]\n# a comment\nno-such-key = 1\n", 3),
        ("plugins = proxy\n", 1),
        ("[millrace]\nevent-threads = many\n", 2),
        ("[millrace]\n\ndaemon = maybe\n", 3),
        ("[millrace]\nthis is no key\n", 2),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(scratch, text, line):
    done = run(write_defaults(scratch, text))
    assert done.returncode == 1
    assert re.search(rf"millrace\.cnf\D{{1,8}}{line}\b", done.stderr), done.stderr


def test_a_file_that_others_may_read_is_refused(scratch):
    done = run(write_defaults(scratch, "[millrace]\nplugins=proxy\n", mode=0o644))
    assert done.returncode == 1
    assert "millrace.cnf" in done.stderr


# Signals


def sleeping(database, target, seconds):
    connection = Wire(target).login()
    connection.query(f"SELECT SLEEP({seconds}), 'awake {connection.greeting.connection_id}'")
    wait_until(lambda: "awake" in database.query("SELECT info FROM information_schema.processlist WHERE info LIKE '%SLEEP%'"))
    return connection


def test_term_lets_running_queries_end(database, make_millrace):
    proxy = make_millrace([database.direct])
    with sleeping(database, proxy.target, 2) as connection, Wire(proxy.target).login() as idle:
        proxy.signal(signal.SIGTERM)
        wait_until(lambda: not accepts(proxy.target.port), what="new connections to be refused")
        packets = [connection.read() for _ in range(6)]
        assert wire.is_eof(packets[5])
        idle.read_until_closed()
    assert proxy.wait() == 0


def test_term_lets_transactions_end(database, make_millrace):
    proxy = make_millrace([database.direct])
    with Wire(proxy.target).login() as connection:
        for sql in ("CREATE OR REPLACE TABLE test.drained (a INT)", "BEGIN", "INSERT INTO test.drained VALUES (1)"):
            connection.query(sql)
            assert wire.is_ok(connection.read())
        proxy.signal(signal.SIGTERM)
        wait_until(lambda: not accepts(proxy.target.port), what="new connections to be refused")
        for sql in ("INSERT INTO test.drained VALUES (2)", "COMMIT"):
            connection.query(sql)
            assert wire.is_ok(connection.read())
        connection.read_until_closed()
    assert proxy.wait() == 0
    assert database.query("SELECT COUNT(*) FROM test.drained") == "2\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_at_once(database, make_millrace, number):
    proxy = make_millrace([database.direct])
    with sleeping(database, proxy.target, 60) as connection:
        proxy.signal(number)
        wait_until(lambda: not accepts(proxy.target.port), what="new connections to be refused")
        assert proxy.is_running
        proxy.signal(number)
        proxy.wait(10)
        connection.read_until_closed()


def test_the_shutdown_timeout_bounds_the_drain(database, make_millrace):
    proxy = make_millrace([database.direct], "--shutdown-timeout=1")
    with sleeping(database, proxy.target, 60):
        proxy.signal(signal.SIGTERM)
        assert proxy.wait(20) == 0


def test_a_unix_socket_is_removed_at_exit_and_taken_over_after_a_crash(database, make_millrace, scratch):
    listen = Target(socket=str(scratch / "p"))
    crashed = make_millrace([database.direct], listen=listen)
    crashed.kill()
    assert os.path.exists(listen.socket)
    proxy = proxies.start_millrace(scratch, [database.direct], listen=listen)
    with proxy:
        wait_until(lambda: connects(listen), what="the new process to listen")
    assert not os.path.exists(listen.socket)


def connects(target):
    try:
        with Wire(target).login():
            return True
    except (OSError, Closed):
        return False


# Log, pid file, daemon, keepalive, systemd


def test_hup_reopens_the_log(database, make_millrace, scratch):
    log = scratch / "millrace.log"
    proxy = make_millrace([database.direct], f"--log-file={log}")
    wait_until(lambda: log.exists() and log.stat().st_size > 0, what="the log to have lines")
    log.rename(scratch / "old.log")
    proxy.signal(signal.SIGHUP)

    def new_log_has_lines():
        connects(proxy.target)
        return log.exists() and log.stat().st_size > 0

    wait_until(new_log_has_lines, what="the new log to have lines")
    assert proxy.is_running


def test_usr1_is_answered_in_the_log(database, make_millrace, scratch):
    log = scratch / "millrace.log"
    proxy = make_millrace([database.direct], f"--log-file={log}")
    proxy.signal(signal.SIGUSR1)
    wait_until(lambda: "SIGUSR1: no plugin has a report" in log.read_text(), what="the answer")
    assert connects(proxy.target)


def test_the_angel_passes_usr1_on_to_its_child(database, make_millrace, scratch):
    log, path = scratch / "millrace.log", scratch / "pid"
    angel = make_millrace([database.direct], "--keepalive", f"--log-file={log}", f"--pid-file={path}")
    wait_until(path.exists, what="the pid file")
    child = path.read_text()
    angel.signal(signal.SIGUSR1)
    wait_until(lambda: "SIGUSR1: no plugin has a report" in log.read_text(), what="the answer")
    assert log.read_text().count("SIGUSR1") == 1
    assert angel.is_running and path.read_text() == child
    assert connects(angel.target)


def test_the_log_in_json(database, make_millrace, scratch):
    log = scratch / "millrace.log"
    proxy = make_millrace([database.direct], f"--log-file={log}", "--log-format=json")
    connects(proxy.target)
    lines = log.read_text().splitlines()
    assert lines and all(isinstance(json.loads(line), dict) for line in lines)


def test_the_pid_file_is_there_while_the_process_is(database, make_millrace, scratch):
    path = scratch / "pid"
    proxy = make_millrace([database.direct], f"--pid-file={path}")
    wait_until(path.exists, what="the pid file")
    assert int(path.read_text()) == proxy.pid
    proxy.end()
    assert not path.exists()


def end_by_pid_file(path):
    pid = int(path.read_text())
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not os.path.exists(f"/proc/{pid}") or is_zombie(pid), what=f"{pid} to end")


def is_zombie(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_daemon_outlives_the_command_that_started_it(database, scratch):
    target, path = Target(port=free_port()), scratch / "pid"
    done = run(
        "--daemon", "--plugins=proxy", f"--proxy-address={target.address}", f"--pid-file={path}",
        f"--proxy-backend-addresses={database.direct.address}", f"--log-file={scratch}/log",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    wait_until(path.exists, what="the pid file")
    try:
        wait_until(lambda: connects(target), what="the daemon to serve")
    finally:
        end_by_pid_file(path)
    assert not accepts(target.port)


def test_a_daemon_that_cannot_start_says_so(scratch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("--daemon", "--plugins=proxy", f"--proxy-address=127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 1


def test_keepalive_restarts_a_child_that_crashed(database, make_millrace, scratch):
    path = scratch / "pid"
    angel = make_millrace([database.direct], "--keepalive", f"--pid-file={path}")
    # One that dies while it starts is not restarted.
    angel.wait_until_it_says_so()
    child = int(path.read_text())
    assert child != angel.pid
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: path.exists() and path.read_text() not in ("", str(child)), what="a new child's pid")
    wait_until(lambda: connects(angel.target), what="the new child to serve")
    angel.signal(signal.SIGTERM)
    assert angel.wait() == 0
    assert not accepts(angel.target.port)


def test_systemd_is_notified(database, make_millrace, scratch):
    address = str(scratch / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(20)
        proxy = make_millrace([database.direct], environment={"NOTIFY_SOCKET": address})
        assert "READY=1" in listener.recv(4096).decode()
        assert accepts(proxy.target.port)
        proxy.signal(signal.SIGTERM)
        assert "STOPPING=1" in listener.recv(4096).decode()
    assert proxy.wait() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the user")
def test_the_user_is_changed_after_the_ports_are_open(database, make_millrace):
    proxy = make_millrace([database.direct], "--user=nobody")
    with open(f"/proc/{proxy.pid}/status", encoding="ascii") as status:
        fields = dict(line.split(":\t", 1) for line in status.read().splitlines() if ":\t" in line)
    assert set(fields["Uid"].split()) == {"65534"}
    assert fields["Groups"].split() in ([], ["65534"])
    assert connects(proxy.target)


def test_clients_may_ask_for_a_schema_and_get_it(proxied):
    with Wire(proxied, schema="mysql").login() as connection:
        connection.query("SELECT DATABASE()")
        assert wire.text_values([connection.read() for _ in range(5)][3]) == [b"mysql"]
