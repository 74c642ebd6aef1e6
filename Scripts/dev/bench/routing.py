"""The published routing benchmark: what a decision costs with so many rules or fast routes, by the process's own clock.

The commands are those of the publication, run by bash and the stock client; only the numbers of rules and of statements
vary. A decision's cost is Query_Processor_time_nsec by the statements decided on: of a turn, `SELECT DATABASE()` that
the client makes of USE, and `SELECT 1`. One client alone finds caches cold at every statement; the column of 16 clients
doesn't.
"""

import contextlib
import subprocess
import sys
import time

from contenders import funnel, named_by_environment
from costs import memory_kilobytes
from database import as_root, running_server
from harness.target import Target
from results import Column, Table

FIRST = 10001
LEGACY = [0, 10, 100, 500, 1000, 10_000, 20_000, 50_000]
FAST = [0, 10, 100, 500, 1000, 10_000, 20_000, 50_000, 200_000]
# A schema's rows by flag: two self-inserts make four of each.
SCHEMAS = 50_000
USER = Target(user="sbtest", password="sbtest")
COLUMNS = [
    Column("ns", "ns a decision", 0, spread=True), Column("first_ns", "first schema", 0),
    Column("last_ns", "last schema", 0), Column("busy_ns", "16 clients", 0), Column("insert_s", "INSERTs s", 2),
    Column("load_ms", "LOAD ms", 0), Column("rules_mb", "rules MB", 1), Column("rss_mb", "RSS MB", 0),
]  # fmt: skip
# Measured beside Millrace on 2 cores of an EPYC, ProxySQL 2.7.2, in ns.
NOTE = (
    "ProxySQL 2.7.2, measured on another day: legacy 10/100/500/20,000: 1,400/1,900/4,000/112,000 ns;\n"
    "fast 10/10,000/50,000/200,000: 1,800/2,200/3,000/5,900 ns, 72 MB for the last."
)
CACHE_RULE = 'INSERT INTO mysql_query_rules (active,username,cache_ttl) VALUES (1,\\"sbtest\\",120000);'
LEGACY_RULE = (
    "INSERT INTO mysql_query_rules (active,username,schemaname,destination_hostgroup,apply) "
    'VALUES (1,\\"sbtest\\",\\"shard_$i\\",1,1);'
)
FAST_RULE = (
    "INSERT INTO mysql_query_rules_fast_routing (username,schemaname,flagIN,destination_hostgroup,comment) "
    'VALUES (\\"sbtest\\",\\"shard_$i\\",0,1,\\"\\");'
)
SELF_INSERT = (
    "INSERT INTO mysql_query_rules_fast_routing SELECT username, schemaname, FlagIN+{}, destination_hostgroup, comment "
    "FROM mysql_query_rules_fast_routing;"
)
LOAD = "LOAD MYSQL QUERY RULES TO RUNTIME;"


