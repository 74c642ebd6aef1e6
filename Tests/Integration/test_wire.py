"""Commands packet by packet: the bytes and sequence ids after the login are the server's own."""

import re
import struct
import threading

import pytest
from harness import wire
from harness.ports import wait_until
from harness.wire import Closed, Wire


@pytest.fixture(params=[0, wire.DEPRECATE_EOF], ids=["EOF", "DEPRECATE_EOF"])
def end_of_rows(request):
    return request.param


def columns_sql(count):
    return "SELECT " + ", ".join(f"{number} AS c{number}" for number in range(count))


def read_result(connection, capabilities):
    """All packets of one result set, or the OK or ERR packet in its place."""
    packets = [(connection.read(), connection.sequence)]
    if packets[0][0][:1] in (b"\0", b"\xff"):
        return packets
    ends = 1 if capabilities & wire.DEPRECATE_EOF else 2
    while ends:
        packets.append((connection.read(), connection.sequence))
        first = packets[-1][0][:1]
        ends -= first == b"\xfe" and len(packets[-1][0]) < 0xFFFFFF
        if first == b"\xff":
            break
    return packets


@pytest.mark.parametrize("columns", [1, 250, 251, 300, 4096])
def test_many_columns(both, columns, end_of_rows):
    def scenario(target):
        with Wire(target) as connection:
            connection.login(wire.USUAL | end_of_rows).query(columns_sql(columns))
            return read_result(connection, end_of_rows)

    packets = both(scenario)
    assert len(packets) == 1 + columns + 1 + (1 if end_of_rows else 2)


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 20_000])
def test_sequence_ids_wrap(both, rows, end_of_rows):
    def scenario(target):
        with Wire(target) as connection:
            connection.login(wire.USUAL | end_of_rows).query(f"SELECT seq FROM seq_1_to_100000 LIMIT {rows}")
            return read_result(connection, end_of_rows)

    assert len(both(scenario)) == 2 + rows + (1 if end_of_rows else 2)


@pytest.mark.parametrize("length", [0xFFFFFF - 5, 0xFFFFFF - 4, 0xFFFFFF - 3, 2 * 0xFFFFFF - 9])
def test_a_row_at_the_border_of_16_megabytes(both, length):
    """0xFFFFFF bytes of payload are followed by an empty packet."""

    def scenario(target):
        with Wire(target) as connection:
            connection.login().query(f"SELECT REPEAT('x', {length})")
            head = [connection.read() for _ in range(3)]
            row = [connection.read()]
            while len(row[-1]) == 0xFFFFFF:
                row.append(connection.read())
            end = connection.read()
            return head, [len(part) for part in row], set(b"".join(row)[9:]), end, connection.is_alive()

    _, lengths, bytes_seen, end, alive = both(scenario)
    assert sum(lengths) == length + (4 if length < 1 << 24 else 9)
    assert bytes_seen == {ord("x")} and wire.is_eof(end) and alive


@pytest.mark.parametrize("length", [0xFFFFFF - 1, 0xFFFFFF, 0xFFFFFF + 1, 2 * 0xFFFFFF])
def test_a_query_at_the_border_of_16_megabytes(both, length):
    """`length` is the payload's, command byte and all."""
    frame = "SELECT LENGTH('%s')"
    sql = frame % ("x" * (length - 1 - len(frame) + 2))

    def scenario(target):
        with Wire(target) as connection:
            connection.login().query(sql)
            return [(connection.read(), connection.sequence) for _ in range(5)]

    packets = both(scenario)
    assert wire.text_values(packets[3][0]) == [str(length - 1 - len(frame) + 2).encode()]


def test_forty_megabytes_in(both):
    def scenario(target):
        with Wire(target) as connection:
            connection.login()
            connection.query("CREATE OR REPLACE TABLE test.large (a LONGBLOB)")
            created = connection.read()
            connection.query(b"INSERT INTO test.large VALUES ('" + b"0123456789" * (4 << 20) + b"')")
            inserted = connection.read()
            connection.query("SELECT LENGTH(a), MD5(a) FROM test.large")
            return created, inserted, read_result(connection, 0)

    _, inserted, result = both(scenario)
    assert wire.is_ok(inserted)
    assert wire.text_values(result[4][0])[0] == str(40 << 20).encode()


