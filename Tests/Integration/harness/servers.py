"""Several servers, and clients that ask all the time which one they are on."""

import collections
import threading

import pymysql
import pytest

from .funnel import PASSWORDS, Backend, connect
from .lua import rows


@pytest.fixture
def servers(make_database):
    return [Backend(make_database(["--max-connections=500"])) for _ in range(2)]


def port(server):
    return server.direct.port


def value(connection, sql):
    return rows(connection, sql)[-1][0]


class Clients:
    """Clients that ask all the time which server they are on; a new connection for every few questions."""

    def __init__(self, target, count):
        self.target, self.ending = target, threading.Event()
        self.seen, self.failures, self.lock = collections.Counter(), [], threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(count)]

    def run(self):
        while not self.ending.is_set():
            try:
                with connect(self.target) as connection:
                    for _ in range(5):
                        found = value(connection, "SELECT @@port")
                        with self.lock:
                            self.seen[found] += 1
            except pymysql.Error as error:
                with self.lock:
                    self.failures.append(error.args)

    def shares(self):
        """What has been seen since the last look."""
        with self.lock:
            seen, self.seen = self.seen, collections.Counter()
        return seen

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join()


def app(funnel):
    return funnel.target.as_user("app", PASSWORDS["app"])
