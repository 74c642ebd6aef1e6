-- ro-balance: spreads clients over the read-only backends, and leaves out replicas that lag.
--
--   millrace --proxy-backend-addresses=10.0.0.1:3306 --proxy-read-only-backend-addresses=10.0.0.2:3306 \
--     --proxy-read-only-backend-addresses=10.0.0.3:3306 --proxy-lua-script=Scripts/lib/ro-balance.lua
--
-- A new client goes to the read-only backend with the fewest clients among those that are up and don't lag; without
-- one, to a read/write backend. It stays there. Lag is what SHOW SLAVE STATUS tells, sent ahead of some client's
-- statement; so clients need the privilege REPLICA MONITOR (MySQL: REPLICATION CLIENT). Without it lag stays unknown,
-- and unknown counts as none. A backend that isn't a replica has no lag.
--
--   SELECT * FROM proxy.lag      address, seconds, bytes, is_usable, checked (seconds ago)
--
-- Settings: proxy.global.config.ro_balance
--   max_seconds_lag   10      leave a replica out that is further behind
--   max_bytes_lag     10240   … or, where the same log file is read and executed, has so many bytes to go
--   check_timeout     2       ask a backend again after so many seconds
--   retry_timeout     30      give a replica that was left out a new client after so many seconds, to ask it again

local answer = require("proxy.answer")
local journal = require("proxy.journal")
local lru = require("proxy.lru")

local CLIENT, STATUS = 1, 2

local settings = require("proxy.settings").of("ro_balance", {
  max_seconds_lag = 10, max_bytes_lag = 10240, check_timeout = 2, retry_timeout = 30 })

-- By address: { seconds =, bytes =, is_broken =, checked = }.
proxy.global.lag = proxy.global.lag or lru.new(1000)
local lag = proxy.global.lag

local function is_usable(known)
  if not known or known.is_unknown then return true end
  if os.time() - known.checked >= settings.retry_timeout then return true end
  if known.is_broken then return false end
  return (known.seconds or 0) <= settings.max_seconds_lag and (known.bytes or 0) <= settings.max_bytes_lag
end

function connect_server()
  local best, fewest = 0, math.huge
  for number = 1, #proxy.global.backends do
    local backend = proxy.global.backends[number]
    if backend.type == proxy.BACKEND_TYPE_RO and backend.state ~= proxy.BACKEND_STATE_DOWN
      and backend.connected_clients < fewest and is_usable(lag:get(backend.dst.name)) then
      best, fewest = number, backend.connected_clients
    end
  end
  -- A replica that was left out gets one client to ask it again, not all that come meanwhile.
  local known = best > 0 and lag:get(proxy.global.backends[best].dst.name)
  if known and os.time() - known.checked >= settings.retry_timeout then known.checked = os.time() end
  if best > 0 then proxy.connection.backend_ndx = best end
end

local function backend_in_use()
  local number = proxy.connection.backend_ndx
  return number > 0 and proxy.global.backends[number] or nil
end

local function list()
  local rows, now = {}, os.time()
  for address, known in lag:pairs() do
    rows[#rows + 1] = { address, known.seconds, known.bytes, is_usable(known) and 1 or 0, now - known.checked }
  end
  local number = answer.number
  return answer.rows(
    { "address", number("seconds"), number("bytes"), number("is_usable"), number("checked") }, rows)
end

-- Statements that ask about the one before must not find ours there.
local function asks_back(packet)
  local text = packet:sub(2, 1000):upper()
  for _, word in ipairs({ "WARNINGS", "ERRORS", "FOUND_ROWS", "ROW_COUNT", "DIAGNOSTICS", "@@" }) do
    if text:find(word, 1, true) then return true end
  end
  return false
end

-- Marked as checked at once, so that one client asks and the others don't.
local function is_due(backend)
  if not backend or backend.type ~= proxy.BACKEND_TYPE_RO then return false end
  local address = backend.dst.name
  local known = lag:get(address)
  if known and os.time() - known.checked < settings.check_timeout then return false end
  if known then known.checked = os.time() else lag:set(address, { checked = os.time(), is_unknown = true }) end
  return true
end

-- MySQL has renamed it in 8.0.22. MariaDB, from 10.0 on (or as 5.5.5 for old clients), knows the old one.
local function status_statement()
  local version = proxy.connection.server.mysqld_version or 0
  return version >= 80022 and version < 100000 and "SHOW REPLICA STATUS" or "SHOW SLAVE STATUS"
end

function read_query(packet)
  if packet:byte() ~= proxy.COM_QUERY then return end
  if answer.asks(packet, "SELECT * FROM proxy.lag") then return list() end
  if asks_back(packet) or not is_due(backend_in_use()) then return end
  proxy.queries:append(STATUS, string.char(proxy.COM_QUERY) .. status_statement(), { resultset_is_needed = true })
  proxy.queries:append(CLIENT, packet)
  return proxy.PROXY_SEND_QUERY
end

-- The first row by the names of its columns, in old words; nil where the server is no replica.
local function first_row(set)
  local fields, rows = set.fields, set.rows
  local row = rows and rows()
  if not row then return nil end
  local values = {}
  for i = 1, #fields do values[fields[i].name:gsub("Source", "Master")] = row[i] end
  return values
end

local function bytes_behind(status)
  if status.Master_Log_File ~= status.Relay_Master_Log_File then return nil end
  local read, executed = tonumber(status.Read_Master_Log_Pos), tonumber(status.Exec_Master_Log_Pos)
  return read and executed and math.max(0, read - executed)
end

local function judged(set)
  if set.query_status == proxy.MYSQLD_PACKET_ERR then return { checked = os.time(), is_unknown = true } end
  local status = first_row(set)
  if not status then return { checked = os.time(), seconds = 0, bytes = 0 } end
  local seconds = tonumber(status.Seconds_Behind_Master)
  -- NULL: one of the replica's two threads doesn't run.
  return { checked = os.time(), seconds = seconds, bytes = bytes_behind(status), is_broken = seconds == nil }
end

function read_query_result(inj)
  if inj.id ~= STATUS then return end
  local backend = backend_in_use()
  if backend then lag:set(backend.dst.name, judged(inj.resultset)) end
  return proxy.PROXY_IGNORE_RESULT
end
