"""Scripts/lib: rw-splitting and ro-pooling, whose clients share connections."""

import threading

import pymysql
import pytest
from harness.lua_library import connected, failure, no_errors, replica, rows, scripted  # noqa: F401
from harness.ports import wait_until

pytestmark = pytest.mark.millrace_only


@pytest.fixture
def replicated(database, replica):
    """A read/write server and a read-only one that follows it, as options; the schema shop is on both."""
    database.query("""
        DROP DATABASE IF EXISTS shop; CREATE DATABASE shop; USE shop;
        CREATE TABLE fruit (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(30)) ENGINE=InnoDB;
        INSERT INTO fruit (name) VALUES ('fig'), ('plum');
    """)
    log_file, position = database.query("SHOW MASTER STATUS").split()[:2]
    replica.query(f"SELECT MASTER_POS_WAIT('{log_file}', {position}, 30)")
    return [f"--proxy-read-only-backend-addresses={replica.direct.address}"]


SPLITTING = """
  proxy.global.config.rwsplit = proxy.global.config.rwsplit or { min_idle_connections = 1, is_debug = true }
  require("rw-splitting")
"""


@pytest.fixture
def split(scripted, database, replicated):
    """rw-splitting with one client's connection to each server in the pool."""
    proxy = scripted(SPLITTING, *replicated, backends=[database.direct])
    # The first login opens a connection to the read/write server, the second one to the replica.
    clients = [connected(proxy, database="shop") for _ in range(2)]
    yield proxy
    for client in clients:
        client.close()
    no_errors(proxy)


# Of clients that are waiting, the replica and the test's own among them.
CONNECTIONS = "SELECT COUNT(*) FROM information_schema.processlist WHERE command = 'Sleep'"

# What a client learns without the statement being tied to its connection: the replica alone is read-only.
WHERE = "SELECT variable_value FROM information_schema.global_variables WHERE variable_name = 'server_id'"


def where(connection, suffix=""):
    """The id of the server that a read runs on."""
    return int(rows(connection, WHERE + suffix)[0][0])


def test_rw_splitting_sends_reads_to_the_replica(split):
    with connected(split, database="shop") as connection:
        assert where(connection) == 2
        for suffix in (" FOR UPDATE", " LOCK IN SHARE MODE"):
            assert where(connection, suffix) == 1
        rows(connection, "INSERT INTO fruit (name) VALUES ('quince')")
        assert rows(connection, "SELECT LAST_INSERT_ID()") == ((3,),)
        assert rows(connection, "SELECT name FROM fruit WHERE id = 3") == (("quince",),)
        for _ in range(5):
            where(connection)
        assert where(connection) == 2


def test_rw_splitting_keeps_transactions_together(split):
    with connected(split, database="shop") as connection:
        rows(connection, "PROXY SET GLOBAL rwsplit.stay_after_write = 0")
        rows(connection, "BEGIN")
        assert where(connection) == 1
        rows(connection, "INSERT INTO fruit (name) VALUES ('undone')")
        rows(connection, "ROLLBACK")
        assert where(connection) == 2
        rows(connection, "SET autocommit = 0")
        assert where(connection) == 1
        rows(connection, "COMMIT")
        assert where(connection) == 1
        rows(connection, "SET autocommit = 1")
        assert where(connection) == 2


@pytest.mark.parametrize(
    "sql, then, expected",
    [
        ("SET @a = 5", "SELECT @a", 5),
        ("SELECT @b := 6", "SELECT @b", 6),
        ("SELECT 7 INTO @c", "SELECT @c", 7),
        ("CREATE TEMPORARY TABLE scratch AS SELECT 8 AS n", "SELECT n FROM scratch", 8),
        ("PREPARE nine FROM 'SELECT 9'", "EXECUTE nine", 9),
        ("SELECT GET_LOCK('lualib', 1)", "SELECT IS_USED_LOCK('lualib') = CONNECTION_ID()", 1),
        ("SET sql_mode = 'ANSI_QUOTES'", "SELECT @@sql_mode = 'ANSI_QUOTES'", 1),
        ("SELECT 1; SET @d = 10", "SELECT @d", 10),
    ],
)
def test_rw_splitting_keeps_what_a_client_left_on_its_connection(split, sql, then, expected):
    flags = pymysql.constants.CLIENT.MULTI_STATEMENTS
    with connected(split, database="shop", client_flag=flags) as connection:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            while cursor.nextset():
                pass
        assert where(connection) == 1
        with connected(split, database="shop") as other:
            rows(other, "UPDATE fruit SET name = name")
        assert rows(connection, then)[0][0] == expected
        assert where(connection) == 1


def test_rw_splitting_gives_the_schema_and_the_names_along(split):
    with connected(split, database="shop") as connection:
        rows(connection, "SET NAMES latin1")
        assert rows(connection, "SELECT DATABASE(), CHARSET('x')") == (("shop", "latin1"),)
        rows(connection, "USE mysql")
        assert rows(connection, "SELECT DATABASE(), CHARSET('x')") == (("mysql", "latin1"),)
        assert where(connection) == 2
        connection.select_db("shop")
        assert rows(connection, "SELECT DATABASE(), COUNT(*) FROM fruit") == (("shop", 2),)
    with connected(split, database="shop") as other:
        assert rows(other, "SELECT CHARSET('x')") == (("utf8mb4",),)


