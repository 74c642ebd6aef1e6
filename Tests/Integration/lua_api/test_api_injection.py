"""Reference 4.8: the injection object and its result set."""

import pymysql
import pytest
from harness import wire
from harness.lua import connected, rows, said
from harness.wire import Wire, text_values

pytestmark = pytest.mark.millrace_only


@pytest.fixture
def hook(scripted):
    """Runs a statement (or a packet) through a read_query_result with the given body; answers what it said."""

    def run(body, *statements, needed=True, limits=(), packet="packet", lenient=False):
        proxy = scripted(
            f"""
            function read_query(packet)
              if packet:byte() ~= proxy.COM_QUERY or packet:find("SET NAMES") then return end
              proxy.queries:append(7, {packet}, {{ resultset_is_needed = {str(needed).lower()} }})
              return proxy.PROXY_SEND_QUERY
            end
            function read_query_result(inj) local set = inj.resultset {body} end
            """,
            *limits,
        )
        with connected(proxy, database="test", client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS) as connection:
            for statement in statements:
                try:
                    rows(connection, statement)
                except pymysql.Error:
                    assert lenient, statement
            # A result that goes on as it comes may be there before the hook; the next command is not.
            connection.ping(reconnect=False)
        if not lenient:
            assert "(critical)" not in proxy.output, proxy.output
        return said(proxy)

    return run


# The injection


def test_id_type_and_query(hook):
    assert hook("say(inj.id, inj.type, inj.query)", "SELECT 1") == ["7|7|\3SELECT 1"]


def test_times_are_microseconds(hook):
    ((query, response),) = (
        map(int, line.split("|"))
        for line in hook("say(inj.query_time, inj.response_time)", "SELECT SLEEP(0.1)")
    )  # fmt: skip
    assert 100_000 <= query <= response < 5_000_000


def test_response_time_ends_with_the_last_packet(hook):
    # The first rows come at once, the last ones after a wait.
    sql = "SELECT REPEAT('x', 200000), IF(seq = 20, SLEEP(0.2), 0) FROM seq_1_to_20"
    (line,) = hook("say(inj.query_time, inj.response_time)", sql)
    query, response = map(int, line.split("|"))
    assert query < response and response >= 200_000


def test_other_names_are_nil_and_nothing_is_writable(hook):
    body = """
        say(inj.anything, set.anything)
        say(select(2, pcall(function() inj.id = 1 end)))
        say(select(2, pcall(function() set.row_count = 1 end)))"""
    heard = hook(body, "SELECT 1")
    assert heard[0] == "nil|nil"
    assert "injection.id is not writable" in heard[1] and "resultset.row_count is not writable" in heard[2]


# Fields


def test_fields(hook, database):
    database.query("CREATE OR REPLACE TABLE test.fields (id INT, name VARCHAR(10))")
    body = """
        say(type(set.fields), #set.fields)
        for i = 1, #set.fields do
          local f = set.fields[i]
          say(f.type, f.name, f.org_name, f.table, f.org_table, f.anything)
        end
        say(set.fields[0], set.fields[3], set.fields[-1], set.fields.name)"""
    assert hook(body, "SELECT id AS number, name FROM test.fields AS f") == [
        "userdata|2", "3|number|id|f|fields|nil", "253|name|name|f|fields|nil", "nil|nil|nil|nil",
    ]  # fmt: skip


@pytest.mark.parametrize("statement", ["DO 1", "SELECT * FROM absent.absent"])
def test_there_are_no_fields_and_rows_without_a_result_set(hook, statement):
    body = "say(#set.fields, set.fields[1], set.rows)"
    assert hook(body, statement, lenient=True) == ["0|nil|nil"]


@pytest.mark.parametrize("count", [1, 249, 250, 251, 252, 253, 256, 1000])
def test_many_columns(hook, count):
    sql = "SELECT " + ", ".join(f"{number} AS c{number}" for number in range(1, count + 1))
    body = "local row = set.rows() say(#set.fields, set.fields[#set.fields].name, #row, row[#row])"
    limits = ["--proxy-lua-max-instructions=5000000"]
    assert hook(body, sql, limits=limits) == [f"{count}|c{count}|{count}|{count}"]


# Rows


