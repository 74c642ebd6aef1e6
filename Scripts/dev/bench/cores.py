"""cores: the same load on more and more event loops, with what they cost each other: locks, wake-ups, carriage.

The model that these figures are for is in README.md.
"""

import contextlib
import os
import sys

from contenders import funnel, haproxy, millrace
from costs import switches
from database import server_with_table
from harness.target import run_client
from point_selects import Contender, calls_a_query, one_round
from results import Column, Table

COLUMNS = [
    Column("queries_per_second", "queries/s", 0, spread=True), Column("user_us", "user µs"),
    Column("total_us", "CPU-µs/query", 2, spread=True),
    Column("calls", "syscalls/query"), Column("futexes", "futex/query", 4), Column("wakes", "wake-ups/query", 4),
    Column("sleeps", "sleeps/query", 3), Column("forced", "forced/query", 3),
    Column("asked", "lock/query", 4), Column("waited", "lock waits/query", 5),
    Column("carried", "% carried", 1), Column("busiest", "busiest loop", 2),
]  # fmt: skip
NOTE = (
    "futex: calls for locks that were taken. wake-ups: writes to another loop's eventfd. forced: switches that took a\n"
    "thread's core away. lock: how often that of the lease books was taken, and waited for. % carried: grants of\n"
    "connections that another loop had. busiest loop: its events beside the mean of the loops; 1 is even."
)


def cores(options, folder):
    """One event loop, two, four, … up to the cores: what the loops cost each other."""
    with contextlib.ExitStack() as cleanup:
        server = cleanup.enter_context(server_with_table(folder, clients=options.threads))
        started = {"haproxy": cleanup.enter_context(haproxy()(folder, server.direct))}
        for loops in loop_counts():
            threads = f"--event-threads={loops}"
            for name, start in {
                f"proxy, {loops}": millrace("proxy", threads, admin=True),
                f"funnel of {options.threads}, {loops}": funnel("wide", options.threads, more=[threads], admin=True),
                f"funnel of {options.few}, {loops}": funnel("few", options.few, more=[threads], admin=True),
            }.items():
                started[name] = cleanup.enter_context(start(folder, server.direct))
        title = (
            f"cores: sysbench oltp_point_select, {options.threads} clients, {options.rounds} rounds of "
            f"{options.seconds} s, by the number of event loops, {os.cpu_count()} cores"
        )
        yield Table(title, COLUMNS, interleaved(started, options, folder), note=NOTE, shown="total_us")


def loop_counts():
    """1, 2, 4, … and all cores."""
    counts, number = [], 1
    while number < (os.cpu_count() or 1):
        counts.append(number)
        number *= 2
    return [*counts, os.cpu_count() or 1]


def interleaved(started, options, folder):
    rounds = {name: [] for name in started}
    for number in range(options.rounds):
        for name, proxy in started.items():
            print(f"round {number + 1} of {options.rounds}: {name}", file=sys.stderr)
            rounds[name].append(measured(Contender(proxy.target, proxy, options.threads), options))
    for name, proxy in started.items():
        calls = calls_a_query(Contender(proxy.target, proxy, options.threads), options, folder)
        if calls:
            rounds[name][0] |= {
                "calls": sum(calls.values()), "futexes": calls.get("futex", 0), "wakes": calls.get("write", 0),
            }  # fmt: skip
    return rounds


def measured(contender, options):
    """One round, with what its loops had to do with each other."""
    before, asleep = counters(contender.proxy), switches(contender.proxy.pid)
    figures = one_round(contender, options)
    after, awake = counters(contender.proxy), switches(contender.proxy.pid)
    # The run before, which warms everything up, is in these.
    queries = figures["queries_per_second"] * (options.seconds + 1)
    figures["sleeps"] = (awake["voluntary"] - asleep["voluntary"]) / queries
    figures["forced"] = (awake["nonvoluntary"] - asleep["nonvoluntary"]) / queries
    return figures | between(before, after, queries)


def counters(proxy):
    """What the administrator's tables count, by their names; nothing for a proxy without one."""
    if not getattr(proxy, "admin", None):
        return {}
    found = {"events": [int(row[0]) for row in asked(proxy, "SELECT events FROM stats_event_loops ORDER BY loop")]}
    sums = {"grants": "stats_funnel", "grants_carried": "stats_funnel", "locks": "stats_funnel_loops"}
    for column, table in {**sums, "lock_waits": "stats_funnel_loops"}.items():
        with contextlib.suppress(LookupError):
            [[value]] = asked(proxy, f"SELECT SUM({column}) FROM {table}")
            found[column] = int(value) if value.isdigit() else 0
    return found


def asked(proxy, sql):
    """Rows of the administrator's answer; a LookupError where it has no such table."""
    code, output, errors = run_client(proxy.admin, "--skip-column-names", "--batch", "-e", sql)
    if code != 0:
        raise LookupError(errors.decode())
    return [line.split("\t") for line in output.decode().splitlines()]


def between(before, after, queries):
    """What has been counted from one look to the next."""
    if not before:
        return {}
    events = [then - now for now, then in zip(before["events"], after["events"])]
    found = {"busiest": max(events) * len(events) / max(sum(events), 1)}
    gone = {name: after[name] - before[name] for name in after if name != "events" and name in before}
    if gone.get("grants"):
        found["carried"] = 100 * gone["grants_carried"] / gone["grants"]
        for column, counter in (("asked", "locks"), ("waited", "lock_waits")):
            if counter in gone:
                found[column] = gone[counter] / queries
    return found
