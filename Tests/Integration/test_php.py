"""PHP's mysqli on mysqlnd, direct and through the proxy."""

import json
import subprocess
from pathlib import Path

from harness.target import run_client

SCENARIOS = Path(__file__).parent / "scenarios"


def run_php(script, target, folder):
    arguments = [target.host, target.port, target.socket, target.user, target.password, folder]
    done = subprocess.run(
        ["php", "-d", "display_errors=stderr", "-d", "mysqli.allow_local_infile=1", script, *map(str, arguments)],
        capture_output=True, timeout=100, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_mysqli(both, scratch):
    tables = (SCENARIOS / "tables.sql").read_text()

    def scenario(target):
        assert run_client(target, sql=tables)[0] == 0
        return run_php(SCENARIOS / "mysqli.php", target, scratch)

    code, output, errors = both(scenario)
    assert (code, errors) == (0, b""), errors.decode()
    steps = {name: value for name, value in map(json.loads, output.splitlines())}
    assert len(steps["cursor 7 after 0"][1]) == 40
    assert len(steps["multiple results"][0]) == 4
    assert "1000" in str(steps["prepared numbers 1000"]) or steps["prepared numbers 1000"][1] == []
    assert "other@%" in str(steps["user"])
    assert steps["infile rows"][1][3:5] == [0, 2], "the second time, both rows are there already"
    assert steps["infile missing"][1][0] > 0
    assert steps["killed query"][2][0] in (0, 1317)
    assert steps["after it"][1] == [["1"]]
    assert steps["and gone"] == [False, True]
    assert steps["wrong user"] == [False, 1045]


def test_mysqli_over_unix_sockets(database, make_proxy, scratch):
    tables = (SCENARIOS / "tables.sql").read_text()
    listen = type(database.direct_socket)(socket=str(scratch / "p"), host="localhost")
    proxy = make_proxy([database.direct_socket], listen)
    outputs = []
    for target in (database.direct_socket, proxy.target):
        assert run_client(target, sql=tables)[0] == 0
        outputs.append(run_php(SCENARIOS / "mysqli.php", type(target)(socket=target.socket, host="localhost"), scratch))
    assert outputs[0] == outputs[1]
    assert outputs[0][0] == 0
