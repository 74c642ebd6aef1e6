-- shadow-a-query: runs a new version of a statement behind the old one, and logs where their results differ.
--
--   $ millrace -s $PWD/Scripts/examples/shadow-a-query.lua
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p test
--   > CREATE OR REPLACE TABLE old_prices (item TEXT, price INT); INSERT INTO old_prices VALUES ('a', 1), ('b', 2);
--   > CREATE OR REPLACE TABLE new_prices (item TEXT, price INT); INSERT INTO new_prices VALUES ('a', 1), ('b', 3);
--   > SELECT price FROM old_prices WHERE item = 'a';
--   1
--   > SELECT price FROM old_prices WHERE item = 'b';
--   2
--   > DO 'the next one';
--   log: shadow differs: SELECT price FROM old_prices WHERE item = 'b': 1 rows before, 1 rows now
--
-- The client gets the old statement's result at once; its next statement waits until the shadow is through.

local log = require("chassis").warning
local OLD, NEW = 1, 2

local function shadow_of(sql)
  if sql:sub(1, 7):upper() == "SELECT " and #sql < 10000 then
    local changed, count = sql:gsub("%f[%w_]old_prices%f[^%w_]", "new_prices")
    return count > 0 and changed or nil
  end
end

function read_query(packet)
  local shadow = packet:byte() == proxy.COM_QUERY and shadow_of(packet:sub(2))
  if not shadow then return end
  proxy.queries:append(OLD, packet, { resultset_is_needed = true })
  proxy.queries:append(NEW, string.char(proxy.COM_QUERY) .. shadow, { resultset_is_needed = true })
  return proxy.PROXY_SEND_QUERY
end

-- All values in one string; nil for an error.
local function contents(resultset)
  if not resultset.rows then return nil end
  local rows = {}
  for row in resultset.rows do
    for i = 1, #resultset.fields do row[i] = row[i] or "NULL" end
    rows[#rows + 1] = table.concat(row, "\0")
  end
  return table.concat(rows, "\1")
end

local old = {}

function read_query_result(inj)
  if inj.id == OLD then
    old = { query = inj.query:sub(2), contents = contents(inj.resultset), rows = inj.resultset.row_count }
  elseif contents(inj.resultset) ~= old.contents then
    log(("shadow differs: %s: %d rows before, %d rows now"):format(old.query, old.rows, inj.resultset.row_count))
  end
  if inj.id == NEW then return proxy.PROXY_IGNORE_RESULT end
end
