"""Random sessions, each with a shadow: the same statements on a connection of its own to another server.

Every answer must be the shadow's, or an error that says that the connection was lost. What a session says is decided by
the seed and its number alone, and no answer depends on other sessions, so each difference is somebody else's state.
"""

import asyncio
import random
import re
import time
from collections import deque
from dataclasses import dataclass, field

from .answers import says_lost
from .statements import Script
from .swarm import STATE_FLAGS, Client, ServerError
from .wire import Closed

# A column's type, and its flag: manual, "Column Definition".
NULL_TYPE, UNSIGNED_FLAG = 6, 32
# What the proxy may answer from memory; the types of such columns are its own.
REMEMBERED = re.compile(r"ROW_COUNT|FOUND_ROWS|LAST_INSERT_ID|warning_count")


class Lost(Exception):
    """The connection was lost, and the answer said so."""


@dataclass
class Tally:
    """What happened to all sessions."""

    enough: int = 20
    statements: int = 0
    lost: int = 0
    differences: list = field(default_factory=list)
    per_session: dict = field(default_factory=dict)

    def report(self):
        return "\n\n".join(self.differences[:5]) or "no difference"


class Session:
    """One session, tested and shadowed."""

    def __init__(self, number, seed, opens, tally):
        self.number, self.tally = number, tally
        self.opens = opens
        self.dice = random.Random(f"{seed} {number}")
        self.pair, self.history = [], deque(maxlen=12)
        self.statements = {}

    async def run(self, end):
        await self.begin_anew(end)
        while time.monotonic() < end and len(self.tally.differences) < self.tally.enough:
            try:
                for step in self.script.block():
                    await self.compare(step)
                await asyncio.sleep(self.dice.random() * 0.02)
            except Lost:
                self.tally.lost += 1
                await self.begin_anew(end)
        for connection in self.pair:
            await connection.close()

    async def begin_anew(self, end):
        """As a program does that lost its connection: with a new one, or with this one reset; tables are made anew."""
        deadline = end + 60
        while True:
            try:
                if not self.pair or self.dice.random() < 0.5:
                    await self.reopen()
                else:
                    for connection in self.pair:
                        await connection.reset()
                self.script, self.statements = Script(self.number, self.dice), {}
                for sql in self.script.preparation():
                    for connection in self.pair:
                        await connection.query(sql)
                return self.history.append("-- began anew")
            except (ServerError, Closed, OSError, TimeoutError) as error:
                if (
                    isinstance(error, ServerError)
                    and not says_lost(error.code, error.text)
                    or time.monotonic() > deadline
                ):
                    raise
                await asyncio.sleep(0.1)

    async def reopen(self):
        for connection in self.pair:
            connection.abort()
        self.pair = []
        self.pair = [await opens(self.number) for opens in self.opens]

    async def compare(self, step):
        self.history.append(step)
        self.tally.statements += 1
        self.tally.per_session[self.number] = self.tally.per_session.get(self.number, 0) + 1
        found, expected = await asyncio.gather(*[self.outcome(side, step) for side in (0, 1)])
        if expected[0] == "lost":
            raise AssertionError(f"the shadow lost its connection: {expected}")
        if found[0] == "lost":
            raise Lost
        if found != expected:
            lines = "\n".join(f"  {line}" for line in self.history)
            self.tally.differences.append(f"session {self.number}:\n{lines}\nexpected {expected}\nfound    {found}")
            raise Lost

    async def outcome(self, side, step):
        try:
            return shape(step, await self.do(side, step))
        except ServerError as error:
            if says_lost(error.code, error.text):
                return "lost", error.args
            return "error", error.args
        except (Closed, OSError) as error:
            return "lost", repr(error)
        except TimeoutError:
            return "no answer", "in time"

    async def do(self, side, step):
        connection = self.pair[side]
        match step:
            case str():
                return await connection.query(step)
            case ("reset",):
                return await connection.reset()
            case ("prepare", name, sql):
                number, parameters = await connection.prepare(sql)
                self.statements[side, name] = number
                return parameters
            case ("execute", name, values):
                return await connection.execute(self.statements[side, name], values)
            case ("close", name):
                return connection.close_statement(self.statements.pop((side, name)))


def shape(step, answer):
    """What must be equal of an answer."""
    if not hasattr(answer, "columns"):
        return "done", answer
    columns = [without_sign(*column) for column in answer.columns]
    if isinstance(step, str) and REMEMBERED.search(step):
        columns = [name for name, *_ in columns]
    counts = answer.affected, answer.insert_id, answer.status & STATE_FLAGS, answer.warnings
    return "answer", columns, answer.packets, counts


def without_sign(name, character_set, kind, flags):
    """A column of NULL has the sign of what an EXECUTE had in its place before: MariaDB keeps it with the parameter."""
    return name, character_set, kind, flags & ~UNSIGNED_FLAG if kind == NULL_TYPE else flags


async def run_sessions(count, seconds, seed, opens, meanwhile=None, enough=20):
    """Runs the sessions, and what else is to happen, until there are enough differences; answers the tally."""
    tally, end = Tally(enough), time.monotonic() + seconds
    tasks = [asyncio.create_task(Session(number, seed, opens, tally).run(end)) for number in range(count)]
    trouble = asyncio.create_task(meanwhile(end)) if meanwhile else None
    await asyncio.gather(*tasks)
    if trouble:
        await trouble
    return tally


def opener(target):
    """Opens a session's connection to the target."""
    return lambda number: Client.open(target, schema="home", timeout=90)
