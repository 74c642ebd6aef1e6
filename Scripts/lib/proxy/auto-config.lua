-- proxy.auto-config: clients look at and change the settings in proxy.global.config.
--
--   local auto_config = require("proxy.auto-config")
--   function read_query(packet)
--     local answer = auto_config.handle(commands.parse(packet))
--     if answer then return answer end
--   end
--
--   PROXY SHOW CONFIG                                  module, option, value, type
--   PROXY SET GLOBAL rwsplit.is_debug = true           "text" or 'text', a number, true, false: of the option's type
--   PROXY SAVE CONFIG INTO "file"                      PROXY LOAD CONFIG FROM "file"
--
-- handle, save and load are found in proxy.global.config as well, as proxy.global.config:save(file). A setting is
-- known when a script has given it a value. Files hold one `module.option = value` a line; loading runs no code, and
-- saving replaces nothing but a file that was saved before.
--
-- Settings, in this module's table: users: { name = true, … }, who may do this; nil for everybody.
-- files: false forbids SAVE and LOAD. With --event-threads above 1 each loop has its own proxy.global, so that a change
-- is seen by the clients of one loop only.

local answer = require("proxy.answer")
local settings = require("proxy.settings")

local M = { users = nil, files = true }

local most_bytes = 128
local heading = "-- Settings of proxy.global.config, saved by PROXY SAVE CONFIG\n"

local escapes = { n = "\n", r = "\r", t = "\t", ["0"] = "\0" }

local function unquoted(text)
  local quote, inner = text:match("^([\"'])(.*)%1$")
  if not quote then return nil end
  local rest = inner:gsub("\\.", "")
  if rest:find(quote, 1, true) or rest:find("\\", 1, true) then return nil end
  return (inner:gsub("\\(.)", function(character) return escapes[character] or character end))
end

local function quoted(text)
  local inner = text:gsub('[\\"\n\r\t\0]', function(character)
    for letter, meaning in pairs(escapes) do if meaning == character then return "\\" .. letter end end
    return "\\" .. character
  end)
  return '"' .. inner .. '"'
end

-- The value that a text stands for; nil where it is none.
local function value_of(text)
  local lower = text:lower()
  if lower == "true" then return true end
  if lower == "false" then return false end
  local string_value = unquoted(text)
  if string_value then return string_value end
  if text:find("^[+-]?[%d.]") then return tonumber((text:gsub("^%+", ""))) end
end

local function text_of(value)
  return type(value) == "string" and quoted(value) or tostring(value)
end

local function is_setting(value)
  local kind = type(value)
  return kind == "string" or kind == "number" or kind == "boolean"
end

