-- histogram: counts statements and tables.
--
--   millrace … --proxy-lua-script=Scripts/lib/histogram.lua            or require("histogram")
--
--   SELECT * FROM histogram.queries     query, count, max_query_time, avg_query_time (microseconds to the first packet)
--   SELECT * FROM histogram.tables      table, reads, writes
--   DELETE FROM histogram.queries       starts anew; the same with histogram.tables
--
-- Statements that differ in their values only count as one. Each loop counts for itself: use --event-threads=1, or add
-- up. The data is in proxy.global.histogram.
--
-- Settings: proxy.global.config.histogram
--   collect_queries   true    count statements
--   collect_tables    true    count tables
--   max_statement     4096    longer statements (also those of over 1000 tokens) count under their first word
--   max_queries       1000    keep so many statements and so many tables: those used last

local answer = require("proxy.answer")
local journal = require("proxy.journal")
local lru = require("proxy.lru")
local parser = require("proxy.parser")
local tokenizer = require("proxy.tokenizer")

local most_tokens = 1000

local settings = require("proxy.settings").of("histogram", {
  collect_queries = true, collect_tables = true, max_statement = 4096, max_queries = 1000 })

proxy.global.histogram = proxy.global.histogram
  or { queries = lru.new(settings.max_queries), tables = lru.new(settings.max_queries) }
local collected = proxy.global.histogram

local function rows_by_count(seen, count, row)
  local order = {}
  for key, value in seen:pairs() do order[#order + 1] = { count = count(value), row = row(key, value) } end
  table.sort(order, function(a, b) return a.count > b.count end)
  local rows = {}
  for i, entry in ipairs(order) do rows[i] = entry.row end
  return rows
end

local function list_queries()
  local rows = rows_by_count(collected.queries, function(entry) return entry.count end, function(query, entry)
    return { query, entry.count, entry.most, entry.sum // entry.count }
  end)
  local number = answer.number
  return answer.rows({ "query", number("count"), number("max_query_time"), number("avg_query_time") }, rows)
end

local function list_tables()
  local rows = rows_by_count(collected.tables, function(entry) return entry.reads + entry.writes end,
    function(name, entry) return { name, entry.reads, entry.writes } end)
  return answer.rows({ "table", answer.number("reads"), answer.number("writes") }, rows)
end

local function reset(seen)
  local count = #seen
  seen:clear()
  return answer.ok(count)
end

local own_statements = {
  ["SELECT * FROM histogram.queries"] = list_queries,
  ["SELECT * FROM histogram.tables"] = list_tables,
  ["DELETE FROM histogram.queries"] = function() return reset(collected.queries) end,
  ["DELETE FROM histogram.tables"] = function() return reset(collected.tables) end,
}

function read_query(packet)
  if packet:byte() ~= proxy.COM_QUERY then return end
  if #packet < 200 and packet:lower():find("from histogram.", 1, true) then
    for text, run in pairs(own_statements) do
      if answer.asks(packet, text) then return run() end
    end
  end
  local mine = journal.client("histogram")
  mine.sql, mine.length = packet:sub(2, settings.max_statement + 1), #packet - 1
  proxy.queries:append(1, packet)
  return proxy.PROXY_SEND_QUERY
end

local function count_query(query, time)
  local entry = collected.queries:get(query)
  if not entry then
    entry = { count = 0, most = 0, sum = 0 }
    collected.queries:set(query, entry)
  end
  entry.count, entry.sum, entry.most = entry.count + 1, entry.sum + time, math.max(entry.most, time)
end

local function count_table(name, access)
  local entry = collected.tables:get(name)
  if not entry then
    entry = { reads = 0, writes = 0 }
    collected.tables:set(name, entry)
  end
  local counter = access == "write" and "writes" or "reads"
  entry[counter] = entry[counter] + 1
end

-- The tokens of a statement; nil of one that would take too long.
local function short_tokens(mine)
  if mine.length > settings.max_statement then return nil end
  local tokens = tokenizer.tokenize(mine.sql)
  return #tokens <= most_tokens and tokens or nil
end

function read_query_result(inj)
  local mine = journal.client("histogram")
  local sql, tokens = mine.sql, short_tokens(mine)
  if not tokens then
    if settings.collect_queries then
      count_query((sql:match("^%s*(%a+)") or "?"):upper() .. " (long)", inj.query_time)
    end
    return
  end
  if settings.collect_queries then count_query(tokenizer.normalize(tokens), inj.query_time) end
  if settings.collect_tables then
    for name, access in pairs(parser.get_tables(tokens)) do count_table(name, access) end
  end
end