def test_multiple_results(both, end_of_rows):
    sql = "SELECT 1; SET @a = 1; SELECT 2 FROM seq_1_to_3; SELECT 3 WHERE FALSE; SELECT * FROM no_such_table; SELECT 4"

    def scenario(target):
        with Wire(target) as connection:
            connection.login(wire.USUAL | end_of_rows).query(sql)
            return [read_result(connection, end_of_rows) for _ in range(5)], connection.is_alive()

    results, alive = both(scenario)
    assert wire.error_of(results[4][0][0])[:2] == (1146, "42S02")
    assert alive


def test_multiple_statements_are_switched_off_and_on(both):
    def scenario(target):
        with Wire(target) as connection:
            connection.login()
            off = connection.answer(wire.SET_OPTION, b"\1\0")
            refused = connection.answer(wire.QUERY, b"DO 1; DO 2")
            on = connection.answer(wire.SET_OPTION, b"\0\0")
            return off, refused, on, connection.answer(wire.QUERY, b"DO 1; DO 2", packets=2)

    _, refused, _, results = both(scenario)
    assert wire.error_of(refused[0][0])[0] == 1064
    assert [packet[:1] for packet, _ in results] == [b"\0", b"\0"]


def test_field_list(both):
    def scenario(target):
        with Wire(target) as connection:
            connection.login().answer(wire.INIT_DB, b"mysql")
            return [
                connection.answer_until_eof(wire.FIELD_LIST, b"time_zone\0%"),
                connection.answer_until_eof(wire.FIELD_LIST, b"time_zone\0nothing"),
                connection.answer_until_eof(wire.FIELD_LIST, b"no_such_table\0"),
                connection.is_alive(),
            ]

    found, nothing, missing, alive = both(scenario)
    assert (len(found), len(nothing)) == (3, 1)
    assert wire.error_of(missing[-1][0])[0] == 1146 and alive


def test_statistics_is_one_packet_of_text(both):
    def scenario(target):
        with Wire(target) as connection:
            text = connection.login().answer(wire.STATISTICS)[0][0]
            return re.sub(rb"[0-9.]+", b"N", text), connection.is_alive()

    text, alive = both(scenario)
    assert text.startswith(b"Uptime: N") and alive


def test_ping_schema_and_reset(both):
    def scenario(target):
        with Wire(target) as connection:
            connection.login()
            results = [
                connection.answer(wire.PING),
                connection.answer(wire.INIT_DB, b"mysql"),
                connection.answer(wire.INIT_DB, b"no_such_schema"),
                connection.answer(wire.QUERY, b"SET @kept = 1"),
                connection.answer(wire.RESET_CONNECTION),
            ]
            connection.query("SELECT @kept, DATABASE()")
            return results, read_result(connection, 0)

    results, rows = both(scenario)
    assert wire.error_of(results[2][0][0])[0] == 1049
    assert wire.text_values(rows[4][0])[0] is None


@pytest.mark.parametrize("command", [0, 5, 6, 11, 15, 16, 20, 29, 30, 0x7F, 0xF0, 0xFF])
def test_commands_that_the_server_refuses(both, command):
    """Internal, dropped and unknown commands: one answer, and the session goes on."""

    def scenario(target):
        with Wire(target) as connection:
            answer = connection.login().answer(command, b"test")
            return wire.error_of(answer[0][0])[:2], connection.is_alive()

    assert both(scenario)[1]


def prepare(connection, sql, end_of_rows=0):
    """The statement's number, and all packets of the answer; without the number, which the server counts up."""
    ((first, sequence),) = connection.answer(wire.STMT_PREPARE, sql.encode())
    if first[:1] == b"\xff":
        return 0, [(first, sequence)]
    _, number, columns, parameters = struct.unpack_from("<BIHH", first)
    packets = [(first[5:], sequence)]
    for count in (parameters, columns):
        if count:
            end = 0 if end_of_rows else 1
            packets += [(connection.read(), connection.sequence) for _ in range(count + end)]
    return number, packets


def execute(number, cursor=0, parameters=b""):
    return struct.pack("<IBI", number, cursor, 1) + parameters


