-- active-queries: prints the statements that are running, whenever one begins or ends.
--
--   millrace … --proxy-lua-script=Scripts/lib/active-queries.lua       or require("active-queries")
--
-- Any client can ask: SELECT * FROM proxy.active_queries
--   client, user, schema, seconds, query              of the clients of its own loop; with --event-threads=1 of all
--
-- Settings: proxy.global.config.active_queries
--   print         true   print the list; false leaves the statement above
--   max_query     200    keep so many bytes of a statement
--   min_seconds   0      print only statements that have been running for so long

local answer = require("proxy.answer")
local commands = require("proxy.commands")
local journal = require("proxy.journal")
local lru = require("proxy.lru")

local settings = require("proxy.settings").of("active_queries", { print = true, max_query = 200, min_seconds = 0 })

-- By client number; a client that leaves takes its entry along.
proxy.global.active_queries = proxy.global.active_queries or lru.new(10000)
local running = proxy.global.active_queries

local function print_running()
  if not settings.print then return end
  local lines, now = {}, os.time()
  for client, entry in running:pairs() do
    if now - entry.since >= settings.min_seconds then
      lines[#lines + 1] = ("  [%d %s] %d s: %s"):format(client, entry.user, now - entry.since, entry.query)
    end
    if #lines == 100 then break end
  end
  io.stdout:write(("%s %d running\n"):format(os.date("%Y-%m-%d %H:%M:%S"), #running))
  if #lines > 0 then io.stdout:write(table.concat(lines, "\n"), "\n") end
  io.stdout:flush()
end

local function list()
  local rows, now = {}, os.time()
  for client, entry in running:pairs() do
    rows[#rows + 1] = { client, entry.user, entry.schema, now - entry.since, entry.query }
  end
  return answer.rows({ answer.number("client"), "user", "schema", answer.number("seconds"), "query" }, rows)
end

function read_query(packet)
  if answer.asks(packet, "SELECT * FROM proxy.active_queries") then return list() end
  local command = packet:byte()
  if command ~= proxy.COM_QUERY and command ~= proxy.COM_STMT_EXECUTE then return end
  running:set(journal.number(), {
    user = commands.one_line(journal.who()), schema = proxy.connection.client.default_db or "", since = os.time(),
    query = commands.pretty_print(commands.parse(packet, settings.max_query + 1)),
  })
  print_running()
  proxy.queries:append(1, packet)
  return proxy.PROXY_SEND_QUERY
end

function read_query_result()
  running:remove(journal.number())
  print_running()
end

function disconnect_client()
  running:remove(journal.number())
end
