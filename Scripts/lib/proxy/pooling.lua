-- proxy.pooling: what rw-splitting and ro-pooling share: clients without server connections of their own.
--
-- After its login a client's server connection is parked, and taken (or another one of the same user) for as long as a
-- statement or a transaction lasts. The proxy resets a connection that another client had before, and gives it the
-- client's schema; a SET NAMES is repeated here. An error of either is the client's answer. A client that leaves
-- something on its connection which can't be repeated is pinned: it keeps that connection to its end.
--
-- Settings are those of the script that uses it, made by `settings(name)` in proxy.global.config[name]:
--   min_idle_connections  4      new clients open connections to each backend while so many aren't parked there
--   reuse_connections     false  once they are, new clients log in on parked ones: fewer connections than clients;
--                                false: only on those that no client needs any more
--   max_idle_connections  8      keep so many parked, or one for each client that has none, whichever is more
--   stay_after_write      5      statements for which a client keeps its connection after it has changed rows, because
--                                LAST_INSERT_ID() and ROW_COUNT() are answered by that connection only
--   is_debug              false  print where statements go
-- All numbers are per loop (--event-threads): connections are shared by the clients of one loop.
--
-- Each client brings one connection along. Where more clients need one at the same time than there are, to write or for
-- a transaction, the last ones get error 1040: with reuse_connections keep min_idle_connections above that number.

local answer = require("proxy.answer")
local balance = require("proxy.balance")
local commands = require("proxy.commands")
local journal = require("proxy.journal")
local lru = require("proxy.lru")
local settings_of = require("proxy.settings").of

local M = {}

local CLIENT, NAMES = 1, 2

-- Who had a server connection last, and with which SET NAMES: "backend:thread id" -> { client =, names = }.
local known = lru.new(10000)
-- Users that have logged in: their connections are the pool. Name -> clients, and clients that have a connection now.
local users = lru.new(1000)

--- The settings of a script: those that are there already, and defaults for the others.
function M.settings(name)
  return settings_of(name, {
    min_idle_connections = 4, max_idle_connections = 8, stay_after_write = 5, reuse_connections = false,
    is_debug = false })
end

--- What is kept of the client whose hook runs.
function M.client()
  local client = journal.client("pooling")
  if client.stay == nil then client.stay, client.in_transaction, client.running = 0, false, false end
  return client
end

function M.trace(settings, number, client, cmd)
  if not settings.is_debug then return end
  local pinned = client.pins and (", pinned by " .. client.pins) or ""
  journal.print(("backend %d%s: %s"):format(number, pinned, commands.pretty_print(cmd, 160)))
end

--- Whether the client's next statement may run on any connection.
function M.is_free(client)
  return not client.pins and not client.in_transaction and not client.running and client.stay == 0
end

--- The backend that the client has a connection to; 0 without one.
function M.attached()
  return proxy.connection.server and proxy.connection.backend_ndx or 0
end

local function connection_key()
  local server = proxy.connection.server
  return server and server.thread_id and proxy.connection.backend_ndx .. ":" .. server.thread_id
end

-- The proxy refuses where it knows of a reason that isn't seen here; then the client keeps its connection.
local function switch(client, number)
  local key = connection_key()
  local done = pcall(function() proxy.connection.backend_ndx = number end)
  if done and key then known:set(key, { client = journal.number(), names = client.at_names }) end
  local user, holds = client.user, M.attached() > 0
  if user and holds ~= client.holds then user.holding = user.holding + (holds and 1 or -1) end
  client.holds = holds
end

-- Gives the server connection back to its pool, if somebody may need it; else it ends with the client.
local function park(settings, client)
  local number = M.attached()
  if number == 0 or not M.is_free(client) then return end
  local needed = client.user and client.user.clients - client.user.holding or 0
  local idle = balance.idle_connections(proxy.global.backends[number])
  if idle < math.max(settings.max_idle_connections, needed) then switch(client, 0) end
end

--- Takes a parked connection to a backend; false where there is none that fits, and then nothing changes.
function M.attach(client, number)
  if number == 0 then return false end
  if M.attached() == number then return true end
  switch(client, number)
  if M.attached() ~= number then return false end
  local key = connection_key()
  local before = key and known:get(key)
  -- A connection that another client had is reset to what a login makes of it.
  client.at_names = before and before.client == journal.number() and before.names or nil
  return true
end

local function idle_of(number)
  local count, backend = 0, proxy.global.backends[number]
  for user in users:pairs() do count = count + balance.idle_connections(backend, user) end
  return count
end

local function is_usable(backend, kind)
  return backend.type == kind and backend.state ~= proxy.BACKEND_STATE_DOWN
end

-- The first backend of a type that has fewer idle connections than wanted; 0 without one.
local function wanting(settings, kind)
  for number = 1, #proxy.global.backends do
    if is_usable(proxy.global.backends[number], kind) and idle_of(number) < settings.min_idle_connections then
      return number
    end
  end
  return 0
