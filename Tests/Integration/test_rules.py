"""Query rules and fast routing on real servers, through the funnel."""

import threading
import time

import pymysql
import pytest
from harness.lua import rows
from harness.rules import ruled, start_ruled  # noqa: F401
from harness.servers import Clients, servers, value  # noqa: F401

pytestmark = [pytest.mark.millrace_only, pytest.mark.timeout(180)]

PORT = "SELECT @@port"


def error(connection, sql):
    with pytest.raises(pymysql.Error) as caught:
        rows(connection, sql)
    return caught.value.args


def test_without_rules_statements_go_to_the_usual_hostgroup(ruled):  # noqa: F811
    with ruled.connect() as connection:
        assert value(connection, PORT) == ruled.first


def test_routing_by_user_schema_and_regular_expression(ruled):  # noqa: F811
    ruled.load(
        {"username": "other", "destination_hostgroup": 1},
        {"schemaname": "two", "destination_hostgroup": 1},
        {"match_pattern": "^select .*elsewhere", "destination_hostgroup": 1},
    )
    with ruled.connect("other") as connection:
        assert value(connection, PORT) == ruled.second
    with ruled.connect() as connection:
        assert value(connection, PORT) == ruled.first
        assert value(connection, "SELECT @@port AS elsewhere") == ruled.second
        assert value(connection, PORT) == ruled.first
        connection.select_db("two")
        assert value(connection, PORT) == ruled.second
        rows(connection, "USE one")
        assert value(connection, PORT) == ruled.first
    assert ruled.hits()[3] == 1


def test_a_schema_that_only_one_server_has(ruled, servers):  # noqa: F811
    servers[1].ask("CREATE DATABASE IF NOT EXISTS lone")
    ruled.load(routes=[("app", "lone", 0, 1)])
    with ruled.connect() as connection:
        connection.select_db("lone")
        assert rows(connection, "SELECT DATABASE(), @@port") == (("lone", ruled.second),)
        connection.select_db("one")
        assert value(connection, PORT) == ruled.first
        rows(connection, "USE `lone`")
        assert value(connection, PORT) == ruled.second


def test_prepared_statements_are_routed_by_their_text(ruled):  # noqa: F811
    mysql = pytest.importorskip("mysql.connector")
    ruled.load({"match_digest": "elsewhere", "destination_hostgroup": 1})
    with mysql.connect(**ruled.target.python_options, use_pure=True, autocommit=True) as connection:
        here, there = (connection.cursor(prepared=True) for _ in range(2))
        for turn in range(3):
            here.execute("SELECT @@port, ?", (turn,))
            assert here.fetchall() == [(ruled.first, turn)]
            there.execute("SELECT @@port AS elsewhere, ?", (turn,))
            assert there.fetchall() == [(ruled.second, turn)]
        ruled.load()
        there.execute("SELECT @@port AS elsewhere, ?", (2,))
        assert there.fetchall() == [(ruled.first, 2)], "the rules that are loaded now count for what is prepared"


def test_rewriting(ruled):  # noqa: F811
    ruled.load(
        {"match_pattern": r"FROM (\w+)_old\b", "replace_pattern": r"FROM \1", "apply": 0},
        {"match_pattern": "plac", "replace_pattern": "'x'", "re_modifiers": "CASELESS,GLOBAL", "schemaname": "none"},
    )
    with ruled.connect() as connection:
        assert value(connection, "SELECT name FROM place_old") == "one"
        assert error(connection, "SELECT name FROM place_older")[0] == 1146


def test_messages(ruled):  # noqa: F811
    ruled.load(
        {"match_pattern": "^DROP", "error_msg": "nobody drops here"},
        {"match_pattern": "^ANALYSE", "OK_msg": "analysed"},
    )
    with ruled.connect() as connection:
        assert error(connection, "DROP TABLE place") == (1148, "nobody drops here")
        with connection.cursor() as cursor:
            assert cursor.execute("ANALYSE place") == 0
            # Behind its length, as servers send it too.
            assert cursor._result.message[1:] == b"analysed"
        assert value(connection, "SELECT name FROM place") == "one"