class Routed:
    """A proxy under the benchmark's commands."""

    def __init__(self, proxy, backend):
        self.proxy = proxy
        self.client = f"mariadb --no-defaults -u sbtest -psbtest -h 127.0.0.1 -P{proxy.listen.port} --skip-ssl -NB"
        self.administrator = f"mariadb --no-defaults -u admin -padmin -h 127.0.0.1 -P{proxy.admin.port} --skip-ssl"
        self.admin(
            "DELETE FROM mysql_servers WHERE hostgroup_id=1; "
            f"INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (1, '{backend.host}', {backend.port});"
            "LOAD MYSQL SERVERS TO RUNTIME; "
            "SET mysql-stats_time_query_processor='true'; LOAD MYSQL VARIABLES TO RUNTIME;"
        )

    def admin(self, sql):
        return bash(self.administrator + " -NB", sql)

    def fill(self, kind, count):
        """The rules by single INSERTs of the stock client; seconds for those, ms for the LOAD."""
        empty = "DELETE FROM mysql_query_rules; DELETE FROM mysql_query_rules_fast_routing; "
        rule, single = (LEGACY_RULE, count) if kind == "legacy" else (FAST_RULE, min(count, SCHEMAS))
        begin = time.monotonic()
        bash(
            f'( echo "{empty}{CACHE_RULE}" ; for i in `seq {FIRST} {FIRST + single - 1}` ; do echo "{rule}" ; done ) '
            f"| {self.administrator}"
        )
        inserted = time.monotonic()
        if count > single:
            self.admin(SELF_INSERT.format(1) + SELF_INSERT.format(2))
        loading = time.monotonic()
        self.admin(LOAD)
        return inserted - begin, (time.monotonic() - loading) * 1000

    def traffic(self, schema, turns, clients=1):
        """USE and SELECT, so many times; of several clients at once each has its share."""
        one = (
            f'for i in `seq 1 {turns // clients}` ; do echo "USE shard_{schema}" ; echo "SELECT 1;" ; done '
            f"| {self.client} > /dev/null"
        )
        bash(one if clients == 1 else " & ".join([f"({one})"] * clients) + " & wait")

    def clock(self):
        return int(
            self.admin("SELECT Variable_Value FROM stats_mysql_global WHERE Variable_Name='Query_Processor_time_nsec'")
        )

    def nanoseconds(self, schema, turns, clients=1):
        begin = self.clock()
        self.traffic(schema, turns, clients)
        return (self.clock() - begin) / (2 * (turns // clients * clients))

    def memory(self):
        found = self.admin(
            "SELECT SUM(Variable_Value) FROM stats_memory_metrics WHERE Variable_Name LIKE 'mysql_query_rules%memory'"
        )
        return int(float(found)) / 1e6


def bash(command, sql=None):
    done = subprocess.run(["bash", "-c", command], input=sql, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{command[:200]}\n{done.stderr[-1000:]}")
    return done.stdout


def any_schema(count):
    """A random schema of the first so many, as bash's arithmetic; RANDOM has 15 bits."""
    number = "$RANDOM" if count <= 1 << 15 else "($RANDOM*32768+$RANDOM)"
    return f"$(({number}%{max(count, 1)}+{FIRST}))"


def routing(options, folder):
    """The published routing benchmark: ns a decision by the number of rules and of fast routes."""
    contenders = {"millrace": funnel("millrace", options.few, plugins="proxy,rules,funnel", admin=True)}
    contenders |= {name: start for name, start in named_by_environment().items() if name == "proxysql"}
    with contextlib.ExitStack() as cleanup:
        server = cleanup.enter_context(running_server(folder))
        schemas = min(SCHEMAS, options.most)
        print(f"creating {schemas} schemas", file=sys.stderr)
        names = "".join(f"CREATE DATABASE IF NOT EXISTS shard_{FIRST + n};" for n in range(schemas))
        as_root(server, names)
        as_root(server, "CREATE USER sbtest@'%' IDENTIFIED BY 'sbtest'; GRANT ALL ON *.* TO sbtest@'%'")
        backend = server.direct.as_user(USER.user, USER.password)
        started = {name: cleanup.enter_context(start(folder, backend)) for name, start in contenders.items()}
        routed = {name: Routed(proxy, backend) for name, proxy in started.items()}
        rounds = {}
        for number in range(options.rounds):
            for kind, count in [*(("legacy", n) for n in LEGACY), *(("fast", n) for n in FAST)]:
                if count > options.most:
                    continue
                for name, one in routed.items():
                    row = f"{kind} {count}" if name == "millrace" else f"{name} {kind} {count}"
                    print(f"round {number + 1} of {options.rounds}: {row}", file=sys.stderr)
                    rounds.setdefault(row, []).append(point(one, kind, count, options))
    title = f"routing: ns a decision, {options.turns} turns of USE and SELECT, {options.rounds} rounds"
    yield Table(title, COLUMNS, rounds, note=NOTE, shown="ns", across="rules or fast routes")


def point(routed, kind, count, options):
    """One number of rules: filled, loaded, and driven over all their schemas, the first and the last."""
    insert, load = routed.fill(kind, count)
    schemas = min(count, SCHEMAS)
    few = max(options.turns // 10, 100)
    return {
        "insert_s": insert if count else None, "load_ms": load,
        "ns": routed.nanoseconds(any_schema(schemas), options.turns),
        "first_ns": routed.nanoseconds(FIRST, few), "last_ns": routed.nanoseconds(FIRST + max(schemas, 1) - 1, few),
        "busy_ns": routed.nanoseconds(any_schema(schemas), options.turns, clients=16),
        "rules_mb": routed.memory(), "rss_mb": memory_kilobytes(routed.proxy.pid) / 1000,
    }  # fmt: skip
