"""A statement that runs beside the test."""

import threading

import pymysql

from .lua import rows


class Background(threading.Thread):
    """Runs one statement; `outcome` is its rows, or the number of its error."""

    def __init__(self, connection, sql):
        super().__init__(daemon=True)
        self.connection, self.sql, self.outcome = connection, sql, None
        self.start()

    def run(self):
        try:
            self.outcome = rows(self.connection, self.sql)
        except (pymysql.Error, OSError) as error:
            self.outcome = error.args[0]

    def result(self, seconds=40):
        """The outcome, which is awaited for so long."""
        self.join(seconds)
        assert not self.is_alive(), f"never ended: {self.sql}"
        return self.outcome