def test_delay_and_timeout(ruled, servers):  # noqa: F811
    ruled.load({"match_pattern": "slowly", "delay": 400}, {"match_pattern": "SLEEP", "timeout": 500})
    with ruled.connect() as connection:
        begin = time.monotonic()
        assert value(connection, "SELECT 'slowly'") == "slowly"
        assert 0.4 <= time.monotonic() - begin < 5
        begin = time.monotonic()
        assert error(connection, "SELECT SLEEP(20)")[0] == 1907
        assert time.monotonic() - begin < 5
        assert value(connection, PORT) == ruled.first, "the session goes on"
    assert not [row for row in servers[0].connections() if row[3] and "SLEEP" in row[3]], "it was killed"


def test_flag_chains(ruled):  # noqa: F811
    ruled.load(
        {"match_pattern": "^SELECT", "flagOUT": 7, "apply": 0},
        {"flagIN": 7, "match_pattern": "FOR UPDATE", "destination_hostgroup": 0},
        {"flagIN": 7, "destination_hostgroup": 1},
        {"match_pattern": "^SELECT", "error_msg": "never"},
    )
    with ruled.connect() as connection:
        assert value(connection, PORT) == ruled.second
        assert value(connection, "SELECT @@port FROM place FOR UPDATE") == ruled.first


def test_the_next_querys_flag(ruled):  # noqa: F811
    ruled.load(
        {"match_pattern": "'aside'", "next_query_flagIN": 5},
        {"flagIN": 5, "match_pattern": "stay", "next_query_flagIN": 5, "destination_hostgroup": 1},
        {"flagIN": 5, "destination_hostgroup": 1},
    )
    with ruled.connect() as connection, ruled.connect() as neighbour:
        assert value(connection, PORT) == ruled.first
        rows(connection, "SELECT 'aside'")
        assert value(neighbour, PORT) == ruled.first
        assert [value(connection, PORT) for _ in range(2)] == [ruled.second, ruled.first], "the next query's, no more"
        rows(connection, "SELECT 'aside'")
        staying = [value(connection, "SELECT @@port AS stay") for _ in range(3)]
        assert staying == [ruled.second] * 3, "a rule of that flag can name it again"
        assert [value(connection, PORT) for _ in range(2)] == [ruled.second, ruled.first]


def test_fast_routing_with_and_without_user(ruled):  # noqa: F811
    ruled.load(
        {"match_pattern": "^SELECT", "flagOUT": 2, "apply": 0},
        {"match_pattern": "stay", "flagIN": 2, "destination_hostgroup": 0},
        routes=[("app", "one", 2, 1), ("", "two", 2, 1), ("app", "three", 0, 1)],
    )
    with ruled.connect() as connection:
        assert value(connection, PORT) == ruled.second
        assert value(connection, "SELECT @@port AS stay") == ruled.first
        connection.select_db("three")
        assert value(connection, PORT) == ruled.first, "that route has another flag"
    with ruled.connect("other") as connection:
        assert value(connection, PORT) == ruled.first
        connection.select_db("two")
        assert value(connection, PORT) == ruled.second
    hits = ruled.admin.ask("SELECT username, schemaname, hits FROM stats_mysql_query_rules_fast_routing")
    assert sorted(hits) == [("", "two", 1), ("app", "one", 1), ("app", "three", 0)]


def test_hints_come_before_rules(ruled):  # noqa: F811
    ruled.load({"match_pattern": ".", "destination_hostgroup": 1})
    with ruled.connect() as connection:
        assert value(connection, PORT) == ruled.second
        assert value(connection, "SELECT /* hostgroup=0 */ @@port") == ruled.first


SCRIPT = """
function read_query(packet)
    local number = packet:match("AS script(%d)")
    if number then proxy.connection.backend_ndx = tonumber(number) end
end
"""