def test_rows_are_tables_of_strings_with_nil_for_null(hook):
    body = "for row in set.rows do say(#row, type(row[1]), row[1], row[2], row[3]) end"
    sql = "SELECT 1, NULL, 'x' UNION ALL SELECT NULL, '', 2.50"
    lines = [line.split("|")[1:] for line in hook(body, sql)]
    assert lines == [["string", "1", "nil", "x"], ["nil", "nil", "", "2.50"]]


def test_each_access_to_rows_begins_anew(hook):
    body = """
        say(set.rows()[1], set.rows()[1])
        local next_row = set.rows
        say(next_row()[1], next_row()[1], next_row()[1], (next_row()))"""
    assert hook(body, "SELECT seq FROM seq_1_to_3") == ["1|1", "1|2|3|nil"]


def test_values_with_every_byte(hook):
    body = "for row in set.rows do say(#row[1], row[1]:byte(1), row[1]:byte(-1)) end"
    sql = "SELECT X'00FF00' UNION ALL SELECT X'FBFE' UNION ALL SELECT X'FF00FE'"
    assert hook(body, sql) == ["3|0|0", "2|251|254", "3|255|254"]


@pytest.mark.parametrize("size", [250, 251, 65_535, 65_536, 70_000])
def test_values_of_every_length(hook, size):
    assert hook("for row in set.rows do say(#row[1]) end", f"SELECT REPEAT('x', {size})") == [str(size)]


def test_a_row_beyond_16_mb(hook):
    limits = ["--proxy-lua-max-memory=200000000", "--proxy-lua-max-instructions=200000000"]
    body = "for row in set.rows do say(#row[1], row[2]) end say(set.row_count)"
    sql = "SELECT REPEAT('x', 17000000), 'a' UNION ALL SELECT REPEAT(CHAR(255 USING latin1), 16777212), 'b'"
    assert hook(body, sql, limits=limits)[0] == "17000000|a"


def test_many_rows(hook):
    body = "local n = 0 for row in set.rows do n = n + row[1] end say(n, set.row_count)"
    limits = ["--proxy-lua-max-instructions=50000000"]
    assert hook(body, "SELECT seq FROM seq_1_to_10000", limits=limits) == ["50005000|10000"]


# Numbers


def test_counts_of_a_result_set(hook):
    body = "say(set.row_count, set.bytes, set.affected_rows, set.insert_id, set.query_status, set.warning_count)"
    # Each row is a header of 4 bytes, and a length byte a value.
    assert hook(body, "SELECT 'ab' UNION ALL SELECT 'c'") == [f"2|{(4 + 3) + (4 + 2)}|nil|nil|0|0"]


def test_counts_of_an_ok(hook, database):
    database.query("CREATE OR REPLACE TABLE test.counted (id INT AUTO_INCREMENT PRIMARY KEY, n INT)")
    body = "say(set.affected_rows, set.insert_id, set.query_status, set.row_count, set.bytes, set.warning_count)"
    heard = hook(
        body, "INSERT INTO test.counted (id, n) VALUES (41, 1)", "INSERT INTO test.counted (n) VALUES (1), (2)",
        "UPDATE test.counted SET n = 9", "DELETE FROM test.counted WHERE id = 41",
    )  # fmt: skip
    assert heard[0].startswith("1|41|0|0|0|0")
    assert heard[1:] == ["2|42|0|0|0|0", "3|0|0|0|0|0", "1|0|0|0|0|0"]


def test_counts_of_an_error(hook):
    body = "say(set.query_status, set.row_count, set.raw:byte(), set.raw:sub(4, 9))"
    assert hook(body, "no sql at all", lenient=True) == ["255|0|255|#42000"]


def test_warnings(hook):
    heard = hook("say(set.warning_count)", "SELECT 1 / 0", "SELECT CAST('x' AS INT), CAST('y' AS INT)")
    assert heard == ["1", "2"]


def test_flags(hook, database):
    database.query("CREATE OR REPLACE TABLE test.flags (id INT); INSERT INTO test.flags VALUES (1)")
    body = """
        local f = set.flags
        say(f.in_trans, f.auto_commit, f.no_index_used, f.no_good_index_used, f.anything)"""
    heard = hook(body, "SELECT 1", "SELECT * FROM test.flags", "BEGIN", "SELECT 1", "ROLLBACK", "SET autocommit = 0")
    assert [line.split("|") for line in heard] == [
        ["false", "true", "false", "false", "nil"],
        ["false", "true", "true", "false", "nil"],
        ["true", "true", "false", "false", "nil"],
        ["true", "true", "false", "false", "nil"],
        ["false", "true", "false", "false", "nil"],
        ["false", "false", "false", "false", "nil"],
    ]


