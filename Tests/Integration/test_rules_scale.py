"""Rules by the thousand and by the million, and LOADs in the midst of traffic."""

import asyncio
import itertools
import os
import subprocess
import threading
import time

import pymysql
import pytest
from harness.funnel import PASSWORDS
from harness.rules import ruled  # noqa: F401
from harness.servers import servers, value  # noqa: F401
from harness.swarm import close_all, open_all

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(600)]

# MILLRACE_RULE_LOADS=1000 asks for more.
LOADS = int(os.environ.get("MILLRACE_RULE_LOADS", "50"))
HOSTGROUPS = 40
# More than that beside the worst without LOADs is a stall.
STALL = 0.020
USERS = "app", "other"


def hostgroup(user, number):
    return number if user == "app" else 100 + number


def wanted_port(ruled, user, number):  # noqa: F811
    """The users' hostgroups of one number are on different servers."""
    return str(ruled.second if (number + USERS.index(user)) % 2 else ruled.first)


def fill(ruled):  # noqa: F811
    """Forty hostgroups a user, and two thousand rules besides, which every statement is compared with."""
    numbers = list(itertools.product(USERS, range(1, HOSTGROUPS + 1)))
    members = [f"({hostgroup(*one)}, '127.0.0.1', {wanted_port(ruled, *one)})" for one in numbers]
    rules = [(f"'{user}'", f"'AS hg{number}$'", hostgroup(user, number)) for user, number in numbers]
    ruled.admin.ask(
        "DELETE FROM mysql_servers WHERE hostgroup_id > 0;"
        + f"INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES {','.join(members)};"
        + "LOAD MYSQL SERVERS TO RUNTIME; DELETE FROM mysql_query_rules;"
        + "INSERT INTO mysql_query_rules (active, username, schemaname, destination_hostgroup, apply) VALUES "
        + ",".join(f"(1, 'app', 'shard_{n}', {n % 3}, 1)" for n in range(2000)) + ";"
        + "INSERT INTO mysql_query_rules (active, username, match_digest, destination_hostgroup, apply) VALUES "
        + ",".join(f"(1, {user}, {pattern}, {destination}, 1)" for user, pattern, destination in rules)
        + "; LOAD MYSQL QUERY RULES TO RUNTIME"
    )  # fmt: skip


class Loader(threading.Thread):
    """The stock client, which changes the rules again and again, with a LOAD each time or with none."""

    def __init__(self, target, count, loads):
        super().__init__()
        change = "UPDATE mysql_query_rules SET destination_hostgroup={} WHERE schemaname='shard_7';"
        turn = change + ("LOAD MYSQL QUERY RULES TO RUNTIME;" if loads else "")
        self.sql = "\n".join(turn.format(number % 3) for number in range(count))
        self.command = ["mariadb", *target.client_options]
        self.done = None

    def run(self):
        self.done = subprocess.run(self.command, input=self.sql, capture_output=True, text=True, timeout=300, check=False)


async def drive(ruled, clients, goes_on):  # noqa: F811
    """Asks on all connections at once as long as `goes_on()`; answers when each was asked and how long it took."""
    times = []

    async def ask(user, client, first):
        for number in itertools.cycle(range(1, HOSTGROUPS + 1)):
            if not goes_on():
                return
            number = (number + first) % HOSTGROUPS + 1
            begin = time.perf_counter()
            found = (await client.query(f"SELECT @@port AS hg{number}")).value
            times.append((begin, time.perf_counter() - begin))
            assert found == wanted_port(ruled, user, number), (user, number)

    await asyncio.gather(*[ask(user, client, 5 * place) for place, (user, client) in enumerate(clients)])
    return times


def test_loads_in_the_midst_of_traffic(ruled):  # noqa: F811
    fill(ruled)

    async def scenario():
        clients = []
        for user in USERS:
            target = ruled.admin.proxy.listen.as_user(user, PASSWORDS[user])
            clients += [(user, client) for client in await open_all(target, 4, schema="one")]
        taken = {}
        for loads in (False, True):
            loader = Loader(ruled.admin.target, LOADS, loads)
            begin = time.monotonic()
            loader.start()
            least = 0 if loads else 3
            taken[loads] = await drive(
                ruled, clients, lambda: loader.is_alive() or time.monotonic() < begin + least
            )
            assert loader.done.returncode == 0, loader.done.stderr
            print(told(taken[loads], LOADS if loads else 0, time.monotonic() - begin))
        await close_all([client for _, client in clients])
        return taken

    taken = asyncio.run(scenario())
    bound = max(seconds for _, seconds in taken[False]) + STALL
    stalls = moments([one for one in taken[True] if one[1] > bound])
    # One LOAD in twenty may coincide with one, as the tests' machines are shared.
    assert len(stalls) <= LOADS // 20, [f"{seconds * 1000:.1f} ms" for seconds in stalls]


def moments(stalls):
    """How long each stall was; those of several clients at once are one."""
    ends = []
    for begin, seconds in sorted(stalls):
        if ends and begin <= ends[-1][1]:
            ends[-1][1] = max(ends[-1][1], begin + seconds)
        else:
            ends.append([begin, begin + seconds])
    return [end - begin for begin, end in ends]


def told(times, loads, elapsed):
    times = sorted(seconds for _, seconds in times)
    p50, p99, p999 = (times[int(len(times) * share)] * 1000 for share in (0.5, 0.99, 0.999))
    return (
        f"{loads} LOADs in {elapsed:.1f} s, {len(times)} statements: p50 {p50:.2f} ms, p99 {p99:.2f} ms, "
        f"p99.9 {p999:.2f} ms, worst {times[-1] * 1000:.2f} ms"
    )


MILLION = 1_000_000


def test_a_million_rules(ruled):  # noqa: F811
    sql = (
        "INSERT INTO mysql_query_rules (active, username, schemaname, destination_hostgroup, apply) "
        f"WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MILLION}) "
        f"SELECT 1, 'app', CASE n WHEN {MILLION} THEN 'two' ELSE 'shard_' || n END, 1, 1 FROM numbers"
    )
    with ruled.admin.connect(read_timeout=300) as connection, connection.cursor() as cursor, ruled.connect() as client:
        cursor.execute(sql)
        begin = time.monotonic()
        cursor.execute("LOAD MYSQL QUERY RULES TO RUNTIME")
        loaded = time.monotonic() - begin
        assert value(client, "SELECT @@port") == ruled.first
        client.select_db("two")
        assert value(client, "SELECT @@port") == ruled.second, "the last rule of all"
        memory = dict(ruled.admin.ask("SELECT * FROM stats_memory_metrics"))
        rules = int(memory["mysql_query_rules_memory"]) + int(memory["mysql_query_rules_fast_routing_memory"])
        resident = int(memory["resident_bytes"])
        print(f"{MILLION} rules: LOAD {loaded:.1f} s, {rules / 1e6:.0f} MB, resident {resident / 1e6:.0f} MB")
        assert loaded < 60
        assert 20e6 < rules < 400e6, "its memory is told"
        begin = time.monotonic()
        cursor.execute(
            "UPDATE mysql_query_rules SET match_digest='(' WHERE rule_id=(SELECT MAX(rule_id) FROM mysql_query_rules)"
        )
        with pytest.raises(pymysql.Error) as caught:
            cursor.execute("LOAD MYSQL QUERY RULES TO RUNTIME")
        assert f"rule_id {MILLION}" in caught.value.args[1] and "match_digest" in caught.value.args[1]
        assert time.monotonic() - begin < 60
        assert value(client, "SELECT @@port") == ruled.second, "the rules in use are as they were"