def test_the_order_of_authority(scratch, servers):  # noqa: F811
    """Each step says the other server than those below it, which all still speak: the highest one is heard."""
    script = scratch / "authority.lua"
    script.write_text(SCRIPT)
    ruled = start_ruled(scratch, servers, f"--proxy-lua-script={script}")  # noqa: F811
    first, second = ruled.first, ruled.second

    def seen(sql=PORT):
        with ruled.connect() as connection:
            return value(connection, sql)

    try:
        assert seen() == first, "hostgroup 0, as nobody says anything"
        ruled.admin.ask(
            "INSERT INTO mysql_users (username, password, default_hostgroup) VALUES ('app', 'secret', 1);"
            "LOAD MYSQL USERS TO RUNTIME"
        )
        assert seen() == second, "the user's default hostgroup"
        routes = [("app", "one", 0, 0)]
        ruled.load(routes=routes)
        assert seen() == first, "fast routing"
        ruled.load({"match_digest": "^SELECT @@port", "destination_hostgroup": 1}, routes=routes)
        assert seen() == second, "a rule"
        assert seen("SELECT /* hostgroup=0 */ @@port AS hint") == first, "a hint"
        assert seen("SELECT /* hostgroup=0 */ @@port AS script2") == second, "the script"
        assert seen("SELECT @@port AS script1") == first, "the script against the rule"
        with ruled.connect() as connection:
            rows(connection, "BEGIN")
            rows(connection, "SELECT @@version AS elsewhere")
            pinned = value(connection, "SELECT /* hostgroup=1 */ @@port AS pinned")
            assert pinned == first, "fast routing took BEGIN to the first server, and there the transaction stays"
        said = ruled.admin.ask(
            "SELECT digest_text, hostgroup, SUM(count_star) FROM stats_mysql_query_digest "
            "WHERE digest_text LIKE 'SELECT @@port%' GROUP BY 1, 2 ORDER BY 1, 2"
        )
        assert said == [
            ("SELECT @@port", 0, 2), ("SELECT @@port", 1, 2), ("SELECT @@port AS hint", 0, 1),
            ("SELECT @@port AS pinned", 0, 1), ("SELECT @@port AS script1", 0, 1), ("SELECT @@port AS script2", 1, 1),
        ]  # fmt: skip
    finally:
        ruled.admin.proxy.end()


def test_a_rule_that_is_not_the_last_gives_way_to_fast_routing(ruled):  # noqa: F811
    route = [("app", "one", 0, 1)]
    ruled.load({"destination_hostgroup": 0, "apply": 0}, routes=route)
    with ruled.connect() as connection:
        assert value(connection, PORT) == ruled.second
        ruled.load({"destination_hostgroup": 0, "apply": 1}, routes=route)
        assert value(connection, PORT) == ruled.first
        ruled.load({"match_pattern": "never", "destination_hostgroup": 0, "apply": 1}, routes=route)
        assert value(connection, PORT) == ruled.second, "only a last rule that matches keeps fast routing out"


def test_digests_name_the_hostgroup_that_served(ruled):  # noqa: F811
    """The second server is in two hostgroups: which one it was is known by what was wanted."""
    ruled.admin.ask(
        f"INSERT INTO mysql_servers (hostgroup_id, hostname, port) VALUES (0, '127.0.0.1', {ruled.second});"
        f"DELETE FROM mysql_servers WHERE hostgroup_id = 0 AND port = {ruled.first};"
        "LOAD MYSQL SERVERS TO RUNTIME;"
        "INSERT INTO mysql_users (username, password, default_hostgroup) VALUES ('app', 'secret', 1);"
        "LOAD MYSQL USERS TO RUNTIME"
    )
    ruled.load(
        {"match_pattern": "zero", "destination_hostgroup": 0}, {"match_pattern": "refused", "error_msg": "no"},
        {"match_pattern": "nowhere", "destination_hostgroup": 7},
    )  # fmt: skip
    with ruled.connect() as connection:
        assert value(connection, PORT) == ruled.second
        assert value(connection, "SELECT @@port AS zero") == ruled.second
        assert error(connection, "SELECT 'refused'")[0] == 1148
        code, text = error(connection, "SELECT 'nowhere'")
        assert code == 1105 and "hostgroup 7 has no server" in text
    with ruled.connect("other") as connection:
        assert value(connection, "SELECT @@port AS others") == ruled.second
    found = ruled.admin.ask("SELECT digest_text, hostgroup FROM stats_mysql_query_digest")
    assert sorted(row for row in found if "SELECT" in row[0]) == [
        ("SELECT ?", 1), ("SELECT ?", 7), ("SELECT @@port", 1), ("SELECT @@port AS others", 0),
        ("SELECT @@port AS zero", 0),
    ]  # fmt: skip
    assert not ruled.admin.ask("SELECT * FROM stats_mysql_errors"), "the proxy's own words are no server's errors"


def test_a_transaction_stays_where_it_began(ruled):  # noqa: F811
    ruled.load({"match_pattern": "^SELECT", "destination_hostgroup": 1})
    with ruled.connect() as connection:
        rows(connection, "BEGIN")
        assert value(connection, PORT) == ruled.first
        rows(connection, "COMMIT")
        assert value(connection, PORT) == ruled.second