def test_raw_is_the_first_packet_s_payload(hook):
    heard = hook("say(set.raw:byte(1, -1))", "SELECT 1, 2", "DO 1")
    assert heard[0] == "2" and heard[1].startswith("0|0|0|2|0|0|0")


def test_the_status_of_other_commands_tells_of_errors(hook):
    """mysql-proxy says 0 after an ERR."""
    packet = 'string.char(proxy.COM_INIT_DB) .. packet:sub(2)'
    heard = hook("say(set.query_status, #set.fields)", "absent_schema", "test", packet=packet, lenient=True)
    assert heard == ["255|0", "0|0"]


# Several results


def test_several_results_add_up(hook):
    body = "say(set.row_count, #set.fields, set.fields[1].name, set.rows()[1], set.flags.in_trans)"
    sql = "SELECT 1 AS a; SELECT seq AS b FROM seq_1_to_5; BEGIN"
    assert hook(body, sql, "ROLLBACK", lenient=True)[0] == "6|1|a|1|true"


def test_affected_rows_of_several_statements_add_up(hook, database):
    database.query("CREATE OR REPLACE TABLE test.several (id INT)")
    sql = "INSERT INTO test.several VALUES (1); INSERT INTO test.several VALUES (2), (3)"
    assert hook("say(set.affected_rows)", sql) == ["3"]


def test_the_rows_of_an_error_in_the_second_statement(hook):
    body = "say(set.query_status, set.row_count)"
    assert hook(body, "SELECT 1; SELECT * FROM absent.absent", lenient=True) == ["255|1"]


def test_an_error_amid_the_rows(scripted):
    """mysql-proxy's bug 49248 and its kin: ERR after the column definitions."""
    proxy = scripted("""
        function read_query(packet)
          if not packet:find("amid") then return end
          proxy.queries:append(1, packet, { resultset_is_needed = true })
          return proxy.PROXY_SEND_QUERY
        end
        function read_query_result(inj)
          local n = 0
          for _ in inj.resultset.rows do n = n + 1 end
          say(inj.resultset.query_status, #inj.resultset.fields, n == inj.resultset.row_count)
        end
    """)
    with connected(proxy, database="test") as connection:
        with pytest.raises(pymysql.Error, match="1242|more than 1 row"):
            rows(connection, "SELECT (SELECT 1 FROM seq_1_to_3 b WHERE b.seq >= a.seq - 1) AS amid FROM seq_1_to_9 a")
        assert rows(connection, "SELECT 1") == ((1,),)
    assert said(proxy)[0].startswith("255|")


# What isn't needed, and what is over


@pytest.mark.parametrize("name", ["fields", "rows", "raw"])
def test_a_result_that_is_not_needed_has_no_contents(hook, name):
    (line,) = hook(f"say(select(2, pcall(function() return set.{name} end)))", "SELECT 1", needed=False)
    assert "the result wasn't kept: append the query with { resultset_is_needed = true }" in line


def test_a_result_that_is_not_needed_has_its_numbers(hook):
    body = "say(set.row_count, set.bytes, set.query_status, set.warning_count, inj.query_time >= 0)"
    assert hook(body, "SELECT 'ab'", needed=False) == ["1|7|0|0|true"]


KEPT = {
    "inj.id": "inj",
    "inj.query": "inj",
    "inj.resultset": "inj",
    "set.row_count": "set",
    "set.fields": "set",
    "#fields": "fields",
    "fields[1]": "fields",
    "next_row()": "next_row",
}


