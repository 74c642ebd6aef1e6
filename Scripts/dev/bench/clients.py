"""Scenarios about clients rather than queries: idle, connect, large."""

import asyncio
import contextlib
import functools
import os
import subprocess
import sys
import time

from contenders import funnel, haproxy, millrace, named_by_environment
from costs import CPUClock, memory_kilobytes, run_nanoseconds
from database import running_server
from harness.swarm import Client, close_all, open_all
from results import Column, Table

IDLE = [
    Column("kilobytes", "KB a client", 2, spread=True), Column("core", "% of a core at rest", 3),
    Column("rss_mb", "RSS MB", 1),
]  # fmt: skip
CONNECT = [
    Column("user_us", "user µs", 1), Column("system_us", "system µs", 1),
    Column("total_us", "CPU-µs a login", 1, spread=True),
    Column("server_us", "server's CPU-µs", 1), Column("logins", "logins/s", 0),
]  # fmt: skip
LARGE = [
    Column("seconds", "seconds", 2, spread=True), Column("user_s", "user s"), Column("system_s", "system s"),
    Column("total_s", "CPU s", 2, spread=True), Column("times_haproxy", "×HAProxy"),
    Column("rss_mb", "most RSS MB", 1), Column("growth_mb", "its growth", 1),
]  # fmt: skip
REST_SECONDS = 5
# Bytes of a row, and how many rows: 1 GB each.
LARGE_ROWS = [(1_000_000, 1000), (1000, 1_000_000)]


def idle(options, folder):
    """What a client costs that has asked once and rests."""
    title = f"idle: {options.crowd} clients after one query each, {options.rounds} rounds"
    # HAProxy, and Millrace without the funnel, take a connection of the server's for each client.
    rounds = each_round(
        options, folder, rest, "--thread-handling=pool-of-threads", fresh=True, clients=options.crowd
    )
    yield Table(title, IDLE, rounds, shown="kilobytes")


def connect(options, folder):
    """What a login costs: connect, log in, ask once, leave."""
    title = f"connect: {options.logins} logins, 16 at a time, {options.rounds} rounds"
    yield Table(title, CONNECT, each_round(options, folder, log_in, direct=True), shown="total_us")


def large(options, folder):
    """A result of 1 GB that its client drops, in large rows and in small ones."""
    for size, count in LARGE_ROWS:
        title = f"large: 1 GB in {count:,} rows of {size:,} bytes, {options.rounds} rounds"
        sql = f"SELECT REPEAT('x', {size}) FROM test.seq_1_to_{count}"
        rounds = each_round(options, folder / str(size), functools.partial(fetch, sql), direct=True)
        for name in rounds:
            for one, reference in zip(rounds[name], rounds["haproxy"]):
                one["times_haproxy"] = one["total_s"] and one["total_s"] / reference["total_s"]
        yield Table(title, LARGE, rounds, shown="total_s")


def each_round(options, folder, measure, *server_options, direct=False, fresh=False, clients=0):
    """The measure of every contender in every round; `fresh` starts proxies anew for each, as memory doesn't shrink."""
    starts = {
        "haproxy": haproxy(clients=clients), "millrace": millrace("millrace"), "funnel": funnel("funnel", options.few),
        **named_by_environment(most=max(1000, clients)),
    }  # fmt: skip
    rounds = {name: [] for name in [*(["direct"] if direct else []), *starts]}
    folder.mkdir(exist_ok=True)
    with contextlib.ExitStack() as cleanup:
        server = cleanup.enter_context(running_server(folder, *server_options, clients=clients))
        started = {}
        for number in range(options.rounds):
            for name in rounds:
                print(f"round {number + 1} of {options.rounds}: {name}", file=sys.stderr)
                with contextlib.ExitStack() as own:
                    proxy = started.get(name)
                    if name != "direct" and not proxy:
                        proxy = (own if fresh else cleanup).enter_context(starts[name](folder, server.direct))
                        if not fresh:
                            started[name] = proxy
                    rounds[name].append(measure(options, proxy, proxy.target if proxy else server.direct, server))
    return rounds


def rest(options, proxy, target, _server):
    async def crowd():
        # One client's visit first: what every process needs once isn't a client's.
        await visit(target)
        before = memory_kilobytes(proxy.pid)
        clients = await open_all(target, options.crowd)
        for client in clients:
            await client.query("SELECT 1")
        await asyncio.sleep(0.5)
        after, begin = memory_kilobytes(proxy.pid), run_nanoseconds(proxy.pid)
        await asyncio.sleep(REST_SECONDS)
        spent = run_nanoseconds(proxy.pid) - begin
        await close_all(clients)
        return {
            "kilobytes": (after - before) / options.crowd, "core": 100 * spent / (REST_SECONDS * 1e9),
            "rss_mb": after / 1000,
        }  # fmt: skip

    return asyncio.run(crowd())


async def visit(target):
    client = await Client.open(target)
    await client.query("SELECT 1")
    await client.close()


def log_in(options, proxy, target, server):
    async def all_of_them():
        async def some(count):
            for _ in range(count):
                await visit(target)

        await asyncio.gather(*[some(options.logins // 16) for _ in range(16)])

    count = options.logins // 16 * 16
    clock, behind, begin = CPUClock(proxy and proxy.pid), CPUClock(server.process.pid), time.monotonic()
    asyncio.run(all_of_them())
    elapsed = time.monotonic() - begin
    return {**clock.figures(count), "server_us": sum(behind.microseconds(count)), "logins": count / elapsed}


def fetch(sql, _options, proxy, target, _server):
    before = memory_kilobytes(proxy.pid, "VmHWM") if proxy else 0
    clock, begin = CPUClock(proxy and proxy.pid), time.monotonic()
    with open(os.devnull, "wb") as nowhere:
        command = ["mariadb", *target.client_options, "--quick", "--batch", "--raw", "-N", "-e", sql]
        subprocess.run(command, stdout=nowhere, check=True, timeout=300)
    elapsed = time.monotonic() - begin
    user, system = clock.microseconds(1_000_000) if proxy else (None, None)
    most = memory_kilobytes(proxy.pid, "VmHWM") if proxy else None
    return {
        "seconds": elapsed, "user_s": user, "system_s": system,
        "total_s": user + system if proxy else None, "rss_mb": most and most / 1000,
        "growth_mb": most and (most - before) / 1000,
    }  # fmt: skip
