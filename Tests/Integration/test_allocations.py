"""Memory calls of the whole program on the hot path: none a query, whatever the loops run on."""

import struct
import time

import mysql.connector
import pytest
from harness import proxies, wire
from harness.admin import ADMIN, admin_options
from harness.allocations import Allocations, preloaded
from harness.funnel import PASSWORDS, connect, module_backend, users_file  # noqa: F401
from harness.ports import free_port
from harness.target import Target, run_client

pytestmark = pytest.mark.millrace_only

# What comes every 100 ms, a lease that goes back to its book, has come several times by the end of the warm-up.
WARM_UP_SECONDS, QUERIES = 1, 2000
# What timers may do meanwhile, in calls a second: far fewer than there are queries.
BACKGROUND = 60

RULE = (
    "INSERT INTO mysql_query_rules (rule_id, active, match_digest, apply, destination_hostgroup) "
    "VALUES (1, 1, '^SELECT name', 1, 0); LOAD MYSQL QUERY RULES TO RUNTIME;"
)


@pytest.fixture(scope="session")
def library(session_folder):
    return preloaded(session_folder)


@pytest.fixture(params=["epoll", "io_uring"])
def start(request, scratch, library, module_backend):  # noqa: F811
    """Starts Millrace with the counting library in it, on both kinds of loops."""
    started = []

    def start(plugins, *options):
        allocations = Allocations(scratch, library)
        accounts = [f"--funnel-users-file={users_file(scratch, ['app'])}"] if "funnel" in plugins else []
        proxy = proxies.start_millrace(
            scratch, [module_backend.direct], "--event-threads=1", *accounts, *options,
            plugins=plugins, io_backend=request.param, environment=allocations.environment,
        )  # fmt: skip
        started.append(proxy)
        return proxy, allocations

    yield start
    for proxy in started:
        proxy.end()


def text(target):
    """Point selects of a stock driver, in the text protocol."""
    connection = connect(target)
    cursor = connection.cursor()

    def ask(number):
        cursor.execute(f"SELECT name FROM fruit WHERE id = {number % 3 + 1}")
        assert len(cursor.fetchall()) == 1

    return ask


def execute(target):
    """A statement prepared once and then executed; its parameters' types come along the first time, as of C clients."""
    connection = wire.Wire(target, schema="one").login()
    prepared = connection.answer_until_eof(wire.STMT_PREPARE, b"SELECT name FROM fruit WHERE id = ?", eofs=2)
    statement = prepared[0][0][1:5] + b"\0\1\0\0\0\0"

    def ask(number):
        types = b"\0" if number else b"\1\3\0"
        value = struct.pack("<I", number % 3 + 1)
        packets = connection.answer_until_eof(wire.STMT_EXECUTE, statement + types + value, eofs=2)
        assert len(packets) == 5

    return ask


def reset_and_execute(target):
    """The same of a stock driver, which resets the statement each time: two commands."""
    connection = mysql.connector.connect(
        **target.python_options, database="one", use_pure=True, ssl_disabled=True, charset="utf8mb4",
        collation="utf8mb4_general_ci", auth_plugin="mysql_native_password",
    )  # fmt: skip
    cursor = connection.cursor(prepared=True)

    def ask(number):
        cursor.execute("SELECT name FROM fruit WHERE id = ?", (number % 3 + 1,))
        assert len(cursor.fetchall()) == 1

    ask.connection = connection  # The cursor doesn't keep it.
    return ask


def expect_at_most(limit, client, proxy, allocations):
    """Fails with the places that allocate where there are more calls a query."""
    ask = client(proxy.target.as_user("app", PASSWORDS["app"]))
    warm_up(ask)
    begin = time.monotonic()
    calls = allocations.count(lambda: run(ask, QUERIES))
    most = limit * QUERIES + BACKGROUND * (time.monotonic() - begin)
    where = allocations.report(proxy.pid, QUERIES) if calls > most else ""
    assert not where, f"{calls / QUERIES:.3f} memory calls a query, at most {limit} wanted:\n{where}"


def warm_up(ask):
    end = time.monotonic() + WARM_UP_SECONDS
    while time.monotonic() < end:
        run(ask, 100)


def run(ask, queries):
    for number in range(queries):
        ask(number)


@pytest.mark.parametrize("client", [text, execute, reset_and_execute])
def test_the_proxy_allocates_nothing(start, client):
    expect_at_most(0, client, *start("proxy"))


# What the funnel answers itself, as the reset, has its packet made anew.
@pytest.mark.parametrize("client, limit", [(text, 0), (execute, 0), (reset_and_execute, 7)])
def test_the_funnel_allocates_nothing(start, client, limit):
    expect_at_most(limit, client, *start("proxy,funnel"))


@pytest.mark.parametrize("client", [text, execute])
def test_rules_and_digests_allocate_nothing(start, client):
    port = free_port()
    proxy, allocations = start("proxy,rules,funnel,admin", *admin_options(port))
    code, _, errors = run_client(Target(port=port).as_user(*ADMIN), sql=RULE)
    assert code == 0, errors
    expect_at_most(0, client, proxy, allocations)
    counts = "SELECT hits > 0 FROM stats_mysql_query_rules", "SELECT SUM(count_star) > 0 FROM stats_mysql_query_digest"
    sql = " UNION ALL ".join(counts)
    code, found, _ = run_client(Target(port=port).as_user(*ADMIN), "-N", sql=sql)
    assert code == 0 and found == b"1\n1\n", found
