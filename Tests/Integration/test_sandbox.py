"""The embedded server behind the proxy: clients run with no database server at all."""

import socket
import subprocess

import mysql.connector
import pymysql
import pytest
from harness import proxies
from harness.ports import free_port
from harness.target import Target, run_client
from harness.wire import Wire

pytestmark = pytest.mark.millrace_only


@pytest.fixture
def sandbox(make_millrace):
    """Through the proxy; the user is root without a password."""
    proxy = make_millrace([], f"--sandbox-address=127.0.0.1:{free_port()}", plugins="proxy,sandbox")
    return proxy.target.as_user("root", "")


def test_the_mariadb_client(sandbox):
    sql = """
        CREATE TABLE fruit (id INTEGER PRIMARY KEY, name TEXT, weight REAL, picture BLOB);
        INSERT INTO fruit (name, weight, picture) VALUES ('fig', 1.5, x'00ff'), ('größe', NULL, NULL);
        SELECT id, name, weight FROM fruit ORDER BY id;
        SELECT COUNT(*) AS n FROM fruit WHERE weight IS NULL;
    """
    code, output, errors = run_client(sandbox, "--default-character-set=utf8mb4", sql=sql)
    assert (code, errors) == (0, b"")
    assert output.decode() == "id\tname\tweight\n1\tfig\t1.5\n2\tgröße\tNULL\nn\n1\n"


def test_what_clients_ask_at_connect(sandbox):
    sql = "SET NAMES utf8mb4; SELECT @@version_comment LIMIT 1; SHOW DATABASES; SHOW TABLES; SHOW VARIABLES LIKE 'version';"
    code, output, errors = run_client(sandbox, "--batch", sql=sql)
    assert (code, errors) == (0, b"")
    assert output


def test_an_error_is_an_error_and_the_session_goes_on(sandbox):
    sql = "SELECT * FROM no_such_table; THIS IS NO SQL; SELECT 'still here';"
    code, output, errors = run_client(sandbox, "--force", "-N", sql=sql)
    assert (code, output) == (0, b"still here\n")
    assert errors.count(b"ERROR") == 2


@pytest.mark.parametrize("commits", [True, False])
def test_pymysql_with_transactions(sandbox, commits):
    with pymysql.connect(**sandbox.python_options) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT)")
        connection.begin()
        assert cursor.execute("INSERT INTO t (word) VALUES (%s), (%s)", ("one", "zwölf")) == 2
        (connection.commit if commits else connection.rollback)()
    with pymysql.connect(**sandbox.python_options) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id, word FROM t ORDER BY id")
        assert cursor.fetchall() == (((1, "one"), (2, "zwölf")) if commits else ())


def test_connector_with_prepared_statements(sandbox):
    connection = mysql.connector.connect(**sandbox.python_options, use_pure=True, ssl_disabled=True)
    cursor = connection.cursor(prepared=True)
    cursor.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, number INTEGER, fraction REAL, word TEXT, bytes BLOB)")
    rows = [(1, -(2**62), 0.25, "größe", b"\x01\x02"), (2, None, None, None, None)]
    for row in rows:
        cursor.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)", row)
        assert cursor.rowcount == 1
    cursor.execute("SELECT id, number, fraction, word FROM t WHERE id > ? ORDER BY id", (0,))
    assert cursor.fetchall() == [row[:4] for row in rows]
    connection.close()


PHP = """<?php
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
$db = new mysqli($argv[1], 'root', '', '', (int) $argv[2]);
$db->query('CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT)');
$statement = $db->prepare('INSERT INTO t (word) VALUES (?)');
foreach (['one', 'zwölf'] as $word) {
    $statement->bind_param('s', $word);
    $statement->execute();
}
$id = $db->insert_id;
$statement = $db->prepare('SELECT id, word FROM t WHERE id >= ?');
$least = 1;
$statement->bind_param('i', $least);
$statement->execute();
echo json_encode([$id, $statement->get_result()->fetch_all()], JSON_UNESCAPED_UNICODE);
"""


