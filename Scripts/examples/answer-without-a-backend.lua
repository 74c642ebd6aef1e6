-- answer-without-a-backend: plays a whole server; no MySQL or MariaDB is needed.
--
--   $ millrace -s $PWD/Scripts/examples/answer-without-a-backend.lua
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p
--   > SELECT clock;
--   20…
--   > SELECT 1;
--   ERROR 1064 (42000): this server knows SELECT clock only

local proto = require("mysql.proto")

-- 45 is utf8mb4; the capabilities are the usual ones, without TLS and compression.
local GREETING = proto.to_challenge_packet({ server_version = 50099, charset = 45, capabilities = 0x0000a28d })

function connect_server()
  proxy.response = { type = proxy.MYSQLD_PACKET_RAW, packets = { GREETING } }
  return proxy.PROXY_SEND_RESULT
end

-- Everybody may come in; answer MYSQLD_PACKET_ERR to refuse somebody.
function read_auth()
  proxy.response = { type = proxy.MYSQLD_PACKET_OK }
  return proxy.PROXY_SEND_RESULT
end

function read_query(packet)
  if packet:byte() == proxy.COM_QUERY and packet:sub(2):lower() == "select clock" then
    proxy.response = {
      type = proxy.MYSQLD_PACKET_OK,
      resultset = { fields = { { name = "clock" } }, rows = { { os.date("%Y-%m-%d %H:%M:%S") } } },
    }
  elseif packet:byte() == proxy.COM_QUERY and packet:sub(2, 7):lower() == "select" then
    proxy.response = {
      type = proxy.MYSQLD_PACKET_ERR, errcode = 1064, sqlstate = "42000",
      errmsg = "this server knows SELECT clock only",
    }
  else
    -- Drivers set their character set, ask whether the server is there, and quit.
    proxy.response = { type = proxy.MYSQLD_PACKET_OK }
  end
  return proxy.PROXY_SEND_RESULT
end
