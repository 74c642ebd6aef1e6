"""The benchmark behind Scripts/bench: what a proxy process costs a query, in interleaved rounds."""

import argparse
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "Tests/Integration"))

from harness import proxies  # noqa: E402
from harness.database_server import DatabaseServer, program  # noqa: E402
from harness.ports import free_port  # noqa: E402
from harness.target import Target, run_client  # noqa: E402

TABLE_SIZE = 100_000
TICK = os.sysconf("SC_CLK_TCK")


# --- The proxies ------------------------------------------------------------------------------------------------------


def start_millrace(folder, backend, *more, name="millrace", plugins="proxy"):
    listen = Target(port=free_port())
    arguments = [
        proxies.BINARY, f"--plugins={plugins}", f"--proxy-address={listen.address}",
        f"--proxy-backend-addresses={backend.address}", *more,
    ]  # fmt: skip
    return proxies.Proxy(arguments, folder, listen, name=name).wait_until_listening()


# What a script may cost: each of them sees every query.
SCRIPTS = {
    "no-script": None,
    "lua-empty": "function read_query(packet) end",
    "lua-append": """
        function read_query(packet)
          proxy.queries:append(1, packet)
          return proxy.PROXY_SEND_QUERY
        end
    """,
}


def start_scripted(name):
    def start(folder, backend):
        if SCRIPTS[name] is None:
            return start_millrace(folder, backend, name=name)
        path = folder / f"{name}.lua"
        path.write_text(SCRIPTS[name])
        return start_millrace(folder, backend, f"--proxy-lua-script={path}", name=name)

    return start


# What the funnel, and HAProxy beside it, may have of the server's connections.
FUNNEL_BACKENDS = 10


def start_funnel(folder, backend):
    users = folder / "users"
    users.touch(mode=0o600)
    users.write_text(f"{backend.user}:{backend.password}\n")
    return start_millrace(
        folder, backend, f"--funnel-users-file={users}", f"--funnel-max-backends={FUNNEL_BACKENDS}", name="funnel",
        plugins="proxy,funnel",
    )  # fmt: skip


def start_haproxy(folder, backend):
    return proxies.start_haproxy(folder, [backend])


def start_narrow_haproxy(folder, backend):
    return proxies.start_haproxy(folder, [backend], most=FUNNEL_BACKENDS)


def start_mysql_proxy(folder, backend):
    listen = Target(port=free_port())
    arguments = [
        os.environ["MYSQL_PROXY_BINARY"], f"--proxy-address={listen.address}",
        f"--proxy-backend-addresses={backend.address}",
    ]  # fmt: skip
    return proxies.Proxy(arguments, folder, listen, name="mysql-proxy").wait_until_listening()


PROXYSQL_CONFIGURATION = """
datadir="{folder}/proxysql"
admin_variables={{ admin_credentials="admin:admin" mysql_ifaces="127.0.0.1:{admin}" }}
mysql_variables={{
    threads=2 interfaces="{listen}" monitor_enabled=false server_version="10.11.0" max_connections=2000
    default_schema="test"
}}
mysql_servers=( {{ address="{host}" port={port} hostgroup=0 max_connections=1000 }} )
mysql_users=( {{ username="{user}" password="{password}" default_hostgroup=0 }} )
"""


def start_proxysql(folder, backend):
    listen = Target(port=free_port())
    (folder / "proxysql").mkdir(exist_ok=True)
    configuration = folder / "proxysql.cnf"
    configuration.write_text(
        PROXYSQL_CONFIGURATION.format(
            folder=folder, admin=free_port(), listen=listen.address, host=backend.host, port=backend.port,
            user=backend.user, password=backend.password,
        )  # fmt: skip
    )
    arguments = [os.environ["PROXYSQL_BINARY"], "-f", "--initial", "-c", configuration, "-D", folder / "proxysql"]
    return proxies.Proxy(arguments, folder, listen, name="proxysql").wait_until_listening()


