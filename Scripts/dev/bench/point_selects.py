"""Point selects through every contender, one after the other in every round: relay, funnel, funnel-500, lua, rules."""

import argparse
import contextlib
import os
import sys

import load
from contenders import FEW, funnel, haproxy, millrace, named_by_environment, scripted
from costs import CPUClock, system_calls
from database import server_with_table
from harness.target import run_client
from results import Column, Table

# Queries under strace, which slows everything.
TRACED = 10_000
COLUMNS = [
    Column("user_us", "user µs"), Column("system_us", "system µs"), Column("total_us", "CPU-µs/query", spread=True),
    Column("calls", "syscalls/query"), Column("times_haproxy", "×HAProxy"),
    Column("queries_per_second", "queries/s", 0), Column("p50_ms", "p50 ms"), Column("p99_ms", "p99 ms"),
    Column("p99_p50", "p99/p50", 1),
]  # fmt: skip
APPEND = """
function read_query(packet)
  proxy.queries:append(1, packet)
  return proxy.PROXY_SEND_QUERY
end
"""


def relay(options, folder):
    """Carrying bytes, beside HAProxy in tcp mode."""
    contenders = {"haproxy": haproxy(), "millrace": millrace("millrace"), **named_by_environment()}
    yield from measured(options, folder, contenders)


def lua(options, folder):
    """What a script costs that sees every query."""
    contenders = {"haproxy": haproxy(), "no script": millrace("no-script")}
    contenders["empty read_query"] = scripted("empty", "function read_query(packet) end")
    contenders["append"] = scripted("append", APPEND)
    yield from measured(options, folder, contenders)


def funnel_few(options, folder):
    """Sharing connections: as many as there are clients, and fewer."""
    contenders = {
        "haproxy": haproxy(), f"haproxy maxconn {FEW}": haproxy(FEW), "millrace": millrace("millrace"),
        f"funnel of {FEW}": funnel("funnel", FEW),
        f"funnel of {options.threads}": funnel("wide-funnel", options.threads),
    }  # fmt: skip
    yield from measured(options, folder, contenders)


def funnel_crowd(options, folder):
    """Many clients on few of the server's connections: HAProxy with maxconn can't let them all in."""
    crowd = argparse.Namespace(**{**vars(options), "threads": options.crowd})
    contenders = {"haproxy": haproxy(), f"haproxy maxconn {FEW}": haproxy(FEW), f"funnel of {FEW}": funnel()}
    yield from measured(crowd, folder, contenders, shown="p99_ms")


def rules(options, folder):
    """What rules and digests add to the funnel."""
    plugins = "proxy,rules,funnel"

    def ruled(name, sql):
        def start(folder, backend):
            proxy = funnel(name, FEW, plugins, admin=True)(folder, backend)
            code, _, errors = run_client(proxy.admin, sql=sql)
            assert code == 0, errors.decode()
            return proxy

        return start

    without = "SET mysql-query_digests='false'; SET mysql-commands_stats='false'; LOAD MYSQL VARIABLES TO RUNTIME;"
    routes = (
        f"INSERT INTO mysql_query_rules_fast_routing VALUES ('{options.user}', 'bench', 0, 0, '');"
        + "".join(
            f"INSERT INTO mysql_query_rules_fast_routing VALUES ('{options.user}', 'shard_{n}', 0, 0, '');"
            for n in range(10_000)
        )
        + "INSERT INTO mysql_query_rules (active, match_digest, apply) VALUES (1, '^DELETE', 1);"
        + "LOAD MYSQL QUERY RULES TO RUNTIME;"
    )
    contenders = {
        "haproxy": haproxy(), "funnel": funnel(), "rules, idle": ruled("idle", without),
        "rules, digests": ruled("digests", "SELECT 1"), "10,000 routes": ruled("routes", without + routes),
        "both": ruled("both", routes),
    }  # fmt: skip
    yield from measured(options, folder, contenders)


def measured(options, folder, contenders, shown="total_us"):
    """One table of all contenders and the server itself."""
    with contextlib.ExitStack() as cleanup:
        server = cleanup.enter_context(server_with_table(folder))
        targets = {"direct": (server.direct, None)}
        for name, start in contenders.items():
            proxy = cleanup.enter_context(start(folder, server.direct))
            targets[name] = proxy.target, proxy
        title = (
            f"{options.scenario}: sysbench oltp_point_select, {options.threads} clients, prepared statements "
            f"{'on' if options.prepared else 'off'}, {options.rounds} rounds of {options.seconds} s, "
            f"{os.cpu_count()} cores"
        )
        yield Table(title, COLUMNS, interleaved(targets, options, folder), shown=shown)


def interleaved(targets, options, folder):
    results = {name: [] for name in targets}
    for number in range(options.rounds):
        for name, (target, proxy) in list(targets.items()):
            print(f"round {number + 1} of {options.rounds}: {name}", file=sys.stderr)
            try:
                results[name].append(one_round(target, proxy, options))
            except load.Refused as reason:
                print(f"{name} is left out: {reason}", file=sys.stderr)
                del targets[name]
                results[name] = []
    for name, (target, proxy) in targets.items():
        calls = proxy and system_calls(proxy.pid, folder, lambda: load.run_count(target, options, TRACED))
        results[name][0]["calls"] = calls / TRACED if calls else None
    return with_ratios(results)


def one_round(target, proxy, options):
    """Queries a second, latencies and the proxy's CPU-µs a query of one run."""
    load.run_for(target, options, 1)
    clock = CPUClock(proxy.pid if proxy else None)
    output = load.run_for(target, options, options.seconds)
    user, system = clock.microseconds(load.queries(output)) if proxy else (None, None)
    p50, p99 = load.quantile(output, 0.50), load.quantile(output, 0.99)
    return {
        "queries_per_second": load.queries_per_second(output), "p50_ms": p50, "p99_ms": p99, "p99_p50": p99 / p50,
        "user_us": user, "system_us": system, "total_us": user + system if proxy else None,
    }  # fmt: skip


def with_ratios(results):
    """Each round beside HAProxy's of the same round."""
    for rounds in results.values():
        for one, reference in zip(rounds, results["haproxy"]):
            if one["total_us"] is not None:
                one["times_haproxy"] = one["total_us"] / reference["total_us"]
    return results
