"""Reads that must see transactions, on a real server and one that follows it."""

import threading
import time

import pymysql
import pytest
from harness.funnel import PASSWORDS, Backend
from harness.lua import rows
from harness.ports import wait_until
from harness.rules import start_ruled
from harness.servers import value
from mysql import connector

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(180)]

READ = "SELECT COUNT(*), @@port FROM fruit"
TO_READER = {"match_pattern": "^SELECT", "destination_hostgroup": 1}
CONSISTENT = {**TO_READER, "gtid_from_hostgroup": 0}


class Pair:
    """Millrace before a writer, hostgroup 0, and a reader, hostgroup 1."""

    def __init__(self, ruled):
        self.ruled, (self.writer, self.reader) = ruled, ruled.servers

    def write(self, connection):
        rows(connection, f"INSERT INTO fruit (name) VALUES ('{time.monotonic_ns()}')")

    def stop(self):
        self.reader.ask("STOP SLAVE SQL_THREAD")

    def follow(self):
        self.reader.ask("START SLAVE SQL_THREAD")

    def catch_up(self):
        self.follow()
        position = self.position()
        assert self.reader.ask(f"SELECT MASTER_GTID_WAIT('{position}', 20)") == ((0,),)

    def position(self):
        return self.writer.ask("SELECT @@gtid_binlog_pos")[0][0]

    def wait(self, milliseconds):
        self.ruled.admin.ask(f"SET funnel-gtid_wait_timeout_ms={milliseconds}; LOAD FUNNEL VARIABLES TO RUNTIME")

    def counted(self):
        """Transactions remembered, statements that saw them, and those of these that went elsewhere for that."""
        numbers = dict(self.ruled.admin.ask("SELECT * FROM stats_mysql_global"))
        names = "GTID_session_collected", "GTID_consistent_queries", "GTID_fallback_queries"
        return tuple(int(numbers[name]) for name in names)

    def synchronised(self):
        """The statements that waited for transactions, by hostgroup."""
        return dict(self.ruled.admin.ask("SELECT hostgroup, Queries_GTID_sync FROM stats_mysql_connection_pool"))


@pytest.fixture
def pair(scratch, make_database):
    servers = [Backend(make_database(["--log-bin=bin", f"--server-id={number}"])) for number in (1, 2)]
    for server in servers:
        server.ask("RESET MASTER")
    writer, reader = servers
    reader.ask(
        f"CHANGE MASTER TO master_host='127.0.0.1', master_port={writer.direct.port}, master_user='monitor', "
        f"master_password='{PASSWORDS['monitor']}', master_use_gtid=slave_pos"
    )
    reader.ask("START SLAVE")
    pair = Pair(start_ruled(scratch, servers))
    yield pair
    alive = pair.ruled.admin.proxy.is_running
    pair.ruled.admin.proxy.end()
    assert alive, f"Millrace died:\n{pair.ruled.admin.proxy.output[-4000:]}"


def test_a_commit_is_no_setting_of_its_session(pair):
    pair.ruled.load()
    with pair.ruled.connect() as one, pair.ruled.connect() as other:
        for number in range(1, 6):
            for connection in (one, other):
                pair.write(connection)
            # Each has the connection that the other one has just written on.
            sql = "SELECT SLEEP(0.05)"
            held = [threading.Thread(target=rows, args=(connection, sql)) for connection in (other, one)]
            for thread in held:
                thread.start()
            for thread in held:
                thread.join()
            assert value(one, "SELECT COUNT(*) FROM fruit") == 3 + 2 * number
    assert pair.counted() == (0, 0, 0)


def test_a_read_sees_the_sessions_own_write(pair):
    pair.ruled.load(TO_READER)
    pair.stop()
    with pair.ruled.connect() as connection:
        pair.write(connection)
        assert rows(connection, READ) == ((3, pair.ruled.second),), "without the rule it is stale"
        pair.ruled.load(CONSISTENT)
        pair.write(connection)
        begin = time.monotonic()
        assert rows(connection, READ) == ((5, pair.ruled.first),)
        assert 0.5 <= time.monotonic() - begin < 5
        assert pair.counted() == (1, 1, 1)
        # Without a time to wait the reader is looked at only.
        pair.wait(0)
        assert rows(connection, READ) == ((5, pair.ruled.first),)
        pair.catch_up()
        assert rows(connection, READ) == ((5, pair.ruled.second),)
        assert rows(connection, READ) == ((5, pair.ruled.second),)
        assert pair.counted() == (1, 4, 2)
        assert pair.synchronised() == {0: 0, 1: 2}


