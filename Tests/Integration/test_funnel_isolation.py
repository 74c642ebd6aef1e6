"""No session ever sees another's: random sessions beside their shadows, while connections and the server die.

MILLRACE_ISOLATION_SESSIONS=300 MILLRACE_ISOLATION_SECONDS=120 is the long run; MILLRACE_ISOLATION_SEED replays one.
"""

import asyncio
import os
import random
import re
import time

import pytest
from harness.database_server import started_server
from harness.funnel import make_funnel  # noqa: F401
from harness.funnel import Backend
from harness.isolation import opener, run_sessions
from harness.statements import SCHEMA
from harness.swarm import ServerError
from harness.target import run_client

SESSIONS = int(os.environ.get("MILLRACE_ISOLATION_SESSIONS") or 40)
SECONDS = int(os.environ.get("MILLRACE_ISOLATION_SECONDS") or 15)
SEED = os.environ.get("MILLRACE_ISOLATION_SEED") or str(random.randrange(1 << 30))

pytestmark = pytest.mark.timeout(SECONDS + 240)


@pytest.fixture
def servers(make_database):
    """The tested one and the shadows'."""
    servers = [Backend(make_database(["--max-connections=1500"])) for _ in range(2)]
    for server in servers:
        code, _, errors = run_client(server.direct, sql=SCHEMA)
        assert code == 0, errors.decode()
    return servers


def check(tally, sessions, most_lost):
    """No difference, no more losses than there were causes, and everybody got on."""
    told = f"seed {SEED}, {tally.statements} statements, {tally.lost} lost\n{tally.report()}"
    if tally.differences:
        pytest.fail(told, pytrace=False)
    assert tally.lost <= most_lost, told
    assert len(tally.per_session) == sessions and min(tally.per_session.values()) >= 5, (told, tally.per_session)


def test_sessions_on_five_connections(servers, make_funnel):
    """Nothing dies, so no error excuses anything."""
    tested, shadow = servers
    funnel = make_funnel(tested, "--funnel-max-backends=5")
    opens = opener(funnel.target), opener(shadow.direct)
    check(asyncio.run(run_sessions(SESSIONS, SECONDS, SEED, opens)), SESSIONS, 0)


def test_sessions_while_connections_are_killed_and_the_server_restarts(servers, make_funnel):
    tested, shadow = servers
    funnel = make_funnel(tested, "--funnel-max-backends=5", "--funnel-backend-wait=60")
    opens, killed = (opener(funnel.target), opener(shadow.direct)), []

    async def trouble(end):
        dice = random.Random(f"{SEED} trouble")
        half = time.monotonic() + (end - time.monotonic()) / 2
        restarted = False
        while time.monotonic() < end - 1:
            await asyncio.sleep(dice.random() * 0.4)
            if time.monotonic() > half and not restarted:
                restarted = True
                await asyncio.to_thread(tested.restart)
            else:
                killed.append(await asyncio.to_thread(kill_one, tested, dice))
        assert restarted

    tally = asyncio.run(run_sessions(SESSIONS, SECONDS, SEED, opens, trouble))
    check(tally, SESSIONS, sum(killed) + SESSIONS)
    assert sum(killed) > SECONDS // 3


def kill_one(backend, dice):
    """Kills one of app's connections; answers how many that were."""
    numbers = [number for number, user, _, _ in backend.connections() if user == "app"]
    if not numbers:
        return 0
    try:
        backend.ask(f"KILL {dice.choice(numbers)}")
    except Exception as error:
        assert error.args[0] == 1094, error
        return 0
    return 1


# The checker itself


class Leaky:
    """A connection that now and then lets another session's answer a statement of a kind."""

    def __init__(self, client, kind, everybody):
        self.client, self.kind, self.everybody = client, kind, everybody
        self.dice, self.turn = random.Random(len(everybody)), asyncio.Lock()
        everybody.append(self)

    async def query(self, sql):
        leaks = re.search(self.kind, sql) and self.dice.random() < 0.1
        other = self.dice.choice(self.everybody) if leaks else self
        async with other.turn:
            return await other.client.query(sql)

    async def execute(self, *arguments):
        other = self.everybody[0] if self.kind == "execute" and self.dice.random() < 0.1 else self
        async with other.turn:
            return await other.client.execute(*arguments)

    async def reset(self):
        async with self.turn:
            return await self.client.reset()

    async def prepare(self, sql):
        async with self.turn:
            return await self.client.prepare(sql)

    async def close(self):
        pass

    def __getattr__(self, name):
        return getattr(self.client, name)


LEAKS = {
    "user variables": r"SELECT @v0", "the schema": r"DATABASE\(\)", "LAST_INSERT_ID": r"^SELECT LAST_INSERT_ID\(\)$",
    "warnings": "SHOW WARNINGS", "the character set": "@@character_set_client", "the SQL mode": "@@sql_mode",
    "SQL PREPARE": "^EXECUTE", "the row count": r"ROW_COUNT\(\)", "a transaction": "ROLLBACK",
    "a prepared statement": "execute",
    "a temporary table": "FROM home.passing ORDER", "nothing at all": "^$",
}  # fmt: skip


@pytest.fixture(scope="module")
def calm_servers(session_folder, template):
    servers = [
        Backend(started_server(session_folder / f"calm{n}", template, ["--max-connections=1500"])) for n in range(2)
    ]
    for server in servers:
        assert run_client(server.direct, sql=SCHEMA)[0] == 0
    yield servers
    for server in servers:
        server.server.stop()


@pytest.mark.parametrize("kind", LEAKS.values(), ids=LEAKS.keys())
def test_a_planted_leak_is_noticed(calm_servers, kind):
    tested, shadow = calm_servers
    everybody, open_tested = [], opener(tested.direct)

    async def leaky(number):
        return Leaky(await open_tested(number), kind, everybody)

    # It ends with the first difference; how soon one comes depends on the machine.
    seconds = 4 if kind == "^$" else 100
    tally = asyncio.run(run_sessions(8, seconds, "planted", (leaky, opener(shadow.direct)), enough=1))
    assert bool(tally.differences) == (kind != "^$"), tally.report()


@pytest.mark.parametrize("number, text, excused", [(2013, "Lost connection", True), (1105, "Try again", False)])
def test_an_error_is_an_excuse_only_where_it_says_that_the_connection_was_lost(calm_servers, number, text, excused):
    tested, shadow = calm_servers
    open_tested = opener(tested.direct)

    async def failing(session):
        client, dice = await open_tested(session), random.Random(session)
        really = client.query

        async def query(sql):
            if dice.random() < 0.02:
                raise ServerError(b"\xff" + number.to_bytes(2, "little") + b"#HY000" + text.encode())
            return await really(sql)

        client.query = query
        return client

    seconds = 4 if excused else 100
    tally = asyncio.run(run_sessions(8, seconds, "planted", (failing, opener(shadow.direct)), enough=1))
    assert (bool(tally.differences), bool(tally.lost)) == (not excused, True), tally.report()
