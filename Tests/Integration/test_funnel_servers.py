"""Several servers behind one funnel: statements are spread, move away from a server that is gone, and come back."""

import threading
import time

import pytest
from harness import proxies
from harness.funnel import Funnel, connect, users_file
from harness.lua import rows
from harness.ports import wait_until
from harness.servers import Clients, app, port, servers, value  # noqa: F401

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(180)]


@pytest.fixture
def start(scratch, servers):
    started = []

    def make(*options):
        accounts = f"--funnel-users-file={users_file(scratch, ['app'])}"
        proxy = proxies.start_millrace(
            scratch, [server.direct for server in servers], accounts, *options, plugins="proxy,funnel"
        )
        started.append(Funnel(proxy, servers[0]))
        return started[-1]

    yield make
    for funnel in started:
        running = funnel.proxy.is_running
        funnel.proxy.end()
        assert running, f"the proxy died:\n{funnel.output[-4000:]}"


def test_statements_are_spread_over_the_servers(start, servers):
    funnel = start("--funnel-max-backends=4")
    with Clients(app(funnel), 12) as clients:
        time.sleep(3)
    seen = clients.shares()
    assert not clients.failures
    assert set(seen) == {port(server) for server in servers}
    assert min(seen.values()) > 0.35 * sum(seen.values()), seen


def test_a_server_goes_and_comes_back(start, servers):
    """Statements that were running are lost at most; nobody waits for the one that is gone while there is another."""
    funnel = start("--funnel-max-backends=4", "--funnel-backend-wait=30")
    gone, kept = servers
    with Clients(app(funnel), 12) as clients:
        time.sleep(1)
        gone.server.stop()
        clients.shares()
        start_of_rest = time.monotonic()
        time.sleep(2)
        seen = clients.shares()
        assert time.monotonic() - start_of_rest < 10
        assert set(seen) == {port(kept)} and seen[port(kept)] > 100, seen
        assert all(arguments[0] in (2013, 1927, 1053, 1105) for arguments in clients.failures), clients.failures
        gone.server.start()
        wait_until(lambda: clients.shares()[port(gone)] > 0, what="the server to be used again")
        lost = len(clients.failures)
        time.sleep(2)
        seen = clients.shares()
        assert min(seen[port(server)] for server in servers) > 0.3 * sum(seen.values()), seen
        assert len(clients.failures) == lost, clients.failures[lost:]


SCRIPT = """
function read_query(packet)
    local number = packet:match("/%* server (%d) %*/")
    if number then proxy.connection.backend_ndx = tonumber(number) end
end
"""


def test_what_a_session_has_set_goes_with_it_from_server_to_server(start, servers, scratch):
    script = scratch / "route.lua"
    script.write_text(SCRIPT)
    funnel = start("--funnel-max-backends=2", f"--proxy-lua-script={script}")
    with connect(app(funnel)) as connection:

        def ask(server, sql):
            return rows(connection, f"/* server {server} */ {sql}")

        ports = [ask(number, "SELECT @@port")[0][0] for number in (1, 2, 1, 2)]
        assert ports == [port(server) for server in servers] * 2
        ask(1, "SET @a = 1 + 1, @b = (SELECT COUNT(*) FROM one.fruit)")
        assert ask(2, "SELECT @a, @b, @@port") == ((2, 3, ports[1]),)
        ask(2, "SET @a = @a * 10, time_zone = '+03:00'")
        assert ask(1, "SELECT @a, @b, @@time_zone, @@port") == ((20, 3, "+03:00", ports[0]),)
        ask(1, "INSERT INTO one.served (who) VALUES (1), (2)")
        assert ask(2, "SELECT LAST_INSERT_ID(), @@port") == ((1, ports[1]),)
        ask(2, "SELECT CAST('x' AS SIGNED)")
        assert [code for _, code, _ in ask(1, "SHOW WARNINGS")] == [1292]
        # A transaction stays where it is, wherever its statements are sent.
        ask(2, "BEGIN")
        assert ask(1, "SELECT @@port") == ((ports[1],),)
        ask(1, "COMMIT")
        assert ask(1, "SELECT @@port") == ((ports[0],),)


def test_sessions_that_change_servers_never_see_each_others_variables(start, scratch):
    """More sessions than connections, each going to and fro."""
    script = scratch / "route.lua"
    script.write_text(SCRIPT)
    funnel = start("--funnel-max-backends=2", f"--proxy-lua-script={script}")
    wrong = []

    def run(number):
        with connect(app(funnel)) as connection:
            for turn in range(40):
                server = 1 + (number + turn * (turn + number) // 3) % 2
                rows(connection, f"/* server {server} */ SET @mine = {number} * 1000 + {turn}")
                for other in (3 - server, server):
                    found = value(connection, f"/* server {other} */ SELECT @mine")
                    if found != number * 1000 + turn:
                        wrong.append((number, turn, other, found))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:10]
