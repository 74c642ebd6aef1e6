"""Fixtures and words for the tests of Scripts/lib; a test module imports those that it needs."""

import time

import pymysql
import pytest

from . import proxies
from .lua import connected, rows
from .ports import wait_until

LIBRARY = proxies.REPOSITORY / "Scripts/lib"


@pytest.fixture
def scripted(make_millrace, database, scratch):
    """Starts Millrace with a script of the library, or with a text that may require some."""

    def start(script, *options, backends=None, environment=None):
        path = LIBRARY / f"{script}.lua"
        if "\n" in script:
            path = scratch / f"script{time.monotonic_ns()}.lua"
            path.write_text(script)
        backends = [database.direct] if backends is None else backends
        loops = [] if any("--event-threads" in option for option in options) else ["--event-threads=1"]
        return make_millrace(backends, f"--proxy-lua-script={path}", *loops, *options, environment=environment)

    return start


def columns(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [column[0] for column in cursor.description]


def failure(connection, sql):
    with pytest.raises(pymysql.Error) as error:
        rows(connection, sql)
    return error.value.args


@pytest.fixture
def shop(database):
    """A schema with a table of fruit, made anew."""
    database.query("""
        DROP DATABASE IF EXISTS shop; CREATE DATABASE shop; USE shop;
        CREATE TABLE fruit (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(30), price DECIMAL(6,2)) ENGINE=InnoDB;
        INSERT INTO fruit (name, price) VALUES ('fig', 0.5), ('plum', 0.25);
    """)


def no_errors(proxy):
    assert "stack traceback" not in proxy.output, proxy.output[-4000:]


@pytest.fixture
def replica(database, make_database):
    """A replica of the shared database."""
    server = make_database(["--server-id=2", "--read-only"])
    log_file, position = database.query("SHOW MASTER STATUS").split()[:2]
    server.query(f"""
        CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={database.port}, MASTER_USER='app',
            MASTER_PASSWORD='secret', MASTER_CONNECT_RETRY=1, MASTER_LOG_FILE='{log_file}', MASTER_LOG_POS={position};
        START SLAVE
    """)
    with pymysql.connect(**server.direct.python_options, cursorclass=pymysql.cursors.DictCursor) as connection:
        wait_until(lambda: rows(connection, "SHOW SLAVE STATUS")[0]["Seconds_Behind_Master"] == 0)
    return server
