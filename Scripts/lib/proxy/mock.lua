-- proxy.mock: a `proxy` for unit tests, used by proxy.test's ProxyBaseTest.
--
--   _G.proxy = require("proxy.mock").new()
--   proxy.global.backends[1] = proxy.mock_backend({ type = proxy.BACKEND_TYPE_RW, idle = { app = 2 } })
--   proxy.connection.backend_ndx = 1       -- takes an idle connection, as the real one does, or changes nothing
--   proxy.queries.list                     -- what was appended: { { id =, packet =, options = }, … }
--
-- The client is app@127.0.0.1 with the schema shop. There are no settings.

local M = {}

local constants = {
  PROXY_SEND_QUERY = 1, PROXY_SEND_RESULT = 2, PROXY_IGNORE_RESULT = 4, PROXY_VERSION = 2053,
  MYSQLD_PACKET_OK = 0, MYSQLD_PACKET_RAW = 250, MYSQLD_PACKET_EOF = 254, MYSQLD_PACKET_ERR = 255,
  BACKEND_STATE_UNKNOWN = 0, BACKEND_STATE_UP = 1, BACKEND_STATE_DOWN = 2,
  BACKEND_TYPE_UNKNOWN = 0, BACKEND_TYPE_RW = 1, BACKEND_TYPE_RO = 2,
  MYSQL_TYPE_LONG = 3, MYSQL_TYPE_DOUBLE = 5, MYSQL_TYPE_LONGLONG = 8, MYSQL_TYPE_VAR_STRING = 253,
  MYSQL_TYPE_STRING = 254,
}

local commands = {
  "SLEEP", "QUIT", "INIT_DB", "QUERY", "FIELD_LIST", "CREATE_DB", "DROP_DB", "REFRESH", "SHUTDOWN", "STATISTICS",
  "PROCESS_INFO", "CONNECT", "PROCESS_KILL", "DEBUG", "PING", "TIME", "DELAYED_INSERT", "CHANGE_USER", "BINLOG_DUMP",
  "TABLE_DUMP", "CONNECT_OUT", "REGISTER_SLAVE", "STMT_PREPARE", "STMT_EXECUTE", "STMT_SEND_LONG_DATA", "STMT_CLOSE",
  "STMT_RESET", "SET_OPTION", "STMT_FETCH", "DAEMON",
}

local function queries()
  local methods = {}
  local self = setmetatable({ list = {} }, { __index = methods, __len = function(q) return #q.list end })
  function methods.append(q, id, packet, options)
    q.list[#q.list + 1] = { id = id, packet = packet, options = options }
  end
  function methods.prepend(q, id, packet, options)
    table.insert(q.list, 1, { id = id, packet = packet, options = options })
  end
  function methods.reset(q) q.list = {} end
  function methods.len(q) return #q.list end
  return self
end

-- A user without a queue has none idle.
local function users(idle)
  local made = {}
  for name, count in pairs(idle or {}) do made[name] = { cur_idle_connections = count } end
  return setmetatable(made, { __index = function(list, name)
    local user = { cur_idle_connections = 0 }
    list[name] = user
    return user
  end })
end

--- A backend: `type`, `state`, `connected_clients`, `address` and `idle` = { user = count }.
function M.backend(given)
  local address = given.address or "127.0.0.1:3306"
  return {
    type = given.type or constants.BACKEND_TYPE_RW, state = given.state or constants.BACKEND_STATE_UP,
    connected_clients = given.connected_clients or 0, dst = { name = address, address = address },
    pool = { min_idle_connections = 0, max_idle_connections = 0, users = users(given.idle) },
  }
end

-- Each connection to a backend has a thread id of its own; those that were parked first are taken first.
local next_thread = 100

local function take_thread(pool)
  pool.threads = pool.threads or {}
  if #pool.threads > 0 then return table.remove(pool.threads, 1) end
  next_thread = next_thread + 1
  return next_thread
end

local function park_thread(pool, thread)
  pool.threads = pool.threads or {}
  pool.threads[#pool.threads + 1] = thread
end

local function switch(fake, state, number)
  local backends, user = fake.global.backends, state.client.username
  local function pool_of(ndx) return backends[ndx].pool.users[user] end
  if number > 0 and (number == state.attached or pool_of(number).cur_idle_connections == 0) then return end
  if state.server then
    park_thread(pool_of(state.attached), state.server.thread_id)
    pool_of(state.attached).cur_idle_connections = pool_of(state.attached).cur_idle_connections + 1
    backends[state.attached].connected_clients = backends[state.attached].connected_clients - 1
    state.server, state.attached = nil, 0
  end
  if number > 0 then
    pool_of(number).cur_idle_connections = pool_of(number).cur_idle_connections - 1
    backends[number].connected_clients = backends[number].connected_clients + 1
    state.server, state.attached = { thread_id = take_thread(pool_of(number)), default_db = "shop" }, number
  end
  state.backend_ndx = number
end

--- A client's connection; more than one when a test has more clients.
function M.connection(fake)
  local state = {
    backend_ndx = 0, attached = 0,
    client = {
      username = "app", default_db = "shop", src = { name = "127.0.0.1:50000", address = "127.0.0.1", port = 50000 },
      dst = { name = "127.0.0.1:4040", address = "127.0.0.1", port = 4040 },
    },
  }
  return setmetatable({}, {
    __index = state,
    __newindex = function(_, key, value)
      if key == "backend_ndx" then switch(fake, state, value) else state[key] = value end
    end,
  })
end

--- A mock; constants of the `real` proxy win, where there is one.
function M.new(real)
  local fake = {}
  for key, value in pairs(constants) do fake[key] = value end
  for number, name in ipairs(commands) do fake["COM_" .. name] = number - 1 end
  for key, value in pairs(real or {}) do
    if math.type(value) == "integer" then fake[key] = value end
  end
  fake.mock_backend, fake.mock_injection, fake.mock_log_in = M.backend, M.injection, M.log_in
  fake.global = { config = {}, backends = {} }
  fake.queries, fake.response, fake.connection = queries(), {}, M.connection(fake)
  return fake
end

--- Gives the client a connection of its own to a backend, as its login does.
function M.log_in(fake, number)
  local pool = fake.global.backends[number].pool.users[fake.connection.client.username]
  pool.cur_idle_connections = pool.cur_idle_connections + 1
  fake.connection.backend_ndx = number
end

--- An injection object as read_query_result gets it.
function M.injection(id, packet, resultset)
  local set = { flags = { in_trans = false, auto_commit = true }, warning_count = 0, query_status = 0 }
  for key, value in pairs(resultset or {}) do set[key] = value end
  return { id = id, type = id, query = packet, query_time = 0, response_time = 0, resultset = set }
end

return M
