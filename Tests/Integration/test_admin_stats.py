"""The statistics of the admin port: every session, and where the time goes, with the funnel under load."""

import json
import threading
import time

import pymysql
import pytest
from harness.admin import start_admin
from harness.background import Background
from harness.funnel import PASSWORDS, backend, connect, users_file  # noqa: F401
from harness.lua import rows
from harness.ports import wait_until

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(180)]


def started(scratch, backend, *options, plugins="proxy,funnel,admin"):  # noqa: F811
    accounts = [f"--funnel-users-file={users_file(scratch, ['app', 'other'])}"] if "funnel" in plugins else []
    running = start_admin(scratch, *accounts, *options, backends=[backend.direct], plugins=plugins)
    running.clients = running.proxy.listen.as_user("app", PASSWORDS["app"])
    return running


@pytest.fixture
def make(scratch, backend):  # noqa: F811
    """Starts Millrace before the backend, each with options of the test's own."""
    running = []

    def make(*options, **keywords):
        running.append(started(scratch, backend, *options, **keywords))
        return running[-1]

    yield make
    for admin in running:
        alive = admin.proxy.is_running
        admin.proxy.end()
        assert alive, f"Millrace died:\n{admin.proxy.output[-4000:]}"


@pytest.fixture
def admin(make):
    return make("--funnel-max-backends=2")


def dicts(admin, sql, target=None):
    """The rows of a statement by their columns' names."""
    with admin.connect(target) as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def processes(admin, where="1"):
    return dicts(admin, f"SELECT * FROM stats_mysql_processlist WHERE {where} ORDER BY SessionID")


def numbers(admin):
    return {name: int(value) for name, value in admin.ask("SELECT * FROM stats_mysql_global")}


def test_every_session_is_listed_with_what_it_does(admin, backend):  # noqa: F811
    other = admin.proxy.listen.as_user("other", PASSWORDS["other"])
    with connect(admin.clients) as holder, connect(other) as idle, connect(admin.clients) as third:
        rows(holder, "BEGIN")
        rows(holder, "SELECT 1 FROM fruit FOR UPDATE")
        running = Background(connect(admin.clients), "SELECT SLEEP(3) AS nap")
        wait_until(lambda: processes(admin, "info LIKE '%nap%' AND srv_port > 0"), what="the statement to run")
        waiting = Background(third, "SELECT 'late'")
        wait_until(lambda: processes(admin, "info LIKE '%late%'"), what="the statement to wait")
        listed = {row["SessionID"]: row for row in processes(admin)}
        assert len(listed) == 4 and list(listed) == sorted(listed)
        busy = next(row for row in listed.values() if row["info"] and "nap" in row["info"])
        assert (busy["user"], busy["db"], busy["command"], busy["hostgroup"]) == ("app", "one", "Query", 0)
        assert (busy["srv_host"], busy["srv_port"]) == ("127.0.0.1", backend.direct.port)
        assert busy["info"] == "SELECT SLEEP(3) AS nap" and busy["cli_host"] == "127.0.0.1"
        server_id = json.loads(busy["extended_info"])["server_connection"]
        assert server_id in [row[0] for row in backend.connections()]
        late = next(row for row in listed.values() if row["info"] and "late" in row["info"])
        assert json.loads(late["extended_info"]) == {"waiting": True} and late["srv_port"] is None
        pinned = listed[holder.thread_id()]
        assert json.loads(pinned["extended_info"])["pins"] == ["transaction"] and pinned["command"] == "Sleep"
        quiet = listed[idle.thread_id()]
        assert (quiet["user"], quiet["command"], quiet["info"]) == ("other", "Sleep", None)
        assert running.result() == ((0,),) and waiting.result() == (("late",),)


def test_the_process_list_is_there_as_mysql_shows_it_too(admin):
    long = "x" * 300
    text = f"SELECT SLEEP(2), '{long}'"
    running = Background(connect(admin.clients), text)
    wait_until(lambda: processes(admin, "info LIKE '%SLEEP%'"), what="the statement to run")
    short = [row for row in dicts(admin, "SHOW PROCESSLIST") if row["User"] == "app"]
    full = [row for row in dicts(admin, "SHOW FULL PROCESSLIST") if row["User"] == "app"]
    assert [row["Info"] for row in short] == [text[:100]] and [row["Info"] for row in full] == [text]
    assert full[0]["Command"] == "Query" and full[0]["db"] == "one"
    assert [row["User"] for row in dicts(admin, "SHOW PROCESSLIST") if row["State"] == "admin"] == ["boss"]
    assert running.result() == ((0, long),)


