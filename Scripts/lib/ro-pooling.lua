-- ro-pooling: all statements go to the read-only backends, over a pool of connections that clients share.
--
--   millrace --proxy-backend-addresses=10.0.0.1:3306 --proxy-read-only-backend-addresses=10.0.0.2:3306 \
--     --proxy-read-only-backend-addresses=10.0.0.3:3306 --proxy-lua-script=Scripts/lib/ro-pooling.lua
--
-- For reporting and search: statements are spread over the replicas, each to the one with the fewest running. Clients
-- that leave something on their connection (variables, prepared statements, temporary tables, locks) keep theirs.
-- While no read-only backend is up, the read/write ones are used. What writes is sent to a replica like all the rest,
-- which refuses it by its own read_only setting.
--
-- Settings: proxy.global.config.ropool, see proxy.pooling; also by the statements of proxy.auto-config.

local auto_config = require("proxy.auto-config")
local balance = require("proxy.balance")
local commands = require("proxy.commands")
local pooling = require("proxy.pooling")
local routing = require("proxy.routing")

-- More of a packet isn't copied: whoever sends a longer one keeps the connection.
local most_bytes = 1 << 20

local settings = pooling.settings("ropool")

local free_commands = {
  COM_INIT_DB = true, COM_PING = true, COM_STATISTICS = true, COM_FIELD_LIST = true, COM_PROCESS_INFO = true,
  COM_PROCESS_KILL = true, COM_REFRESH = true, COM_DEBUG = true, COM_TIME = true,
}
local passed_on = {
  COM_STMT_CLOSE = true, COM_STMT_SEND_LONG_DATA = true, COM_CHANGE_USER = true, COM_BINLOG_DUMP = true,
}

function connect_server()
  return pooling.connect(settings, proxy.BACKEND_TYPE_RO)
end

function read_auth_result(auth)
  pooling.logged_in(settings, auth)
end

local function classified(cmd)
  if cmd.type == proxy.COM_QUERY then return routing.classify(cmd.query, cmd.is_cut) end
  return { target = "last", pins = not free_commands[cmd.type_name] and cmd.type_name or nil }
end

-- Sees to it that the client has a connection for the statement; false where there is none.
local function place(client, statement)
  local attached = pooling.attached()
  if attached > 0 and (not pooling.is_free(client) or statement.target == "last") then return true end
  return pooling.attach(client, balance.idle_ro()) or attached > 0
    or pooling.attach(client, balance.idle_failsafe_rw())
end

function read_query(packet)
  local cmd, client = commands.parse(packet, most_bytes), pooling.client()
  local decision = auto_config.handle(cmd)
  if decision then return decision end
  if cmd.type == proxy.COM_QUIT then return end

  local statement = classified(cmd)
  if not place(client, statement) then return pooling.refuse("ro-pooling") end
  client.pins = client.pins or statement.pins
  pooling.trace(settings, pooling.attached(), client, cmd)
  if passed_on[cmd.type_name] then return end
  return pooling.send(client, packet, statement)
end

function read_query_result(inj)
  return pooling.result(settings, inj)
end

function disconnect_client()
  pooling.left(settings)
end
