-- rewrite: changes statements on their way to the server, and says so in the log.
--
--   $ millrace -s $PWD/Scripts/examples/rewrite.lua
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p test
--   > CREATE OR REPLACE TABLE customers (name TEXT);
--   > INSERT INTO customers VALUES ('ada'), ('grace'), ('joan');
--   > SELECT name FROM clients LIMIT 2;
--   ada
--   grace
--   > SLECT 1;
--   1
--   log: rewritten: SELECT name FROM customers LIMIT 2

local log = require("chassis").message

-- What to look for, as a Lua pattern, and what to put there. %f[%w] is the edge of a word.
local RULES = {
  { "^SLECT ", "SELECT " },
  { "%f[%w]clients%f[%W]", "customers" },
}

function read_query(packet)
  -- Patterns in a statement of megabytes would take their time; this one goes on as it is.
  if packet:byte() ~= proxy.COM_QUERY or #packet > 10000 then return end

  local sql = packet:sub(2)
  local changed = sql
  for _, rule in ipairs(RULES) do changed = changed:gsub(rule[1], rule[2]) end
  if changed == sql then return end

  log("rewritten: " .. changed)
  proxy.queries:append(1, string.char(proxy.COM_QUERY) .. changed)
  return proxy.PROXY_SEND_QUERY
end
