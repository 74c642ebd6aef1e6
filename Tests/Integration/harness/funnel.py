"""Millrace with the funnel before a MariaDB, and what that server itself says of its connections.

With MILLRACE_STAND_IN=direct the server takes the funnel's place, which proves the scenarios themselves.
A test module imports the fixtures that it needs.
"""

import os
import threading
import time

import pymysql
import pytest
from pymysql.constants import CLIENT

from . import proxies
from .database_server import started_server
from .lua import rows
from .ports import wait_until
from .target import Target, run_client

PASSWORDS = {
    "app": "secret", "other": "different", "reader": "reading", "curve": "secret", "monitor": "watching",
    "keeper": "keys",
}  # fmt: skip

# The monitor watches and is never counted; the keeper is who looks up verifiers.
ACCOUNTS = """
CREATE USER monitor@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('watching');
GRANT ALL ON *.* TO monitor@'%' WITH GRANT OPTION;
CREATE USER keeper@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('keys');
GRANT SELECT ON mysql.* TO keeper@'%';
CREATE USER reader@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('reading');
CREATE DATABASE one; CREATE DATABASE two; CREATE DATABASE three;
CREATE TABLE one.place AS SELECT 'one' AS name;
CREATE TABLE two.place AS SELECT 'two' AS name;
CREATE TABLE one.fruit (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(30) UNIQUE, price DECIMAL(6,2)) ENGINE=InnoDB;
INSERT INTO one.fruit (name, price) VALUES ('fig', 0.5), ('plum', 0.25), ('quince', 2);
CREATE TABLE one.gate (id INT);
CREATE TABLE one.served (place INT AUTO_INCREMENT PRIMARY KEY, who INT) ENGINE=InnoDB;
GRANT SELECT ON one.* TO reader@'%';
"""

KEEPER = ["--funnel-auth-user=keeper", "--funnel-auth-password=keys"]


class Backend:
    """A database server of the test's own with the funnel's accounts, and its monitor's view of it."""

    def __init__(self, server):
        self.server = server
        code, _, errors = run_client(Target(socket=server.socket, user="root", password=""), sql=ACCOUNTS)
        assert code == 0, errors.decode()

    @property
    def direct(self):
        return self.server.direct

    def monitor(self, **options):
        """A connection of the monitor, never through the proxy."""
        return pymysql.connect(
            **self.direct.as_user("monitor", PASSWORDS["monitor"]).python_options, autocommit=True, **options
        )

    def ask(self, sql):
        """The rows of a statement that the monitor runs."""
        with self.monitor() as connection:
            return rows(connection, sql)

    def connections(self):
        """Everybody's but the monitor's and the server's own: rows of id, user, command, statement."""
        return self.ask(
            "SELECT id, user, command, info FROM information_schema.processlist "
            "WHERE user NOT IN ('monitor', 'system user', 'event_scheduler') ORDER BY id"
        )

    def kill_connections(self, user="app"):
        """Kills that user's connections; answers how many."""
        with self.monitor() as connection:
            sql = f"SELECT id FROM information_schema.processlist WHERE user = '{user}'"
            killed = [number for (number,) in rows(connection, sql) if kill(connection, number)]
        return len(killed)

    def restart(self):
        self.server.stop()
        self.server.start()

    def tidy(self):
        """Makes the tables as they were at first, whatever a failed test has left."""
        sqls = "TRUNCATE TABLE one.served", "DELETE FROM one.fruit WHERE id > 3", "DROP DATABASE IF EXISTS passing"
        with self.monitor(init_command="SET lock_wait_timeout = 10") as connection:
            for sql in sqls:
                rows(connection, sql)


def kill(connection, number):
    """Whether the connection was there to be killed."""
    try:
        rows(connection, f"KILL {number}")
    except pymysql.Error as error:
        assert error.args[0] == 1094, error
        return False
    return True


