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
-- ones, then to the read-only ones. Reads run on the read/write backend as long as no read-only one has an idle one.

local answer = require("proxy.answer")
local auto_config = require("proxy.auto-config")
local balance = require("proxy.balance")
local commands = require("proxy.commands")
local pooling = require("proxy.pooling")
local routing = require("proxy.routing")

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
  local number = pooling.wanting(settings, proxy.BACKEND_TYPE_RW)
  if number == 0 then number = pooling.wanting(settings, proxy.BACKEND_TYPE_RO) end
  if number > 0 then proxy.connection.backend_ndx = number end
end

function read_auth_result(auth)
  pooling.logged_in(auth)
end

local function classified(cmd)
  if cmd.query and cmd.type == proxy.COM_QUERY then return routing.classify(cmd.query) end
  local statement = { target = "last", schema = cmd.type == proxy.COM_INIT_DB and cmd.schema or nil }
  if pinning[cmd.type_name] then statement.target, statement.pins = "write", cmd.type_name end
  return statement
end

local function is_on_rw()
  local backend = pooling.is_attached() and proxy.global.backends[proxy.connection.backend_ndx]
  return backend and backend.type == proxy.BACKEND_TYPE_RW
end

-- The backend for a statement: the one that the client has, or one with an idle connection; 0 without any.
local function choose(client, statement)
  local attached = pooling.is_attached() and proxy.connection.backend_ndx or 0
  if attached > 0 and (client.pins or client.in_transaction or statement.target == "last") then return attached end
  if statement.target == "read" then
    if attached > 0 and client.stay > 0 then return attached end
    local number = balance.idle_ro()
    if number > 0 then return number end
    if attached > 0 then return attached end
  end
  return is_on_rw() and attached or balance.idle_failsafe_rw()
end

-- A client that keeps nothing needs no server to leave; one that keeps something takes its connection along.
local function quit(client)
  if pooling.is_attached() and not pooling.is_free(client) then return end
  return answer.ok()
end

function read_query(packet)
  local cmd, client = commands.parse(packet), pooling.client()
  local decision = auto_config.handle(cmd)
  if decision then return decision end
  if cmd.type == proxy.COM_QUIT then return quit(client) end

  local statement = classified(cmd)
  local number = choose(client, statement)
  if number == 0 or not pooling.attach(client, number) then
    return pooling.refuse(
      "(rw-splitting) no idle connection to a read/write backend: try again, or have more of them "
        .. "(proxy.global.config.rwsplit.min_idle_connections)")
  end
  client.pins = client.pins or statement.pins
  pooling.trace(settings, number, client, cmd)
  if passed_on[cmd.type_name] then return end
  return pooling.send(settings, client, packet, statement)
end

function read_query_result(inj)
  return pooling.result(settings, inj)
end

function disconnect_client()
  pooling.left(settings)
end