end

-- The backend of a type with the fewest connections; 0 without one.
local function least_connected(kind)
  local best, fewest = 0, math.huge
  for number = 1, #proxy.global.backends do
    local backend = proxy.global.backends[number]
    local count = is_usable(backend, kind) and backend.connected_clients + idle_of(number)
    if count and count < fewest then best, fewest = number, count end
  end
  return best
end

-- Whether more are parked than there are clients without a connection; of each user, as any user's may be taken.
local function has_spare(number)
  local found = false
  for name, user in users:pairs() do
    local idle = balance.idle_connections(proxy.global.backends[number], name)
    if idle > 0 and idle <= user.clients - user.holding then return false end
    found = found or idle > 0
  end
  return found
end

--- To be called by connect_server, with the types of backends in the order of filling them up.
function M.connect(settings, ...)
  for _, kind in ipairs({ ... }) do
    local number = wanting(settings, kind)
    if number > 0 then
      proxy.connection.backend_ndx = number
      return nil
    end
  end
  local number = least_connected((...))
  if number == 0 then return nil end
  proxy.connection.backend_ndx = number
  -- Whoever logs in may be another user, who takes the connection away from this one: some have to stay.
  local shares = settings.reuse_connections and idle_of(number) > settings.min_idle_connections
  if shares or has_spare(number) then return proxy.PROXY_IGNORE_RESULT end
end

--- To be called by read_auth_result: parks the connection of a client whose login was accepted.
function M.logged_in(settings, auth)
  if auth.packet:byte() ~= proxy.MYSQLD_PACKET_OK then return end
  local client, name = M.client(), proxy.connection.client.username
  local user = users:get(name) or { clients = 0, holding = 0 }
  users:set(name, user)
  user.clients, user.holding = user.clients + 1, user.holding + 1
  client.user, client.holds = user, true
  park(settings, client)
end

--- Sends the client's command on the connection that it has; `statement` is what proxy.routing said of it.
function M.send(client, packet, statement)
  -- A schema that is gone is left by USE or COM_INIT_DB, when nothing stands before them.
  local leaves = statement.is_use or packet:byte() == proxy.COM_INIT_DB
  if client.names and client.names ~= client.at_names and not statement.names and not leaves then
    proxy.queries:append(NAMES, string.char(proxy.COM_QUERY) .. client.names, { resultset_is_needed = true })
  end
  proxy.queries:append(CLIENT, packet)
  client.running, client.statement, client.command = true, statement, packet:byte()
  return proxy.PROXY_SEND_QUERY
end

--- Answers the client with an error: there is no connection for its statement.
function M.refuse(script)
  return answer.error(
    ("(%s) every server connection is busy: try again, or have more of them (proxy.global.config: "
      .. "min_idle_connections)"):format(script), 1040, "08004")
end

-- An error of what was sent ahead is the answer, and the client's own command isn't sent.
local function names_set(settings, client, inj)
  if inj.resultset.query_status == proxy.MYSQLD_PACKET_ERR then
    proxy.queries:reset()
    client.running = false
    park(settings, client)
    return nil
  end
  client.at_names = client.names
  return proxy.PROXY_IGNORE_RESULT
end

-- Later statements may ask for what this one has left: its id, its count of rows, its warnings.
local function stay_for(settings, client, set)
  client.stay = math.max(0, client.stay - 1)
  if (set.insert_id or 0) > 0 or (set.affected_rows or 0) > 0 then
    client.stay = math.max(client.stay, settings.stay_after_write)
  elseif (set.warning_count or 0) > 0 or client.statement.follows then
    client.stay = math.max(client.stay, 1)
  end
end

--- To be called by read_query_result: parks the connection where nothing ties the client to it.
function M.result(settings, inj)
  local client, set = M.client(), inj.resultset
  if inj.id == NAMES then return names_set(settings, client, inj) end
  client.running = false
  -- An ERR tells nothing about the transaction; its text can be asked for by SHOW ERRORS.
  if set.query_status == proxy.MYSQLD_PACKET_ERR then
    client.stay = math.max(client.stay, 1)
    return
  end
  local command = client.command
  if command == proxy.COM_QUERY or command == proxy.COM_STMT_EXECUTE then
    client.in_transaction = set.flags.in_trans or not set.flags.auto_commit
    stay_for(settings, client, set)
  end
  local names = client.statement.names
  if names then client.names, client.at_names = names, names end
  park(settings, client)
end

--- To be called by disconnect_client: parks the connection, which the proxy resets for the next client.
function M.left(settings)
  local client = M.client()
  local user = client.user
  if not user then return end
  -- What ties it to the client ends with the client; what the proxy can't undo, it closes.
  client.pins, client.in_transaction, client.stay = nil, false, 0
  park(settings, client)
  user.clients = user.clients - 1
  if client.holds then user.holding = user.holding - 1 end
end

return M
