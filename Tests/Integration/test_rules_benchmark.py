"""The published routing benchmark's own commands with the stock client, on a small scale."""

import re
import subprocess

import pytest
from harness.admin import start_admin
from harness.funnel import users_file
from harness.ports import free_port
from harness.servers import port, servers  # noqa: F401
from harness.target import Target, run_client

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(300)]

SCHEMAS = 200
FIRST = 10001
STATEMENTS = 2000


@pytest.fixture
def bench(scratch, servers):  # noqa: F811
    """Millrace as the benchmark starts it, and its administrator and client for bash."""
    backend, shards = servers
    schemas = "\n".join(f"CREATE DATABASE IF NOT EXISTS shard_{FIRST + n};" for n in range(SCHEMAS))
    for server in servers:
        code, _, errors = run_client(Target(socket=server.server.socket, user="root", password=""), sql=schemas)
        assert code == 0, errors
        server.ask("CREATE USER sbtest@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('sbtest')")
        server.ask("GRANT ALL ON *.* TO sbtest@'%'")
    users = users_file(scratch, [])
    users.write_text("sbtest:sbtest\n")
    admin_port = free_port()
    admin = start_admin(
        scratch, f"--admin-address=127.0.0.1:{admin_port}", "--admin-username=admin", "--admin-password=admin",
        f"--funnel-users-file={users}", backends=[backend.direct], plugins="proxy,rules,funnel,admin",
    )  # fmt: skip
    bench = Bench(admin.proxy, admin_port)
    bench.admin(
        f"INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (1, '127.0.0.1', {port(shards)});"
        "LOAD MYSQL SERVERS TO RUNTIME;"
    )
    yield bench
    alive = admin.proxy.is_running
    admin.proxy.end()
    assert alive, f"Millrace died:\n{admin.proxy.output[-4000:]}"


class Bench:
    def __init__(self, proxy, admin_port):
        self.proxy = proxy
        self.client = f"mariadb --no-defaults -u sbtest -psbtest -h 127.0.0.1 -P{proxy.listen.port} --skip-ssl -NB"
        self.administrator = f"mariadb --no-defaults -u admin -padmin -h 127.0.0.1 -P{admin_port} --skip-ssl"

    def run(self, command, sql=None):
        done = subprocess.run(
            ["bash", "-c", command], input=sql, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout

    def admin(self, sql):
        return self.run(self.administrator, sql)

    def traffic(self):
        """B3: each USE is a query for the schema and COM_INIT_DB, so three statements a turn, two of them decided on."""
        self.run(
            f"for i in `seq 1 {STATEMENTS}` ; do echo \"USE shard_$(($RANDOM%{SCHEMAS}+{FIRST}))\" ; "
            f'echo "SELECT 1;" ; done | {self.client} > /dev/null'
        )

    def time(self):
        found = self.run(f"{self.administrator} -NB -e \"SELECT Variable_Value FROM stats_mysql_global "
                         "WHERE Variable_Name='Query_Processor_time_nsec'\"")  # fmt: skip
        return int(found)


def test_legacy_rules(bench):
    bench.run(
        '( echo "DELETE FROM mysql_query_rules; INSERT INTO mysql_query_rules (active,username,cache_ttl) '
        'VALUES (1,\\"sbtest\\",120000);" ; '
        f"for i in `seq {FIRST} {FIRST + SCHEMAS - 1}` ; do "
        'echo "INSERT INTO mysql_query_rules (active,username,schemaname,destination_hostgroup,apply) '
        'VALUES (1,\\"sbtest\\",\\"shard_$i\\",1,1);" ; done ; '
        f'echo "LOAD MYSQL QUERY RULES TO RUNTIME;" ) | {bench.administrator}'
    )
    bench.traffic()
    assert bench.time() == 0
    bench.admin("SET mysql-stats_time_query_processor='true'; LOAD MYSQL VARIABLES TO RUNTIME;")
    bench.traffic()
    spent = bench.time()
    assert spent > 0
    print(f"{spent / STATEMENTS / 2:.0f} ns a decision with {SCHEMAS} legacy rules")
    bench.admin("SET mysql-stats_time_query_processor='false'; LOAD MYSQL VARIABLES TO RUNTIME;")
    spent = bench.time()
    bench.traffic()
    assert bench.time() == spent
    hits = bench.run(f'{bench.administrator} -NB -e "SELECT SUM(hits), COUNT(*) FROM stats_mysql_query_rules WHERE rule_id>1"')
    total, rules = (int(number) for number in hits.split())
    assert rules == SCHEMAS and total >= 3 * STATEMENTS


def test_fast_rules(bench):
    shown = bench.run(f"{bench.administrator} -NB -e 'SHOW CREATE TABLE mysql_query_rules_fast_routing'")
    assert re.search(r"comment VARCHAR NOT NULL,\\n\s*PRIMARY KEY \(username, schemaname, flagIN\)", shown), shown
    bench.run(
        '( echo "DELETE FROM mysql_query_rules; DELETE FROM mysql_query_rules_fast_routing;" ; '
        'echo "INSERT INTO mysql_query_rules (active,username,cache_ttl) VALUES (1,\\"sbtest\\",120000);" ; '
        f"for i in `seq {FIRST} {FIRST + SCHEMAS - 1}` ; do "
        'echo "INSERT INTO mysql_query_rules_fast_routing (username,schemaname,flagIN,destination_hostgroup,comment) '
        'VALUES (\\"sbtest\\",\\"shard_$i\\",0,1,\\"\\");" ; done ; '
        f'echo "LOAD MYSQL QUERY RULES TO RUNTIME;" ) | {bench.administrator}'
    )
    bench.admin("SET mysql-stats_time_query_processor='true'; LOAD MYSQL VARIABLES TO RUNTIME;")
    bench.traffic()
    print(f"{bench.time() / STATEMENTS / 2:.0f} ns a decision with {SCHEMAS} fast rules")
    insert = (
        "INSERT INTO mysql_query_rules_fast_routing SELECT username, schemaname, FlagIN+{}, destination_hostgroup, "
        "comment FROM mysql_query_rules_fast_routing;"
    )
    bench.admin(insert.format(1) + "\n" + insert.format(2) + "\nLOAD MYSQL QUERY RULES TO RUNTIME;")
    for table in "mysql_query_rules_fast_routing", "runtime_mysql_query_rules_fast_routing":
        counted = bench.run(f'{bench.administrator} -e "SELECT COUNT(*) FROM {table}"')
        assert counted.split() == ["COUNT(*)", str(4 * SCHEMAS)]
    bench.traffic()
    hits = bench.run(
        f'{bench.administrator} -NB -e "SELECT SUM(hits) FROM stats_mysql_query_rules_fast_routing WHERE flagIN=0"'
    )
    assert int(hits) >= STATEMENTS