@pytest.mark.parametrize("access", KEPT)
def test_an_object_kept_after_its_hook_is_an_error(scripted, access):
    """mysql-proxy crashes."""
    proxy = scripted(f"""
        function read_query(packet)
          if packet:find("keep") then
            proxy.queries:append(1, packet, {{ resultset_is_needed = true }})
            return proxy.PROXY_SEND_QUERY
          end
          if inj then say(select(2, pcall(function() return {access} end))) end
        end
        function read_query_result(injection)
          inj, set = injection, injection.resultset
          fields, next_row = set.fields, set.rows
        end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT 'keep'") == (("keep",),)
        assert rows(connection, "SELECT 1") == ((1,),)
    assert "this injection's read_query_result is over: copy what you need" in said(proxy)[0]


def test_rows_and_fields_that_were_copied_stay(scripted):
    proxy = scripted("""
        function read_query(packet)
          if packet:find("keep") then
            proxy.queries:append(1, packet, { resultset_is_needed = true })
            return proxy.PROXY_SEND_QUERY
          end
          if row then say(row[1], field.name) end
        end
        function read_query_result(inj) row, field = inj.resultset.rows(), inj.resultset.fields[1] end
    """)
    with connected(proxy) as connection:
        rows(connection, "SELECT 'keep' AS kept")
        rows(connection, "SELECT 1")
    assert said(proxy)[0] == "keep|kept"


# Files and prepared statements


def test_load_data_local_infile_through_an_injection(scripted, database, scratch):
    database.query("CREATE OR REPLACE TABLE test.loaded (a INT)")
    (scratch / "data.txt").write_text("1\n2\n3\n")
    proxy = scripted("""
        function read_query(packet)
          if not packet:find("^\\3LOAD") then return end
          proxy.queries:append(1, packet, { resultset_is_needed = true })
          return proxy.PROXY_SEND_QUERY
        end
        function read_query_result(inj) say(inj.resultset.affected_rows, inj.resultset.query_status) end
    """)
    with connected(proxy, local_infile=True, autocommit=True) as connection:
        rows(connection, f"LOAD DATA LOCAL INFILE '{scratch}/data.txt' INTO TABLE test.loaded")
        assert rows(connection, "SELECT SUM(a) FROM test.loaded") == ((6,),)
    assert said(proxy) == ["3|0"]


def test_preparing_and_executing_pass_as_injections(scripted):
    proxy = scripted("""
        function read_query(packet)
          local command = packet:byte()
          if command ~= proxy.COM_STMT_PREPARE and command ~= proxy.COM_STMT_EXECUTE then return end
          proxy.queries:append(command, packet)
          return proxy.PROXY_SEND_QUERY
        end
        function read_query_result(inj) say(inj.id, inj.resultset.query_status, inj.resultset.row_count) end
    """)
    with Wire(proxy.target) as client:
        client.login()
        packets = client.answer(wire.STMT_PREPARE, b"SELECT 5", packets=3)
        statement = packets[0][0][1:5]
        answer = client.answer_until_eof(wire.STMT_EXECUTE, statement + b"\0\1\0\0\0", eofs=2)
        assert len(answer) == 5 and client.is_alive()
    assert [line.split("|")[0] for line in said(proxy)] == ["22", "23"]
    assert said(proxy)[1] == "23|0|1"


def test_rows_of_prepared_statements_are_read_as_text(scripted):
    """mysql-proxy yields garbage."""
    proxy = scripted("""
        function read_query(packet)
          if packet:byte() ~= proxy.COM_STMT_EXECUTE then return end
          proxy.queries:append(1, packet, { resultset_is_needed = true })
          return proxy.PROXY_SEND_QUERY
        end
        function read_query_result(inj)
          for row in inj.resultset.rows do say(table.unpack(row, 1, #inj.resultset.fields)) end
        end
    """)
    sql = b"SELECT 5, 'x', NULL, -1.5, 2.5e0, DATE '2026-11-21', TIMESTAMP '2026-11-21 10:11:12', TIME '-26:01:02'"
    with Wire(proxy.target) as client:
        client.login()
        statement = client.answer(wire.STMT_PREPARE, sql, packets=10)[0][0][1:5]
        client.answer_until_eof(wire.STMT_EXECUTE, statement + b"\0\1\0\0\0", eofs=2)
        assert client.is_alive()
    assert said(proxy) == ["5|x|nil|-1.5|2.5|2026-11-21|2026-11-21 10:11:12|-26:01:02"]


def test_values_reach_the_client_unchanged(scripted):
    proxy = scripted("""
        function read_query(packet)
          proxy.queries:append(1, packet, { resultset_is_needed = true })
          return proxy.PROXY_SEND_QUERY
        end
    """)
    with Wire(proxy.target) as client:
        client.login()
        packets = client.answer_until_eof(wire.QUERY, b"SELECT NULL, '', X'00FE', REPEAT('x', 300)", eofs=2)
        assert text_values(packets[-2][0]) == [None, b"", b"\0\xfe", b"x" * 300]
        assert [sequence for _, sequence in packets] == list(range(1, len(packets) + 1))
