-- proxy.pooling: what rw-splitting and ro-pooling share: clients without server connections of their own.
--
-- After its login a client's server connection is parked, and taken (or another one of the same user) for as long as a
-- statement or a transaction lasts. What a connection must be told before another client's statement runs on it (the
-- schema, SET NAMES) is sent ahead; an error of that is the client's answer. A client that leaves something on its
-- connection which can't be repeated is pinned: it keeps that connection to its end, and nobody gets it afterwards.
--
-- Settings are those of the script that uses it, made by `settings(name)` in proxy.global.config[name]:
--   min_idle_connections  4      connections that new clients open to each backend before others are used
--   max_idle_connections  8      a leaving client's connection is closed where so many are parked
--   stay_after_write      5      statements for which a client keeps its connection after it has changed rows, because
--                                LAST_INSERT_ID() and ROW_COUNT() are answered by that connection only
--   default_names         utf8mb4   what a connection is set to that had a SET NAMES, for a client that sent none
--   is_debug              false  print where statements go

local answer = require("proxy.answer")
local balance = require("proxy.balance")
local commands = require("proxy.commands")
local journal = require("proxy.journal")
local lru = require("proxy.lru")
local settings_of = require("proxy.settings").of

local M = {}

local CLIENT, SCHEMA, NAMES = 1, 2, 3

-- What is known of server connections: "backend:thread id" -> { schema =, names = }.
local known = lru.new(10000)
-- Users that have logged in: their queues are the pool.
local users = lru.new(100)

local defaults = {
  min_idle_connections = 4, max_idle_connections = 8, stay_after_write = 5, default_names = "utf8mb4",
  is_debug = false,
}

--- The settings of a script: those that are there already, and defaults for the others.
function M.settings(name)
  return settings_of(name, defaults)
end

--- What is kept of the client whose hook runs.
function M.client()
  local client = journal.client("pooling")
  if client.stay == nil then
    client.schema, client.stay, client.in_transaction, client.running = "", 0, false, false
  end
  return client
end

function M.trace(settings, number, client, cmd)
  if not settings.is_debug then return end
  local pinned = client.pins and (", pinned by " .. client.pins) or ""
  journal.print(("backend %d%s: %s"):format(number, pinned, commands.pretty_print(cmd):sub(1, 160)))
end

-- Nil where the connection can't be told from others: then everything is sent again.
local function key()
  local server = proxy.connection.server
  local thread = server and server.thread_id
  return thread and (proxy.connection.backend_ndx .. ":" .. thread)
end

--- Whether the client's next statement may run on any connection.
function M.is_free(client)
  return not client.pins and not client.in_transaction and not client.running and client.stay == 0
end

function M.is_attached()
  return proxy.connection.backend_ndx ~= 0 and proxy.connection.server ~= nil
end

--- Gives the server connection back to its pool.
function M.park(client)
  local id = key()
  if id then known:set(id, { schema = client.at_schema, names = client.at_names }) end
  proxy.connection.backend_ndx = 0
end

--- Takes a parked connection to a backend; false where there was none after all.
function M.attach(client, number)
  if M.is_attached() then
    if proxy.connection.backend_ndx == number then return true end
    M.park(client)
  end
  proxy.connection.backend_ndx = number
  if not M.is_attached() then return false end
  local id = key()
  local found = id and known:get(id)
  client.at_schema, client.at_names = found and found.schema, found and found.names
  client.at_unknown = not found
  return true
end

local function idle_of(number)
  local count, backend = 0, proxy.global.backends[number]
  for user in users:pairs() do count = count + balance.idle_connections(backend, user) end
  return count
end

--- The backend that a new client's connection should be opened to: the first of the given type that has too few parked.
function M.wanting(settings, kind)
  local backends = proxy.global.backends
  for number = 1, #backends do
    local backend = backends[number]
    if backend.type == kind and backend.state ~= proxy.BACKEND_STATE_DOWN
      and idle_of(number) < settings.min_idle_connections then
      return number
    end
  end
  return 0
end

