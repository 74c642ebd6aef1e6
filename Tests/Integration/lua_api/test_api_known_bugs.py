"""Reference 7: what users of mysql-proxy ran into, with a script that reads every result."""

import struct
import threading

import pymysql
import pytest
from harness import wire
from harness.lua import SAY, connected, rows
from harness.proxies import REPOSITORY
from harness.wire import Closed, Wire, error_of, native_password

pytestmark = pytest.mark.millrace_only

READER = """
    function connect_server() end
    function read_handshake() end
    function read_auth() end
    function read_auth_result() end
    function read_query(packet)
      if packet:byte() ~= proxy.COM_QUERY then return end
      proxy.queries:append(1, packet, { resultset_is_needed = true })
      return proxy.PROXY_SEND_QUERY
    end
    function read_query_result(inj)
      local n, set = 0, inj.resultset
      if set.rows then for row in set.rows do n = n + 1 end end
      say(n, #set.fields, set.query_status)
    end
    function disconnect_client() end
"""


@pytest.fixture
def reader(scripted):
    return scripted(READER)


@pytest.fixture
def same(reader, direct):
    """Sends a COM_QUERY to the server and through the script, expects the same bytes, and answers them."""

    def compare(sql, eofs, capabilities=wire.USUAL):
        found = []
        for target in (direct, reader.target):
            with Wire(target) as client:
                client.login(capabilities)
                found.append(client.answer_until_eof(wire.QUERY, sql.encode(), eofs))
                assert client.is_alive()
        assert found[0] == found[1]
        return found[1]

    return compare


def test_a_client_that_wants_no_eof(reader, direct):
    """7.2: every such result hangs in mysql-proxy."""
    found = []
    for target in (direct, reader.target):
        with Wire(target) as client:
            client.login(wire.USUAL | wire.DEPRECATE_EOF)
            found.append(client.answer(wire.QUERY, b"SELECT seq FROM seq_1_to_3", packets=6))
            assert client.is_alive()
    assert found[0] == found[1]
    assert "SAY 3|1|0" in reader.output


def test_several_results_reach_the_client(same):
    assert len(same("SELECT 1; SELECT 2, 3; SELECT 4", 6)) == 16


def test_a_cursor_in_a_procedure(same, database):
    """#61998"""
    database.query(
        "DELIMITER //\nCREATE OR REPLACE PROCEDURE test.cursors() BEGIN "
        "DECLARE n INT; DECLARE c CURSOR FOR SELECT seq FROM seq_1_to_3; "
        "OPEN c; FETCH c INTO n; CLOSE c; SELECT n; SELECT n + 1; END//")
    packets = same("CALL test.cursors()", 4)
    assert packets[3][0] == b"\0011" and packets[8][0] == b"\0012"


def test_local_infile_that_ends_in_an_error(reader, scratch):
    """7.8: mysql-proxy closes the connection."""
    (scratch / "data.txt").write_text("1\n")
    with connected(reader, local_infile=True) as connection:
        with pytest.raises(pymysql.Error) as error:
            rows(connection, f"LOAD DATA LOCAL INFILE '{scratch}/data.txt' INTO TABLE absent.absent")
        assert error.value.args[0] in (1046, 1049, 1146)
        with pytest.raises(pymysql.Error):
            rows(connection, f"LOAD DATA LOCAL INFILE '{scratch}/data.txt' INTO TABLE mysql.absent (nothing)")
        assert rows(connection, "SELECT 1") == ((1,),)


@pytest.mark.parametrize("command", [0x05, 0x06, 0x07, wire.RESET_CONNECTION, 99])
def test_commands_that_mysql_proxy_closes_after(reader, command):
    """7.6 and #41991: COM_CREATE_DB, COM_DROP_DB, COM_REFRESH, COM_RESET_CONNECTION, unknown ones."""
    with Wire(reader.target) as client:
        client.login()
        client.answer(command, b"\1" if command == 0x07 else b"")
        assert client.is_alive()


@pytest.mark.parametrize(("password", "succeeds"), [("different", True), ("wrong", False)])
def test_change_user(reader, password, succeeds):
    """5.3 and #25371: an auth switch closes the connection, a refusal is sent twice."""
    with Wire(reader.target) as client:
        client.login()
        answer = native_password(password, client.greeting.salt)
        packet = b"other\0" + bytes([len(answer)]) + answer + b"test\0" + struct.pack("<H", 45)
        packet += b"mysql_native_password\0"
        first = client.answer(17, packet)[0][0]
        if first[:1] == b"\xfe":
            salt = first.split(b"\0", 1)[1][:20]
            client.send(native_password(password, salt), client.sequence + 1)
            first = client.read()
        if succeeds:
            assert first[:1] == b"\0" and client.is_alive()
            found = client.answer_until_eof(wire.QUERY, b"SELECT CURRENT_USER()", eofs=2)
            assert found[3][0][1:] == b"other@%"
        else:
            assert error_of(first)[0] == 1045
            client.socket.settimeout(0.5)
            with pytest.raises((Closed, TimeoutError)):
                client.read()


def test_an_error_before_the_greeting(make_millrace, scratch):
    """#45417"""
    (scratch / "back.lua").write_text(
        'local fault = "no room" ' + (REPOSITORY / "Tests/Integration/scenarios/server.lua").read_text())
    (scratch / "front.lua").write_text(SAY + READER)
    back = make_millrace([], f"--proxy-lua-script={scratch}/back.lua")
    front = make_millrace([back.target], f"--proxy-lua-script={scratch}/front.lua")
    with pytest.raises(pymysql.Error) as error:
        connected(front)
    assert error.value.args == (1040, "no room, says the script")


def test_many_clients_at_once(reader):
    """#63908: a lock-up under load."""
    failures = []

    def work(number):
        try:
            with connected(reader) as connection:
                for turn in range(50):
                    assert rows(connection, f"SELECT {number}, {turn}") == ((number, turn),)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures and not any(thread.is_alive() for thread in threads)