def test_kill_ends_a_statement_or_a_session(admin, backend):  # noqa: F811
    victim = Background(connect(admin.clients), "SELECT SLEEP(30)")
    wait_until(lambda: processes(admin, "command = 'Query' AND srv_port > 0"), what="the statement to run")
    time.sleep(0.2)
    number = victim.connection.thread_id()
    admin.ask(f"KILL QUERY {number}")
    assert victim.result() in (((1,),), 1317)
    assert rows(victim.connection, "SELECT 1")
    idle = connect(admin.clients)
    admin.ask(f"KILL {idle.thread_id()}; KILL CONNECTION {number}")
    for connection in (idle, victim.connection):
        with pytest.raises(pymysql.Error):
            rows(connection, "SELECT 1")
    wait_until(lambda: not processes(admin), what="the sessions to be gone")
    assert admin.refusal("KILL 4000000000") == (1094, "Unknown thread id: 4000000000")
    assert admin.refusal("KILL QUERY x")[0] == 1064
    assert admin.refusal(f"KILL {number}", admin.as_stats())[0] in (1227, 1142, 1045)


def test_sessions_without_the_funnel_are_listed_and_killed(make, backend):  # noqa: F811
    admin = make(plugins="proxy,admin")
    victim = Background(connect(admin.clients), "SELECT SLEEP(5)")
    wait_until(lambda: processes(admin, "command = 'Query'"), what="the statement to run")
    (row,) = processes(admin)
    assert (row["user"], row["db"], row["srv_port"]) == ("app", "one", backend.direct.port)
    number = int(row["SessionID"])
    code, text = admin.refusal(f"KILL QUERY {number}")
    assert code == 1105 and f"KILL {number}" in text
    before = numbers(admin)
    assert before["Client_Connections_connected"] == 1 and before["Server_Connections_connected"] == 1
    admin.ask(f"KILL {number}")
    assert victim.result() in (2006, 2013)
    wait_until(lambda: numbers(admin)["Client_Connections_connected"] == 0, what="the session to end")


def test_the_globals_count_what_clients_do(admin):
    before = numbers(admin)
    with connect(admin.clients) as connection:
        for _ in range(50):
            rows(connection, "SELECT 'some bytes'")
        rows(connection, "BEGIN")
        rows(connection, "SELECT 1 FROM fruit")
        during = numbers(admin)
    wait_until(lambda: numbers(admin)["Active_Transactions"] == 0, what="the transaction to end")
    after = numbers(admin)
    assert during["Client_Connections_connected"] == 1 and during["Active_Transactions"] == 1
    assert after["Client_Connections_connected"] == 0
    assert after["Client_Connections_created"] - before["Client_Connections_created"] == 1
    assert 52 <= during["Questions"] - before["Questions"] <= 60
    for name, least in (
        ("Queries_frontends_bytes_recv", 50 * 20), ("Queries_frontends_bytes_sent", 50 * 50),
        ("Queries_backends_bytes_recv", 50 * 50), ("Queries_backends_bytes_sent", 50 * 20),
        ("ConnPool_get_conn_success", 50), ("Backend_query_time_nsec", 1000),
    ):  # fmt: skip
        assert after[name] - before[name] >= least, name
    assert after["Server_Connections_created"] >= 1 and after["ProxySQL_Uptime"] >= 0
    assert after["SQLite3_memory_bytes"] > 0
    uptime = dict(admin.ask("SHOW STATUS LIKE 'ProxySQL\\_Upt%'"))
    assert list(uptime) == ["ProxySQL_Uptime"]
    assert len(admin.ask("SHOW MYSQL STATUS")) == len(after)


def test_the_phases_of_a_statement_add_up_to_the_total(admin, backend):  # noqa: F811
    connections = [connect(admin.clients) for _ in range(6)]
    before = {row["phase"]: row for row in dicts(admin, "SELECT * FROM stats_latency")}
    holders = [Background(connection, "SELECT SLEEP(0.3)") for connection in connections]
    for holder in holders:
        assert holder.result() == ((0,),)
    found = {row["phase"]: row for row in dicts(admin, "SELECT * FROM stats_latency")}
    parts = [row for phase, row in found.items() if phase not in ("total", "connect")]
    total = found["total"]
    for phase in ("total", "backend_time", "transfer"):
        assert found[phase]["count"] - before[phase]["count"] == 6
    assert abs(sum(part["sum_us"] for part in parts) - total["sum_us"]) <= len(parts)
    # Two connections for six statements of 0.3 s: the last two have waited for 0.6 s.
    assert 550_000 < found["backlog_wait"]["max_us"] < total["max_us"] < 5_000_000
    assert found["backend_time"]["p99_us"] >= 295_000 and found["other"]["sum_us"] < 50_000
    assert total["srv_port"] == backend.direct.port