def test_php_with_prepared_statements(sandbox, scratch):
    script = scratch / "script.php"
    script.write_text(PHP)
    done = subprocess.run(
        ["php", str(script), sandbox.host, str(sandbox.port)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout == '[2,[[1,"one"],[2,"zwölf"]]]'


def test_clients_share_one_database(sandbox):
    assert run_client(sandbox, sql="CREATE TABLE t (a INT); INSERT INTO t VALUES (5);")[0] == 0
    assert run_client(sandbox, "-N", sql="SELECT a FROM t")[1] == b"5\n"


def test_a_database_in_a_file_outlives_the_process(make_millrace, scratch):
    for sql, expected in (("CREATE TABLE t (a INT); INSERT INTO t VALUES (5);", b""), ("SELECT a FROM t", b"5\n")):
        options = [f"--sandbox-address=127.0.0.1:{free_port()}", f"--sandbox-database={scratch}/db"]
        proxy = make_millrace([], *options, plugins="proxy,sandbox")
        assert run_client(proxy.target.as_user("root"), "-N", sql=sql)[:2] == (0, expected)
        proxy.end()


def test_a_user_with_a_password(make_millrace):
    own = Target(port=free_port())
    options = [f"--sandbox-address={own.address}", "--sandbox-user=me", "--sandbox-password=mine"]
    proxy = make_millrace([], *options, plugins="sandbox,proxy")
    for target in (own, proxy.target):
        assert run_client(target.as_user("me", "mine"), "-N", sql="SELECT 1")[:2] == (0, b"1\n")
        for user, password in (("me", "wrong"), ("me", ""), ("root", "")):
            code, _, errors = run_client(target.as_user(user, password), sql="SELECT 1")
            assert code == 1 and b"ERROR 1045 (28000)" in errors


@pytest.mark.parametrize("password", ["", "mine"])
@pytest.mark.parametrize("pure", [True, False])
@pytest.mark.parametrize("method", [None, "mysql_native_password", "caching_sha2_password"])
def test_connector_logs_in_by_every_method(make_millrace, password, pure, method):
    own = Target(port=free_port())
    options = [f"--sandbox-address={own.address}", f"--sandbox-password={password}"]
    proxy = make_millrace([], *options, plugins="sandbox,proxy")
    for target in (own, proxy.target):
        login = {**target.as_user("root", password).python_options, "use_pure": pure, "ssl_disabled": True}
        if method:
            login["auth_plugin"] = method
        connection = mysql.connector.connect(**login)
        cursor = connection.cursor()
        cursor.execute("SELECT 1 + 1")
        assert cursor.fetchall() == [(2,)]
        connection.close()


def test_a_silent_client_is_closed_and_a_logged_in_one_is_not(make_millrace):
    own = Target(port=free_port(), user="root", password="")
    make_millrace([], f"--sandbox-address={own.address}", plugins="sandbox,proxy")
    talker = pymysql.connect(**own.python_options)
    with socket.create_connection((own.host, own.port), timeout=30) as silent:
        assert silent.recv(1024)
        assert silent.recv(1024) == b""
    with talker, talker.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchall() == ((1,),)


DUMP = """
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;
DROP TABLE IF EXISTS `fruit`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `fruit` (
  `id` int(11) unsigned NOT NULL AUTO_INCREMENT,
  `name` varchar(40) COLLATE utf8mb4_unicode_ci DEFAULT NULL,
  `kind` enum('a','b') NOT NULL DEFAULT 'a',
  `price` decimal(8,2) DEFAULT NULL,
  `made` timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
  PRIMARY KEY (`id`),
  UNIQUE KEY `name` (`name`),
  KEY `made` (`made`)
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
/*!40101 SET character_set_client = @saved_cs_client */;
LOCK TABLES `fruit` WRITE;
/*!40000 ALTER TABLE `fruit` DISABLE KEYS */;
INSERT INTO `fruit` VALUES (1,'fig','a',1.50,'2024-01-01 00:00:00'),(2,'it\\'s','b',NULL,'2024-01-02 00:00:00');
/*!40000 ALTER TABLE `fruit` ENABLE KEYS */;
UNLOCK TABLES;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;
"""


def test_a_dump_is_taken(sandbox):
    code, _, errors = run_client(sandbox, sql=DUMP)
    assert (code, errors) == (0, b"")
    output = run_client(sandbox, "-N", sql="SELECT id, name, kind, price, made FROM fruit WHERE name LIKE 'IT%'")[1]
    assert output == b"2\tit's\tb\tNULL\t2024-01-02 00:00:00\n"


def test_without_a_password_it_stays_on_this_machine():
    done = subprocess.run(
        [str(proxies.BINARY), "--plugins=sandbox", f"--sandbox-address=0.0.0.0:{free_port()}"],
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "sandbox-password" in done.stderr


def test_the_sandbox_alone(make_millrace):
    own = Target(port=free_port(), user="root", password="")
    make_millrace([], f"--sandbox-address={own.address}", plugins="sandbox,proxy")
    with Wire(own, schema="main") as connection:
        assert connection.read_greeting().protocol == 10
    assert run_client(own, "-N", sql="SELECT 1 + 1")[1] == b"2\n"
