"""The server behind the proxies: a MariaDB of the benchmark's own."""

import contextlib

from harness.database_server import DatabaseServer
from harness.target import Target, run_client
from load import prepare


@contextlib.contextmanager
def running_server(folder, *options, clients=0):
    """A server that takes all clients at once, with the accounts of the tests; ended and gone afterwards."""
    most = max(2500, clients + 200)
    server = DatabaseServer(folder / "db", options=[f"--max-connections={most}", *options])
    with contextlib.ExitStack() as cleanup:
        server.create()
        server.start()
        cleanup.callback(server.stop)
        server.create_accounts()
        yield server


@contextlib.contextmanager
def server_with_table(folder, *options, clients=0):
    """The same with sysbench's table."""
    with running_server(folder, *options, clients=clients) as server:
        as_root(server, "CREATE DATABASE bench")
        prepare(server.direct)
        yield server


def as_root(server, sql):
    root = Target(socket=server.socket, user="root", password="")
    code, output, errors = run_client(root, "--skip-column-names", "--batch", sql=sql, timeout=600)
    if code != 0:
        raise SystemExit(errors.decode())
    return output.decode()
