"""Reference 4.2: every constant of the table proxy, and no other."""

import pytest

pytestmark = pytest.mark.millrace_only

DECISIONS = {"PROXY_SEND_QUERY": 1, "PROXY_SEND_RESULT": 2, "PROXY_IGNORE_RESULT": 4, "PROXY_VERSION": 2053}
# mysql-proxy lacks MYSQLD_PACKET_EOF, although its library scripts use it.
PACKETS = {"MYSQLD_PACKET_OK": 0, "MYSQLD_PACKET_RAW": 250, "MYSQLD_PACKET_EOF": 254, "MYSQLD_PACKET_ERR": 255}
BACKENDS = {
    "BACKEND_STATE_UNKNOWN": 0, "BACKEND_STATE_UP": 1, "BACKEND_STATE_DOWN": 2,
    "BACKEND_TYPE_UNKNOWN": 0, "BACKEND_TYPE_RW": 1, "BACKEND_TYPE_RO": 2,
}  # fmt: skip
COMMANDS = """
    SLEEP QUIT INIT_DB QUERY FIELD_LIST CREATE_DB DROP_DB REFRESH SHUTDOWN STATISTICS PROCESS_INFO CONNECT PROCESS_KILL
    DEBUG PING TIME DELAYED_INSERT CHANGE_USER BINLOG_DUMP TABLE_DUMP CONNECT_OUT REGISTER_SLAVE STMT_PREPARE
    STMT_EXECUTE STMT_SEND_LONG_DATA STMT_CLOSE STMT_RESET SET_OPTION STMT_FETCH DAEMON
""".split()
LOW_TYPES = """
    DECIMAL TINY SHORT LONG FLOAT DOUBLE NULL TIMESTAMP LONGLONG INT24 DATE TIME DATETIME YEAR NEWDATE
""".split()
HIGH_TYPES = "NEWDECIMAL ENUM SET TINY_BLOB MEDIUM_BLOB LONG_BLOB BLOB VAR_STRING STRING GEOMETRY".split()

ALL = {
    **DECISIONS,
    **PACKETS,
    **BACKENDS,
    **{f"COM_{name}": number for number, name in enumerate(COMMANDS)},
    **{f"MYSQL_TYPE_{name}": number for number, name in enumerate(LOW_TYPES)},
    "MYSQL_TYPE_BIT": 16,
    **{f"MYSQL_TYPE_{name}": number for number, name in enumerate(HIGH_TYPES, start=246)},
}


@pytest.mark.parametrize("name", ALL)
def test_constant(lua, name):
    assert lua.value(f"proxy.{name}") == ALL[name]


def test_there_is_no_other_number_in_proxy(lua):
    values = lua.values("""
        local names = {}
        for name, value in pairs(proxy) do if type(value) == "number" then names[#names + 1] = name end end
        table.sort(names)
        return table.concat(names, " ")""")
    assert values[0].split() == sorted(ALL)


def test_an_unknown_name_is_nil(lua):
    assert lua.value("proxy.MYSQL_TYPE_VARCHAR") is None
    assert lua.value("proxy.NO_SUCH_NAME") is None
