"""The benchmark's own arithmetic and its command line; what it measures takes servers and time, and isn't run here."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
BENCH = REPOSITORY / "Scripts/dev/bench"
sys.path.insert(0, str(BENCH))

import contenders  # noqa: E402
import cores  # noqa: E402
import costs  # noqa: E402
import crowd  # noqa: E402
import fairness  # noqa: E402
import load  # noqa: E402
import picture  # noqa: E402
import point_selects  # noqa: E402
import results  # noqa: E402
from harness import proxies  # noqa: E402
from harness.target import Target  # noqa: E402
from results import Column, Table  # noqa: E402

pytestmark = pytest.mark.millrace_only

SYSBENCH = """
Latency histogram (values are in milliseconds)
       value  ------------- distribution ------------- count
       0.100 |**                                       10
       0.200 |****************************************  80
       5.500 |*                                         9
      70.000 |                                          1

SQL statistics:
    queries performed:
        read:                            100
        write:                           0
        other:                           0
        total:                           100
    queries:                             100    (9876.54 per sec.)
"""


def bench(*arguments, **environment):
    """What `Scripts/dev/bench` says; nothing is installed or built for it."""
    return subprocess.run(
        [sys.executable, BENCH, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip


def table(rounds, title="t", **more):
    return Table(title, [Column("us", "CPU-µs", 1, spread=True), Column("qps", "q/s", 0)], rounds, **more)


# Figures


def test_a_crowd_knows_the_end_of_an_answer_however_it_comes():
    def packet(sequence, payload):
        return len(payload).to_bytes(3, "little") + bytes([sequence]) + payload

    end = b"\xfe\0\0\2\0"
    # A row whose first value's length has eight bytes begins like an EOF.
    row = b"\xfe" + (20).to_bytes(8, "little") + b"x" * 20
    answer = b"".join(packet(n, p) for n, p in enumerate([b"\1", b"\3def" + bytes(40), end, row, end], 1))
    whole = [size for size in range(1, len(answer) + 1) if crowd.is_whole(answer[:size])]
    assert whole == [len(answer)]
    with pytest.raises(load.Refused, match="gone away"):
        crowd.is_whole(packet(1, b"\xff\xd6\x07#HY000the server has gone away"))


def test_a_crowd_tells_a_quantile_of_all_its_latencies():
    latencies = [*range(100, 0, -1)]
    assert [crowd.quantile(latencies, share) for share in (0, 0.5, 0.99, 1)] == [1, 51, 100, 100]
    with pytest.raises(load.Refused):
        crowd.quantile([], 0.5)


def test_what_sysbench_says():
    assert load.queries(SYSBENCH) == 100
    assert load.queries_per_second(SYSBENCH) == 9876.54
    assert [load.quantile(SYSBENCH, share) for share in (0.05, 0.5, 0.99, 1.0)] == [0.1, 0.2, 5.5, 70.0]
    with pytest.raises(load.Refused, match="no histogram"):
        load.quantile("nothing", 0.5)


def test_medians_and_spread():
    rounds = {"one": [{"us": 3.0, "qps": 10}, {"us": 9.0, "qps": None}, {"us": 4.0}], "none": []}
    found = table(rounds)
    assert found.median("one", "us") == 4 and found.spread("one", "us") == 3
    assert found.median("one", "qps") == 10 and found.median("one", "missing") is None
    title, _, headings, one, none = found.text().splitlines()
    assert title == "t" and headings.split() == ["CPU-µs", "±", "q/s"]
    assert one.split() == ["one", "4.0", "3.0", "10"]
    assert none.split() == ["none", "no", "result"]


def test_rounds_beside_haproxy_of_the_same_round():
    def costs_of(*figures):
        return [{"total_us": figure} for figure in figures]

    found = point_selects.with_ratios(
        {"haproxy": costs_of(10, 20), "funnel": costs_of(5, 5), "direct": costs_of(None, None), "left out": []}
    )
    assert [one["times_haproxy"] for one in found["funnel"]] == [0.5, 0.25]
    assert "times_haproxy" not in found["direct"][0]


def test_shares_of_two_users():
    found = fairness.shares(fairness.Usage(3000, 3.0), fairness.Usage(1000, 1.0), elapsed=2)
    assert found == {"crowd_qps": 1500, "small_qps": 500, "crowd_share": 75, "apart": 50}
    equal = fairness.shares(fairness.Usage(100, 2.0), fairness.Usage(900, 2.0), elapsed=1)
    assert equal["crowd_share"] == 50 and equal["apart"] == 0
    used = fairness.Usage(30, 2.5).minus(fairness.Usage(10, 1.0))
    assert (used.statements, used.seconds) == (20, 1.5)


def test_what_a_process_has_used():
    before = costs.run_nanoseconds(os.getpid())
    clock = costs.CPUClock(os.getpid())
    sum(range(3_000_000))
    assert costs.run_nanoseconds(os.getpid()) - before > 5_000_000
    assert sum(clock.microseconds(1)) > 5000
    assert costs.CPUClock(None).microseconds(1) == (0, 0)
    assert costs.CPUClock(None).figures(1) == {"user_us": None, "system_us": None, "total_us": None}
    assert costs.memory_kilobytes(os.getpid()) > 1000


# Peers


def test_peers_by_environment(monkeypatch):
    for variable in contenders.PEERS.values():
        monkeypatch.delenv(variable, raising=False)
    assert contenders.named_by_environment() == {} and contenders.missing_peers() == []
    monkeypatch.setenv("PROXYSQL_BINARY", "/bin/true")
    assert list(contenders.named_by_environment()) == ["proxysql"] and contenders.missing_peers() == []
    monkeypatch.setenv("MYSQL_PROXY_BINARY", "/missing/mysql-proxy")
    assert contenders.missing_peers() == ["MYSQL_PROXY_BINARY=/missing/mysql-proxy is no program"]


def test_what_peers_are_told(tmp_path):
    server, other = Target(port=3306, user="app", password="secret"), Target(user="other", password="different")
    told = contenders.proxysql_configuration(tmp_path, Target(port=6033), 6032, server, 10, [other])
    assert told.count('address="127.0.0.1" port=3306') == 2 and told.count("max_connections=10 ") == 2
    assert 'username="app" password="secret"' in told and 'username="other" password="different"' in told
    lines = [line.strip() for line in proxies.haproxy_configuration(Target(port=1), [server], 2, 8100).splitlines()]
    assert "maxconn 8100" in lines and "server s0 127.0.0.1:3306 maxconn 2" in lines


def test_users_are_nobody_elses(tmp_path):
    file = contenders.users_file(tmp_path, "fair", Target(), Target(user="other", password="different"))
    assert file.read_text() == "app:secret\nother:different\n" and file.stat().st_mode & 0o077 == 0


# Files


def test_compare(tmp_path, capsys):
    def written(name, us, title="t"):
        results.write(tmp_path / name, "relay", {"rounds": 2}, [table({"m": [{"us": value} for value in us]}, title)])
        return tmp_path / name

    before, within, beyond = written("a", [10, 12]), written("b", [11, 13]), written("c", [4, 5], title="shorter")
    results.compare(before, within)
    said = capsys.readouterr().out
    assert "+9.1%  (within the spread)" in said and said.startswith("t\n")
    results.compare(before, beyond)
    said = capsys.readouterr().out
    assert "-59.1%" in said and "within" not in said and "before: t\nafter:  shorter\n" in said
    assert json.loads(before.read_text())["machine"]["cores"] == os.cpu_count()


def test_files_that_cant_be_compared(tmp_path):
    file = tmp_path / "file"
    file.write_text("{}")
    results.write(tmp_path / "relay", "relay", {}, [])
    results.write(tmp_path / "idle", "idle", {}, [])
    for pair, text in [
        (("missing", "relay"), "No such file"), (("file", "relay"), "no file of Scripts/bench"),
        (("relay", "idle"), "nothing to compare"),
    ]:  # fmt: skip
        with pytest.raises(SystemExit, match=text):
            results.compare(*[tmp_path / name for name in pair])


def test_pictures(tmp_path):
    rounds = {"one": [{"us": 1.0}], "none": []}
    drawn = picture.draw(tmp_path, "relay", [table(rounds, shown="us")])
    # Scripts/bench installs matplotlib, Scripts/test doesn't.
    assert drawn == ([tmp_path / "relay.svg"] if importlib.util.find_spec("matplotlib") else [])
    assert all("<svg" in path.read_text() for path in drawn)


def test_what_strace_has_counted():
    report = """
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 80.12    0.104857          26      4000           io_uring_enter
 19.88    0.026021          13      2000       120 futex
