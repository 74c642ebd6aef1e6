-- proxy.test: unit tests of scripts, with a `proxy` that remembers what was done to it.
--
--   local test = require("proxy.test")
--   local Greeting = test.ProxyBaseTest:new()
--   function Greeting:setUp() self:mock() self.script = self:load("greeting") end
--   function Greeting:test_answers_hello()
--     test.assertEquals(self.script.read_query("\3SELECT hello"), proxy.PROXY_SEND_RESULT)
--   end
--   function self_test() test.run({ Greeting = Greeting }) end
--
-- `run` raises one error that tells of all failures; as self_test() of a script it refuses a script that fails. In the
-- old way: local suite = test.Suite:new({ result = test.Result:new() }); suite:run(Greeting); suite.result:print();
-- return suite:exit_code(). There are no settings.

local mock = require("proxy.mock")

local M = {}

local function shown(value)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) ~= "table" then return tostring(value) end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for i, key in ipairs(keys) do keys[i] = tostring(key) .. " = " .. shown(value[key]) end
  return "{ " .. table.concat(keys, ", ") .. " }"
end

local function equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do if not equal(value, b[key]) then return false end end
  for key in pairs(b) do if a[key] == nil then return false end end
  return true
end

local function fail(text, message)
  error(message and (message .. ": " .. text) or text, 3)
end

--- Raises an error unless `is` equals `expected`; tables are compared by what is in them.
function M.assertEquals(is, expected, message)
  if not equal(is, expected) then fail("is " .. shown(is) .. ", expected " .. shown(expected), message) end
end

--- Raises an error if `is` equals `unexpected`.
function M.assertNotEquals(is, unexpected, message)
  if equal(is, unexpected) then fail("is " .. shown(is) .. ", which it must not be", message) end
end

--- Raises an error unless `text` has the Lua pattern in it.
function M.assertMatches(text, pattern, message)
  if type(text) ~= "string" or not text:find(pattern) then
    fail(shown(text) .. " doesn't match " .. shown(pattern), message)
  end
end

--- Raises an error unless calling `f` fails with a message that has the Lua pattern in it.
function M.assertFails(f, pattern, message)
  local ok, text = pcall(f)
  if ok then fail("didn't fail", message) end
  if tostring(text):find(pattern) then return end
  fail("failed with " .. shown(text) .. ", not " .. shown(pattern), message)
end

--- A case is a table whose functions `test…` are run, each between setUp and tearDown.
M.BaseTest = {}

function M.BaseTest:new(case)
  case = case or {}
  self.__index = self
  return setmetatable(case, self)
end

function M.BaseTest:setUp() end
function M.BaseTest:tearDown() end

--- A case in which `proxy` is a mock, see proxy.mock.
M.ProxyBaseTest = M.BaseTest:new()

function M.ProxyBaseTest:setUp() self:mock() end

function M.ProxyBaseTest:tearDown()
  if self.real == nil then return end
  _G.proxy = self.real or nil
  self.real = nil
end

--- Puts a fresh mock in the place of `proxy`; tearDown brings the real one back.
function M.ProxyBaseTest:mock()
  if self.real == nil then self.real = rawget(_G, "proxy") or false end
  _G.proxy = mock.new(self.real or nil)
end

--- Runs a script of package.path with globals of its own, as for a client, and answers them: its hooks among them.
function M.ProxyBaseTest:load(name)
  local path = assert(package.searchpath(name, package.path))
  local globals = setmetatable({}, { __index = _G })
  assert(loadfile(path, "t", globals))()
  return globals
end

--- What became of the tests.
M.Result = {}
M.Result.__index = M.Result

function M.Result:new()
  return setmetatable({ passed = 0, failed = 0, failures = {} }, self)
end

function M.Result:add(name, message)
  if not message then
    self.passed = self.passed + 1
    return
  end
  self.failed = self.failed + 1
  self.failures[#self.failures + 1] = { name = name, message = message }
end

function M.Result:__tostring()
  local lines = { ("%d passed, %d failed"):format(self.passed, self.failed) }
  for _, failure in ipairs(self.failures) do lines[#lines + 1] = failure.name .. ": " .. failure.message end
  return table.concat(lines, "\n")
end

function M.Result:print() print(tostring(self)) end

--- Runs cases and collects what became of them.
M.Suite = {}
M.Suite.__index = M.Suite

function M.Suite:new(suite)
  suite = setmetatable(suite or {}, self)
  suite.result = suite.result or M.Result:new()
  return suite
end

-- A test's tearDown runs however it ends; the first message counts.
local function outcome(case, name)
  local ok, message = pcall(function()
    case:setUp()
    case[name](case)
  end)
  local down, later = pcall(case.tearDown, case)
  if not ok then return tostring(message) end
  if not down then return "tearDown: " .. tostring(later) end
end

local function test_names(case)
  local names = {}
  for name, value in pairs(case) do
    if type(name) == "string" and name:find("^test") and type(value) == "function" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

--- Runs the functions `test…` of a case, in the order of their names.
function M.Suite:run(case, label)
  for _, name in ipairs(test_names(case)) do
    self.result:add((label and label .. "." or "") .. name, outcome(case, name))
  end
end

function M.Suite:exit_code() return self.result.failed == 0 and 0 or 1 end

--- Runs { Name = case, … }; raises one error with all failures, or answers how many tests passed.
function M.run(cases)
  local suite, names = M.Suite:new(), {}
  for name in pairs(cases) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do suite:run(cases[name], name) end
  if suite.result.failed > 0 then error(tostring(suite.result), 0) end
  assert(suite.result.passed > 0, "there are no tests: their names begin with test")
  return suite.result.passed
end

return M
