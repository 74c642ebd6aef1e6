-- read-write-split: sends SELECTs outside of transactions to the second backend, and everything else to the first.
--
--   $ millrace -s $PWD/Scripts/examples/read-write-split.lua --event-threads=1 \
--       --proxy-backend-addresses=127.0.0.1:3306 --proxy-read-only-backend-addresses=127.0.0.1:3307
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p -e "DO 'a login at the first one'"
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p -e "DO 'a login at the second one'"
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p
--   > SELECT @@port;
--   3307
--   > BEGIN;
--   > SELECT @@port;
--   3306
--   > COMMIT;
--   > SELECT @@port;
--   3307
--
-- Clients log in at both in turn. Between statements connections are parked, and clients of the same user share them:
-- what one sets (@a, temporary tables) may be gone. Scripts/lib/rw-splitting.lua lets such clients keep theirs.

local WRITER, READER, in_transaction = 1, 2, false

function connect_server()
  proxy.global.logins = (proxy.global.logins or 0) + 1
  proxy.connection.backend_ndx = proxy.global.logins % 2 == 1 and WRITER or READER
end

-- 0 parks the connection, another number takes one; what can't be parked (it has prepared statements, say) stays.
local function switch(to)
  pcall(function() proxy.connection.backend_ndx = to end)
  return proxy.connection.backend_ndx == to
end

function read_auth_result(auth)
  if auth.packet:byte() == proxy.MYSQLD_PACKET_OK then switch(0) end
end

-- What locks, writes a file, or uses what the session has at the writer, is no read.
local function is_read(packet)
  local sql = packet:sub(1, 10000):upper()
  return sql:find("^\3%s*SELECT%s") and not sql:find("[^@]@[%w_`'\"]") and not sql:find("FOR%s+UPDATE")
    and not sql:find("LOCK") and not sql:find("INTO%s") and not sql:find("LAST_INSERT_ID")
end

function read_query(packet)
  if packet:byte() == proxy.COM_QUIT then return end
  if not in_transaction and not (is_read(packet) and switch(READER)) and not switch(WRITER) then
    proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = "no connection to the writer is free", errcode = 1040 }
    return proxy.PROXY_SEND_RESULT
  end
  if packet:byte() ~= proxy.COM_QUERY then return end
  proxy.queries:append(1, packet)
  return proxy.PROXY_SEND_QUERY
end

function read_query_result(inj)
  in_transaction = inj.resultset.flags.in_trans
  if not in_transaction then switch(0) end
end

function disconnect_client() switch(0) end
