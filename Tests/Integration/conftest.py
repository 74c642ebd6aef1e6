"""One real MariaDB for the whole run, the proxy before it, and scratch folders that go away."""

import shutil
import tempfile
from pathlib import Path

import pytest
from harness import proxies
from harness.database_server import DatabaseServer, started_server

pytest.register_assert_rewrite("harness.answers", "harness.funnel", "harness.isolation")

REASON = f"{proxies.STAND_IN} stands in for Millrace"


def pytest_collection_modifyitems(items):
    for item in items:
        if proxies.STAND_IN and item.get_closest_marker("millrace_only"):
            item.add_marker(pytest.mark.skip(reason=REASON))


@pytest.fixture(scope="session")
def session_folder():
    """Short, because names of unix sockets are."""
    folder = Path(tempfile.mkdtemp(prefix="millrace-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def scratch():
    folder = Path(tempfile.mkdtemp(prefix="millrace-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(session_folder):
    """The data folder of a stopped server with the accounts in it; a copy starts in a second."""
    server = DatabaseServer(session_folder / "template")
    server.create()
    server.start()
    try:
        server.create_accounts()
    finally:
        server.stop()
    return server.folder / "data"


@pytest.fixture(scope="session")
def database(session_folder, template):
    """The server that most tests share."""
    server = started_server(session_folder / "main", template, ["--log-bin=binlog", "--server-id=1"])
    yield server
    server.stop()


@pytest.fixture
def make_database(scratch, template):
    """Starts servers of the test's own, which it may kill."""
    servers = []

    def make(options=()):
        servers.append(started_server(scratch / f"db{len(servers)}", template, options))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


def start_proxy(folder, backends, listen=None):
    if proxies.STAND_IN == "haproxy":
        return proxies.start_haproxy(folder, backends, listen)
    return proxies.start_millrace(folder, backends, listen=listen)


@pytest.fixture(scope="session")
def shared_proxy(session_folder, database):
    with start_proxy(session_folder, [database.direct]) as proxy:
        yield proxy
        assert proxy.is_running, f"the proxy died:\n{proxy.output[-4000:]}"


@pytest.fixture
def make_proxy(scratch):
    """Starts any proxy that can carry bytes: Millrace or its stand-in."""
    started = []

    def make(backends, listen=None):
        started.append(start_proxy(scratch, backends, listen))
        return started[-1]

    yield make
    for proxy in started:
        proxy.end()


@pytest.fixture
def make_millrace(scratch):
    """Starts Millrace with options of the test's own."""
    started = []

    def make(backends, *options, **keywords):
        started.append(proxies.start_millrace(scratch, backends, *options, **keywords))
        return started[-1]

    yield make
    for proxy in started:
        proxy.end()


@pytest.fixture
def scripted(make_millrace, database, scratch):
    """Starts Millrace with a script; one loop, so that a script that hangs would be seen."""

    def start(source, *options, backends=None):
        path = scratch / "script.lua"
        path.write_text(source)
        backends = backends or [database.direct]
        return make_millrace(backends, f"--proxy-lua-script={path}", "--event-threads=1", *options)

    return start


@pytest.fixture
def direct(database):
    """The database without a proxy."""
    return database.direct


@pytest.fixture
def proxied(shared_proxy):
    """The same database through the proxy."""
    return shared_proxy.target


@pytest.fixture
def both(direct, proxied):
    """Runs a scenario direct and through the proxy, expects the same result, and answers it."""

    def compare(scenario):
        expected = scenario(direct)
        assert scenario(proxied) == expected
        return expected

    return compare