--- To be called by read_auth_result: parks the connection of a client whose login was accepted.
function M.logged_in(auth)
  if auth.packet:byte() ~= proxy.MYSQLD_PACKET_OK then return end
  local client, login = M.client(), proxy.connection.client
  if not M.is_attached() then return end
  users:set(login.username, true)
  client.schema = login.default_db or ""
  client.at_schema, client.at_names = client.schema, false
  M.park(client)
end

local function prepare(settings, client)
  local names = client.names
  if not names and (client.at_names or client.at_unknown) then names = "SET NAMES " .. settings.default_names end
  if names and names ~= client.at_names then
    proxy.queries:prepend(NAMES, string.char(proxy.COM_QUERY) .. names, { resultset_is_needed = true })
  end
  if client.schema ~= "" and client.schema ~= client.at_schema then
    proxy.queries:prepend(SCHEMA, string.char(proxy.COM_INIT_DB) .. client.schema, { resultset_is_needed = true })
  end
end

--- Sends the client's command on the connection that it has; `statement` is what proxy.routing said of it.
function M.send(settings, client, packet, statement)
  if statement.schema then packet = string.char(proxy.COM_INIT_DB) .. statement.schema end
  proxy.queries:append(CLIENT, packet)
  -- A client that changes the schema or the names needs no others before.
  prepare(settings, client)
  client.running, client.statement = true, statement
  return proxy.PROXY_SEND_QUERY
end

--- Answers the client with an error.
function M.refuse(text)
  return answer.error(text, 1040, "08004")
end

-- An error of what was sent ahead is the answer, and the client's own command isn't sent.
local function prepared(client, inj)
  if inj.resultset.query_status == proxy.MYSQLD_PACKET_ERR or inj.resultset.raw:byte() == proxy.MYSQLD_PACKET_ERR then
    proxy.queries:reset()
    client.running, client.at_unknown = false, true
    client.at_schema, client.at_names = nil, nil
    if M.is_free(client) then M.park(client) end
    return
  end
  if inj.id == SCHEMA then client.at_schema = client.schema else client.at_names = inj.query:sub(2) end
  client.at_unknown = false
  return proxy.PROXY_IGNORE_RESULT
end

local function take_over(client, statement)
  if statement.schema then client.schema, client.at_schema = statement.schema, statement.schema end
  if statement.names then client.names, client.at_names = statement.names, statement.names end
  if statement.drops and statement.drops == client.at_schema then client.schema, client.at_schema = "", nil end
end

-- Later statements may ask for what this one has left: its id, its count of rows, its warnings.
local function stay_for(settings, client, statement, set)
  client.stay = math.max(0, client.stay - 1)
  if (set.insert_id or 0) > 0 or (set.affected_rows or 0) > 0 then
    client.stay = math.max(client.stay, settings.stay_after_write)
  elseif (set.warning_count or 0) > 0 or statement.follows then
    client.stay = math.max(client.stay, 1)
  end
end

--- To be called by read_query_result: parks the connection where nothing ties the client to it.
function M.result(settings, inj)
  local client, set = M.client(), inj.resultset
  if inj.id ~= CLIENT then return prepared(client, inj) end
  client.running = false
  -- An ERR tells nothing about the transaction; its text can be asked for by SHOW ERRORS.
  if set.query_status == proxy.MYSQLD_PACKET_ERR then
    client.stay = math.max(client.stay, 1)
    return
  end
  local command = inj.query:byte()
  if command == proxy.COM_QUERY or command == proxy.COM_STMT_EXECUTE then
    client.in_transaction = set.flags.in_trans or not set.flags.auto_commit
    stay_for(settings, client, client.statement, set)
  end
  take_over(client, client.statement)
  if M.is_free(client) then M.park(client) end
end

--- To be called by disconnect_client: parks what another client may have, and closes the rest.
function M.left(settings)
  local client = M.client()
  if not M.is_attached() then return end
  client.stay = 0
  if M.is_free(client) and idle_of(proxy.connection.backend_ndx) < settings.max_idle_connections then M.park(client) end
end

return M
