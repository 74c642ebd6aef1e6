"""Point selects through every contender, one after the other in every round: relay, funnel, funnel-500, lua, rules."""

import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

import load
from contenders import funnel, haproxy, millrace, named_by_environment, scripted
from costs import CPUClock, system_calls
from crowd import Crowd, quantile
from database import server_with_table
from harness.proxies import Proxy
from harness.target import Target, run_client
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
    few = options.few
    contenders = {
        "haproxy": haproxy(), f"haproxy maxconn {few}": haproxy(few), "millrace": millrace("millrace"),
        f"funnel of {few}": funnel("funnel", few),
        f"funnel of {options.threads}": funnel("wide-funnel", options.threads), **named_by_environment(most=few),
    }  # fmt: skip
    yield from measured(options, folder, contenders)


def funnel_crowd(options, folder):
    """Many clients on few of the server's connections, beside as few clients; HAProxy can't let them all in."""
    few = options.few
    alone = f"{few} clients on {few}"
    contenders = {
        "haproxy": haproxy(clients=options.crowd), f"haproxy maxconn {few}": haproxy(few, options.crowd),
        f"funnel of {few}": funnel("funnel", few), alone: funnel("alone", few), **named_by_environment(most=few),
    }  # fmt: skip
    for name, drive in ("sysbench", SYSBENCH), ("one-process", ONE_PROCESS):
        own = folder / name
        own.mkdir()
        yield from measured(
            options, own, contenders, threads=options.crowd, exceptions={alone: few}, shown="p99_ms", drive=drive
        )


def rules(options, folder):
    """What rules and digests add to the funnel, with a connection for each client, and where clients wait."""
    plugins = "proxy,rules,funnel"

    def ruled(name, sql, most=options.threads):
        def start(folder, backend):
            proxy = funnel(name, most, plugins, admin=True)(folder, backend)
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
    few, wide = f"of {options.few}", funnel("funnel", options.threads)
    contenders = {
        "haproxy": haproxy(), "funnel": wide, "rules, idle": ruled("idle", without),
        "rules, digests": ruled("digests", "SELECT 1"), "10,000 routes": ruled("routes", without + routes),
        "both": ruled("both", routes), f"funnel {few}": funnel("waiting", options.few),
        f"both {few}": ruled("both-waiting", routes, options.few), **named_by_environment(most=options.threads),
    }  # fmt: skip
    yield from measured(options, folder, contenders)


@dataclass
class Contender:
    """Where the clients connect to, and so many of them; no proxy for the server itself."""

    target: Target
    proxy: Proxy | None
    threads: int


def measured(options, folder, contenders, threads=None, exceptions=None, shown="total_us", drive=None):
    """One table of all contenders and the server itself, with so many clients each, but for the exceptions."""
    drive = drive or SYSBENCH
    threads = threads or options.threads
    with contextlib.ExitStack() as cleanup:
        server = cleanup.enter_context(server_with_table(folder, clients=threads))
        running = {"direct": Contender(server.direct, None, threads)}
        for name, start in contenders.items():
            proxy = cleanup.enter_context(start(folder, server.direct))
            running[name] = Contender(proxy.target, proxy, (exceptions or {}).get(name, threads))
        title = (
            f"{options.scenario}: {drive.title}, {threads} clients, prepared statements "
            f"{'on' if options.prepared and drive is SYSBENCH else 'off'}, {options.rounds} rounds of "
            f"{options.seconds} s, {os.cpu_count()} cores"
        )
        yield Table(title, COLUMNS, interleaved(running, options, folder, drive), shown=shown)


def interleaved(running, options, folder, drive):
    results = {name: [] for name in running}
    for number in range(options.rounds):
        for name, contender in list(running.items()):
            print(f"round {number + 1} of {options.rounds}: {name}", file=sys.stderr)
            try:
                results[name].append(drive.measure(contender, options))
            except load.Refused as reason:
                print(f"{name} is left out: {reason}", file=sys.stderr)
                del running[name]
                results[name] = []
    for name, contender in running.items():
        if contender.proxy and drive is SYSBENCH:
            calls = calls_a_query(contender, options, folder)
            results[name][0]["calls"] = calls and sum(calls.values())
    return with_ratios(results)


def calls_a_query(contender, options, folder):
    """System calls of the proxy by query and name; those of logins, which come with every run, are taken off."""

    def run(count):
        return system_calls(
            contender.proxy.pid, folder, lambda: load.run_count(contender.target, contender.threads, options, count)
        )

    # Each of the clients asks once at least.
    short, long = run(contender.threads), run(contender.threads + TRACED)
    if short is None or long is None:
        return None
    return {name: max(0, count - short.get(name, 0)) / TRACED for name, count in long.items()}


def one_round(contender, options):
    """Queries a second, latencies and the proxy's CPU-µs a query of one run."""
    load.run_for(contender.target, contender.threads, options, 1)
    clock = CPUClock(contender.proxy and contender.proxy.pid)
    output = load.run_for(contender.target, contender.threads, options, options.seconds)
    costs = clock.figures(load.queries(output))
    p50, p99 = load.quantile(output, 0.50), load.quantile(output, 0.99)
    return {"queries_per_second": load.queries_per_second(output), **latencies(p50, p99), **costs}


def one_process_round(contender, options):
    """The same of clients without a thread each."""
    with Crowd(contender.target, contender.threads) as crowd:
        crowd.ask_for(1)
        clock = CPUClock(contender.proxy and contender.proxy.pid)
        found = crowd.ask_for(options.seconds)
        costs = clock.figures(len(found))
    p50, p99 = quantile(found, 0.50), quantile(found, 0.99)
    return {"queries_per_second": len(found) / options.seconds, **latencies(p50, p99), **costs}


def latencies(p50, p99):
    return {"p50_ms": p50, "p99_ms": p99, "p99_p50": p99 / p50}


@dataclass
class Drive:
    """Whose queries a round consists of: their name in titles, and the round."""

    title: str
    measure: Callable


SYSBENCH = Drive("sysbench oltp_point_select", one_round)
ONE_PROCESS = Drive("point selects of one process on epoll", one_process_round)


def with_ratios(results):
    """Each round beside HAProxy's of the same round."""
    for rounds in results.values():
        for one, reference in zip(rounds, results["haproxy"]):
            if one["total_us"] is not None:
                one["times_haproxy"] = one["total_us"] / reference["total_us"]
    return results
