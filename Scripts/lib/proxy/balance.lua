-- proxy.balance: which backend has an idle connection for the client whose hook runs.
--
--   local balance = require("proxy.balance")
--   proxy.connection.backend_ndx = balance.idle_ro()          -- takes a parked connection to a read-only backend
--
-- Both answer the backend's number, or 0 when none has an idle connection of the client's user. Connections get idle
-- by being parked: proxy.connection.backend_ndx = 0. There are no settings.

local M = {}

--- Idle connections of the backend that belong to `user`: by default to the client's user.
function M.idle_connections(backend, user)
  user = user or (proxy.connection.client and proxy.connection.client.username) or ""
  return backend.pool.users[user].cur_idle_connections
end

--- The first read/write backend that isn't down and has an idle connection; 0 without one.
function M.idle_failsafe_rw()
  local backends = proxy.global.backends
  for number = 1, #backends do
    local backend = backends[number]
    if backend.type == proxy.BACKEND_TYPE_RW and backend.state ~= proxy.BACKEND_STATE_DOWN
      and M.idle_connections(backend) > 0 then
      return number
    end
  end
  return 0
end

--- Of the read-only backends that aren't down and have an idle connection, the one with the fewest clients; or 0.
function M.idle_ro()
  local backends = proxy.global.backends
  local best, fewest = 0, math.huge
  for number = 1, #backends do
    local backend = backends[number]
    if backend.type == proxy.BACKEND_TYPE_RO and backend.state ~= proxy.BACKEND_STATE_DOWN
      and backend.connected_clients < fewest and M.idle_connections(backend) > 0 then
      best, fewest = number, backend.connected_clients
    end
  end
  return best
end

return M
