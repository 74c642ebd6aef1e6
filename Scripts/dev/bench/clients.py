"""Scenarios about clients rather than queries: idle, connect, large."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time

from contenders import funnel, haproxy, millrace, named_by_environment
from costs import CPUClock, memory_kilobytes
from database import running_server
from harness.swarm import Client, close_all, open_all
from results import Column, Table

USUAL = {"haproxy": haproxy(), "millrace": millrace("millrace"), "funnel": funnel()}
IDLE = [
    Column("kilobytes", "kB a client", 1, spread=True), Column("rest_ms", "CPU ms/s at rest", 1),
    Column("rss_mb", "RSS MB", 1),
]  # fmt: skip
CONNECT = [
    Column("user_us", "user µs", 1), Column("system_us", "system µs", 1),
    Column("total_us", "CPU-µs a login", 1, spread=True),
    Column("server_us", "server's CPU-µs", 1), Column("logins", "logins/s", 0),
]  # fmt: skip
LARGE = [
    Column("seconds", "seconds", 2, spread=True), Column("user_s", "user s", 2), Column("system_s", "system s", 2),
    Column("rss_mb", "most RSS MB", 1), Column("growth_mb", "its growth", 1),
]  # fmt: skip
REST_SECONDS = 5
# Rows of 1 MB each.
LARGE_SQL = "SELECT REPEAT('x', 1000000) FROM test.seq_1_to_1000"


def idle(options, folder):
    """What a client costs that has asked once and rests."""
    title = f"idle: {options.crowd} clients after one query each, {options.rounds} rounds"
    yield Table(title, IDLE, each_round(options, folder, rest, fresh=True), shown="kilobytes")


def connect(options, folder):
    """What a login costs: connect, log in, ask once, leave."""
    title = f"connect: {options.logins} logins, 16 at a time, {options.rounds} rounds"
    yield Table(title, CONNECT, each_round(options, folder, log_in, direct=True), shown="total_us")


def large(options, folder):
    """A result of 1 GB that its client drops."""
    title = f"large: 1 GB in rows of 1 MB, {options.rounds} rounds"
    yield Table(title, LARGE, each_round(options, folder, fetch, direct=True), shown="seconds")


def each_round(options, folder, measure, direct=False, fresh=False):
    """The measure of every contender in every round; `fresh` starts proxies anew for each, as memory doesn't shrink."""
    starts = {**USUAL, **named_by_environment()}
    rounds = {name: [] for name in [*(["direct"] if direct else []), *starts]}
    with contextlib.ExitStack() as cleanup:
        server = cleanup.enter_context(running_server(folder))
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
        after, clock = memory_kilobytes(proxy.pid), CPUClock(proxy.pid)
        await asyncio.sleep(REST_SECONDS)
        user, system = clock.microseconds(REST_SECONDS)
        await close_all(clients)
        return {
            "kilobytes": (after - before) / options.crowd, "rest_ms": (user + system) / 1000, "rss_mb": after / 1000,
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
    user, system = clock.microseconds(count) if proxy else (None, None)
    return {
        "user_us": user, "system_us": system, "total_us": user + system if proxy else None,
        "server_us": sum(behind.microseconds(count)), "logins": count / elapsed,
    }  # fmt: skip


def fetch(_options, proxy, target, _server):
    before = memory_kilobytes(proxy.pid, "VmHWM") if proxy else 0
    clock, begin = CPUClock(proxy and proxy.pid), time.monotonic()
    with open(os.devnull, "wb") as nowhere:
        command = ["mariadb", *target.client_options, "--quick", "--batch", "--raw", "-N", "-e", LARGE_SQL]
        subprocess.run(command, stdout=nowhere, check=True, timeout=300)
    elapsed = time.monotonic() - begin
    user, system = clock.microseconds(1_000_000) if proxy else (None, None)
    most = memory_kilobytes(proxy.pid, "VmHWM") if proxy else None
    return {
        "seconds": elapsed, "user_s": user, "system_s": system, "rss_mb": most and most / 1000,
        "growth_mb": most and (most - before) / 1000,
    }  # fmt: skip
