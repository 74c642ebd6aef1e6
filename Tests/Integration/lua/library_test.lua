-- Unit tests of the smaller modules and of proxy.test itself; run by test_lua_library.py.
local answer = require("proxy.answer")
local balance = require("proxy.balance")
local commands = require("proxy.commands")
local journal = require("proxy.journal")
local lru = require("proxy.lru")
local settings = require("proxy.settings")
local test = require("proxy.test")

local Commands = test.ProxyBaseTest:new()

function Commands:test_each_command_has_its_fields()
  test.assertEquals(commands.parse("\3SELECT 1"), { type = 3, type_name = "COM_QUERY", query = "SELECT 1" })
  test.assertEquals(commands.parse("\22SELECT ?"), { type = 22, type_name = "COM_STMT_PREPARE", query = "SELECT ?" })
  test.assertEquals(commands.parse("\2shop"), { type = 2, type_name = "COM_INIT_DB", schema = "shop" })
  test.assertEquals(commands.parse("\4fruit\0na%"), {
    type = 4, type_name = "COM_FIELD_LIST", table = "fruit", wildcard = "na%" })
  test.assertEquals(commands.parse("\27\1\0"), { type = 27, type_name = "COM_SET_OPTION", option = 1 })
  test.assertEquals(commands.parse("\23\1\2\0\0\0\1\0\0\0").stmt_handler_id, 513)
  test.assertEquals(commands.parse("\25\7\0\0\0"), { type = 25, type_name = "COM_STMT_CLOSE", stmt_handler_id = 7 })
end

function Commands:test_what_is_cut_off_or_unknown_is_told()
  test.assertEquals(commands.parse("\25\7"), { type = 25, type_name = "COM_STMT_CLOSE" })
  test.assertEquals(commands.parse("").type, nil)
  local cut = commands.parse("\3SELECT 1", 4)
  test.assertEquals(cut, { type = 3, type_name = "COM_QUERY", query = "SEL", is_cut = true })
  test.assertEquals(commands.parse("\31").type_name, "COM_RESET_CONNECTION")
  test.assertEquals(commands.parse("\200").type_name, "COM_200")
end

function Commands:test_printing_stays_on_one_line()
  test.assertEquals(commands.pretty_print(commands.parse("\3SELECT\n'\27'")), "[COM_QUERY] SELECT\\n'\\x1b'")
  test.assertEquals(commands.pretty_print(commands.parse("\14")), "[COM_PING]")
  test.assertEquals(commands.one_line("abcdef", 3), "abc...")
  test.assertEquals(commands.pretty_print(commands.parse("\3SELECT 1"), 3), "[COM_QUERY] SEL...")
end

local Balance = test.ProxyBaseTest:new()

local function backends(...)
  for number, given in ipairs({ ... }) do proxy.global.backends[number] = proxy.mock_backend(given) end
end

function Balance:test_the_first_read_write_backend_with_an_idle_connection()
  backends({ idle = {} }, { idle = { app = 1 }, state = 2 }, { idle = { app = 1 } }, { idle = { app = 2 } })
  test.assertEquals(balance.idle_failsafe_rw(), 3)
  backends({ idle = { other = 3 } }, { type = 2, idle = { app = 1 } }, {}, {})
  test.assertEquals(balance.idle_failsafe_rw(), 0)
end

function Balance:test_the_read_only_backend_with_the_fewest_clients()
  backends(
    { idle = { app = 9 } }, { type = 2, connected_clients = 3, idle = { app = 1 } },
    { type = 2, connected_clients = 1, idle = { app = 1 } }, { type = 2, connected_clients = 0 },
    { type = 2, connected_clients = 0, idle = { app = 1 }, state = 2 })
  test.assertEquals(balance.idle_ro(), 3)
end

local Bounded = test.BaseTest:new()

