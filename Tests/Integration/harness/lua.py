"""Scripts before a database: what they say, and a console that runs Lua inside a hook."""

import pymysql

# On the script's first line, so that its line numbers stay right. Standard error isn't buffered.
SAY = (
    'local function say(...) local t = table.pack(...) for i = 1, t.n do t[i] = tostring(t[i]) end '
    'io.stderr:write("SAY ", table.concat(t, "|"), "\\n") end '
)

# Answers `LUA code` with what the code returns, one column a value: its type and its text.
CONSOLE = """
    function read_query(packet)
      local code = packet:match("^\\3LUA (.*)")
      if not code then return end
      local chunk = assert(load(code, "=console", "t", _ENV))
      local done = table.pack(pcall(chunk))
      if not done[1] then
        proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = tostring(done[2]), errcode = 1105 }
        return proxy.PROXY_SEND_RESULT
      end
      local rows = {}
      for i = 2, done.n do rows[i - 1] = { type(done[i]), tostring(done[i]) } end
      proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = {
        fields = { { name = "type" }, { name = "value" } }, rows = rows } }
      return proxy.PROXY_SEND_RESULT
    end
"""


def connected(proxy, **options):
    """A driver's connection through the proxy."""
    usual = {"charset": "utf8mb4", "autocommit": True, "connect_timeout": 20, "read_timeout": 60}
    return pymysql.connect(**{**proxy.target.python_options, **usual, **options})


def rows(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def said(proxy):
    """What the script has said to its clients so far; its trial at the start isn't one."""
    after = proxy.output.partition("is ready as process")[2]
    return [line[4:] for line in after.splitlines() if line.startswith("SAY ")]


class Console:
    """Runs Lua in the read_query of a connection of its own."""

    def __init__(self, proxy, **options):
        self.connection = connected(proxy, **options)

    def values(self, code):
        """What the code returns, as Python values; tables and objects as their type's name."""
        return [_value(*row) for row in rows(self.connection, f"LUA {code}")]

    def value(self, expression):
        """The one value of an expression."""
        (value,) = self.values(f"return {expression}")
        return value

    def error(self, code):
        """The message of the error that the code ends with."""
        try:
            values = self.values(code)
        except pymysql.Error as error:
            return error.args[1]
        raise AssertionError(f"no error, but {values}: {code}")

    def close(self):
        self.connection.close()


def _value(kind, text):
    match kind:
        case "nil": return None
        case "boolean": return text == "true"
        case "number": return float(text) if any(c in text for c in ".en") else int(text)
        case "string": return text
        case _: return kind
