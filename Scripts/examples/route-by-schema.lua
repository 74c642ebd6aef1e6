-- route-by-schema: sends a client's statements to the backend at which its current schema is at home.
--
--   $ millrace -s $PWD/Scripts/examples/route-by-schema.lua --event-threads=1 \
--       --proxy-backend-addresses=127.0.0.1:3306,127.0.0.1:3307
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p -e "DO 'a login at the first one'"
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p -e "DO 'a login at the second one'"
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p test
--   > SELECT DATABASE(), @@port;
--   test	3306
--   > USE mysql;
--   > SELECT DATABASE(), @@port;
--   mysql	3307
--   > USE test;
--   > SELECT DATABASE(), @@port;
--   test	3306
--
-- Both servers have all schemas, empty or as replicas: a client is led to the other one behind its USE. Tables that a
-- statement names with their schema don't count. Between statements connections are parked: see read-write-split.

-- Where schemas are at home; all others are at the first backend.
local HOME = { mysql = 2 }

local in_transaction = false

-- 0 parks the connection, another number takes one that is parked; what can't be parked stays.
local function switch(to)
  pcall(function() proxy.connection.backend_ndx = to end)
  return proxy.connection.backend_ndx == to
end

function connect_server()
  -- The schema isn't known before the login: connections to both are opened in turn.
  proxy.global.logins = (proxy.global.logins or 0) + 1
  proxy.connection.backend_ndx = 2 - proxy.global.logins % 2
end

function read_auth_result(auth)
  if auth.packet:byte() == proxy.MYSQLD_PACKET_OK then switch(0) end
end

function read_query(packet)
  if packet:byte() == proxy.COM_QUIT then return end

  local home = HOME[proxy.connection.client.default_db] or 1
  if not in_transaction and not switch(home) then
    proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = "no connection is free", errcode = 1040 }
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