def test_a_reader_that_follows_in_time_is_waited_for(pair):
    pair.ruled.load(CONSISTENT)
    pair.wait(10_000)
    with pair.ruled.connect() as connection:
        for number in range(1, 4):
            pair.stop()
            pair.write(connection)
            timer = threading.Timer(0.3, pair.follow)
            timer.start()
            begin = time.monotonic()
            assert rows(connection, READ) == ((3 + number, pair.ruled.second),)
            assert 0.2 <= time.monotonic() - begin < 9
            timer.join()
        # As it comes.
        for number in range(1, 31):
            pair.write(connection)
            assert rows(connection, READ) == ((6 + number, pair.ruled.second),)
    assert pair.counted() == (33, 33, 0)


def test_who_has_written_nothing_waits_for_nothing(pair):
    pair.ruled.load(CONSISTENT)
    pair.stop()
    with pair.ruled.connect() as writing, pair.ruled.connect() as reading:
        pair.write(writing)
        assert rows(reading, READ) == ((3, pair.ruled.second),)
        rows(writing, "BEGIN")
        pair.write(writing)
        assert rows(writing, READ) == ((5, pair.ruled.first),), "a transaction stays where it is"
        rows(writing, "ROLLBACK")
    assert pair.counted()[1:] == (0, 0)


def test_a_prepared_statement_waits_too(pair):
    pair.ruled.load(CONSISTENT)
    pair.stop()
    options = pair.ruled.target.python_options
    with connector.connect(
        host=options["host"], port=options["port"], user="app", password=PASSWORDS["app"], database="one",
        autocommit=True, use_pure=True, ssl_disabled=True,
    ) as connection, connection.cursor(prepared=True) as cursor:  # fmt: skip
        cursor.execute("INSERT INTO fruit (name) VALUES (?)", ("pear",))
        for expected in (pair.ruled.first, pair.ruled.second):
            cursor.execute("SELECT COUNT(*), @@port FROM fruit WHERE id > ?", (0,))
            assert cursor.fetchall() == [(4, expected)]
            pair.catch_up()


def test_a_hint_names_the_transaction(pair):
    with pair.ruled.connect() as connection:
        # What the session has left on the reader outlives the questions there.
        rows(connection, "/* hostgroup=1 */ SELECT SQL_CALC_FOUND_ROWS @mine := id FROM fruit ORDER BY id LIMIT 1")
        pair.writer.ask("INSERT INTO one.fruit (name) VALUES ('pear')")
        hint = f"/* hostgroup=1; min_gtid={pair.position()} */ "
        assert rows(connection, hint + "SELECT @@port, FOUND_ROWS(), @mine") == ((pair.ruled.second, 3, 1),)
        assert rows(connection, hint + READ) == ((4, pair.ruled.second),)
        pair.stop()
        pair.writer.ask("INSERT INTO one.fruit (name) VALUES ('cherry')")
        hint = f"/* hostgroup=1; min_gtid={pair.position()} */ "
        assert rows(connection, hint + READ) == ((5, pair.ruled.first),)
        with pytest.raises(pymysql.Error) as caught:
            rows(connection, f"/* hostgroup=1; min_gtid=0-1-{10**9} */ SELECT 1")
        assert caught.value.args[0] == 1105 and "has not applied min_gtid=0-1-1000000000" in caught.value.args[1]
        assert rows(connection, "/* hostgroup=1; min_gtid=0-1-1') OR SLEEP('9 */ " + READ) == ((4, pair.ruled.second),)
        assert rows(connection, "SELECT @mine") == ((1,),)


def test_what_a_server_is_known_to_have_is_forgotten_with_its_connections(pair):
    pair.ruled.load(CONSISTENT)
    pair.wait(0)
    with pair.ruled.connect() as connection:
        pair.write(connection)
        pair.catch_up()
        assert rows(connection, READ) == ((4, pair.ruled.second),)
        # The reader comes back as it was before.
        pair.reader.ask("STOP SLAVE")
        pair.reader.ask("SET GLOBAL gtid_slave_pos=''")
        pair.reader.ask("RESET MASTER")
        pair.reader.ask("DELETE FROM one.fruit WHERE id > 3")
        pair.reader.ask("RESET MASTER")
        assert pair.reader.kill_connections()
        wait_until(lambda: rows(connection, READ) == ((4, pair.ruled.first),), what="the writer to be read from")


def test_settings_of_the_wait(pair):
    code, text = pair.ruled.admin.refusal("SET funnel-gtid_wait_timeout_ms=20001")
    assert code == 1231 and "0 to 20000" in text
    assert pair.ruled.admin.ask("SELECT @@funnel-gtid_wait_timeout_ms") == [(500,)]
    warnings = pair.ruled.load({"gtid_from_hostgroup": 44})
    assert [text for text in warnings if "hostgroups without a server" in text and "44" in text], warnings
