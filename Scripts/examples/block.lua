-- block: refuses statements that begin with certain words, before they reach the server.
--
--   $ millrace -s $PWD/Scripts/examples/block.lua
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p test
--   > CREATE OR REPLACE TABLE kept (id INT);
--   > drop table kept;
--   ERROR 1142 (42000): DROP is not allowed here
--   > Truncate kept;
--   ERROR 1142 (42000): TRUNCATE is not allowed here
--   > SELECT 'DROP';
--   DROP
--
-- It looks at the first word only: a guard against slips, not against somebody who wants to get past it. It looks at
-- what is prepared as well.

local BLOCKED = { DROP = true, TRUNCATE = true, SHUTDOWN = true }
local LOOKED_AT = { [proxy.COM_QUERY] = true, [proxy.COM_STMT_PREPARE] = true }

-- The statement's first word in capitals, behind blanks and comments.
local function first_word(sql)
  local rest = sql
  repeat
    local before = rest
    rest = rest:gsub("^%s+", ""):gsub("^/%*[^!].-%*/", ""):gsub("^%-%-%s[^\n]*", ""):gsub("^#[^\n]*", "")
  until rest == before
  return (rest:match("^%a+") or ""):upper()
end

function read_query(packet)
  if not LOOKED_AT[packet:byte()] then return end

  -- The first 1,000 bytes are enough, and a statement of 16 MB isn't copied.
  local word = first_word(packet:sub(2, 1001))
  if not BLOCKED[word] then return end

  proxy.response = {
    type = proxy.MYSQLD_PACKET_ERR,
    errmsg = word .. " is not allowed here",
    errcode = 1142,
    sqlstate = "42000",
  }
  return proxy.PROXY_SEND_RESULT
end
