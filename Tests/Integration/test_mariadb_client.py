"""The `mariadb` command line programs, direct and through the proxy."""

import re
from pathlib import Path

import pytest
from harness.ports import LOOPBACK, free_port
from harness.target import Target, run_client

SCENARIOS = Path(__file__).parent / "scenarios"


def statements():
    return (SCENARIOS / "tables.sql").read_text() + (SCENARIOS / "statements.sql").read_text()


@pytest.mark.parametrize(
    "options",
    [
        ["--batch"],
        ["--table", "--show-warnings", "--column-type-info"],
        ["--xml", "--binary-as-hex"],
        ["--quick", "--vertical", "--binary-mode=0", "-vv"],
        ["--compress", "--batch", "--raw"],
    ],
    ids=lambda options: " ".join(options),
)
def test_the_same_session_gives_the_same_bytes(both, options):
    code, output, errors = both(lambda target: run_client(target, "--force", *options, sql=statements()))
    assert code == 0
    assert len(output) > 3_000
    for number in (1054, 1146, 1064, 1062, 1264, 1305, 1099, 4711, 1094):
        assert f"ERROR {number} ".encode() in errors


def test_a_scenario_with_a_planted_difference_is_noticed(both):
    with pytest.raises(AssertionError):
        both(lambda target: run_client(target, sql=f"SELECT {target.port}"))


def test_a_wrong_password_is_refused_with_the_servers_words(both):
    code, _, errors = both(lambda target: run_client(target.as_user("app", "wrong"), sql="SELECT 1"))
    assert code == 1
    assert errors.startswith(b"ERROR 1045 (28000): Access denied for user 'app'@'127.0.0.1'")


def test_an_unknown_schema_is_refused_with_the_servers_words(both):
    code, _, errors = both(lambda target: run_client(target, "no_such_schema", sql="SELECT 1"))
    assert (code, errors[:24]) == (1, b"ERROR 1049 (42000): Unkn")


@pytest.mark.parametrize("user, password", [("app", "secret"), ("curve", "secret"), ("nobody", "")])
def test_every_method_that_needs_no_tls_logs_in(both, user, password):
    code, output, _ = both(lambda target: run_client(target.as_user(user, password), sql="SELECT CURRENT_USER()"))
    assert code == 0
    assert f"{user}@%".encode() in output


def test_the_client_may_name_its_own_method(both):
    """The server then asks for another one: an AuthSwitchRequest."""
    code, output, _ = both(
        lambda target: run_client(target.as_user("curve", "secret"), "--default-auth=mysql_native_password", sql="SELECT 1")
    )
    assert (code, output) == (0, b"1\n1\n")


def local_infile(path):
    return f"""
        CREATE OR REPLACE TABLE test.loaded (a INT, b VARCHAR(20));
        LOAD DATA LOCAL INFILE '{path}' INTO TABLE test.loaded FIELDS TERMINATED BY ',';
        SHOW WARNINGS;
        SELECT COUNT(*), SUM(a), MD5(GROUP_CONCAT(b)) FROM test.loaded;
    """


@pytest.mark.parametrize("rows", [0, 1, 3, 200_000])
def test_local_infile(both, scratch, rows):
    path = scratch / "rows.csv"
    path.write_text("".join(f"{row},word {row}\n" for row in range(rows)))
    code, output, errors = both(lambda target: run_client(target, "--local-infile=1", "-vv", sql=local_infile(path)))
    assert (code, errors) == (0, b"")
    assert f"\n{rows}\t".encode() in output


def test_a_local_file_that_the_client_lacks(both, scratch):
    sql = local_infile(scratch / "missing.csv")
    code, output, errors = both(lambda target: run_client(target, "--local-infile=1", "--force", sql=sql))
    assert code == 0
    assert b"missing.csv" in errors
    assert b"\n0\t" in output


def test_a_local_file_that_the_client_refuses(both, scratch):
    (scratch / "rows.csv").write_text("1,one\n")
    sql = local_infile(scratch / "rows.csv")
    _, output, errors = both(lambda target: run_client(target, "--local-infile=0", "--force", sql=sql))
    assert b"ERROR" in errors
    assert b"\n0\t" in output


