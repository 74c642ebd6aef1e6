-- active-transactions: prints the statements of all open transactions when one fails by a lock.
--
--   millrace … --proxy-lua-script=Scripts/lib/active-transactions.lua  or require("active-transactions")
--
-- After a deadlock (1213) or a lock wait timeout (1205) the statements tell who held what. A failed statement's error
-- number is asked for by SHOW ERRORS, so results needn't be kept. With --event-threads above 1, transactions are
-- those of the failing client's loop.
--
-- Settings: proxy.global.config.active_transactions
--   max_statements   50     keep so many statements of a transaction: the latest
--   max_query        500    keep so many bytes of a statement

local commands = require("proxy.commands")
local journal = require("proxy.journal")
local lru = require("proxy.lru")

local CLIENT, ERRORS = 1, 2
local LOCK_WAIT_TIMEOUT, DEADLOCK = "1205", "1213"

local settings = require("proxy.settings").of("active_transactions", { max_statements = 50, max_query = 500 })

-- By client number: { user =, since =, count =, statements = { … } }.
proxy.global.active_transactions = proxy.global.active_transactions or lru.new(10000)
local open = proxy.global.active_transactions

local function remember(packet)
  local number = journal.number()
  local transaction = open:get(number)
  if not transaction then
    transaction = { user = commands.one_line(journal.who()), since = os.time(), count = 0, statements = {} }
    open:set(number, transaction)
  end
  transaction.count = transaction.count + 1
  local statements = transaction.statements
  if #statements >= settings.max_statements then table.remove(statements, 1) end
  statements[#statements + 1] = commands.pretty_print(commands.parse(packet, settings.max_query + 1))
end

local function print_all(code, message)
  local lines = {}
  for number, transaction in open:pairs() do
    lines[#lines + 1] = ("  [%d %s] open for %d s, %d statements"):format(
      number, transaction.user, os.time() - transaction.since, transaction.count)
    for _, statement in ipairs(transaction.statements) do lines[#lines + 1] = "    " .. statement end
    if #lines > 1000 then break end
  end
  journal.print(("error %s: %s; %d open transactions"):format(code, message, #open))
  io.stdout:write(table.concat(lines, "\n"), "\n")
  io.stdout:flush()
end

function read_query(packet)
  local command = packet:byte()
  if command ~= proxy.COM_QUERY and command ~= proxy.COM_STMT_EXECUTE then return end
  remember(packet)
  proxy.queries:append(CLIENT, packet)
  return proxy.PROXY_SEND_QUERY
end

-- A deadlock has rolled the transaction back; a timeout has rolled back its last statement only.
local function look_at_errors(inj)
  local rows = inj.resultset.rows
  for row in rows or function() end do
    local code = row[2]
    if code == LOCK_WAIT_TIMEOUT or code == DEADLOCK then
      print_all(code, row[3] or "")
      if code == DEADLOCK then open:remove(journal.number()) end
      return
    end
  end
end

function read_query_result(inj)
  if inj.id == ERRORS then
    look_at_errors(inj)
    return proxy.PROXY_IGNORE_RESULT
  end
  if inj.resultset.query_status == proxy.MYSQLD_PACKET_ERR then
    proxy.queries:append(ERRORS, string.char(proxy.COM_QUERY) .. "SHOW ERRORS", { resultset_is_needed = true })
  elseif not inj.resultset.flags.in_trans then
    open:remove(journal.number())
  end
end

function disconnect_client()
  open:remove(journal.number())
end
