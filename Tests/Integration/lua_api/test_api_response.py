"""Reference 4.6: proxy.response, byte by byte where no driver would tell."""

import struct

import pymysql
import pytest
from harness import wire
from harness.lua import connected, rows, said
from harness.wire import Wire, error_of, text_values

pytestmark = pytest.mark.millrace_only


def answering(response):
    """A script that answers `SELECT response` with the given table."""
    return f"""
        function read_query(packet)
          if packet ~= "\\3SELECT response" then return end
          proxy.response = {response}
          return proxy.PROXY_SEND_RESULT
        end
    """


@pytest.fixture
def packets(scripted):
    """The payloads that a client gets for a response, and their sequence ids."""

    def answer(response, capabilities=wire.USUAL, count=None):
        proxy = scripted(answering(response))
        with Wire(proxy.target) as client:
            client.login(capabilities)
            if count:
                found = client.answer(wire.QUERY, b"SELECT response", packets=count)
            else:
                found = client.answer_until_eof(wire.QUERY, b"SELECT response", eofs=2)
            assert [sequence for _, sequence in found] == [number + 1 for number in range(len(found))]
            assert client.is_alive()
            return [payload for payload, _ in found]

    return answer


# The table


def test_it_is_an_empty_table_before_every_read_query(scripted):
    proxy = scripted("""
        function read_query(packet)
          say(type(proxy.response), next(proxy.response))
          proxy.response.kept = true
        end
    """)
    with connected(proxy) as connection:
        rows(connection, "SELECT 1")
        rows(connection, "SELECT 2")
    assert set(said(proxy)) == {"table|nil"}


def test_it_is_kept_from_read_query_to_read_query_result(scripted):
    proxy = scripted("""
        function read_query(packet)
          if packet ~= "\\3SELECT kept" then return end
          proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = "from read_query" }
          proxy.queries:append(1, "\\3DO 1", { resultset_is_needed = true })
          return proxy.PROXY_SEND_QUERY
        end
        function read_query_result() return proxy.PROXY_SEND_RESULT end
    """)
    with connected(proxy) as connection, pytest.raises(pymysql.Error, match="from read_query"):
        rows(connection, "SELECT kept")


@pytest.mark.parametrize("kind", ["0", "'0'", "0.0", "proxy.MYSQLD_PACKET_OK"])
def test_the_type_is_a_number_or_a_numeric_string(packets, kind):
    (ok,) = packets(f"{{ type = {kind} }}", count=1)
    assert ok == b"\0\0\0\2\0\0\0"


# OK


def test_an_ok(packets):
    (ok,) = packets("{ type = proxy.MYSQLD_PACKET_OK, affected_rows = 300, insert_id = 7 }", count=1)
    # Status 2 is autocommit; no warnings.
    assert ok == b"\0\xfc\x2c\x01\7\2\0\0\0"


def test_the_status_of_an_answer_follows_the_transaction(scripted):
    with Wire(scripted(answering("{ type = proxy.MYSQLD_PACKET_OK }")).target) as client:
        client.login()
        client.answer(wire.QUERY, b"BEGIN")
        ((ok, _),) = client.answer(wire.QUERY, b"SELECT response")
        assert ok == b"\0\0\0\3\0\0\0"


# ERR


def test_an_error(packets):
    response = "{ type = proxy.MYSQLD_PACKET_ERR, errmsg = 'no', errcode = 1142, sqlstate = '42000' }"
    assert error_of(packets(response, count=1)[0]) == (1142, "42000", "no")


def test_an_error_s_defaults(packets):
    (error,) = packets("{ type = proxy.MYSQLD_PACKET_ERR }", count=1)
    assert error_of(error) == (1105, "07000", "(lua) proxy.response.errmsg is nil")


def test_an_error_s_text_is_whole(packets):
    """mysql-proxy cuts it to 512 bytes."""
    (error,) = packets("{ type = proxy.MYSQLD_PACKET_ERR, errmsg = ('x'):rep(600) .. '\\0y' }", count=1)
    assert error_of(error)[2] == "x" * 600 + "\0y"


@pytest.mark.parametrize(("given", "sent"), [("'42S02TOOLONG'", "42S02"), ("'42'", None), ("''", None)])
def test_a_sqlstate_has_always_five_bytes(packets, given, sent):
    (error,) = packets(f"{{ type = proxy.MYSQLD_PACKET_ERR, errmsg = 'text', sqlstate = {given} }}", count=1)
    _, state, text = error_of(error)
    assert len(state) == 5 and text == "text"
    assert sent is None or state == sent