def test_a_local_file_that_ends_in_an_error(both, scratch):
    (scratch / "rows.csv").write_text("1,one\n1,twice\n2,two\n")
    sql = f"""
        CREATE OR REPLACE TABLE test.loaded (a INT CHECK (a < 2), b VARCHAR(20));
        LOAD DATA LOCAL INFILE '{scratch}/rows.csv' INTO TABLE test.loaded FIELDS TERMINATED BY ',';
        SELECT 'the session goes on';
        SELECT COUNT(*) FROM test.loaded;
        LOAD DATA LOCAL INFILE '{scratch}/rows.csv' INTO TABLE test.no_such_table;
        SELECT 'and on';
    """
    _, output, errors = both(lambda target: run_client(target, "--local-infile=1", "--force", sql=sql))
    assert b"ERROR 1146" in errors
    assert b"the session goes on" in output
    assert b"and on" in output


def test_statistics_and_ping_of_mariadb_admin(both):
    def scenario(target):
        status = run_client(target, "status", program="mariadb-admin")
        return status[0], re.sub(rb"[0-9.]+", b"N", status[1]), run_client(target, "ping", program="mariadb-admin")

    code, status, ping = both(scenario)
    assert code == 0
    assert status.startswith(b"Uptime: N  Threads: N")
    assert ping == (0, b"mysqld is alive\n", b"")


def test_dump(both, direct):
    run_client(direct, "--force", sql=statements())
    code, output, errors = both(
        lambda target: run_client(target, "--skip-dump-date", "--hex-blob", "--routines", "scenario", program="mariadb-dump")
    )
    assert (code, errors) == (0, b"")
    assert output.count(b"INSERT INTO") == 3


def test_binary_log(both, direct):
    """COM_BINLOG_DUMP: packets without an end that the proxy could wait for."""
    sql = "FLUSH BINARY LOGS; CREATE OR REPLACE TABLE test.logged (a INT); INSERT INTO test.logged VALUES (1), (2);"
    run_client(direct, sql=sql + "FLUSH BINARY LOGS;")
    names = run_client(direct, "-N", sql="SHOW BINARY LOGS")[1].decode().splitlines()
    log = names[-2].split("\t")[0]
    code, output, _ = both(
        lambda target: run_client(target, "--read-from-remote-server", "-v", log, program="mariadb-binlog")
    )
    assert code == 0
    assert b"### INSERT INTO `test`.`logged`" in output or b"INSERT INTO test.logged" in output


def test_sixty_four_megabytes_in_a_row(both):
    sql = "SELECT REPEAT('0123456789abcdef', 4 * 1024 * 1024) AS large"
    code, output, _ = both(lambda target: run_client(target, "--max-allowed-packet=256M", "-N", sql=sql))
    assert code == 0
    assert output == b"0123456789abcdef" * (4 * 1024 * 1024) + b"\n"


def test_field_list_for_completion(both):
    """`--auto-rehash` asks for every table's columns with COM_FIELD_LIST."""
    code, output, errors = both(lambda target: run_client(target, "--auto-rehash", "mysql", sql="SELECT 1"))
    assert (code, output, errors) == (0, b"1\n1\n", b"")


def test_unix_sockets_on_both_sides(database, make_proxy, scratch):
    proxy = make_proxy([database.direct_socket], Target(socket=str(scratch / "p")))
    direct = run_client(database.direct_socket, "--force", sql=statements())
    assert run_client(proxy.target, "--force", sql=statements()) == direct
    assert direct[0] == 0


def test_a_unix_socket_before_tcp(database, make_proxy, scratch):
    proxy = make_proxy([database.direct], Target(socket=str(scratch / "p")))
    assert run_client(proxy.target, "-N", sql="SELECT 1")[:2] == (0, b"1\n")


def test_ipv6(database, make_proxy):
    proxy = make_proxy([database.direct], Target(host="::1", port=free_port("::1")))
    assert run_client(proxy.target, "-N", sql="SELECT 1")[:2] == (0, b"1\n")


@pytest.mark.millrace_only
def test_several_addresses_at_once(database, make_millrace, scratch):
    second, third = Target(port=free_port()), Target(socket=str(scratch / "p"))
    options = [f"--proxy-address={target.address}" for target in (second, third)]
    proxy = make_millrace([database.direct], *options)
    for target in (proxy.target, second, third):
        assert run_client(target, "-N", sql="SELECT 1")[:2] == (0, b"1\n")


@pytest.mark.millrace_only
def test_an_address_without_a_host_listens_everywhere(database, make_millrace):
    port = free_port()
    make_millrace([database.direct], f"--proxy-address=:{port}")
    assert run_client(Target(host=LOOPBACK, port=port), "-N", sql="SELECT 1")[:2] == (0, b"1\n")
