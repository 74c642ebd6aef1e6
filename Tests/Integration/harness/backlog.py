"""What holds a backend connection for as long as a test wants, and who was served after that."""

import asyncio

from .lua import rows
from .ports import wait_until


class Gate:
    """A locked table: whoever selects from it holds a backend connection until it is opened."""

    def __init__(self, backend):
        self.backend, self.keeper = backend, backend.monitor()
        rows(self.keeper, "LOCK TABLES one.gate WRITE")

    def open(self):
        self.keeper.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.keeper._force_close()

    async def block(self, client):
        """Sends the client to wait at the gate; answers its task once it is there."""
        task = asyncio.create_task(client.query("SELECT COUNT(*) FROM one.gate"))
        await asyncio.to_thread(wait_until, self.is_reached, 20, "the blocker to reach the gate")
        return task

    def is_reached(self):
        return any("one.gate" in (info or "") for _, _, _, info in self.backend.connections())


def serve(number):
    return f"INSERT INTO one.served (who) VALUES ({number})"


def served(backend):
    return [who for (who,) in backend.ask("SELECT who FROM one.served ORDER BY place")]