def test_prepared_statements(both):
    def scenario(target):
        with Wire(target) as connection:
            connection.login()
            number, prepared = prepare(connection, "SELECT seq, ? AS word FROM seq_1_to_300")
            parameter = b"\0\1\xfe\0\4word"
            connection.command(wire.STMT_EXECUTE, execute(number, parameters=parameter))
            rows = read_result(connection, 0)
            connection.command(wire.STMT_LONG_DATA, struct.pack("<IH", number, 0) + b"l" * 70_000)
            connection.command(wire.STMT_EXECUTE, execute(number, parameters=b"\0\1\xfc\0"))
            long = read_result(connection, 0)
            reset = connection.answer(wire.STMT_RESET, struct.pack("<I", number))
            connection.command(wire.STMT_CLOSE, struct.pack("<I", number))
            gone = connection.answer(wire.STMT_EXECUTE, execute(number))
            gone = wire.error_of(gone[0][0])[:2]
            return prepared, rows, long, reset, gone, prepare(connection, "NO SQL"), connection.is_alive()

    _, rows, long, reset, gone, wrong, alive = both(scenario)
    assert len(rows) == len(long) == 1 + 2 + 1 + 300 + 1
    assert len(long[4][0]) > 70_000
    assert wire.is_ok(reset[0][0])
    assert gone == (1243, "HY000") and wire.error_of(wrong[1][0][0])[0] == 1064 and alive


def test_a_cursor_is_fetched_in_parts(both, end_of_rows):
    """COM_STMT_EXECUTE answers with columns only; every COM_STMT_FETCH ends in an EOF packet."""

    def scenario(target):
        with Wire(target) as connection:
            connection.login(wire.USUAL | end_of_rows)
            connection.query("SET @large = REPEAT('x', 100000)")
            connection.read()
            number, prepared = prepare(connection, "SELECT seq, @large FROM seq_1_to_25", end_of_rows)
            connection.command(wire.STMT_EXECUTE, execute(number, cursor=1))
            columns = read_columns(connection)
            parts = [
                connection.answer_until_eof(wire.STMT_FETCH, struct.pack("<II", number, 10)) for _ in range(3)
            ]
            after = connection.answer(wire.STMT_FETCH, struct.pack("<II", number, 10))
            return prepared, columns, parts, wire.error_of(after[0][0])[:2], connection.is_alive()

    _, _, parts, _, alive = both(scenario)
    assert [len(part) for part in parts] == [11, 11, 6]
    assert alive


def read_columns(connection):
    """What a cursor's execute answers: the count, the definitions, one packet that says a cursor exists."""
    packets = [(connection.read(), connection.sequence)]
    while packets[-1][0][:1] != b"\xfe":
        packets.append((connection.read(), connection.sequence))
    return packets


def test_bulk_execution(both):
    """MariaDB's COM_STMT_BULK_EXECUTE: many rows of parameters in one packet."""

    def scenario(target):
        with Wire(target) as connection:
            connection.login(wire.USUAL | wire.BULK)
            connection.query("CREATE OR REPLACE TABLE test.bulk (a INT)")
            connection.read()
            number, _ = prepare(connection, "INSERT INTO test.bulk VALUES (?)")
            rows = b"".join(b"\0" + struct.pack("<i", value) for value in range(1000))
            done = connection.answer(wire.STMT_BULK_EXECUTE, struct.pack("<IHBB", number, 128, 3, 0) + rows)
            connection.query("SELECT COUNT(*), SUM(a) FROM test.bulk")
            return done, read_result(connection, 0)

    done, result = both(scenario)
    assert wire.is_ok(done[0][0])
    assert wire.text_values(result[4][0]) == [b"1000", b"499500"]


def test_progress_reports(direct, proxied):
    """ERR packets with code 0xFFFF come in the middle of an answer and end nothing."""

    def scenario(target):
        with Wire(target) as connection:
            connection.login(wire.USUAL | wire.PROGRESS)
            for sql in (
                # Or the answer tells that it was slow, which it is on a busy machine.
                "SET progress_report_time = 1, long_query_time = 3600",
                "CREATE OR REPLACE TABLE test.progress ENGINE=MyISAM AS SELECT seq, MD5(seq) AS a FROM seq_1_to_1000000",
            ):
                connection.query(sql)
                skip_reports(connection)
            connection.query("ALTER TABLE test.progress ADD INDEX (a), ADD INDEX (a, seq), ALGORITHM=COPY")
            reports, last = skip_reports(connection)
            return reports, last, connection.is_alive()

    expected = scenario(direct)
    reports, last, alive = scenario(proxied)
    assert reports and expected[0], "the server sends reports"
    assert wire.is_ok(last) and last == expected[1] and alive


