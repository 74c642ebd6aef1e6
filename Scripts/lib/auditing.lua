-- auditing: prints who logs in and out, and every statement with its outcome.
--
--   millrace … --proxy-lua-script=Scripts/lib/auditing.lua             or require("auditing")
--
--   2026-11-21 10:00:00 [1 app@127.0.0.1:50000] login accepted, schema shop
--   2026-11-21 10:00:01 [1 app@127.0.0.1:50000] 0.8 ms, 3 rows, backend 1: [COM_QUERY] SELECT * FROM fruit
--   2026-11-21 10:00:02 [1 app@127.0.0.1:50000] left
--
-- The values of statements that set passwords aren't printed. Results are passed on as they come, unread.
--
-- Settings: proxy.global.config.auditing
--   log_queries   true   print statements, not only logins
--   max_query     1000   print so many bytes of a statement

local commands = require("proxy.commands")
local journal = require("proxy.journal")
local tokenizer = require("proxy.tokenizer")

local most_bytes = 4096

local settings = require("proxy.settings").of("auditing", { log_queries = true, max_query = 1000 })

-- A statement with a password is printed without its values.
local function without_secrets(sql)
  local upper = sql:upper()
  if not upper:find("IDENTIFIED", 1, true) and not upper:find("PASSWORD", 1, true) then return sql end
  return tokenizer.normalize(tokenizer.tokenize(sql))
end

-- No more of a long packet is looked at than is printed; a secret that is cut off is a string all the same.
local function described(packet)
  local cmd = commands.parse(packet, math.min(settings.max_query, most_bytes) + 1)
  if cmd.query then cmd.query = without_secrets(cmd.query) end
  return commands.pretty_print(cmd)
end

function read_auth_result(auth)
  local first = auth.packet:byte()
  local schema = proxy.connection.client.default_db or ""
  if first == proxy.MYSQLD_PACKET_OK then
    journal.print("login accepted" .. (schema ~= "" and ", schema " .. schema or ""))
  elseif first == proxy.MYSQLD_PACKET_ERR then
    journal.print("login refused")
  end
end

-- The outcome of these is seen; of the others, the wish is printed.
local awaited = { COM_QUERY = true, COM_STMT_PREPARE = true, COM_STMT_EXECUTE = true, COM_INIT_DB = true }

function read_query(packet)
  if not settings.log_queries or packet:byte() == proxy.COM_QUIT then return end
  if not awaited[commands.parse(packet, 1).type_name] then
    journal.print(described(packet))
    return
  end
  journal.client("auditing").described = described(packet)
  proxy.queries:append(1, packet)
  return proxy.PROXY_SEND_QUERY
end

local function outcome(set)
  if set.query_status == proxy.MYSQLD_PACKET_ERR then return "failed" end
  if set.affected_rows then return set.affected_rows .. " affected" end
  return set.row_count .. " rows"
end

function read_query_result(inj)
  local statement = journal.client("auditing").described
  journal.print(("%.1f ms, %s, backend %d: %s"):format(
    inj.response_time / 1000, outcome(inj.resultset), proxy.connection.backend_ndx, statement))
end

function disconnect_client()
  journal.print("left")
end
