-- Unit tests of rw-splitting, ro-pooling and proxy.pooling before three mock backends; run by test_lua_library.py.
local mock = require("proxy.mock")
local test = require("proxy.test")

-- What both scripts' tests do.
local Pooled = {}

-- Backend 1 is read/write, 2 and 3 are read-only; the client has logged in on backend 1.
function Pooled:start(script, idle)
  self:mock()
  for number, kind in ipairs({ 1, 2, 2 }) do
    proxy.global.backends[number] = proxy.mock_backend({ type = kind, idle = { app = idle[number] } })
  end
  -- It keeps account of clients over all of them.
  package.loaded["proxy.pooling"] = nil
  self.script = self:load(script)
  mock.log_in(proxy, 1)
  self.script.read_auth_result({ packet = "\0\0\0" })
end

function Pooled:ask(packet)
  proxy.queries:reset()
  proxy.response = {}
  return self.script.read_query(packet)
end

-- Sends a statement and answers the backend that it went to; what was sent ahead has succeeded.
function Pooled:send(sql, resultset, command)
  local decision = self:ask(string.char(command or proxy.COM_QUERY) .. sql)
  if decision == proxy.PROXY_SEND_RESULT then return proxy.response.errmsg or "answered" end
  local number = proxy.connection.backend_ndx
  if not decision then return number end
  self.ahead = {}
  local list = proxy.queries.list
  for i, query in ipairs(list) do
    if i < #list then
      self.ahead[i] = query.packet:sub(2)
      test.assertEquals(query.options, { resultset_is_needed = true })
      local answer = mock.injection(query.id, query.packet, { raw = "\0" })
      test.assertEquals(self.script.read_query_result(answer), proxy.PROXY_IGNORE_RESULT)
    else
      self.sent = query.packet
      test.assertEquals(self.script.read_query_result(mock.injection(query.id, query.packet, resultset)), nil)
    end
  end
  return number
end

-- A second client with a connection of its own, and the first one again.
function Pooled:another_client()
  self.first = { connection = proxy.connection, tables = proxy.client_tables, number = proxy.client_number }
  proxy.client_tables, proxy.client_number, proxy.connection = nil, nil, mock.connection(proxy)
end

function Pooled:first_client()
  proxy.client_tables, proxy.client_number = self.first.tables, self.first.number
  proxy.connection = self.first.connection
end

-- More clients of the same user that have logged in and wait.
function Pooled:more_clients(count)
  for _ = 1, count do
    self:another_client()
    mock.log_in(proxy, 1)
    self.script.read_auth_result({ packet = "\0\0\0" })
    self:first_client()
  end
end

local function case()
  local made = test.ProxyBaseTest:new()
  for name, value in pairs(Pooled) do made[name] = value end
  return made
end

local Split = case()

function Split:setUp() self:start("rw-splitting", { 1, 1, 2 }) end

local function flags(in_trans, auto_commit)
  return { flags = { in_trans = in_trans, auto_commit = auto_commit } }
end

function Split:test_a_login_is_parked()
  test.assertEquals(proxy.connection.backend_ndx, 0)
  test.assertEquals(proxy.global.backends[1].pool.users.app.cur_idle_connections, 2)
end

function Split:test_reads_and_writes_part()
  test.assertEquals(self:send("SELECT 1"), 2)
  test.assertEquals(proxy.connection.backend_ndx, 0, "parked again")
  test.assertEquals(self:send("UPDATE a SET x = 1"), 1)
  test.assertEquals(self:send("SELECT 1 FOR UPDATE"), 1)
  test.assertEquals(self.sent, "\3SELECT 1 FOR UPDATE")
end

function Split:test_reads_run_on_the_read_write_backend_when_no_other_is_idle()
  proxy.global.backends[2].state = proxy.BACKEND_STATE_DOWN
  test.assertEquals(self:send("SELECT 1"), 3)
  proxy.global.backends[3].pool.users.app.cur_idle_connections = 0
  test.assertEquals(self:send("SELECT 1"), 1)
end

function Split:test_a_transaction_stays()
  test.assertEquals(self:send("BEGIN", flags(true, true)), 1)
  test.assertEquals(self:send("SELECT 1", flags(true, true)), 1)
  test.assertEquals(self:send("COMMIT"), 1)
  test.assertEquals(self:send("SELECT 1"), 2)
