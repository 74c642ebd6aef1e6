"""Real programs' drivers, frameworks and tools: the same through the funnel as direct, with fewer backend connections."""

import re
import subprocess
import sys
from pathlib import Path

import mysql.connector
import pytest
from harness.answers import answers
from harness.funnel import ConnectionWatch, connect, make_funnel, module_backend  # noqa: F401
from harness.target import run_client
from test_mariadb_client import statements
from test_php import run_php
from test_python_drivers import STATEMENTS, VALUES, connector, connector_results, tried
from test_sysbench import sysbench

SCENARIOS = Path(__file__).parent / "scenarios"
TABLES = (SCENARIOS / "tables.sql").read_text()


@pytest.fixture
def funnel(make_funnel, module_backend):
    assert run_client(module_backend.direct, sql=TABLES)[0] == 0
    return make_funnel(module_backend, "--funnel-max-backends=2")


@pytest.fixture
def same(funnel):
    """Runs a scenario on tables made anew, direct and through the funnel, and expects the same."""

    def compare(scenario):
        def anew(target):
            code, _, errors = run_client(target, sql=TABLES)
            assert code == 0, errors.decode()
            return scenario(target)

        return funnel.compare(anew)

    return compare


def test_pymysql(same):
    def scenario(target):
        with connect(target, database="scenario") as one, connect(target, database="scenario") as two:
            seen = []
            for sql in STATEMENTS:
                seen += [(sql, answers(one, sql), answers(two, "SELECT @a, @b"), answers(one, "SHOW WARNINGS"))]
            return seen

    assert len(same(scenario)) == len(STATEMENTS)


@pytest.fixture(params=[True, False], ids=["pure", "C"])
def pure(request):
    if not request.param and not mysql.connector.HAVE_CEXT:
        pytest.skip("this mysql-connector-python has no C extension")
    return request.param


def test_connector(same, pure):
    """Two connections in turn, each with text statements, prepared ones and cursors (not in C: see C_PREPARED)."""
    plain = [sql for sql in STATEMENTS if ";" not in sql and "CALL" not in sql]
    sql = "SELECT seq, " + ", ".join(["?"] * len(VALUES)) + " FROM seq_1_to_50 WHERE seq <= ?"

    def scenario(target):
        connections = [connector(target, pure, autocommit=True) for _ in range(2)]
        try:
            seen = [tried(lambda s=s, c=c: connector_results(c, s)) for s in plain for c in connections]
            if not pure:
                return seen
            for limit in (3, 0, 50):
                seen += [tried(lambda c=c: connector_results(c, sql, True, (*VALUES, limit))) for c in connections]
            for table in ("numbers", "strings"):
                seen += [
                    tried(lambda c=c: connector_results(c, f"SELECT * FROM {table} ORDER BY id", True))
                    for c in connections
                ]
            cursors = [connection.cursor(prepared=True) for connection in connections]
            for number in range(4):
                for cursor in cursors:
                    cursor.execute("SELECT a, ? FROM numbers WHERE id > ?", ("größer", number))
                    seen.append(cursor.fetchall())
            return seen
        finally:
            for connection in connections:
                connection.close()

    assert len(same(scenario)) > len(plain)


def test_php(same, scratch):
    code, output, errors = same(lambda target: run_php(SCENARIOS / "mysqli.php", target, scratch))
    assert (code, errors) == (0, b""), errors.decode()
    assert len(output.splitlines()) > 40


@pytest.mark.parametrize(
    "options",
    [
        ["--batch"],
        ["--table", "--show-warnings", "--column-type-info"],
        ["--quick", "--vertical", "--binary-mode=0", "-vv"],
    ],
    ids=lambda options: " ".join(options),
)
def test_the_mariadb_client(funnel, options):
    code, output, _ = funnel.compare(lambda target: run_client(target, "--force", *options, sql=statements()))
    assert code == 0 and len(output) > 3_000


def test_mariadb_dump(same):
    def scenario(target):
        options = ["--skip-dump-date", "--routines", "--single-transaction", "scenario"]
        code, output, errors = run_client(target, *options, program="mariadb-dump")
        return code, re.sub(rb"-- Host: .*", b"", output), errors

    code, output, _ = same(scenario)
    assert code == 0 and b"CREATE TABLE `numbers`" in output


def run_python(name, target, schema):
    """Runs a scenario of Python in a process of its own, on an empty schema."""
    assert run_client(target, sql=f"CREATE OR REPLACE DATABASE {schema}")[0] == 0
    done = subprocess.run(
        [sys.executable, SCENARIOS / name, target.host, str(target.port), target.user, target.password],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name, schema", [("sqlalchemy_orm.py", "alchemy"), ("django_orm.py", "django")])
def test_object_mappers(funnel, name, schema):
    output = funnel.compare(lambda target: run_python(name, target, schema))
    assert "rolled back: " in output and "locked: 'outer'" in output


@pytest.mark.millrace_only
@pytest.mark.timeout(180)
def test_sysbench_64_threads_over_8_connections(make_funnel, module_backend):
    """Every error but those of rows that two transactions want at once would end it."""
    funnel = make_funnel(module_backend, "--funnel-max-backends=8")
    assert run_client(module_backend.direct, sql="CREATE OR REPLACE DATABASE `load`")[0] == 0
    sysbench(module_backend.direct, "prepare")
    with ConnectionWatch(module_backend) as watch:
        output = sysbench(funnel.target, "--threads=64", "--time=15", "--mysql-ignore-errors=1213,1020,1205", "run")
    assert int(re.search(r"transactions:\s+(\d+)", output).group(1)) > 100
    assert int(re.search(r"reconnects:\s+(\d+)", output).group(1)) == 0
    assert 1 <= watch.most <= 8, watch.seen