-- All settings in the order of their names: { { module, option, value }, … }.
local function all_settings()
  settings.fill()
  local list = {}
  for module, options in pairs(proxy.global.config) do
    if type(options) == "table" then
      for option, value in pairs(options) do
        if is_setting(value) then list[#list + 1] = { tostring(module), tostring(option), value } end
      end
    end
  end
  table.sort(list, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[2] < b[2]
  end)
  return list
end

-- Why a setting can't have the value; nil when it can.
local function objection(module, option, value)
  settings.fill()
  local options = rawget(proxy.global.config, module)
  if type(options) ~= "table" then return ("there is no module %s"):format(module) end
  local current = options[option]
  if current == nil or not is_setting(current) then return ("%s has no option %s"):format(module, option) end
  if type(current) ~= type(value) then
    return ("%s.%s is a %s, not a %s"):format(module, option, type(current), type(value))
  end
end

local function failure(text, code)
  return answer.error("(auto-config) " .. text, code)
end

local function show()
  local rows = {}
  for i, setting in ipairs(all_settings()) do
    rows[i] = { setting[1], setting[2], tostring(setting[3]), type(setting[3]) }
  end
  return answer.rows({ "module", "option", "value", "type" }, rows)
end

local function set(module, option, text)
  local value = value_of(text)
  if value == nil then return failure("the value is \"text\", a number, true or false, not " .. text) end
  local reason = objection(module, option, value)
  if reason then return failure(reason) end
  proxy.global.config[module][option] = value
  return answer.ok(1)
end

--- Writes all settings to a file; answers true, or nil and why not.
local function save(path)
  local existing = io.open(path, "rb")
  if existing then
    local head = existing:read(#heading)
    existing:close()
    if head ~= heading then return nil, path .. " exists and holds something else than saved settings" end
  end
  local lines = { heading }
  for _, setting in ipairs(all_settings()) do
    lines[#lines + 1] = ("%s.%s = %s\n"):format(setting[1], setting[2], text_of(setting[3]))
  end
  local file, message = io.open(path, "wb")
  if not file then return nil, message end
  local written, reason = file:write(table.concat(lines))
  local closed, late = file:close()
  return written and closed, reason or late
end

local function read_line(line, number)
  local module, option, text = line:match("^%s*([%a_][%w_-]*)%.([%a_][%w_]*)%s*=%s*(.-)%s*$")
  local value = text and value_of(text)
  if value == nil then return nil, ("line %d isn't module.option = value"):format(number) end
  local reason = objection(module, option, value)
  if reason then return nil, ("line %d: %s"):format(number, reason) end
  return { module, option, value }
end

--- Takes over the settings of a file: all or, where a line is wrong, none. Answers true, or nil and why not.
local function load_file(path)
  local file, message = io.open(path, "rb")
  if not file then return nil, message end
  local found, number = {}, 0
  for line in file:lines() do
    number = number + 1
    if not line:find("^%s*$") and not line:find("^%s*%-%-") then
      local setting, reason = read_line(line, number)
      if not setting then
        file:close()
        return nil, path .. ", " .. reason
      end
      found[#found + 1] = setting
    end
  end
  file:close()
  for _, setting in ipairs(found) do proxy.global.config[setting[1]][setting[2]] = setting[3] end
  return true
end

local function with_file(action, text)
  if not M.files then return failure("files are not allowed here") end
  local path = unquoted(text)
  if not path or path == "" then return failure("the name of a file stands in quotes, not " .. text) end
  local done, reason = action(path)
  if not done then return failure(reason) end
  return answer.ok()
end

local function run(statement)
  local rest = statement:match("^%a+%s+(.-)[%s;]*$") or ""
  local upper = rest:upper():gsub("%s+", " ")
  if upper == "SHOW CONFIG" then return show() end
  local name, option, text = rest:match("^%a+%s+%a+%s+([%a_][%w_-]*)%.([%a_][%w_]*)%s*=%s*(.+)$")
  if name and upper:find("^SET GLOBAL ") then return set(name, option, text) end
  local file = rest:match("^%a+%s+%a+%s+%a+%s+(.+)$")
  if file and upper:find("^SAVE CONFIG INTO ") then return with_file(save, file) end
  if file and upper:find("^LOAD CONFIG FROM ") then return with_file(load_file, file) end
  return failure("use PROXY SHOW CONFIG, PROXY SET GLOBAL module.option = value, PROXY SAVE CONFIG INTO \"file\" or "
    .. "PROXY LOAD CONFIG FROM \"file\"", 1064)
end

-- proxy.global.config:handle(cmd) passes the table itself first.
local function argument(first, second)
  if first == proxy.global.config then return second end
  return first
end

--- Answers a client's PROXY statement; nil for every other command. `cmd` is what proxy.commands made of the packet.
function M.handle(first, second)
  local cmd = argument(first, second)
  if cmd.type ~= proxy.COM_QUERY or not cmd.query or #cmd.query > most_bytes then return nil end
  local statement = cmd.query:match("^%s*([Pp][Rr][Oo][Xx][Yy]%s.*)$")
  if not statement then return nil end
  local user = proxy.connection.client.username
  if M.users and not M.users[user] then return failure("user " .. tostring(user) .. " may not do this", 1227) end
  return run(statement)
end

function M.save(first, second) return save(argument(first, second)) end
function M.load(first, second) return load_file(argument(first, second)) end

--- Makes handle, save and load reachable through proxy.global.config, where they are no settings.
function M.install()
  local metatable = getmetatable(proxy.global.config) or {}
  metatable.__index = { handle = M.handle, save = M.save, load = M.load }
  setmetatable(proxy.global.config, metatable)
end

M.install()

return M