class ConnectionWatch(threading.Thread):
    """Counts the server's connections all the time, its own left out.

    `seen` are the users of the most connections at one look; who has said goodbye is gone. `most` also knows the server's
    high-water mark, which tells of moments between two looks. The mark counts a closed connection until its thread has
    ended, after the socket, so it is for tests in which none is closed.
    """

    LOOK = (
        "SELECT user FROM information_schema.processlist "
        "WHERE id <> CONNECTION_ID() AND command NOT IN ('Quit', 'Killed')"
    )

    def __init__(self, backend):
        super().__init__(daemon=True)
        self.connection = backend.monitor()
        self.looks, self.seen, self.mark, self.ending = 0, [], 0, threading.Event()
        wait_until(self.settles, what="connections that were closed to be gone")
        self.start()

    def settles(self):
        """Begins to count; false where somebody is counted who is not in the list."""
        self.seen = []
        rows(self.connection, "FLUSH STATUS")
        self.look()
        return self.mark == len(self.seen)

    def look(self):
        users = [user for (user,) in rows(self.connection, self.LOOK)]
        if len(users) > len(self.seen):
            self.seen = users
        self.mark = int(rows(self.connection, "SHOW GLOBAL STATUS LIKE 'Max_used_connections'")[0][1]) - 1
        self.looks += 1

    def run(self):
        try:
            while not self.ending.is_set():
                self.look()
                time.sleep(0.001)
            self.look()
        except (pymysql.Error, OSError):
            pass  # The server was stopped; what was seen until then counts.

    @property
    def most(self):
        return max(len(self.seen), self.mark)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.join()
        self.connection.close()


class Funnel:
    """The funnel before one server, or that server itself where it stands in."""

    def __init__(self, proxy, backend):
        self.proxy, self.backend = proxy, backend

    @property
    def target(self):
        return self.proxy.target if self.proxy else self.backend.direct

    @property
    def output(self):
        return self.proxy.output if self.proxy else ""

    def as_user(self, user):
        return self.target.as_user(user, PASSWORDS[user])

    def connect(self, user="app", **options):
        return connect(self.as_user(user), **options)

    def compare(self, scenario, user="app"):
        """Runs a scenario direct and through the funnel, expects the same, and answers it."""
        expected = scenario(Funnel(None, self.backend).as_user(user))
        found = scenario(self.as_user(user))
        assert found == expected
        return expected


def connect(target, **options):
    """PyMySQL's connection; a schema of `one` is the usual one."""
    usual = {
        "database": "one", "charset": "utf8mb4", "autocommit": True, "connect_timeout": 20, "read_timeout": 60,
        "client_flag": CLIENT.MULTI_STATEMENTS | CLIENT.MULTI_RESULTS,
    }  # fmt: skip
    return pymysql.connect(**{**usual, **target.python_options, **options})


def start_funnel(folder, backend, *options, users=("app", "other", "reader", "curve"), ask_server=False):
    """Starts Millrace with the funnel; its accounts are in a file, or the server's own where it is asked."""
    if proxies.STAND_IN:
        return Funnel(None, backend)
    if ask_server:
        accounts = KEEPER
    else:
        accounts = [f"--funnel-users-file={users_file(folder, users)}"]
    return Funnel(
        proxies.start_millrace(folder, [backend.direct], *accounts, *options, plugins="proxy,funnel"), backend
    )


def users_file(folder, users):
    """A file of accounts that only its owner can read."""
    path = folder / f"users-{time.monotonic_ns()}"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.writelines(f"{user}:{PASSWORDS[user]}\n" for user in users)
    return path


@pytest.fixture(scope="module")
def module_backend(session_folder, template, request):
    """A server that a module's tests share; they leave it running and its tables as they were."""
    server = started_server(session_folder / request.module.__name__, template, ["--max-connections=1500"])
    yield Backend(server)
    server.stop()


@pytest.fixture
def backend(make_database):
    """A server of the test's own, which it may kill."""
    return Backend(make_database(["--max-connections=1500"]))


@pytest.fixture
def make_funnel(scratch):
    """Starts funnels, each with options of the test's own."""
    started = []

    def make(backend, *options, **keywords):
        started.append(start_funnel(scratch, backend, *options, **keywords))
        return started[-1]

    yield make
    for funnel in started:
        if funnel.proxy:
            running = funnel.proxy.is_running
            funnel.proxy.end()
            assert running, f"the proxy died:\n{funnel.output[-4000:]}"
