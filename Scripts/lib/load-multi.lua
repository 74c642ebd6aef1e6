-- load-multi: loads and unloads scripts while the proxy runs, and lets them work one after the other.
--
--   millrace … --proxy-lua-script=Scripts/lib/load-multi.lua           or require("load-multi")
--
--   PLOAD histogram           loads histogram.lua
--   PUNLOAD histogram         unloads it
--   PLOAD_HELP                lists these statements and the scripts that are loaded
--
-- Each script has globals of its own for each client, as if it were the only one. A hook is asked of the scripts in the
-- order of loading, and the first decision counts; results go to the script that sent the query. Clients that are
-- connected already take part from their next statement on. With --event-threads above 1 all loops follow.
--
-- A script can do all that the proxy's user can, so only plain names are taken, and looked for in one folder, or
-- without one in those of LUA_PATH.
--
-- Settings: proxy.global.config.load_multi, or the environment at the start
--   folder   PLOAD_FOLDER   ""     where scripts are
--   users    PLOAD_USERS    ""     who may load: names with commas between; everybody while it is empty
--   debug    DEBUG          false  print what is loaded
-- PLOAD, PUNLOAD and PLOAD_HELP in the environment give the statements other names.

local answer = require("proxy.answer")
local journal = require("proxy.journal")

local most_scripts = 20
local key = "load-multi.scripts"

local settings = require("proxy.settings").of("load_multi", {
  folder = os.getenv("PLOAD_FOLDER") or "", users = os.getenv("PLOAD_USERS") or "", debug = os.getenv("DEBUG") ~= nil,
})

local words = {
  load = (os.getenv("PLOAD") or "PLOAD"):upper(), unload = (os.getenv("PUNLOAD") or "PUNLOAD"):upper(),
  help = (os.getenv("PLOAD_HELP") or "PLOAD_HELP"):upper(),
}

-- This script's own hooks, which a loaded one must not find as its own.
local own = {}

-- The names of all scripts, a blank between: the same for all loops, where the proxy has a place for that.
local function names()
  local shared = proxy.shared
  return (shared and shared.get(key) or proxy.global[key]) or ""
end

local function set_names(text)
  if proxy.shared then proxy.shared.set(key, text) end
  proxy.global[key] = text
end

local function path_of(name)
  if not name:find("^[%w_][%w_-]*$") then return nil, "a script's name is of letters, digits, - and _" end
  if settings.folder == "" then return package.searchpath(name, package.path) end
  return package.searchpath(name, settings.folder .. "/?.lua")
end

-- A script with globals of its own; nil and why not.
local function start(name)
  local path, missing = path_of(name)
  if not path then return nil, missing end
  local globals = setmetatable({}, { __index = _G })
  local chunk, message = loadfile(path, "t", globals)
  if not chunk then return nil, message end
  local ok, failure = pcall(chunk)
  if not ok then return nil, tostring(failure) end
  if settings.debug then journal.print("load-multi: " .. path) end
  return { name = name, globals = globals }
end

-- The client's scripts, brought up to date.
local function scripts()
  local mine, wanted = journal.client("load-multi"), names()
  if mine.names == wanted then return mine.scripts end
  local before = {}
  for _, script in ipairs(mine.scripts or {}) do before[script.name] = script end
  mine.names, mine.scripts = wanted, {}
  for name in wanted:gmatch("%S+") do
    local script, reason = before[name], nil
    if not script then script, reason = start(name) end
    if script then
      table.insert(mine.scripts, script)
    else
      journal.print("load-multi: " .. name .. ": " .. tostring(reason))
    end
  end
  return mine.scripts
end

local function hook_of(script, name)
  local hook = script.globals[name]
  if type(hook) == "function" and hook ~= own[name] then return hook end
end

-- Asks the scripts in turn; answers the first decision and whose it is.
local function ask(name, ...)
  for _, script in ipairs(scripts()) do
    local hook = hook_of(script, name)
    local decision = hook and hook(...)
    if decision then return decision, script end
    if name == "read_query" then proxy.queries:reset() end
  end
end

local function is_loaded(name)
  return (" " .. names() .. " "):find(" " .. name .. " ", 1, true) ~= nil
end

local function refused(text) return answer.error("(load-multi) " .. text) end

local function load_script(name)
  if is_loaded(name) then return refused(name .. " is loaded already; unload it first to load it anew") end
  local _, count = names():gsub("%S+", "")
  if count >= most_scripts then return refused(most_scripts .. " scripts are loaded, which is the most") end
  local script, reason = start(name)
  if not script then return refused(name .. ": " .. reason) end
  local mine = journal.client("load-multi")
  table.insert(scripts(), script)
  set_names((names() .. " " .. name):match("^ ?(.*)$"))
  mine.names = names()
  return answer.ok(1)
end

local function unload_script(name)
  if not is_loaded(name) then return refused(name .. " is not loaded") end
  local kept = {}
  for other in names():gmatch("%S+") do
    if other ~= name then kept[#kept + 1] = other end
  end
  set_names(table.concat(kept, " "))
  return answer.ok(1)
end

local function help()
  return answer.rows({ "statement", "description" }, {
    { words.load .. " name", "load the script name.lua" }, { words.unload .. " name", "unload it" },
    { words.help, "this list" }, { "loaded", names() },
  })
end

local function may()
  if settings.users == "" then return true end
  local user = proxy.connection.client.username or ""
  return ("," .. settings.users:gsub("%s", "") .. ","):find("," .. user .. ",", 1, true) ~= nil
end

local function own_statement(packet)
  if packet:byte() ~= proxy.COM_QUERY or #packet > 200 then return nil end
  local word, rest = packet:match("^.%s*([%w_]+)%s*(.-)[%s;]*$")
  local runs = { [words.load] = load_script, [words.unload] = unload_script, [words.help] = help }
  local run = word and runs[word:upper()]
  if not run then return nil end
  if not may() then return refused("you may not do this") end
  return run(rest:match("^[\"'](.*)[\"']$") or rest)
end

function own.connect_server() return (ask("connect_server")) end
function own.read_handshake() return (ask("read_handshake")) end
function own.read_auth() return (ask("read_auth")) end
function own.read_auth_result(auth) return (ask("read_auth_result", auth)) end

function own.read_query(packet)
  local decision = own_statement(packet)
  if decision then return decision end
  local asked, script = ask("read_query", packet)
  journal.client("load-multi").sender = script
  return asked
end

function own.read_query_result(inj)
  local script = journal.client("load-multi").sender
  local hook = script and hook_of(script, "read_query_result")
  if hook then return hook(inj) end
end

function own.disconnect_client()
  for _, script in ipairs(scripts()) do
    local hook = hook_of(script, "disconnect_client")
    if hook then hook() end
  end
end

connect_server, read_handshake, read_auth = own.connect_server, own.read_handshake, own.read_auth
read_auth_result, read_query = own.read_auth_result, own.read_query
read_query_result, disconnect_client = own.read_query_result, own.disconnect_client