def chosen_proxies(scenario):
    if scenario == "lua":
        return {"haproxy": start_haproxy, **{name: start_scripted(name) for name in SCRIPTS}}
    chosen = {"haproxy": start_haproxy, "millrace": start_millrace}
    if scenario == "funnel":
        return chosen | {"funnel": start_funnel}
    if os.environ.get("PROXYSQL_BINARY"):
        chosen["proxysql"] = start_proxysql
    if os.environ.get("MYSQL_PROXY_BINARY"):
        chosen["mysql-proxy"] = start_mysql_proxy
    return chosen


# --- Measuring --------------------------------------------------------------------------------------------------------


def descendants(pid):
    """The process and its children: a proxy may fork before it serves."""
    family = [pid]
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            family += descendants(int(child))
    return family


def cpu_seconds(pid):
    """User and system time of all threads of the process and its children."""
    user = system = 0
    for member in descendants(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        user += int(fields[11])
        system += int(fields[12])
    return user / TICK, system / TICK


class Refused(Exception):
    """sysbench has come to no result."""


def sysbench(target, arguments, *more):
    command = [
        "sysbench", "oltp_point_select", "--db-driver=mysql", f"--mysql-host={target.host}",
        f"--mysql-port={target.port}", f"--mysql-user={target.user}", f"--mysql-password={target.password}",
        "--mysql-db=bench", f"--table-size={TABLE_SIZE}", "--tables=1", "--rand-type=uniform", "--percentile=99", "--histogram",
        f"--db-ps-mode={'auto' if arguments.prepared else 'disable'}", f"--threads={arguments.threads}", *more,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=arguments.seconds + 120, check=False)
    if done.returncode != 0:
        raise Refused(f"sysbench failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def quantile(output, share):
    """A quantile of the latencies in ms, from sysbench's histogram: the upper border of the bucket that it is in."""
    buckets = [(float(ms), int(count)) for ms, count in re.findall(r"^\s*([\d.]+) \|\**\s+(\d+)$", output, re.M)]
    left = share * sum(count for _, count in buckets)
    for milliseconds, count in buckets:
        left -= count
        if left <= 0:
            return milliseconds
    raise Refused(f"sysbench has printed no histogram:\n{output}")


def one_round(target, proxy, arguments):
    """Queries a second, p99 and the proxy's CPU-µs a query of one run."""
    sysbench(target, arguments, "--time=1", "run")
    before, started = (cpu_seconds(proxy.pid) if proxy else (0, 0)), time.monotonic()
    output = sysbench(target, arguments, f"--time={arguments.seconds}", "run")
    elapsed = time.monotonic() - started
    after = cpu_seconds(proxy.pid) if proxy else (0, 0)
    queries = int(re.search(r"queries performed:.*?total:\s+(\d+)", output, re.S).group(1))
    user, system = ((end - begin) * 1e6 / queries for begin, end in zip(before, after))
    return {
        "queries_per_second": float(re.search(r"queries:\s+\d+\s+\(([\d.]+) per sec", output).group(1)),
        "p50_ms": quantile(output, 0.50), "p99_ms": quantile(output, 0.99),
        "user_us": user, "system_us": system, "total_us": user + system, "elapsed_s": elapsed,
    }  # fmt: skip


@contextlib.contextmanager
def prepared_server(arguments, folder):
    """A server with sysbench's table, which takes all clients at once."""
    with contextlib.ExitStack() as cleanup:
        server = DatabaseServer(folder / "db", options=["--max-connections=2000"])
        server.create()
        server.start()
        cleanup.callback(server.stop)
        server.create_accounts()
        run_client(server.direct, sql="CREATE DATABASE bench")
        sysbench(server.direct, arguments, "prepare")
        yield server


def point_selects(server, arguments, folder, starts):
    """Point selects through every proxy, one after the other, in every round."""
    with contextlib.ExitStack() as cleanup:
        targets = {"direct": (server.direct, None)}
        for name, start in starts.items():
            proxy = cleanup.enter_context(start(folder, server.direct))
            targets[name] = proxy.target, proxy
        return interleaved(targets, arguments)


def interleaved(targets, arguments):
    results = {name: [] for name in targets}
    for number in range(arguments.rounds):
        for name, (target, proxy) in list(targets.items()):
            print(f"round {number + 1} of {arguments.rounds}: {name}", file=sys.stderr)
            try:
                results[name].append(one_round(target, proxy, arguments))
            except Refused as reason:
                if name in ("direct", "haproxy"):
                    raise SystemExit(str(reason)) from reason
                print(f"{name} is left out: {reason}", file=sys.stderr)
                del targets[name]
                results[name] = []
    return results


def crowded(server, arguments, folder):
    """Many clients on few of the server's connections."""
    crowd = argparse.Namespace(**{**vars(arguments), "threads": arguments.crowd})
    starts = {"haproxy": start_haproxy, f"maxconn {FUNNEL_BACKENDS}": start_narrow_haproxy, "funnel": start_funnel}
    return point_selects(server, crowd, folder, starts)


# --- Telling ----------------------------------------------------------------------------------------------------------


def summary(rounds):
    """The median of every measure, and how far the rounds lie apart."""
    measures = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
    totals = [one["total_us"] for one in rounds]
    return {**measures, "spread_us": max(totals) - min(totals)}


def print_table(results):
    medians = {name: summary(rounds) for name, rounds in results.items() if rounds}
    reference = medians["haproxy"]["total_us"]
    print(f"{'':12} {'CPU-µs a query of the proxy':^40}  {'':>10} {'':>8} {'':>8}")
    print(f"{'':12} {'user':>7} {'system':>7} {'total':>7} {'±':>7} {'×HAProxy':>9} {'queries/s':>11} {'p50 ms':>8} {'p99 ms':>8}")
    for name, row in medians.items():
        cost = " ".join(f"{row[key]:7.2f}" for key in ("user_us", "system_us", "total_us"))
        cost = f"{cost} {row['spread_us'] / 2:7.2f} {row['total_us'] / reference:9.2f}"
        if name == "direct":
            cost = f"{'–':>7} {'–':>7} {'–':>7} {'–':>7} {'–':>9}"
        print(f"{name:12} {cost} {row['queries_per_second']:11.0f} {row['p50_ms']:8.2f} {row['p99_ms']:8.2f}")
    for name in results.keys() - medians.keys():
        print(f"{name:12} no result: sysbench's clients never all got in")


def main():
    parser = argparse.ArgumentParser(prog="Scripts/bench", description=__doc__)
    parser.add_argument("scenario", nargs="?", choices=["relay", "lua", "funnel"], default="relay")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds (3)")
    parser.add_argument("--seconds", type=int, default=10, help="of a round and proxy (10)")
    parser.add_argument("--threads", type=int, default=16, help="sysbench clients (16)")
    parser.add_argument("--crowd", type=int, default=500, help="sysbench clients of funnel's second table (500)")
    parser.add_argument("--prepared", action="store_true", help="with server-side prepared statements")
    parser.add_argument("--json", metavar="FILE", help="also write every round's figures")
    arguments = parser.parse_args()
    if not proxies.BINARY.exists():
        raise SystemExit(f"{proxies.BINARY} is missing: build it with 'swift build -c release', or set MILLRACE_BINARY")
    assert program("sysbench")
    folder = Path(tempfile.mkdtemp(prefix="millrace-bench-", dir="/tmp"))
    results = {}
    try:
        with prepared_server(arguments, folder) as server:
            starts = chosen_proxies(arguments.scenario)
            results[arguments.threads] = point_selects(server, arguments, folder, starts)
            if arguments.scenario == "funnel":
                results[arguments.crowd] = crowded(server, arguments, folder)
    except Refused as reason:
        raise SystemExit(str(reason)) from reason
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for clients, table in results.items():
        print(
            f"{arguments.scenario}: sysbench oltp_point_select, {clients} clients, prepared statements "
            f"{'on' if arguments.prepared else 'off'}, {arguments.rounds} rounds of {arguments.seconds} s, "
            f"{os.cpu_count()} cores\n"
        )
        print_table(table)
        print()
    if arguments.json:
        Path(arguments.json).write_text(json.dumps({"arguments": vars(arguments), "rounds": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
