"""funnel-fair: two users at once on two of the server's connections, one of them with a crowd of clients.

What each user gets is told by the server (`userstat`), over a window in which both are at work: the same for a proxy
that counts and for one that doesn't. Latencies are those of the two sysbench processes.
"""

import concurrent.futures
import contextlib
import os
import sys
import time

import load
from contenders import funnel, haproxy, named_by_environment
from costs import CPUClock
from database import as_root, server_with_table
from harness.target import Target
from results import Column, Table

# Connections of the server that the two users share, and the clients of the user who has few.
CONNECTIONS = 2
SMALL = 10
# Another of the server's accounts: harness/database_server.py.
OTHER = Target(user="other", password="different")
COLUMNS = [
    Column("crowd_qps", "crowd q/s", 0), Column("small_qps", "small q/s", 0),
    Column("crowd_share", "crowd % time", 1, spread=True), Column("apart", "% off equal", 1, spread=True),
    Column("total_us", "CPU-µs/query"), Column("times_haproxy", "×HAProxy"),
    Column("crowd_p50_ms", "crowd p50 ms"), Column("crowd_p99_ms", "crowd p99"),
    Column("small_p50_ms", "small p50 ms"), Column("small_p99_ms", "small p99"),
]  # fmt: skip
NOTE = (
    "crowd % time: the crowd's part of the time that the server has spent on both users' statements.\n"
    "% off equal: how far the shares are from half each, in percent of a half. fifo serves by arrival: a client is as\n"
    "good as another, so a user's share is that of its clients."
)


def funnel_fair(options, folder):
    """Two users, one of them with nearly all clients, on 2 connections: what each gets of the server."""
    crowd, half = options.crowd - SMALL, options.crowd // 2
    if crowd < SMALL:
        raise SystemExit(f"funnel-fair wants --crowd of {2 * SMALL} at least, not {options.crowd}")
    others = [OTHER]
    contenders = {
        "haproxy": (haproxy(clients=options.crowd), crowd, SMALL),
        f"haproxy maxconn {CONNECTIONS}": (haproxy(CONNECTIONS, options.crowd), crowd, SMALL),
        "funnel, fifo": (shared("fifo"), crowd, SMALL),
        "funnel, fair": (shared("fair"), crowd, SMALL),
        f"fair, {half} and {half}": (shared("fair"), half, half),
    }
    for name, start in named_by_environment(most=CONNECTIONS, others=others).items():
        contenders[name] = start, crowd, SMALL
    with contextlib.ExitStack() as cleanup:
        server = cleanup.enter_context(server_with_table(folder, "--userstat=1", clients=options.crowd))
        started = {
            name: (cleanup.enter_context(start(folder, server.direct)), *clients)
            for name, (start, *clients) in contenders.items()
        }
        title = (
            f"{options.scenario}: sysbench oltp_point_select of two users at once, {crowd} and {SMALL} clients on "
            f"{CONNECTIONS} connections, {options.rounds} rounds of {options.seconds} s, {os.cpu_count()} cores"
        )
        yield Table(title, COLUMNS, interleaved(started, server, options), note=NOTE, shown="apart")


def shared(queue):
    return funnel(f"funnel-{queue}", CONNECTIONS, queue=queue, others=[OTHER])


def interleaved(started, server, options):
    rounds = {name: [] for name in started}
    refused = set()
    for number in range(options.rounds):
        for name, (proxy, *clients) in started.items():
            if name in refused:
                continue
            print(f"round {number + 1} of {options.rounds}: {name}", file=sys.stderr)
            try:
                rounds[name].append(one_round(proxy, clients, server, options))
            except load.Refused as reason:
                print(f"{name} is left out: {reason}", file=sys.stderr)
                refused.add(name)
                rounds[name] = []
    for all_of_one in rounds.values():
        for one, reference in zip(all_of_one, rounds["haproxy"]):
            one["times_haproxy"] = one["total_us"] / reference["total_us"]
    return rounds


def one_round(proxy, clients, server, options):
    """Both users at once; the crowd begins before the other one and ends after it."""
    users = [proxy.target, proxy.target.as_user(OTHER.user, OTHER.password)]
    before = usage(server)
    with concurrent.futures.ThreadPoolExecutor(2) as loads:
        crowd = loads.submit(load.run_for, users[0], clients[0], options, options.seconds + 3)
        wait_for(users[0].user, before, server, crowd)
        small = loads.submit(load.run_for, users[1], clients[1], options, options.seconds + 1)
        wait_for(users[1].user, before, server, small)
        begin, clock, started = usage(server), CPUClock(proxy.pid), time.monotonic()
        time.sleep(options.seconds - 0.5)
        end = usage(server)
        elapsed = time.monotonic() - started
        done = {user: end[user].minus(begin[user]) for user in (users[0].user, users[1].user)}
        total_us = sum(clock.microseconds(sum(one.statements for one in done.values())))
        outputs = crowd.result(), small.result()
    return {**shares(*done.values(), elapsed), "total_us": total_us, **latencies(*outputs)}


def wait_for(user, before, server, sysbench):
    """Until the server has seen statements of the user's, which sysbench begins with when all its clients are in."""
    while usage(server)[user].statements <= before[user].statements:
        if sysbench.done():
            sysbench.result()
            raise load.Refused("sysbench has ended without a statement")
        time.sleep(0.1)


class Usage:
    """Statements of a user, and the seconds that the server was busy with them."""

    def __init__(self, statements=0, seconds=0.0):
        self.statements, self.seconds = statements, seconds

    def minus(self, other):
        return Usage(self.statements - other.statements, self.seconds - other.seconds)


def usage(server):
    """What the server has done for each of the two users since its start."""
    found = {server.direct.user: Usage(), OTHER.user: Usage()}
    rows = as_root(server, "SELECT user, select_commands, busy_time FROM information_schema.user_statistics")
    for line in rows.splitlines():
        user, statements, seconds = line.split("\t")
        if user in found:
            found[user] = Usage(int(statements), float(seconds))
    return found


def shares(crowd, small, elapsed):
    """Throughputs, the crowd's part of the server's time, and how far that is from half, in percent."""
    share = 100 * crowd.seconds / (crowd.seconds + small.seconds)
    return {
        "crowd_qps": crowd.statements / elapsed, "small_qps": small.statements / elapsed, "crowd_share": share,
        "apart": abs(share - 50) / 50 * 100,
    }  # fmt: skip


def latencies(crowd, small):
    return {
        f"{name}_p{percent}_ms": load.quantile(output, percent / 100)
        for name, output in (("crowd", crowd), ("small", small))
        for percent in (50, 99)
    }
