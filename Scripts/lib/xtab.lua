-- xtab: cross tables by one statement.
--
--   millrace … --proxy-lua-script=Scripts/lib/xtab.lua                 or require("xtab")
--
--   XTAB sales city product sum amount           a row for each city, a column for each product, sums of amount
--   XTAB sales city product count * summary      … with a total of each row and, as last row, of each column
--   XTAB QUERY, XTAB NOQUERY                     answer the SELECT instead of running it; and back
--   XTAB HELP, XTAB VERSION
--
-- XTAB table row_column col_column operation field [summary]; the operation is count, sum, avg, min or max. The table
-- may be schema.table; names may stand in backticks. Names are quoted, and values are sent in hexadecimal, so that
-- nothing that is stored in a table can get into the statement.
--
-- Settings: proxy.global.config.xtab
--   max_columns   200    refuse larger tables

local answer = require("proxy.answer")
local journal = require("proxy.journal")
local tokenizer = require("proxy.tokenizer")

local VALUES, TABLE = 1, 2
local version = "1.0"
local operations = { COUNT = true, SUM = true, AVG = true, MIN = true, MAX = true }

local settings = require("proxy.settings").of("xtab", { max_columns = 200 })

local usage = {
  { "XTAB table row_column col_column operation field [summary]", "operation: count, sum, avg, min, max" },
  { "XTAB QUERY", "answer the statement instead of its result" },
  { "XTAB NOQUERY", "run the statement" },
  { "XTAB VERSION", "the version" },
  { "XTAB HELP", "this list" },
}

local function quoted(name)
  return "`" .. name:gsub("`", "``") .. "`"
end

-- One argument a name, with its schema before it where it has one.
local function arguments(tokens)
  local found, i = {}, 2
  while i <= #tokens do
    local word = tokenizer.word(tokens[i])
    if tokens[i].token_name == "TK_STAR" then
      found[#found + 1] = { text = "*" }
    elseif word then
      local argument = { text = tokens[i].text, sql = quoted(tokens[i].text) }
      if tokens[i + 1] and tokens[i + 1].token_name == "TK_DOT" and tokens[i + 2] then
        argument.sql = argument.sql .. "." .. quoted(tokens[i + 2].text)
        i = i + 2
      end
      found[#found + 1] = argument
    elseif tokens[i].token_name ~= "TK_SEMICOLON" then
      return nil
    end
    i = i + 1
  end
  return found
end

local function wanted(found)
  if not found or #found < 5 or #found > 6 then return nil, "use XTAB HELP" end
  if found[6] and found[6].text:upper() ~= "SUMMARY" then return nil, "the last word is summary or nothing" end
  local operation = found[4].text:upper()
  if not operations[operation] then return nil, "the operation is count, sum, avg, min or max" end
  local field = found[5].sql
  if not field then
    if operation ~= "COUNT" then return nil, "only count takes *" end
    field = "1"
  end
  for i = 1, 3 do if not found[i].sql then return nil, "use XTAB HELP" end end
  return {
    table = found[1].sql, row = found[2].sql, row_name = found[2].text, column = found[3].sql, operation = operation,
    field = field, has_summary = found[6] ~= nil,
  }
end

local function run(packet, tokens, mine)
  local word = #tokens >= 2 and #tokens <= 3 and tokenizer.word(tokens[2])
  if word == "HELP" then return answer.rows({ "statement", "description" }, usage) end
  if word == "VERSION" then return answer.rows({ "version" }, { { version } }) end
  if word == "QUERY" or word == "NOQUERY" then
    mine.shows_query = word == "QUERY"
    return answer.ok()
  end
  local cross, reason = wanted(arguments(tokens))
  if not cross then return answer.error("(xtab) " .. reason, 1064, "42000") end
  mine.cross = cross
  local sql = ("SELECT DISTINCT %s, HEX(CONVERT(%s USING utf8mb4)) FROM %s ORDER BY 1 LIMIT %d"):format(
    cross.column, cross.column, cross.table, settings.max_columns + 1)
  proxy.queries:append(VALUES, string.char(proxy.COM_QUERY) .. sql, { resultset_is_needed = true })
  return proxy.PROXY_SEND_QUERY
end

function read_query(packet)
  if packet:byte() ~= proxy.COM_QUERY or #packet > 2000 or not packet:find("^.%s*[Xx][Tt][Aa][Bb]%s") then return end
  return run(packet, tokenizer.tokens_without_comments(tokenizer.tokenize(packet:sub(2))), journal.client("xtab"))
end

-- A name within the statement serves for XTAB QUERY only; what bytes beyond ASCII mean depends on the charset.
local function alias(number, value)
  if value:find("^[%w_ .:-]+$") and not value:find("^ ") and not value:find(" $") and #value <= 64 then return value end
  return "column " .. number
end

local function statement(cross, values)
  local parts = { cross.row }
  for i, value in ipairs(values) do
    local condition = cross.column .. " IS NULL"
    if value.hex then
      condition = ("%s = CONVERT(%s USING utf8mb4)"):format(cross.column, value.hex == "" and "''" or "0x" .. value.hex)
    end
    parts[#parts + 1] = ("%s(IF(%s, %s, NULL)) AS %s"):format(
      cross.operation, condition, cross.field, quoted(alias(i, value.name)))
  end
  if cross.has_summary then parts[#parts + 1] = ("%s(%s) AS `total`"):format(cross.operation, cross.field) end
  return ("SELECT %s FROM %s GROUP BY %s%s"):format(
    table.concat(parts, ", "), cross.table, cross.row, cross.has_summary and " WITH ROLLUP" or "")
end

local function values_of(set)
  local values = {}
  for row in set.rows do
    if row[1] ~= nil and row[2] == nil then return nil, "the column's values are no text" end
    values[#values + 1] = { name = row[1] or "NULL", hex = row[2] }
  end
  if #values > settings.max_columns then return nil, ("there are more than %d columns"):format(settings.max_columns) end
  return values
end

local function values_read(inj, mine)
  local values, reason = values_of(inj.resultset)
  if not values then return answer.error("(xtab) " .. reason) end
  local sql = statement(mine.cross, values)
  if mine.shows_query then return answer.rows({ "query" }, { { sql } }) end
  mine.values = values
  proxy.queries:append(TABLE, string.char(proxy.COM_QUERY) .. sql, { resultset_is_needed = true })
  return proxy.PROXY_IGNORE_RESULT
end

-- The columns get the values themselves as names; the last row of a summary is the total.
local function table_read(set, mine)
  local columns, rows = {}, {}
  for i = 1, #set.fields do columns[i] = { name = set.fields[i].name, type = set.fields[i].type } end
  columns[1].name = mine.cross.row_name
  for i, value in ipairs(mine.values) do columns[i + 1].name = value.name end
  for row in set.rows do rows[#rows + 1] = row end
  if mine.cross.has_summary and #rows > 0 and rows[#rows][1] == nil then
    rows[#rows][1] = "total"
    columns[1].type = proxy.MYSQL_TYPE_VAR_STRING
  end
  return answer.rows(columns, rows)
end

function read_query_result(inj)
  if inj.resultset.query_status == proxy.MYSQLD_PACKET_ERR then return end
  local mine = journal.client("xtab")
  if inj.id == VALUES then return values_read(inj, mine) end
  return table_read(inj.resultset, mine)
end