def test_loads_under_traffic(ruled):  # noqa: F811
    with Clients(ruled.target, 4) as clients:
        for turn in range(50):
            ruled.load(
                {"match_pattern": "^SELECT", "flagOUT": 1, "apply": 0},
                *[{"flagIN": 1, "schemaname": f"schema_{n}", "destination_hostgroup": 1} for n in range(20)],
                {"flagIN": 1, "schemaname": "one", "destination_hostgroup": turn % 2},
            )
            time.sleep(0.02)
    assert not clients.failures
    assert set(clients.seen) == {ruled.first, ruled.second}, clients.seen


def test_explain_route_tells_what_happens(ruled):  # noqa: F811
    ruled.load(
        {"username": "app", "schemaname": "two", "flagOUT": 3, "apply": 0},
        {"match_pattern": r"nam(e)\b", "replace_pattern": r"NAM\1", "apply": 0},
        {"flagIN": 3, "match_digest": "^SELECT .* FOR UPDATE$", "destination_hostgroup": 0},
        {"match_pattern": "FROM place", "destination_hostgroup": 1},
        routes=[("app", "two", 3, 1), ("", "three", 0, 1)],
    )
    texts = [
        PORT, "SELECT @@port, name FROM place", "SELECT @@port FROM place FOR UPDATE", "SELECT /* hostgroup=1 */ @@port",
    ]  # fmt: skip
    places = {0: ruled.first, 1: ruled.second}
    for user in ("app", "other"):
        with ruled.connect(user) as connection:
            for schema in ("one", "two", "three"):
                connection.select_db(schema)
                for text in texts if schema != "three" else [PORT, texts[3]]:
                    said = ruled.hostgroup_explained(text, user=user, schema=schema)
                    expected = places[int(said.split()[0])] if said[0].isdigit() else ruled.first
                    assert rows(connection, text)[0][0] == expected, (user, schema, text, said)
    before = ruled.hits()
    steps = ruled.explain("SELECT name FROM place", user="app", schema="one", client="10.0.0.1")
    assert (2, "rewritten", "SELECT NAMe FROM place") in steps
    assert (4, "match", "") in steps
    assert steps[-1][1:] == ("servers", f"127.0.0.1:{ruled.second}")
    assert ruled.hits() == before, "explaining isn't using"


def test_rows_that_cannot_be_used_change_nothing(ruled):  # noqa: F811
    ruled.load({"match_pattern": "^SELECT", "destination_hostgroup": 1})
    for column, text in ("match_pattern", "(unbalanced"), ("client_addr", "10.%.1"), ("digest", "xyz"):
        with pytest.raises(pymysql.Error) as caught:
            ruled.load({"match_pattern": "x"}, {column: text})
        assert "mysql_query_rules, rule_id 2, " + column in caught.value.args[1]
        with ruled.connect() as connection:
            assert value(connection, PORT) == ruled.second


def test_warnings(ruled):  # noqa: F811
    warnings = ruled.load(
        {"destination_hostgroup": 1, "mirror_hostgroup": 46, "match_pattern": "x"},
        {"destination_hostgroup": 44, "match_pattern": "y"}, routes=[("app", "one", 0, 45)],
    )  # fmt: skip
    assert [text for text in warnings if "hostgroups without a server" in text and "44, 45, 46" in text], warnings
    warnings = ruled.load({"gtid_from_hostgroup": 1}, {"cache_timeout": 1})
    assert not [text for text in warnings if "gtid_from_hostgroup" in text], warnings
    assert [text for text in warnings if "rule_id 2, cache_timeout: this column has no effect" in text], warnings


def test_without_the_funnel_all_but_destinations_works(scratch, servers):  # noqa: F811
    ruled = start_ruled(scratch, servers, plugins="proxy,rules,admin")  # noqa: F811
    try:
        warnings = ruled.load(
            {"match_pattern": "nam", "replace_pattern": "NAM", "destination_hostgroup": 1, "apply": 0},
            {"match_pattern": "^DROP", "error_msg": "no"},
            {"match_pattern": "late", "delay": 300, "gtid_from_hostgroup": 0},
        )
        for column in ("destination_hostgroup", "gtid_from_hostgroup"):
            assert [text for text in warnings if f"{column} can't be followed" in text], warnings
        with ruled.connect() as connection:
            assert value(connection, PORT) in (ruled.first, ruled.second)
            with connection.cursor() as cursor:
                cursor.execute("SELECT name FROM place")
                assert cursor.description[0][0] == "NAMe"
            assert error(connection, "DROP TABLE place") == (1148, "no")
            begin = time.monotonic()
            assert value(connection, "SELECT 'late'") == "late"
            assert time.monotonic() - begin >= 0.3
            assert error(connection, "SELECT * FROM nowhere")[0] == 1146
        digests = ruled.admin.ask("SELECT digest_text FROM stats_mysql_query_digest")
        assert ("DROP TABLE place",) in digests
    finally:
        ruled.admin.proxy.end()


