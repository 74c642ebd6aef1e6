-- admin-sql: protocol commands by statements, to test servers with an ordinary client.
--
--   millrace … --proxy-lua-script=Scripts/lib/admin-sql.lua            or require("admin-sql")
--
--   PING  STATISTICS  PROCINFO  TIME  DEBUG  SETOPT     one command each
--   PROCKILL [id]                                       COM_PROCESS_KILL
--   PREP [statement]  EXEC  FETCH  RESET  DEAL          a prepared statement's life; all but PREP are for the last one
--   FLIST [table]                                       COM_FIELD_LIST
--   REGSLAVE  BINLOGDUMP                                as a replica with the id 4040; events come as they are, which
--                                                       takes a client made for it, and the log's end closes it
--   TDUMP                                               COM_TABLE_DUMP, which servers have dropped
--   COMMIT SUICIDE                                      COM_SHUTDOWN
--
-- With a 1 behind it (PREP1, EXEC1, FLIST1, …; TDUMP2 too) a command is sent cut short, to see how the server takes it.
-- An OK, an EOF and an ERR are answered as they are; other answers as a result set. Not for production: any client
-- could stop the server. There are no settings.

local answer = require("proxy.answer")
local journal = require("proxy.journal")

local server_id = 4040
local ANSWER, QUIET = 1, 2

local function short_string(text) return string.pack("s1", text) end

-- The payloads behind the command bytes; `mine` is what is known of the client, `rest` what stands behind the word.
local payloads = {
  PING = { "COM_PING" }, STATISTICS = { "COM_STATISTICS" }, PROCINFO = { "COM_PROCESS_INFO" }, TIME = { "COM_TIME" },
  DEBUG = { "COM_DEBUG" },
  -- MYSQL_OPTION_MULTI_STATEMENTS_OFF
  SETOPT = { "COM_SET_OPTION", function() return string.pack("<I2", 1) end },
  PROCKILL = { "COM_PROCESS_KILL", function(_, rest)
    return string.pack("<I4", (math.tointeger(tonumber(rest)) or 0xFFFFFFFF) & 0xFFFFFFFF)
  end },
  PREP = { "COM_STMT_PREPARE", function(_, rest) return rest ~= "" and rest or "SELECT 1" end },
  EXEC = { "COM_STMT_EXECUTE", function(mine) return string.pack("<I4BI4", mine.statement or 1, 0, 1) end },
  FETCH = { "COM_STMT_FETCH", function(mine) return string.pack("<I4I4", mine.statement or 1, 128) end },
  RESET = { "COM_STMT_RESET", function(mine) return string.pack("<I4", mine.statement or 1) end },
  DEAL = { "COM_STMT_CLOSE", function(mine) return string.pack("<I4", mine.statement or 1) end },
  FLIST = { "COM_FIELD_LIST", function(_, rest) return (rest ~= "" and rest or "t1") .. "\0" end },
  REGSLAVE = { "COM_REGISTER_SLAVE", function()
    return string.pack("<I4", server_id) .. short_string("") .. short_string("") .. short_string("")
      .. string.pack("<I2I4I4", 0, 0, 0)
  end },
  -- From the first event, and an EOF at the end instead of waiting for more.
  BINLOGDUMP = { "COM_BINLOG_DUMP", function() return string.pack("<I4I2I4", 4, 1, server_id) end },
  TDUMP = { "COM_TABLE_DUMP", function() return short_string("test") .. short_string("t1") end },
}

local function statement_of(packet)
  if packet:byte() ~= proxy.COM_QUERY or #packet > 10000 then return nil end
  local sql = packet:sub(2):gsub("[%s;]+$", "")
  if sql:upper():find("^%s*COMMIT%s+SUICIDE$") then return "SUICIDE", "", "" end
  local word, short, rest = sql:match("^%s*(%a+)([12]?)%s*(.*)$")
  return word and word:upper(), short, rest
end

-- A dump isn't kept: it may be long.
local function send(payload)
  proxy.queries:append(ANSWER, payload, { resultset_is_needed = payload:byte() ~= proxy.COM_BINLOG_DUMP })
  return proxy.PROXY_SEND_QUERY
end

-- A closed statement has no answer, so the client gets that of a ping.
local function close(payload)
  proxy.queries:append(QUIET, payload, { resultset_is_needed = true })
  return send(string.char(proxy.COM_PING))
end

function read_query(packet)
  local word, short, rest = statement_of(packet)
  if word == "SUICIDE" then return send(string.char(proxy.COM_SHUTDOWN, 0)) end
  local known = word and payloads[word]
  -- COMMIT, RESET QUERY CACHE, PREPARE … and the like are the server's.
  if not known or (rest ~= "" and word ~= "PREP" and word ~= "FLIST" and word ~= "PROCKILL") then return end
  if short ~= "" and not known[2] or short == "2" and word ~= "TDUMP" then return end
  local mine = journal.client("admin-sql")
  local body = known[2] and known[2](mine, rest) or ""
  if short == "1" then body = body:sub(1, #body // 2) elseif short == "2" then body = "" end
  local payload = string.char(proxy[known[1]]) .. body
  mine.command = known[1]
  return (word == "DEAL" and close or send)(payload)
end

local function printable(bytes)
  if not bytes:find("[%c\127-\255]") then return bytes end
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local function prepared(raw, mine)
  local statement, columns, parameters, _, warnings = string.unpack("<I4I2I2BI2", raw, 2)
  mine.statement = statement
  local number = answer.number
  return answer.rows({ number("stmt_id"), number("num_columns"), number("num_params"), number("warnings") },
    { { statement, columns, parameters, warnings } })
end

-- The names in a column's definition, which are shorter than 251 bytes.
local function first_field(raw)
  local at, names, ok = 1, {}, nil
  for i = 1, 5 do
    ok, names[i], at = pcall(string.unpack, "s1", raw, at)
    if not ok then return answer.rows({ "first_field" }, {}) end
  end
  return answer.rows({ "first_field", "table" }, { { names[5], names[2] .. "." .. names[3] } })
end

function read_query_result(inj)
  if inj.id == QUIET then return proxy.PROXY_IGNORE_RESULT end
  if inj.query:byte() == proxy.COM_BINLOG_DUMP then return end
  local mine, raw = journal.client("admin-sql"), inj.resultset.raw
  local first = raw:byte()
  if first == proxy.MYSQLD_PACKET_ERR or mine.command == "COM_PROCESS_INFO" then return end
  if mine.command == "COM_STMT_PREPARE" and #raw >= 12 then return prepared(raw, mine) end
  if mine.command == "COM_FIELD_LIST" then return first_field(raw) end
  if mine.command == "COM_STATISTICS" then return answer.rows({ "statistics" }, { { raw } }) end
  if first ~= proxy.MYSQLD_PACKET_OK and first ~= proxy.MYSQLD_PACKET_EOF then
    return answer.rows({ "first_packet", answer.number("rows"), answer.number("bytes") },
      { { printable(raw:sub(1, 200)), inj.resultset.row_count, inj.resultset.bytes } })
  end
  return answer.ok()
end