def test_the_backlog_and_the_pins_have_tables(admin):
    with connect(admin.clients) as one, connect(admin.clients) as two, connect(admin.clients) as third:
        for holder in (one, two):
            rows(holder, "BEGIN")
            rows(holder, "SELECT 1 FROM fruit")
        late = Background(third, "SELECT 'late'")
        query = "SELECT * FROM stats_funnel_backlog WHERE backlog = 'statements' AND username = 'app' AND length = 1"
        wait_until(lambda: dicts(admin, query), what="the statement to wait")
        time.sleep(0.1)
        (waiting,) = dicts(admin, query)
        assert waiting["oldest_wait_us"] >= 100_000 and waiting["peak"] == 1
        pins = dict(admin.ask("SELECT reason, sessions FROM stats_funnel_pins"))
        assert pins["transaction"] == 2 and pins["cursor"] == 0
        (user,) = dicts(admin, "SELECT * FROM stats_funnel WHERE username = 'app'")
        assert (user["leased"], user["opened"]) == (2, 2) and user["statements"] >= 4
        rows(one, "COMMIT")
        assert late.result() == (("late",),)
    (clients,) = dicts(admin, "SELECT * FROM stats_funnel_backlog WHERE backlog = 'clients'")
    assert (clients["length"], clients["timeouts"]) == (0, 0)


def test_process_tables(make, scratch):
    script = scratch / "script.lua"
    script.write_text("function read_query(packet) if packet:find('oops') then error('no') end end\n")
    admin = make(f"--proxy-lua-script={script}", "--event-threads=2")
    with connect(admin.clients) as connection:
        rows(connection, "SELECT 'oops'")
        loops = dicts(admin, "SELECT * FROM stats_event_loops")
        assert [row["loop"] for row in loops] == [0, 1]
        assert sum(row["sessions"] for row in loops) == 1
        assert all(row["turns"] > 0 and row["lag_us"] < 2_000_000 for row in loops)
        shared = dicts(admin, "SELECT * FROM stats_funnel_loops")
        assert [row["loop"] for row in shared] == [0, 1]
        # The lease was asked for by the session's loop, whichever that is; who never waited has done so 0 times.
        assert sum(row["locks"] for row in shared) > 0 and all(row["lock_waits"] <= row["locks"] for row in shared)
        plugins = dicts(admin, "SELECT * FROM stats_plugins ORDER BY position")
        assert [row["name"] for row in plugins] == ["proxy", "funnel", "admin"]
        assert "query" in plugins[0]["hooks"] and "connect" in plugins[1]["hooks"] and plugins[2]["hooks"] == ""
        (lua,) = dicts(admin, "SELECT * FROM stats_lua")
        assert (lua["script"], lua["errors"], lua["reloads"], lua["states"]) == (str(script), 1, 0, 2)
        assert lua["peak_memory_bytes"] >= lua["memory_bytes"] // 2 > 1000
    memory = {name: int(value) for name, value in admin.ask("SELECT * FROM stats_memory_metrics")}
    assert memory["resident_bytes"] > 5_000_000 and memory["malloc_in_use_bytes"] > 100_000
    assert memory["SQLite3_memory_bytes"] > 0
    script.write_text("function read_query() end\n")
    wait_until(lambda: admin.ask("SELECT reloads FROM stats_lua") == [(1,)], what="the script to be reloaded")
    script.write_text("function read_query( end\n")
    wait_until(lambda: admin.ask("SELECT failed_reloads FROM stats_lua") == [(1,)], what="the reload to fail")


def test_everything_is_for_the_stats_account_and_for_prometheus(admin):
    with connect(admin.clients) as connection:
        rows(connection, "SELECT 1")
        tables = [name for (name,) in admin.ask("SHOW TABLES FROM stats", admin.as_stats())]
        for name in ("global", "processlist", "users", "connection_pool"):
            assert f"stats_mysql_{name}" in tables
        for table in tables:
            if not table.endswith("_reset"):
                admin.ask(f"SELECT * FROM {table}", admin.as_stats())
        text = admin.ask("SHOW PROMETHEUS METRICS", admin.as_stats())[0][0]
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    names = [line.rsplit(" ", 1)[0] for line in lines]
    assert len(names) == len(set(names)), "a metric is there twice"
    assert any(name.startswith("millrace_latency_sum_us{") and 'phase="total"' in name for name in names)
    assert "millrace_mysql_global_questions" in names


def test_a_list_of_many_sessions_stops_nobody(admin):
    others = [connect(admin.clients) for _ in range(600)]
    with connect(admin.clients) as connection:
        slowest, end = 0, time.monotonic() + 3
        lists = threading.Thread(target=lambda: [processes(admin) for _ in range(20)])
        lists.start()
        while lists.is_alive() or time.monotonic() < end:
            begin = time.monotonic()
            rows(connection, "SELECT 1")
            slowest = max(slowest, time.monotonic() - begin)
        assert len(processes(admin)) == 601
        assert slowest < 1, slowest
    for other in others:
        other.close()
