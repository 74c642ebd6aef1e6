-- proxy.journal: lines that a script prints, and who a client is.
--
--   local journal = require("proxy.journal")
--   journal.print("logged in")               --> 2026-11-21 10:00:00 [7 app@127.0.0.1:50000] logged in
--   local mine = journal.client("counter")   -- a table of this script's for the client whose hook runs
--
-- Lines go to the standard output at once. Control characters in them are escaped: a client can't forge a line.
-- There are no settings.

local commands = require("proxy.commands")

local M = {}

local clients = 0

--- A number for the client whose hook runs, unlike that of any other client of this loop.
function M.number()
  if not proxy.client_number then
    clients = clients + 1
    proxy.client_number = clients
  end
  return proxy.client_number
end

--- A table that lives as long as the client; also for scripts that were required, whose locals all clients share.
function M.client(script)
  local all = proxy.client_tables
  if not all then
    all = {}
    proxy.client_tables = all
  end
  all[script] = all[script] or {}
  return all[script]
end

--- user@address of the client.
function M.who()
  local client = proxy.connection.client
  local source = client.src
  return (client.username or "?") .. "@" .. (source and source.name or "?")
end

--- Prints one line with the time and the client.
function M.print(text)
  local client = ("%d %s"):format(M.number(), commands.one_line(M.who()))
  io.stdout:write(os.date("%Y-%m-%d %H:%M:%S"), " [", client, "] ", commands.one_line(text), "\n")
  io.stdout:flush()
end

return M
