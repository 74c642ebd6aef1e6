-- rw-splitting: reads go to the read-only backends, everything else to a read/write one.
--
--   millrace --proxy-backend-addresses=10.0.0.1:3306 --proxy-read-only-backend-addresses=10.0.0.2:3306 \
--     --proxy-lua-script=Scripts/lib/rw-splitting.lua
--
-- or, to change settings or to add to it, from a script of your own:
--
--   proxy.global.config.rwsplit = proxy.global.config.rwsplit or { min_idle_connections = 2 }
--   require("rw-splitting")
--
-- A SELECT outside a transaction runs on a read-only backend, unless it locks, writes or depends on its connection;
-- see proxy.routing. A client that sets variables, prepares statements, makes temporary tables or locks keeps its
-- read/write connection from then on. Replicas lag: a client that must read what it has just written does so
-- within stay_after_write statements, in a transaction, or by SELECT … FOR UPDATE.
-- Functions that write can't be recognised: call them in a transaction, or by DO.
--
-- Settings: proxy.global.config.rwsplit, see proxy.pooling; also by the statements of proxy.auto-config, as in
-- PROXY SET GLOBAL rwsplit.is_debug = true.
--
-- A new client's connection is opened to the read/write backend while that has fewer than min_idle_connections idle
-- ones, then to the read-only ones; so the first few clients read from the read/write backend.

local auto_config = require("proxy.auto-config")
local balance = require("proxy.balance")
local commands = require("proxy.commands")
local pooling = require("proxy.pooling")
local routing = require("proxy.routing")

-- More of a packet isn't copied: whoever sends a longer one keeps the connection.
local most_bytes = 1 << 20

local settings = pooling.settings("rwsplit")

-- Commands that change a connection for good.
local pinning = {
  COM_STMT_PREPARE = true, COM_STMT_EXECUTE = true, COM_STMT_FETCH = true, COM_CHANGE_USER = true,
  COM_SET_OPTION = true, COM_BINLOG_DUMP = true, COM_REGISTER_SLAVE = true, COM_RESET_CONNECTION = true,
}

-- Commands that have no answer, or one without an end: the hook for results isn't for them.
local passed_on = {
  COM_STMT_CLOSE = true, COM_STMT_SEND_LONG_DATA = true, COM_CHANGE_USER = true, COM_BINLOG_DUMP = true,
}

function connect_server()
  return pooling.connect(settings, proxy.BACKEND_TYPE_RW, proxy.BACKEND_TYPE_RO)
end

function read_auth_result(auth)
  pooling.logged_in(settings, auth)
end

local function classified(cmd)
  if cmd.type == proxy.COM_QUERY then return routing.classify(cmd.query, cmd.is_cut) end
  if pinning[cmd.type_name] then return { target = "write", pins = cmd.type_name } end
  return { target = "last" }
end

local function is_on_rw(number)
  return number > 0 and proxy.global.backends[number].type == proxy.BACKEND_TYPE_RW
end

-- Sees to it that the client has a connection for the statement; false where there is none.
local function place(client, statement)
  local attached = pooling.attached()
  if attached > 0 and (client.pins or client.in_transaction or statement.target == "last") then return true end
  if statement.target == "read" then
    if attached > 0 and client.stay > 0 then return true end
    if pooling.attach(client, balance.idle_ro()) or attached > 0 then return true end
  end
  if is_on_rw(attached) or pooling.attach(client, balance.idle_failsafe_rw()) then return true end
  -- A ping and the like are answered by any server.
  return statement.target == "last" and pooling.attach(client, balance.idle_ro())
end

function read_query(packet)
  local cmd, client = commands.parse(packet, most_bytes), pooling.client()
  local decision = auto_config.handle(cmd)
  if decision then return decision end
  if cmd.type == proxy.COM_QUIT then return end

  local statement = classified(cmd)
  if not place(client, statement) then return pooling.refuse("rw-splitting") end
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
