"""Millrace with its admin port, and clients of that port."""

import subprocess
from pathlib import Path

import pymysql
import pytest
from pymysql.constants import CLIENT

from . import proxies
from .ports import free_port
from .target import Target, run_client

ADMIN = ("boss", "b0ss's word")
STATS = ("watcher", "watching")


def admin_options(port, *options):
    """The options of a port with both accounts."""
    return [
        f"--admin-address=127.0.0.1:{port}", f"--admin-username={ADMIN[0]}", f"--admin-password={ADMIN[1]}",
        f"--admin-stats-username={STATS[0]}", f"--admin-stats-password={STATS[1]}", *options,
    ]  # fmt: skip


class Admin:
    """A running Millrace and its admin port."""

    def __init__(self, proxy, port):
        self.proxy, self.has_ended = proxy, False
        self.target = Target(port=port, user=ADMIN[0], password=ADMIN[1])

    def end(self):
        """An orderly end, which the test wants."""
        self.has_ended = True
        self.proxy.end()

    def as_stats(self):
        return self.target.as_user(*STATS)

    def connect(self, target=None, **options):
        flags = CLIENT.MULTI_STATEMENTS | CLIENT.MULTI_RESULTS
        return pymysql.connect(**(target or self.target).python_options, client_flag=flags, autocommit=True, **options)

    def ask(self, sql, target=None):
        """The rows of a statement."""
        with self.connect(target) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def refusal(self, sql, target=None):
        """The number and text of the ERR that a statement brings."""
        with pytest.raises(pymysql.Error) as caught:
            self.ask(sql, target)
        return caught.value.args

    def client(self, sql, *options, target=None):
        """The stock client's exit code, output and errors as text."""
        code, output, errors = run_client(target or self.target, *options, sql=sql)
        return code, output.decode(), errors.decode()


def start_admin(folder, *options, backends=(), plugins="proxy,admin"):
    port = free_port()
    proxy = proxies.start_millrace(folder, backends, *admin_options(port, *options), plugins=plugins)
    # All ports listen before the first plugin has started.
    return Admin(proxy.wait_until_it_says_so(), port)


def refused_start(*options, plugins="admin"):
    """What Millrace says that doesn't start with these options."""
    done = subprocess.run(
        [str(proxies.BINARY), f"--plugins={plugins}", *options], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1, done.stderr
    return done.stderr


def private_file(path, text):
    path = Path(path)
    path.touch(mode=0o600)
    path.write_text(text)
    return path


@pytest.fixture
def make_admin(scratch):
    """Starts Millrace with an admin port, each with options of the test's own."""
    started = []

    def make(*options, **keywords):
        started.append(start_admin(scratch, *options, **keywords))
        return started[-1]

    yield make
    for admin in started:
        running = admin.proxy.is_running
        admin.proxy.end()
        assert running or admin.has_ended, f"Millrace died:\n{admin.proxy.output[-4000:]}"


@pytest.fixture
def admin(make_admin):
    return make_admin()