end

function Split:test_without_autocommit_everything_stays()
  self:send("SET autocommit=0", flags(false, false))
  test.assertEquals(self:send("SELECT 1", flags(true, false)), 1)
  test.assertEquals(self:send("SET autocommit=1"), 1)
  test.assertEquals(self:send("SELECT 1"), 2)
end

function Split:test_what_leaves_something_behind_pins()
  for _, sql in ipairs({ "SET @a = 1", "CREATE TEMPORARY TABLE t (i INT)", "SELECT GET_LOCK('a', 1)" }) do
    self:tearDown()
    self:setUp()
    test.assertEquals(self:send(sql), 1, sql)
    test.assertEquals(self:send("SELECT 1"), 1, sql)
  end
end

function Split:test_prepared_statements_stay()
  test.assertEquals(self:send("SELECT ?", nil, proxy.COM_STMT_PREPARE), 1)
  test.assertEquals(self:send("\1\0\0\0\0\1\0\0\0", nil, proxy.COM_STMT_EXECUTE), 1)
  test.assertEquals(self:send("\1\0\0\0", nil, proxy.COM_STMT_CLOSE), 1)
  test.assertEquals(self:send("SELECT 1"), 1)
end

function Split:test_the_connection_stays_for_questions_about_a_write()
  self:send("INSERT INTO a VALUES (1)", { insert_id = 7, affected_rows = 1 })
  for _ = 1, 5 do test.assertEquals(self:send("SELECT 1"), 1) end
  test.assertEquals(self:send("SELECT 1"), 2)
end

function Split:test_warnings_and_found_rows_are_asked_where_they_are()
  self:send("SELECT 1/0", { warning_count = 1 })
  test.assertEquals(self:send("SHOW WARNINGS"), 2)
  test.assertEquals(self:send("SELECT SQL_CALC_FOUND_ROWS * FROM a"), 2)
  test.assertEquals(self:send("SELECT FOUND_ROWS()"), 2)
  test.assertEquals(self:send("nonsense", { query_status = 255 }), 1)
  test.assertEquals(self:send("SHOW ERRORS"), 1)
  test.assertEquals(proxy.connection.backend_ndx, 0)
end

function Split:test_names_are_repeated_where_they_differ()
  self:send("SELECT 1")
  test.assertEquals(self.ahead, {})
  self:send("SET NAMES latin1")
  test.assertEquals(self.ahead, {})
  self:send("SELECT 1")
  test.assertEquals(self.ahead, { "SET NAMES latin1" }, "on another connection")
  self:send("SELECT 1")
  test.assertEquals(self.ahead, {}, "on a connection that the client has had")
  self:another_client()
  self:send("SELECT 1")
  self:send("UPDATE a SET x = 1")
  self:first_client()
  self:send("SELECT 1")
  test.assertEquals(self.ahead, { "SET NAMES latin1" }, "after another client has had it")
end

function Split:test_nothing_stands_before_what_leaves_a_schema()
  self:send("SET NAMES latin1")
  self:another_client()
  self:send("UPDATE a SET x = 1")
  self:first_client()
  self:send("USE other")
  test.assertEquals(self.ahead, {})
  self:another_client()
  self:send("UPDATE a SET x = 1")
  self:first_client()
  self:send("other", nil, proxy.COM_INIT_DB)
  test.assertEquals(self.ahead, {})
  self:send("UPDATE a SET x = 1")
  test.assertEquals(self.ahead, { "SET NAMES latin1" })
end