def test_digests_commands_and_errors(ruled):  # noqa: F811
    ruled.load({"match_pattern": "elsewhere", "destination_hostgroup": 1})
    with ruled.connect() as connection:
        for number in range(3):
            rows(connection, f"SELECT {number} AS elsewhere UNION SELECT 100")
        rows(connection, "UPDATE one.fruit SET price = price + 1")
        assert error(connection, "SELECT * FROM nowhere")[0] == 1146
    found = ruled.admin.ask(
        "SELECT hostgroup, schemaname, username, count_star, sum_rows_affected, sum_rows_sent, min_time > 0, digest "
        "FROM stats_mysql_query_digest WHERE digest_text = 'SELECT ? AS elsewhere UNION SELECT ?'"
    )
    assert [row[:7] for row in found] == [(1, "one", "app", 3, 0, 6, 1)]
    assert ruled.admin.ask(
        "SELECT sum_rows_affected FROM stats_mysql_query_digest WHERE digest_text LIKE 'UPDATE%'"
    ) == [(3,)]
    counted = dict(ruled.admin.ask("SELECT Command, Total_cnt FROM stats_mysql_commands_counters"))
    assert counted["UPDATE"] == 1 and counted["SELECT"] >= 4
    errors = ruled.admin.ask("SELECT hostgroup, port, username, errno, count_star, last_error FROM stats_mysql_errors_reset")
    assert errors == [(0, ruled.first, "app", 1146, 1, "Table 'one.nowhere' doesn't exist")]
    assert not ruled.admin.ask("SELECT * FROM stats_mysql_errors")
    digest = found[0][7]
    ruled.load({"digest": digest, "error_msg": "known"})
    with ruled.connect() as connection:
        assert error(connection, "SELECT 9 AS elsewhere UNION SELECT 9") == (1148, "known")
    assert ruled.admin.ask("SELECT COUNT(*) > 0 FROM stats_mysql_query_digest_reset") == [(1,)]
    assert ruled.admin.ask("SELECT COUNT(*) FROM stats_mysql_query_digest") == [(0,)]


def test_a_rules_log(ruled):  # noqa: F811
    ruled.load({"match_pattern": "noted", "log": 1})
    with ruled.connect() as connection:
        rows(connection, "SELECT 'noted'")
        rows(connection, "SELECT 'unseen'")
    lines = [line for line in ruled.admin.proxy.output.splitlines() if "(rules)" in line]
    assert len(lines) == 1 and "'app' in 'one' to hostgroup 0" in lines[0] and "1 rows: SELECT 'noted'" in lines[0]


def test_defaults_of_the_variables(ruled):  # noqa: F811
    ruled.set(default_query_timeout=300, default_query_delay=200)
    with ruled.connect() as connection:
        begin = time.monotonic()
        assert error(connection, "SELECT SLEEP(10)")[0] == 1907
        assert 0.5 <= time.monotonic() - begin < 5
    code, text = ruled.admin.refusal("SET mysql-query_processor_iterations='many'; LOAD MYSQL VARIABLES TO RUNTIME")
    assert "query_processor_iterations" in text, (code, text)
    ruled.set(default_query_timeout=0, default_query_delay=0, query_processor_iterations=0, query_digests="false")
    ruled.admin.ask("SELECT 1 FROM stats_mysql_query_digest_reset")
    with ruled.connect() as connection:
        rows(connection, "SELECT 1")
    assert not ruled.admin.ask("SELECT * FROM stats_mysql_query_digest")


