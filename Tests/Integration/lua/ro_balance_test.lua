-- Unit tests of ro-balance: what lag means for new clients; run by test_lua_library.py.
local mock = require("proxy.mock")
local test = require("proxy.test")

local Balance = test.ProxyBaseTest:new()

-- Backend 1 is read/write, 2 and 3 are read-only; the client is on backend 2.
function Balance:setUp()
  self:mock()
  for number, kind in ipairs({ 1, 2, 2 }) do
    proxy.global.backends[number] = proxy.mock_backend({
      type = kind, idle = { app = 1 }, address = "10.0.0." .. number .. ":3306" })
  end
  self.script = self:load("ro-balance")
  mock.log_in(proxy, 2)
  proxy.connection.server.mysqld_version = 50505
end

-- What the replica answers the question that is sent ahead of a statement.
function Balance:answer(status, version)
  proxy.connection.server.mysqld_version = version or 50505
  test.assertEquals(self.script.read_query("\3SELECT 1"), proxy.PROXY_SEND_QUERY)
  local question = proxy.queries.list[1]
  local fields, row = {}, {}
  for name, value in pairs(status or {}) do
    fields[#fields + 1] = { name = name }
    row[#fields] = value
  end
  local given = false
  local resultset = { fields = fields, rows = function()
    if given or not status then return nil end
    given = true
    return row
  end }
  local injection = mock.injection(question.id, question.packet, resultset)
  test.assertEquals(self.script.read_query_result(injection), proxy.PROXY_IGNORE_RESULT)
  return question.packet
end

function Balance:chosen()
  proxy.connection.backend_ndx = 0
  local noted = setmetatable({}, { __index = { backend_ndx = 0 } })
  proxy.connection = noted
  self.script.connect_server()
  return noted.backend_ndx
end

function Balance:test_unknown_lag_is_none()
  test.assertEquals(self:chosen(), 2)
end

function Balance:test_a_replica_that_is_behind_is_left_out()
  self:answer({ Seconds_Behind_Master = "11" })
  test.assertEquals(self:chosen(), 3)
end

function Balance:test_a_replica_that_keeps_up_is_used()
  self:answer({ Seconds_Behind_Master = "10" })
  test.assertEquals(self:chosen(), 2)
end

function Balance:test_bytes_count_within_one_log_file()
  local status = {
    Seconds_Behind_Master = "0", Master_Log_File = "b.1", Relay_Master_Log_File = "b.1",
    Read_Master_Log_Pos = "20000", Exec_Master_Log_Pos = "1000",
  }
  self:answer(status)
  test.assertEquals(self:chosen(), 3)
  self:setUp()
  status.Relay_Master_Log_File = "b.2"
  self:answer(status)
  test.assertEquals(self:chosen(), 2)
end

function Balance:test_a_replica_that_stands_still_is_left_out()
  self:answer({ Slave_SQL_Running = "No" })
  test.assertEquals(self:chosen(), 3)
  proxy.global.backends[3].state = proxy.BACKEND_STATE_DOWN
  self:setUp()
  self:answer({ Slave_SQL_Running = "No" })
  proxy.global.backends[3].state = proxy.BACKEND_STATE_DOWN
  test.assertEquals(self:chosen(), 0, "the proxy's own choice: a read/write backend")
end

function Balance:test_a_server_that_is_no_replica_has_no_lag()
  self:answer(nil)
  test.assertEquals(self:chosen(), 2)
end

function Balance:test_the_words_of_mysql_8()
  test.assertEquals(self:answer({ Seconds_Behind_Source = "60" }, 80400), "\3SHOW REPLICA STATUS")
  test.assertEquals(self:chosen(), 3)
end

function Balance:test_it_is_asked_once_in_a_while()
  self:answer({ Seconds_Behind_Master = "0" })
  proxy.queries:reset()
  test.assertEquals(self.script.read_query("\3SELECT 1"), nil)
end

function Balance:test_it_stays_out_of_questions_about_the_statement_before()
  for _, sql in ipairs({ "show warnings", "SELECT FOUND_ROWS()", "SELECT @@warning_count", "GET DIAGNOSTICS" }) do
    test.assertEquals(self.script.read_query("\3" .. sql), nil, sql)
  end
  test.assertEquals(self.script.read_query("\2shop"), nil)
end

function self_test() test.run({ Balance = Balance }) end