function Split:test_failing_names_are_the_answer()
  self:send("SET NAMES nonsense")
  self:ask("\3SELECT 1")
  local first = proxy.queries.list[1]
  test.assertEquals(first.packet, "\3SET NAMES nonsense")
  local answer = mock.injection(first.id, first.packet, { raw = "\255", query_status = 255 })
  test.assertEquals(self.script.read_query_result(answer), nil, "forwarded")
  test.assertEquals(#proxy.queries, 0, "and nothing more is sent")
  test.assertEquals(proxy.connection.backend_ndx, 0)
end

function Split:test_a_long_statement_pins_unread()
  test.assertEquals(self:send("INSERT INTO a VALUES ('" .. ("x"):rep(1 << 20) .. "')"), 1)
  test.assertEquals(self:send("SELECT 1"), 1)
end

function Split:test_no_idle_connection_is_an_error()
  proxy.global.backends[1].pool.users.app.cur_idle_connections = 0
  test.assertMatches(self:send("UPDATE a SET x = 1"), "every server connection is busy")
  test.assertEquals(proxy.response.errcode, 1040)
  test.assertEquals(self:send("", nil, proxy.COM_PING), 2)
end

function Split:test_leaving_parks()
  test.assertEquals(self:ask("\1"), nil)
  self:send("INSERT INTO a VALUES (1)", { insert_id = 7 })
  test.assertEquals(proxy.connection.backend_ndx, 1)
  self.script.disconnect_client()
  test.assertEquals(proxy.connection.backend_ndx, 0)
end

function Split:test_what_is_too_much_is_kept_and_closed_at_the_end()
  proxy.global.backends[1].pool.users.app.cur_idle_connections = 9
  self:send("UPDATE a SET x = 1")
  test.assertEquals(proxy.connection.backend_ndx, 1, "8 are parked")
  self.script.disconnect_client()
  test.assertEquals(proxy.connection.backend_ndx, 1)
end

function Split:test_each_client_without_a_connection_has_one_parked()
  proxy.global.config.rwsplit.max_idle_connections = 100
  self:more_clients(20)
  proxy.global.config.rwsplit.max_idle_connections = 8
  proxy.global.backends[1].pool.users.app.cur_idle_connections = 9
  self:send("UPDATE a SET x = 1")
  test.assertEquals(proxy.connection.backend_ndx, 0)
end

function Split:test_new_clients_fill_the_pools_in_turn()
  local function chosen(...)
    for number, idle in ipairs({ ... }) do proxy.global.backends[number].pool.users.app.cur_idle_connections = idle end
    proxy.connection.backend_ndx = 0
    -- In connect_server the number is only noted.
    local noted = setmetatable({ client = {} }, { __index = { backend_ndx = 0 } })
    proxy.connection = noted
    return { self.script.connect_server() or "new", noted.backend_ndx }
  end
  test.assertEquals(chosen(3, 0, 0), { "new", 1 })
  test.assertEquals(chosen(4, 0, 0), { "new", 2 })
  test.assertEquals(chosen(4, 4, 0), { "new", 3 })
  test.assertEquals(chosen(4, 4, 4), { proxy.PROXY_IGNORE_RESULT, 1 }, "there are more than clients")
  self:more_clients(4)
  test.assertEquals(chosen(4, 4, 4), { "new", 1 })
  self:more_clients(1)
  proxy.global.config.rwsplit.reuse_connections = true
  test.assertEquals(chosen(4, 4, 4), { "new", 1 })
  test.assertEquals(chosen(5, 4, 4), { proxy.PROXY_IGNORE_RESULT, 1 })
end

function Split:test_settings_are_changed_by_statements()
  test.assertEquals(self:send("PROXY SET GLOBAL rwsplit.stay_after_write = 0"), "answered")
  self:send("INSERT INTO a VALUES (1)", { insert_id = 7 })
  test.assertEquals(self:send("SELECT 1"), 2)
end

local Pool = case()

function Pool:setUp() self:start("ro-pooling", { 1, 1, 2 }) end

function Pool:test_everything_goes_to_the_read_only_backends()
  test.assertEquals(self:send("SELECT 1"), 2)
  proxy.global.backends[2].connected_clients = 5
  test.assertEquals(self:send("UPDATE a SET x = 1"), 3)
  test.assertEquals(self:send("", nil, proxy.COM_PING), 3)
end

function Pool:test_without_any_the_read_write_one_serves()
  proxy.global.backends[2].state, proxy.global.backends[3].state = 2, 2
  test.assertEquals(self:send("SELECT 1"), 1)
end

function Pool:test_state_stays()
  test.assertEquals(self:send("SET @a = 1"), 2)
  proxy.global.backends[2].connected_clients = 5
  test.assertEquals(self:send("SELECT @a"), 2)
end

function self_test() test.run({ Split = Split, Pool = Pool }) end
