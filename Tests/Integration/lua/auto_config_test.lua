-- Unit tests of proxy.auto-config; run by test_lua_library.py.
local test = require("proxy.test")

local Config = test.ProxyBaseTest:new()
local auto_config

function Config:setUp()
  self:mock()
  auto_config = require("proxy.auto-config")
  auto_config.install()
  auto_config.users, auto_config.files = nil, true
  proxy.global.config.rwsplit = { min_idle_connections = 4, is_debug = false, default_names = "utf8" }
  self.path = os.tmpname()
  os.remove(self.path)
end

function Config:tearDown()
  os.remove(self.path)
  test.ProxyBaseTest.tearDown(self)
end

local function say(sql)
  proxy.response = {}
  local decision = auto_config.handle({ type = proxy.COM_QUERY, type_name = "COM_QUERY", query = sql })
  if decision then test.assertEquals(decision, proxy.PROXY_SEND_RESULT) end
  return decision and proxy.response
end

local function settings() return proxy.global.config.rwsplit end

function Config:test_show()
  local shown = say("proxy show  config;").resultset
  test.assertEquals(#shown.fields, 4)
  test.assertEquals(shown.rows, {
    { "rwsplit", "default_names", "utf8", "string" }, { "rwsplit", "is_debug", "false", "boolean" },
    { "rwsplit", "min_idle_connections", "4", "number" } })
end

function Config:test_booleans_can_be_set()
  test.assertEquals(say("PROXY SET GLOBAL rwsplit.is_debug = true"), { type = 0, affected_rows = 1 })
  test.assertEquals(settings().is_debug, true)
  say("PROXY SET GLOBAL rwsplit.is_debug=FALSE;")
  test.assertEquals(settings().is_debug, false)
end

function Config:test_strings_lose_their_quotes()
  say([[PROXY SET GLOBAL rwsplit.default_names = "latin1"]])
  test.assertEquals(settings().default_names, "latin1")
  say([[PROXY SET GLOBAL rwsplit.default_names = 'a\'b "c"']])
  test.assertEquals(settings().default_names, [[a'b "c"]])
end

function Config:test_numbers()
  say("PROXY SET GLOBAL rwsplit.min_idle_connections = 12")
  test.assertEquals(settings().min_idle_connections, 12)
  say("PROXY SET GLOBAL rwsplit.min_idle_connections = -1.5")
  test.assertEquals(settings().min_idle_connections, -1.5)
end

function Config:test_what_is_refused()
  for sql, pattern in pairs({
    ["PROXY SET GLOBAL rwsplit.is_debug = 1"] = "is a boolean, not a number",
    ["PROXY SET GLOBAL rwsplit.min_idle_connections = 'x'"] = "is a number, not a string",
    ["PROXY SET GLOBAL rwsplit.nothing = 1"] = "no option nothing",
    ["PROXY SET GLOBAL absent.is_debug = true"] = "no module absent",
    ["PROXY SET GLOBAL rwsplit.default_names = utf8"] = "the value is",
    ["PROXY SET GLOBAL rwsplit.default_names = 'a' 'b'"] = "the value is",
    ["PROXY SET GLOBAL handle.x = 1"] = "no module handle",
    ["PROXY SAVE CONFIG INTO file"] = "stands in quotes",
    ["PROXY DANCE"] = "PROXY SHOW CONFIG",
  }) do
    local response = say(sql)
    test.assertEquals(response.type, proxy.MYSQLD_PACKET_ERR, sql)
    test.assertMatches(response.errmsg, pattern, sql)
  end
  test.assertEquals(settings().is_debug, false)
end

function Config:test_other_statements_are_left_alone()
  test.assertEquals(say("SELECT 1"), nil)
  test.assertEquals(say("PROXYSHOW"), nil)
  test.assertEquals(say("PROXY SET GLOBAL rwsplit.default_names = '" .. ("x"):rep(128) .. "'"), nil)
  test.assertEquals(auto_config.handle({ type = proxy.COM_INIT_DB, schema = "PROXY SHOW CONFIG" }), nil)
end

function Config:test_save_and_load()
  settings().default_names = 'say "x"\n\\'
  test.assertEquals(say("PROXY SAVE CONFIG INTO '" .. self.path .. "'").type, proxy.MYSQLD_PACKET_OK)
  settings().default_names, settings().is_debug, settings().min_idle_connections = "", true, 0
  test.assertEquals(say('PROXY LOAD CONFIG FROM "' .. self.path .. '"').type, proxy.MYSQLD_PACKET_OK)
  test.assertEquals(settings(), { min_idle_connections = 4, is_debug = false, default_names = 'say "x"\n\\' })
  test.assertEquals(proxy.global.config:save(self.path), true, "again, through proxy.global.config")
end

function Config:write(text)
  local file = assert(io.open(self.path, "w"))
  file:write(text)
  file:close()
end

function Config:test_saving_replaces_no_other_file()
  self:write("precious\n")
  test.assertMatches(say("PROXY SAVE CONFIG INTO '" .. self.path .. "'").errmsg, "something else")
  test.assertEquals(io.open(self.path):read("a"), "precious\n")
end

function Config:test_a_wrong_line_loads_nothing_and_runs_nothing()
  self:write("rwsplit.is_debug = true\nos.exit(1)\n")
  test.assertMatches(say("PROXY LOAD CONFIG FROM '" .. self.path .. "'").errmsg, "line 2")
  test.assertEquals(settings().is_debug, false)
  test.assertMatches(say("PROXY LOAD CONFIG FROM '/no/such/file'").errmsg, "No such file")
end

function Config:test_who_may_and_whether_files_may()
  auto_config.users = { root = true }
  test.assertMatches(say("PROXY SHOW CONFIG").errmsg, "app may not")
  auto_config.users, auto_config.files = nil, false
  test.assertMatches(say("PROXY SAVE CONFIG INTO '" .. self.path .. "'").errmsg, "not allowed")
end

function self_test() test.run({ Config = Config }) end