------ ----------- ----------- --------- --------- ----------------
100.00    0.130878          21      6000       120 total
"""
    assert costs.counted(report) == {"io_uring_enter": 4000, "futex": 2000}


def test_what_loops_cost_each_other():
    before = {"events": [100, 100], "grants": 0, "grants_carried": 0, "locks": 10, "lock_waits": 1}
    after = {"events": [400, 200], "grants": 200, "grants_carried": 50, "locks": 60, "lock_waits": 2}
    found = cores.between(before, after, queries=100)
    assert found == {"busiest": 1.5, "carried": 25, "asked": 0.5, "waited": 0.01}
    assert cores.between({}, {}, 100) == {}
    assert cores.loop_counts()[0] == 1 and cores.loop_counts()[-1] == os.cpu_count()


# The command line


def test_help_names_every_scenario():
    said = bench("--help").stdout
    for scenario in "relay funnel funnel-500 funnel-fair rules lua routing idle connect large cores".split():
        assert f"\n  {scenario} " in said
    assert "compare BEFORE.json AFTER.json" in said and "PROXYSQL_BINARY" in said


@pytest.mark.parametrize(
    ("arguments", "environment", "text"),
    [
        (["relais"], {}, "there is no scenario 'relais'; there are relay, "),
        (["relay", "--rounds", "0"], {}, "0 is less than 1"),
        (["relay"], {"MILLRACE_BINARY": "/missing"}, "MILLRACE_BINARY=/missing is no program"),
        (["relay"], {"PROXYSQL_BINARY": "/missing"}, "PROXYSQL_BINARY=/missing is no program"),
        (["compare", "one.json"], {}, "compare BEFORE.json AFTER.json"),
        (["compare", "/missing", "/missing"], {}, "/missing: No such file"),
    ],
)
def test_mistakes_are_told_before_anything_runs(arguments, environment, text):
    done = bench(*arguments, **environment)
    assert done.returncode != 0 and text in done.stderr and "Traceback" not in done.stderr


def test_a_check_alone_runs_nothing():
    done = bench("idle", "--only-check", PROXYSQL_BINARY="", MYSQL_PROXY_BINARY="")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
