-- analyze-query: statistics of statements, and a look at those that are slower than their kind.
--
--   millrace … --proxy-lua-script=Scripts/lib/analyze-query.lua        or require("analyze-query")
--
--   SELECT * FROM histogram.queries     query, count, max_query_time, avg_query_time, stddev (microseconds)
--   DELETE FROM histogram.queries       starts anew
--
-- A statement is slow when it takes min_query_time, and more than the average of its kind by five standard deviations.
-- A kind is what is left of a statement without its values; it is judged after min_queries of them. What is printed
-- goes to the standard output. Each loop has statistics of its own, in proxy.global.analyze_query.
--
-- Settings: proxy.global.config.analyze_query; also by the statements of proxy.auto-config, as in
-- PROXY SET GLOBAL analyze_query.auto_explain = true
--   analyze_queries    true    collect
--   min_queries        100     judge a kind after so many
--   min_query_time     1000    never call a statement slow that took less, in microseconds
--   query_cutoff       160     print so many bytes of a statement; 0 for all
--   log_slower_queries true    print slow statements
--   auto_explain       false   print the EXPLAIN of a slow SELECT
--   auto_processlist   false   print the process list after a slow statement
--   max_queries        1000    keep so many kinds: those used last

local answer = require("proxy.answer")
local auto_config = require("proxy.auto-config")
local commands = require("proxy.commands")
local journal = require("proxy.journal")
local lru = require("proxy.lru")
local tokenizer = require("proxy.tokenizer")

local CLIENT, EXPLAIN, PROCESSLIST = 1, 2, 3
-- Longer ones would take too long to be cut into tokens; they count under their first word.
local most_bytes, most_tokens = 4096, 1000

local settings = require("proxy.settings").of("analyze_query", {
  analyze_queries = true, min_queries = 100, min_query_time = 1000, query_cutoff = 160, log_slower_queries = true,
  auto_explain = false, auto_processlist = false, max_queries = 1000,
})

proxy.global.analyze_query = proxy.global.analyze_query or lru.new(settings.max_queries)
local kinds = proxy.global.analyze_query

local function deviation(kind)
  return kind.count > 1 and math.sqrt(kind.squares / (kind.count - 1)) or 0
end

-- Welford's way: one pass, no large sums.
local function count(kind, time)
  kind.count = kind.count + 1
  local difference = time - kind.average
  kind.average = kind.average + difference / kind.count
  kind.squares = kind.squares + difference * (time - kind.average)
  kind.most = math.max(kind.most, time)
end

local function kind_of(sql, length)
  local tokens = length <= most_bytes and tokenizer.tokenize(sql)
  local name
  if tokens and #tokens <= most_tokens then
    name = tokenizer.normalize(tokens)
  else
    name = (sql:match("^%s*(%a+)") or "?"):upper() .. " (long)"
  end
  local kind = kinds:get(name)
  if not kind then
    kind = { count = 0, average = 0, squares = 0, most = 0 }
    kinds:set(name, kind)
  end
  return kind
end

local function list()
  local rows = {}
  for name, kind in kinds:pairs() do
    rows[#rows + 1] = { name, kind.count, kind.most, kind.average // 1 | 0, deviation(kind) // 1 | 0 }
  end
  local number = answer.number
  return answer.rows(
    { "query", number("count"), number("max_query_time"), number("avg_query_time"), number("stddev") }, rows)
end

function read_query(packet)
  if packet:byte() ~= proxy.COM_QUERY then return end
  local cmd = commands.parse(packet, most_bytes)
  local decision = auto_config.handle(cmd)
  if decision then return decision end
  if answer.asks(packet, "SELECT * FROM histogram.queries") then return list() end
  if answer.asks(packet, "DELETE FROM histogram.queries") then
    local removed = #kinds
    kinds:clear()
    return answer.ok(removed)
  end
  if not settings.analyze_queries then return end
  local mine = journal.client("analyze-query")
  mine.sql, mine.length = packet:sub(2, most_bytes + 1), #packet - 1
  proxy.queries:append(CLIENT, packet)
  return proxy.PROXY_SEND_QUERY
end

local function shown(sql)
  return commands.one_line(sql, settings.query_cutoff > 0 and settings.query_cutoff or nil)
end

local function report(mine, kind, time)
  local sql = mine.sql
  if settings.log_slower_queries then
    journal.print(("slow: %d us, of %d like it %.0f us on average, deviation %.0f us: %s"):format(
      time, kind.count, kind.average, deviation(kind), shown(sql)))
  end
  local needed = { resultset_is_needed = true }
  local query = string.char(proxy.COM_QUERY)
  if settings.auto_explain and mine.length <= most_bytes and sql:find("^%s*[Ss][Ee][Ll][Ee][Cc][Tt]") then
    proxy.queries:append(EXPLAIN, query .. "EXPLAIN " .. sql, needed)
  end
  if settings.auto_processlist then proxy.queries:append(PROCESSLIST, query .. "SHOW FULL PROCESSLIST", needed) end
end

-- What was asked for besides: printed, not sent on.
local function print_rows(set)
  local fields, rows = set.fields, set.rows
  for row in rows or function() end do
    local parts = {}
    for i = 1, #fields do parts[i] = fields[i].name .. "=" .. commands.one_line(row[i] or "NULL", 200) end
    journal.print("  " .. table.concat(parts, " "))
  end
end

function read_query_result(inj)
  if inj.id ~= CLIENT then
    print_rows(inj.resultset)
    return proxy.PROXY_IGNORE_RESULT
  end
  local mine, time = journal.client("analyze-query"), inj.response_time
  local kind = kind_of(mine.sql, mine.length)
  local is_slow = kind.count >= settings.min_queries and time >= settings.min_query_time
    and time > kind.average + 5 * deviation(kind)
  count(kind, time)
  if is_slow then report(mine, kind, time) end
end
