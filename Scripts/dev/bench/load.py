"""sysbench's point selects: a load on 127.0.0.1, bounded in time or in number."""

import re
import subprocess

TABLE_SIZE = 100_000


class Refused(Exception):
    """The load has come to no result."""


def sysbench(target, threads, *more, prepared=False, seconds=0):
    command = [
        "sysbench", "oltp_point_select", "--db-driver=mysql", f"--mysql-host={target.host}",
        f"--mysql-port={target.port}", f"--mysql-user={target.user}", f"--mysql-password={target.password}",
        "--mysql-db=bench", f"--table-size={TABLE_SIZE}", "--tables=1", "--rand-type=uniform", "--percentile=99",
        "--histogram", f"--db-ps-mode={'auto' if prepared else 'disable'}", f"--threads={threads}",
        f"--time={seconds}", *more,
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120, check=False)
    except subprocess.TimeoutExpired as late:
        raise Refused(f"sysbench hasn't ended after {late.timeout} s") from late
    if done.returncode != 0:
        raise Refused(f"sysbench failed:\n{(done.stdout + done.stderr)[-600:]}")
    return done.stdout


def prepare(target):
    sysbench(target, 1, "prepare")


def run_for(target, threads, options, seconds):
    """What sysbench says after running for so long."""
    return sysbench(target, threads, "run", prepared=options.prepared, seconds=seconds)


def run_count(target, threads, options, count):
    """Runs so many queries."""
    sysbench(target, threads, f"--events={count}", "run", prepared=options.prepared)


def queries(output):
    return int(re.search(r"queries performed:.*?total:\s+(\d+)", output, re.S).group(1))


def queries_per_second(output):
    return float(re.search(r"queries:\s+\d+\s+\(([\d.]+) per sec", output).group(1))


def quantile(output, share):
    """A quantile of the latencies in ms, from sysbench's histogram: the upper border of the bucket that it is in."""
    buckets = [(float(ms), int(count)) for ms, count in re.findall(r"^\s*([\d.]+) \|\**\s+(\d+)$", output, re.M)]
    left = share * sum(count for _, count in buckets)
    for milliseconds, count in buckets:
        left -= count
        if left <= 0:
            return milliseconds
    raise Refused(f"sysbench has printed no histogram:\n{output}")