def skip_reports(connection):
    """How many progress reports came, and the packet after them."""
    reports = 0
    while True:
        packet = connection.read()
        if packet[:3] != b"\xff\xff\xff":
            return reports, packet
        reports += 1


def test_a_killed_query(both, database):
    def scenario(target):
        with Wire(target) as sleeper, Wire(target) as killer:
            number = own_id(sleeper.login())
            sleeper.query("SELECT SLEEP(100) FROM seq_1_to_100")
            wait_until(lambda: "SLEEP" in database.query(f"SELECT info FROM information_schema.processlist WHERE id={number}"))
            killed = killer.login().answer(wire.QUERY, f"KILL QUERY {number}".encode())
            return killed, read_result(sleeper, 0), sleeper.is_alive()

    _, result, alive = both(scenario)
    assert alive
    assert wire.error_of(result[-1][0])[:2] == (1317, "70100") or len(result) > 3


def own_id(connection):
    connection.query("SELECT CONNECTION_ID()")
    return int(wire.text_values(read_result(connection, 0)[3][0])[0])


@pytest.mark.parametrize("busy", [True, False])
def test_a_killed_connection(direct, proxied, database, busy):
    """The victim's client hears the end; where the server says nothing in a running query, the proxy says 2013."""

    def scenario(target):
        with Wire(target) as victim, Wire(target) as killer:
            number = own_id(victim.login())
            if busy:
                victim.query("SELECT SLEEP(100)")
                processes = f"SELECT info FROM information_schema.processlist WHERE id={number}"
                wait_until(lambda: "SLEEP" in database.query(processes))
            killed = killer.login().answer(wire.QUERY, f"KILL CONNECTION {number}".encode())
            return killed, victim.read_until_closed(), killer.is_alive()

    killed, last_words, alive = scenario(direct)
    assert alive
    killed_by_proxy, last_words_by_proxy, alive = scenario(proxied)
    assert (killed_by_proxy, alive) == (killed, True)
    if busy and not last_words:
        assert wire.error_of(last_words_by_proxy[4:])[0] == 2013
    else:
        assert last_words_by_proxy == last_words


def test_quit_ends_the_connection_and_the_servers_thread(both, database):
    def scenario(target):
        with Wire(target) as connection:
            number = own_id(connection.login())
            connection.command(wire.QUIT)
            left = connection.read_until_closed()
            count = f"SELECT COUNT(*) FROM information_schema.processlist WHERE id={number}"
            wait_until(lambda: database.query(count) == "0\n", what="the server's thread to end")
            return left

    assert both(scenario) == b""


def test_a_vanished_client_frees_the_servers_thread(both, database):
    def scenario(target):
        with Wire(target) as connection:
            number = own_id(connection.login())
        count = f"SELECT COUNT(*) FROM information_schema.processlist WHERE id={number}"
        return wait_until(lambda: database.query(count) == "0\n", what="the server's thread to end")

    both(scenario)


def test_sessions_do_not_mix(proxied):
    """Twenty clients at once, each with its own value in its own session."""
    wrong = []

    def client(number):
        with Wire(proxied) as connection:
            connection.login().query(f"SET @me = {number}")
            connection.read()
            for _ in range(200):
                connection.query("SELECT @me, REPEAT(@me, 500)")
                values = wire.text_values(read_result(connection, 0)[4][0])
                if values != [str(number).encode(), str(number).encode() * 500]:
                    wrong.append((number, values))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.millrace_only
def test_the_greeting_is_the_servers_without_what_the_proxy_cannot_do(direct, proxied):
    with Wire(direct) as straight, Wire(proxied) as relayed:
        expected, greeting = straight.read_greeting(), relayed.read_greeting()
    assert greeting.version == expected.version
    assert greeting.capabilities == expected.capabilities & ~(wire.SSL | wire.COMPRESS)


def test_a_closed_connection_is_noticed_by_the_harness(direct):
    with Wire(direct) as connection, pytest.raises(Closed):
        connection.read_greeting()
        connection.send(b"\0" * 3, 1)
        connection.read()
        connection.read()
