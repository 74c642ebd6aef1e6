"""Thousands of clients that come in one moment, as when a site's pools open anew: none is refused, all are served."""

import asyncio
import contextlib
import resource

import pytest
from harness.funnel import make_funnel, module_backend  # noqa: F401
from harness.swarm import Client

pytestmark = pytest.mark.millrace_only
CLIENTS = 5000


@contextlib.contextmanager
def open_files(soft):
    """Processes started meanwhile begin with so many descriptors, and may raise that."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, before[1]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_5000_connects_at_once_are_all_served(make_funnel, module_backend):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard > CLIENTS + 500, f"the test needs {CLIENTS + 500} descriptors; the hard limit is {hard}"
    # Shells and systemd begin with 1024.
    with open_files(1024):
        funnel = make_funnel(module_backend)

    async def visit(number, everybody_is_in):
        client = await Client.open(funnel.target)
        await everybody_is_in.wait()
        answer = await client.query(f"SELECT CONCAT('client ', {number}) FROM one.fruit WHERE id = 1")
        await client.close()
        return answer.value

    async def crowd():
        everybody_is_in = asyncio.Barrier(CLIENTS)
        return await asyncio.gather(*[visit(number, everybody_is_in) for number in range(CLIENTS)])

    with open_files(hard):
        answers = asyncio.run(crowd())
    assert answers == [f"client {number}" for number in range(CLIENTS)]
    assert "accepting pauses" not in funnel.output
