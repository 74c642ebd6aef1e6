-- throttle-a-user: lets a user send so many statements in ten seconds, over all connections and event threads.
--
--   $ millrace -s $PWD/Scripts/examples/throttle-a-user.lua
--   $ mariadb -sN -h127.0.0.1 -P4040 -uother -p
--   > SELECT 1; SELECT 2; SELECT 3; SELECT 4; SELECT 5; SELECT 6;
--   1
--   2
--   3
--   4
--   5
--   ERROR 1226 (42000): User 'other' has sent more than 5 statements in 10 seconds
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p
--   > SELECT 1; SELECT 2; SELECT 3; SELECT 4; SELECT 5; SELECT 6;
--   1
--   2
--   3
--   4
--   5
--   6
--
-- `other` may go on when the ten seconds are over. A script can't make a client wait: it can only refuse.

local LIMITS = { other = 5 }
local SECONDS = 10

function read_query(packet)
  local user = proxy.connection.client.username
  local limit = LIMITS[user]
  -- The mariadb client asks for a comment when it starts at a terminal.
  if not limit or packet:byte() == proxy.COM_QUIT or packet:find("@@version_comment", 1, true) then return end

  -- The first incr makes the counter, which ends after SECONDS; proxy.shared is the same in all event threads.
  if proxy.shared.incr("statements of " .. user, 1, 0, SECONDS) <= limit then return end

  proxy.response = {
    type = proxy.MYSQLD_PACKET_ERR,
    errmsg = ("User '%s' has sent more than %d statements in %d seconds"):format(user, limit, SECONDS),
    errcode = 1226,
    sqlstate = "42000",
  }
  return proxy.PROXY_SEND_RESULT
end