def test_rw_splitting_reports_a_schema_that_is_gone(split, database):
    database.query("CREATE DATABASE passing")
    with connected(split, database="shop") as connection, connected(split, database="shop") as other:
        rows(connection, "USE passing")
        rows(other, "DROP DATABASE passing")
        rows(other, "SELECT 1")
        wait_until(lambda: "passing" not in database.query("SHOW DATABASES"))
        assert failure(connection, "SELECT 1")[0] == 1049
        rows(connection, "USE shop")
        assert rows(connection, "SELECT DATABASE()") == (("shop",),)


def test_rw_splitting_answers_questions_about_the_statement_before(split):
    with connected(split, database="shop") as connection:
        rows(connection, "SELECT CAST('x' AS INT)")
        assert rows(connection, "SHOW WARNINGS")[0][1] == 1292
        rows(connection, "SELECT SQL_CALC_FOUND_ROWS name FROM fruit LIMIT 1")
        assert rows(connection, "SELECT FOUND_ROWS()") == ((2,),)
        assert failure(connection, "SELECT nonsense")[0] == 1054
        assert rows(connection, "SHOW ERRORS")[0][1] == 1054


def test_rw_splitting_is_set_by_statements(split):
    with connected(split, database="shop") as connection:
        shown = {row[1]: row[2] for row in rows(connection, "PROXY SHOW CONFIG") if row[0] == "rwsplit"}
        assert shown["min_idle_connections"] == "1" and shown["stay_after_write"] == "5"
        rows(connection, "PROXY SET GLOBAL rwsplit.stay_after_write = 0")
        rows(connection, "INSERT INTO fruit (name) VALUES ('kiwi')")
        assert where(connection) == 2


def test_rw_splitting_with_many_clients(split):
    """More clients than connections would be needed at once, each with a transaction now and then."""
    failures = []

    def work(number):
        try:
            with connected(split, database="shop") as connection:
                for turn in range(30):
                    assert rows(connection, f"SELECT {number}, {turn}") == ((number, turn),)
                    if turn % 5 == 0:
                        rows(connection, "BEGIN")
                        rows(connection, f"INSERT INTO fruit (name) VALUES ('{number}')")
                        rows(connection, "COMMIT")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    busy = [error for error in failures if "is busy" in str(error)]
    assert failures == busy


def test_rw_splitting_keeps_no_connections_that_nobody_needs(split, database):
    for _ in range(40):
        with connected(split, database="shop") as connection:
            rows(connection, "UPDATE fruit SET name = name WHERE id = 1")
    crowd = [connected(split, database="shop") for _ in range(20)]
    for client in crowd:
        where(client)
    for client in crowd:
        client.close()
    for _ in range(30):
        with connected(split, database="shop") as connection:
            rows(connection, "UPDATE fruit SET name = name WHERE id = 1")
    wait_until(lambda: int(database.query(CONNECTIONS)) <= 16, 10, "most connections to be closed")


def test_rw_splitting_with_fewer_connections_than_clients(scripted, database, replicated):
    proxy = scripted(SPLITTING.replace("is_debug = true", "reuse_connections = true"), *replicated,
                     backends=[database.direct])  # fmt: skip
    before = int(database.query(CONNECTIONS))
    crowd = [connected(proxy, database="shop") for _ in range(10)]
    other = connected(proxy, user="other", password="different", database="shop")
    for number, client in enumerate(crowd):
        rows(client, f"INSERT INTO fruit (name) VALUES ('{number}')")
        assert rows(client, "SELECT LAST_INSERT_ID() > 2") == ((1,),)
        for _ in range(5):
            where(client)
        assert where(client) == 2
    assert rows(other, "SELECT CURRENT_USER(), DATABASE()") == (("other@%", "shop"),)
    assert int(database.query(CONNECTIONS)) - before <= 4
    for client in [*crowd, other]:
        client.close()
    no_errors(proxy)


def test_ro_pooling(scripted, database, replicated):
    proxy = scripted("""
        proxy.global.config.ropool = proxy.global.config.ropool or { min_idle_connections = 2 }
        require("ro-pooling")
    """, *replicated, backends=[database.direct])  # fmt: skip
    clients = [connected(proxy, database="shop") for _ in range(4)]
    for client in clients:
        assert where(client) == 2
        assert rows(client, "SELECT DATABASE()") == (("shop",),)
    rows(clients[0], "SET @a = 1")
    for client in clients[1:]:
        assert rows(client, "SELECT DATABASE()") == (("shop",),)
        assert rows(client, "SELECT @a") == ((None,),)
    assert rows(clients[0], "SELECT @a") == ((1,),)
    for client in clients:
        client.close()
    no_errors(proxy)
