"""Load: every statement of sysbench's read/write mix, prepared on the server, from many clients at once."""

import os
import re
import subprocess

from harness.target import run_client

SECONDS = int(os.environ.get("MILLRACE_SYSBENCH_SECONDS") or 30)


def sysbench(target, *arguments):
    done = subprocess.run(
        [
            "sysbench", "oltp_read_write", "--db-driver=mysql", f"--mysql-host={target.host}",
            f"--mysql-port={target.port}", f"--mysql-user={target.user}", f"--mysql-password={target.password}",
            "--mysql-db=load", "--tables=4", "--table-size=10000", "--db-ps-mode=auto", *arguments,
        ],
        capture_output=True, text=True, timeout=SECONDS + 80, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_oltp_read_write_runs_without_an_error(direct, proxied):
    assert run_client(direct, sql="CREATE OR REPLACE DATABASE `load`")[0] == 0
    sysbench(direct, "prepare")
    # Rows that two transactions want at once are the benchmark's own doing; sysbench tries those again.
    output = sysbench(proxied, "--threads=64", f"--time={SECONDS}", "--mysql-ignore-errors=1213,1020,1205", "run")
    assert int(re.search(r"transactions:\s+(\d+)", output).group(1)) > 100
    assert int(re.search(r"reconnects:\s+(\d+)", output).group(1)) == 0
