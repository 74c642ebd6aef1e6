-- Plays a whole server: greets, lets everybody in and answers, well or as badly as a test wants.
-- `fault` is what the test put before this file; a query `SELECT 'fault NAME'` asks for one of the bad answers.

local caps = 0x000fa2ff -- what a server without TLS, compression and EOF's end offers, of 32 bits

local function greeting(version, offered)
  return "\10" .. version .. "\0" .. string.pack("<I4", 99) .. "12345678\0"
    .. string.pack("<I2BI2I2B", offered & 0xffff, 45, 2, offered >> 16, 21) .. ("\0"):rep(10)
    .. "901234567890\0mysql_native_password\0"
end

local GOOD = greeting("5.5.5-10.11.0-script", caps)

local greetings = {
  garbage = "\200\201\202",
  ["protocol 9"] = "\9" .. "3.20\0" .. string.pack("<I4", 7) .. "12345678\0",
  short = GOOD:sub(1, 30),
  ["no end of version"] = "\10" .. ("5"):rep(100),
  long = greeting("5.5.5-10.11.0-" .. ("x"):rep(70000), caps),
  ["only 4.0"] = greeting("4.0.30", 0x2c),
  tls = greeting("5.5.5-10.11.0-script", caps | 0x820),
}

local logins = {
  refused = "\255" .. string.pack("<I2", 1045) .. "#28000Access denied, says the script",
  garbage = "\7\7\7",
  empty = "",
  short = "\0",
  ["cut error"] = "\255\21",
  silence = "\1\3",
}

local COLUMN = "\3def\0\0\0\1a\0\12" .. string.pack("<I2I4BI2Bxx", 45, 9, 253, 0, 0)
local EOF = "\254\0\0\2\0"

local answers = {
  ["early end"] = { "\1", COLUMN, EOF, "\1x", close = true },
  ["no columns"] = { "\3", COLUMN, close = true },
  ["only a count"] = { "\1" },
  ["ok for rows"] = { "\0\0\0\2\0\0\0" },
  ["short ok"] = { "\0" },
  ["error amid rows"] = { "\1", COLUMN, EOF, "\1x", "\255" .. string.pack("<I2", 1317) .. "#70100interrupted" },
  ["error without state"] = { "\255" .. string.pack("<I2", 1105) .. "plain text" },
  ["long value"] = { "\1", COLUMN, EOF, "\200short", EOF },
  ["missing value"] = { "\2", COLUMN, COLUMN, EOF, "\1x", EOF },
  ["empty row"] = { "\1", COLUMN, EOF, "", EOF },
  ["bad column"] = { "\1", "\3de", EOF, "\1x", EOF },
  ["bad count"] = { "\253\255" },
  ["huge count"] = { "\254" .. string.pack("<I8", 1 << 62) },
  ["eof first"] = { EOF },
  ["empty packet"] = { "" },
  ["file wanted"] = { "\251/etc/passwd" },
  ["too much"] = { "\0\0\0\2\0\0\0", "\0\0\0\2\0\0\0", "\1", COLUMN },
}

function connect_server()
  local one = greetings[fault]
  proxy.response = { type = proxy.MYSQLD_PACKET_RAW, packets = { one or GOOD } }
  if fault == "no room" then
    proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errcode = 1040, sqlstate = "08004",
                       errmsg = "no room, says the script" }
  end
  return proxy.PROXY_SEND_RESULT
end

function read_auth()
  local one = logins[fault and fault:match("^login (.*)")]
  if one then
    proxy.response = { type = proxy.MYSQLD_PACKET_RAW, packets = { one } }
  else
    proxy.response = { type = proxy.MYSQLD_PACKET_OK }
  end
  return proxy.PROXY_SEND_RESULT
end

local function table_of(width, length)
  local fields, rows = {}, {}
  for i = 1, width do fields[i] = { name = "c" .. i, type = proxy.MYSQL_TYPE_LONG } end
  for i = 1, length do
    rows[i] = {}
    for j = 1, width do rows[i][j] = i * j end
  end
  return { fields = fields, rows = rows }
end

function read_query(packet)
  local text = packet:sub(2)
  local bad = answers[text:match("^SELECT 'fault (.*)'$")]
  local width, length = text:match("^SELECT (%d+) x (%d+)$")
  if bad then
    proxy.response = { type = proxy.MYSQLD_PACKET_RAW, packets = bad }
    if bad.close then proxy.connection.connection_close = true end
  elseif width then
    proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = table_of(tonumber(width), tonumber(length)) }
  elseif text:match("^SELECT wide value (%d+)$") then
    local value = ("v"):rep(tonumber(text:match("%d+")))
    local set = { fields = { { name = "v" } }, rows = { { value } } }
    proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = set }
  elseif text == "SELECT 1" then
    proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = table_of(1, 1) }
  else
    proxy.response = { type = proxy.MYSQLD_PACKET_OK }
  end
  return proxy.PROXY_SEND_RESULT
end
