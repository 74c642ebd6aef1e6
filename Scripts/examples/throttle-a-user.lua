-- throttle-a-user: lets a user send so many statements a second, counted over all connections and event threads.
--
--   $ millrace -s $PWD/Scripts/examples/throttle-a-user.lua
--   $ mariadb -sN -h127.0.0.1 -P4040 -uother -p
--   > SELECT 1;
--   1
--   > SELECT 2;
--   2
--   > SELECT 3;
--   3
--   > SELECT 4;
--   ERROR 1226 (42000): User 'other' has sent more than 3 statements in this second
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p
--   > SELECT 1; SELECT 2; SELECT 3; SELECT 4;
--   1
--   2
--   3
--   4
--
-- `other` may go on a second later. A script can't make a client wait: it can only refuse.

local LIMITS = { other = 3 }

function read_query(packet)
  local user = proxy.connection.client.username
  local limit = LIMITS[user]
  if not limit or packet:byte() == proxy.COM_QUIT then return end

  -- The first incr makes the counter, which ends a second later; proxy.shared is the same in all event threads.
  if proxy.shared.incr("statements of " .. user, 1, 0, 1) <= limit then return end

  proxy.response = {
    type = proxy.MYSQLD_PACKET_ERR,
    errmsg = ("User '%s' has sent more than %d statements in this second"):format(user, limit),
    errcode = 1226,
    sqlstate = "42000",
  }
  return proxy.PROXY_SEND_RESULT
end