def test_changing_the_user(ruled):  # noqa: F811
    ruled.load({"username": "other", "destination_hostgroup": 1})
    mysql = pytest.importorskip("mysql.connector")
    with mysql.connect(**ruled.target.python_options, use_pure=True, autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute(PORT)
        assert cursor.fetchall() == [(ruled.first,)]
        connection.cmd_change_user("other", "different", "one")
        cursor = connection.cursor()
        cursor.execute(PORT)
        assert cursor.fetchall() == [(ruled.second,)]


def test_a_session_with_autocommit_off_is_not_sent_to_read_only_servers(ruled):  # noqa: F811
    """Its reads open transactions in which it may want to write; a hint sends it there all the same."""
    ruled.load({"match_digest": "^SELECT", "destination_hostgroup": 1})
    with ruled.connect() as connection:
        assert value(connection, PORT) == ruled.second
        rows(connection, "SET autocommit = 0")
        assert value(connection, PORT) == ruled.first
        assert value(connection, f"/* hostgroup=1 */ {PORT}") == ruled.second
        rows(connection, "SET autocommit = 1")
        assert value(connection, PORT) == ruled.second


def test_many_sessions_at_once(ruled):  # noqa: F811
    ruled.load(routes=[("app", f"part_{n}", 0, n % 2) for n in range(40)])
    for server in ruled.servers:
        for number in range(40):
            server.ask(f"CREATE DATABASE IF NOT EXISTS part_{number}")
    failures = []

    def run(seed):
        with ruled.connect() as connection:
            for number in range(40):
                schema = (number * 7 + seed) % 40
                connection.select_db(f"part_{schema}")
                if value(connection, PORT) != (ruled.first, ruled.second)[schema % 2]:
                    failures.append(schema)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def cached(ruled):  # noqa: F811
    return dict(ruled.admin.ask("SELECT Variable_Name, Variable_Value FROM stats_mysql_global"))


def test_answers_from_the_cache(ruled, servers):  # noqa: F811
    ruled.load({"match_pattern": "FROM fruit|@@|@v", "cache_ttl": 60000})
    sql = "SELECT name, price FROM fruit WHERE id = 1"
    with ruled.connect() as first, ruled.connect() as second, ruled.connect("other") as other:
        assert rows(first, sql)[0][0] == "fig"
        servers[0].ask("UPDATE one.fruit SET name = 'date' WHERE id = 1")
        assert rows(first, sql)[0][0] == rows(second, sql)[0][0] == "fig"
        assert rows(other, sql)[0][0] == "date", "another user's answers are its own"
        rows(second, "SET sql_mode = 'ANSI_QUOTES'")
        assert rows(second, sql)[0][0] == "date", "so are those under other settings"
        rows(first, "BEGIN")
        assert rows(first, sql)[0][0] == "date", "a transaction reads for itself"
        rows(first, "COMMIT")
        assert rows(first, sql)[0][0] == "fig"
        first.select_db("two")
        with pytest.raises(pymysql.Error):
            rows(first, sql)
        first.select_db("one")
        rows(first, "SET @v = 1")
        assert rows(first, "SELECT @v")[0][0] == 1
        rows(first, "SET @v = 2")
        assert rows(first, "SELECT @v")[0][0] == 2
        ruled.admin.ask("FLUSH QUERY CACHE")
        time.sleep(0.1)
        rows(first, "SET @v = NULL")
        with ruled.connect() as third:
            assert rows(third, sql)[0][0] == "date"
    numbers = cached(ruled)
    assert int(numbers["Query_Cache_count_GET_OK"]) == 3 and int(numbers["Query_Cache_Entries"]) > 0, numbers
    digests = ruled.admin.ask("SELECT count_star, sum_time FROM stats_mysql_query_digest WHERE hostgroup = -1")
    assert digests == [(3, 0)]


def test_many_misses_are_one_execution(ruled, servers):  # noqa: F811
    ruled.load({"match_pattern": "SLEEP", "cache_ttl": 60000})
    answers, sql = [], "SELECT SLEEP(1), name FROM fruit WHERE id = 1"

    def run():
        with ruled.connect() as connection:
            answers.append(rows(connection, sql))

    before = int(servers[0].ask("SHOW GLOBAL STATUS LIKE 'Com_select'")[0][1])
    threads = [threading.Thread(target=run) for _ in range(12)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [((0, "fig"),)] * 12
    assert time.monotonic() - begin < 10
    executed = int(servers[0].ask("SHOW GLOBAL STATUS LIKE 'Com_select'")[0][1]) - before
    assert executed <= 2, "one for all of them"
    assert int(cached(ruled)["Query_Cache_count_WAIT"]) >= 9