function Bounded:test_the_least_recently_used_is_dropped()
  local dropped = {}
  local seen = lru.new(3, function(key) dropped[#dropped + 1] = key end)
  for _, key in ipairs({ "a", "b", "c" }) do seen:set(key, key:upper()) end
  test.assertEquals(seen:get("a"), "A")
  seen:set("d", "D")
  seen:set("c", "CC")
  test.assertEquals(dropped, { "b" })
  local order = {}
  for key, value in seen:pairs() do order[#order + 1] = key .. value end
  test.assertEquals(order, { "cCC", "dD", "aA" })
  test.assertEquals(#seen, 3)
end

function Bounded:test_removing_and_clearing()
  local seen = lru.new(2)
  seen:set("a", false)
  test.assertEquals(seen:get("a"), false)
  seen:set("a", true)
  test.assertEquals(#seen, 1)
  test.assertEquals(seen:remove("a"), true)
  test.assertEquals(seen:remove("a"), nil)
  test.assertEquals(#seen, 0)
  seen:set("x", 1)
  seen:clear()
  test.assertEquals(seen:get("x"), nil)
  for number = 1, 1000 do seen:set(number, number) end
  test.assertEquals(#seen, 2)
end

local Itself = test.BaseTest:new()

function Itself:test_assertions()
  test.assertEquals({ a = { 1, 2 } }, { a = { 1, 2 } })
  test.assertFails(function() test.assertEquals({ a = 1 }, { a = 2 }) end, "is { a = 1 }, expected { a = 2 }")
  test.assertFails(function() test.assertEquals(1, 2, "why") end, "why: is 1, expected 2")
  test.assertFails(function() test.assertNotEquals("x", "x") end, "must not be")
  test.assertFails(function() test.assertFails(function() end, "x") end, "didn't fail")
end

function Itself:test_failures_are_told_and_tear_down_runs()
  local torn = 0
  local Bad = test.BaseTest:new({ tearDown = function() torn = torn + 1 end })
  function Bad:test_one() error("first") end
  function Bad:test_two() end
  test.assertFails(function() test.run({ Bad = Bad }) end, "1 passed, 1 failed\nBad.test_one: .*first")
  test.assertEquals(torn, 2)
  test.assertFails(function() test.run({ None = test.BaseTest:new() }) end, "no tests")
end

function Itself:test_the_old_way()
  local Good = test.BaseTest:new()
  function Good:test_it() end
  local suite = test.Suite:new({ result = test.Result:new() })
  suite:run(Good)
  test.assertEquals(suite:exit_code(), 0)
  test.assertEquals(tostring(suite.result), "1 passed, 0 failed")
end

function Itself:test_the_real_proxy_comes_back()
  local before = rawget(_G, "proxy")
  local Case = test.ProxyBaseTest:new()
  function Case:test_it()
    assert(_G.proxy ~= before)
    error("fails")
  end
  test.assertFails(function() test.run({ Case = Case }) end, "fails")
  test.assertEquals(rawget(_G, "proxy"), before)
end

local Answers = test.ProxyBaseTest:new()

function Answers:test_statements_are_recognised_however_they_are_written()
  local text = "SELECT * FROM proxy.lag"
  test.assertEquals(answer.asks("\3select *\n  from PROXY.LAG ; ", text), true)
  test.assertEquals(answer.asks("\3SELECT * FROM proxy.lag WHERE 1", text), false)
  test.assertEquals(answer.asks("\22SELECT * FROM proxy.lag", text), false)
end

function Answers:test_what_is_answered()
  test.assertEquals(answer.rows({ "a", answer.number("b") }, { { "x", 1 } }), proxy.PROXY_SEND_RESULT)
  test.assertEquals(proxy.response.resultset.fields, { { name = "a", type = 253 }, { name = "b", type = 8 } })
  answer.error("why")
  test.assertEquals(proxy.response, { type = 255, errmsg = "why", errcode = 1105, sqlstate = "HY000" })
  answer.ok(3)
  test.assertEquals(proxy.response, { type = 0, affected_rows = 3 })
end

local Settings = test.ProxyBaseTest:new()

function Settings:test_what_is_there_stays_and_what_is_missing_comes()
  proxy.global.config.greeter = { times = 5 }
  local mine = settings.of("greeter", { times = 3, text = "hello", loud = true })
  test.assertEquals({ mine.times, mine.text, mine.loud }, { 5, "hello", true })
  proxy.global.config.greeter.loud = false
  test.assertEquals(mine.loud, false)
end

function Settings:test_another_table_in_their_place_is_followed()
  local mine = settings.of("greeter", { times = 3, text = "hello" })
  proxy.global.config.greeter = { times = 7 }
  test.assertEquals({ mine.times, mine.text }, { 7, "hello" })
  settings.fill()
  test.assertEquals(proxy.global.config.greeter, { times = 7, text = "hello" })
  proxy.global.config.greeter = "nonsense"
  test.assertEquals(mine.times, 3)
end

local Journal = test.ProxyBaseTest:new()

function Journal:test_each_client_has_a_number_and_tables()
  local number, mine = journal.number(), journal.client("a")
  test.assertEquals(journal.number(), number)
  test.assertEquals(rawequal(journal.client("a"), mine), true)
  test.assertEquals(rawequal(journal.client("b"), mine), false)
  self:mock()
  test.assertNotEquals(journal.number(), number)
  test.assertEquals(rawequal(journal.client("a"), mine), false)
  test.assertEquals(journal.who(), "app@127.0.0.1:50000")
end

function self_test()
  test.run({
    Answers = Answers, Balance = Balance, Bounded = Bounded, Commands = Commands, Itself = Itself, Journal = Journal,
    Settings = Settings,
  })
end