# Result sets


def test_the_packets_of_a_result(packets):
    found = packets("""{ type = proxy.MYSQLD_PACKET_OK, resultset = {
        fields = { { name = "a", type = proxy.MYSQL_TYPE_LONG }, { name = "b" } }, rows = { { 1, "x" } } } }""")
    head, first, second, eof, row, end = found
    assert head == b"\2"
    assert first == b"\3def\0\0\0\1a\0\x0c" + struct.pack("<HIBHB2x", 8, 32, 3, 2, 0)
    # A type that is missing is STRING.
    assert second == b"\3def\0\0\0\1b\0\x0c" + struct.pack("<HIBHB2x", 8, 32, 254, 2, 0)
    assert eof == end == b"\xfe\0\0\2\0"
    assert text_values(row) == [b"1", b"x"]


def test_a_client_that_wants_no_eof_gets_none(packets):
    found = packets(
        "{ type = 0, resultset = { fields = { { name = 'a' } }, rows = { { 1 } } } }",
        wire.USUAL | wire.DEPRECATE_EOF, count=4,
    )  # fmt: skip
    assert found[2:] == [b"\x011", b"\xfe\0\0\2\0\0\0"]


def test_a_field_without_a_name(packets):
    found = packets("{ type = 0, resultset = { fields = { {} }, rows = {} } }")
    assert b"no-field-name" in found[1] and len(found) == 4


CELLS = {
    "nil": None,
    "false": None,
    "true": None,
    "'text'": b"text",
    "''": b"",
    "'a\\0b'": b"a\0b",
    "'\\255\\254'": b"\xff\xfe",
    "12": b"12",
    "-7": b"-7",
    "math.maxinteger": b"9223372036854775807",
    "1.5": b"1.5",
    "3.0": b"3",
    "0.1": b"0.1",
    "1/3": b"0.33333333333333",
    "1e300": b"1e+300",
    "('x'):rep(70000)": b"x" * 70000,
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell(packets, cell):
    row = packets(f"{{ type = 0, resultset = {{ fields = {{ {{ name = 'a' }} }}, rows = {{ {{ {cell} }} }} }} }}")[3]
    assert text_values(row) == [CELLS[cell]]


def test_rows_go_to_the_first_nil_and_columns_to_the_fields(packets):
    found = packets("""{ type = 0, resultset = { fields = { { name = "a" }, { name = "b" } },
        rows = { { 1 }, { 2, 2, 2 }, nil, { 3, 3 } } } }""")
    assert [text_values(row) for row in found[4:-1]] == [[b"1", None], [b"2", b"2"]]


def test_no_rows(packets):
    assert len(packets("{ type = 0, resultset = { fields = { { name = 'a' } }, rows = {} } }")) == 4


@pytest.mark.parametrize("count", [249, 250, 251, 252, 256, 1000])
def test_many_columns(scripted, count):
    """mysql-proxy's bug 43078: a count from 251 takes more than one byte."""
    proxy = scripted(f"""
        function read_query(packet)
          if packet ~= "\\3SELECT wide" then return end
          local fields, row = {{}}, {{}}
          for i = 1, {count} do fields[i], row[i] = {{ name = "c" .. i }}, i end
          proxy.response = {{ type = proxy.MYSQLD_PACKET_OK, resultset = {{ fields = fields, rows = {{ row }} }} }}
          return proxy.PROXY_SEND_RESULT
        end
    """)
    with connected(proxy) as connection:
        assert rows(connection, "SELECT wide") == (tuple(str(number + 1) for number in range(count)),)


def test_a_long_result(scripted):
    proxy = scripted("""
        function read_query(packet)
          if packet ~= "\\3SELECT long" then return end
          local rows = {}
          for i = 1, 10000 do rows[i] = { i } end
          proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = { fields = { { name = "n" } }, rows = rows } }
          return proxy.PROXY_SEND_RESULT
        end
    """, "--proxy-lua-max-instructions=50000000")
    with connected(proxy) as connection:
        assert rows(connection, "SELECT long") == tuple((str(number),) for number in range(1, 10001))


def test_a_value_beyond_16_mb(scripted):
    source = answering("{ type = 0, resultset = { fields = { { name = 'a' } }, rows = { { ('x'):rep(17000000) } } } }")
    limits = ["--proxy-lua-max-memory=100000000", "--proxy-lua-max-instructions=100000000"]
    with connected(scripted(source, *limits)) as connection:
        ((value,),) = rows(connection, "SELECT response")
        assert len(value) == 17_000_000


# RAW


def test_raw_packets_get_their_sequence_ids(packets):
    found = packets(r"""{ type = proxy.MYSQLD_PACKET_RAW, packets = { "\1", "\3def\0\0\0\1a\0\12" ..
        string.pack("<I2I4BI2Bxx", 33, 9, 253, 0, 0), "\254\0\0\2\0", "\4a\0b\0", "\254\0\0\2\0" } }""")
    assert found[0] == b"\1" and found[3] == b"\4a\0b\0" and found[4] == b"\xfe\0\0\2\0"


# What can't be sent: an error in the log that says what to do, where mysql-proxy aborts

BROKEN = {
    "nil": "proxy.response is nil",
    "'text'": "proxy.response is text",
    "5": "proxy.response is 5",
    "{}": "proxy.response.type is nil",
    "{ type = 'ok' }": "proxy.response.type is ok",
    "{ type = 1 }": "proxy.response.type is 1",
    "{ type = {} }": "proxy.response.type is a table",
    "{ type = proxy.MYSQLD_PACKET_EOF }": "proxy.response.type is 254",
    "{ type = 250 }": "proxy.response.packets must be a table of strings",
    "{ type = 250, packets = 'x' }": "proxy.response.packets must be a table of strings",
    "{ type = 250, packets = {} }": "proxy.response.packets is empty",
    "{ type = 250, packets = { {} } }": "proxy.response.packets[1] must be a string",
    "{ type = 250, packets = { '\\1', 5 } }": "proxy.response.packets[2] must be a string",
    "{ type = 0, resultset = true }": "proxy.response.resultset must be a table with fields and rows",
    "{ type = 0, resultset = {} }": "proxy.response.resultset.fields must be a table",
    "{ type = 0, resultset = { fields = {}, rows = {} } }": "a result set has at least one field",
    "{ type = 0, resultset = { fields = { 'a' }, rows = {} } }": "resultset.fields[1] must be a table with a name",
    "{ type = 0, resultset = { fields = { { name = 'a' } } } }": "proxy.response.resultset.rows must be a table",
    "{ type = 0, resultset = { fields = { { name = 'a' } }, rows = 1 } }": "resultset.rows must be a table",
    "{ type = 0, resultset = { fields = { { name = 'a' } }, rows = { 'x' } } }": "rows[1] must be a table of values",
    "{ type = 0, resultset = { fields = { { name = 'a' } }, rows = { { {} } } } }": "rows[1][1] is a table",
    "{ type = 0, resultset = { fields = { { name = 'a' } }, rows = { { print } } } }": "rows[1][1] is a function",
    "{ type = 0, affected_rows = -1 }": "proxy.response.affected_rows must be an integer from 0",
    "{ type = 0, insert_id = 'x' }": "proxy.response.insert_id must be an integer from 0",
    "{ type = 255, errcode = 70000 }": "error numbers go from 0 to 65534",
    "{ type = 255, errcode = 'x' }": "proxy.response.errcode must be an integer from 0",
}


@pytest.mark.parametrize("response", BROKEN)
def test_a_response_that_cannot_be_sent(scripted, response):
    proxy = scripted(answering(response), "--proxy-lua-on-error=refuse")
    with connected(proxy) as connection:
        with pytest.raises(pymysql.Error) as error:
            rows(connection, "SELECT response")
        assert error.value.args == (1105, "(proxy) the Lua script failed in read_query; the log says why")
        assert rows(connection, "SELECT 1") == ((1,),)
    assert BROKEN[response] in proxy.output


def test_a_response_that_cannot_be_sent_lets_the_query_pass_by_default(scripted):
    with connected(scripted(answering("{}"))) as connection:
        with pytest.raises(pymysql.Error, match="Unknown column 'response'"):
            rows(connection, "SELECT response")
        assert rows(connection, "SELECT 1") == ((1,),)


def test_a_result_set_without_end_is_an_error(scripted):
    source = answering("""{ type = 0, resultset = { fields = { { name = "a" } },
        rows = setmetatable({}, { __index = function() return { 1 } end }) } }""")
    proxy = scripted(source, "--proxy-lua-on-error=refuse")
    with connected(proxy) as connection:
        with pytest.raises(pymysql.Error):
            rows(connection, "SELECT response")
        assert rows(connection, "SELECT 1") == ((1,),)
