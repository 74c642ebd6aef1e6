-- proxy.settings: a script's settings in proxy.global.config, where others find and change them.
--
--   local settings = require("proxy.settings").of("greeter", { text = "hello", times = 3 })
--   settings.text        -- proxy.global.config.greeter.text as it is now
--
-- What is there already stays; what is missing gets the value given here. A script that sets some for a library does so
-- before it requires it, and, as its top level runs for each client, only once:
--
--   proxy.global.config.greeter = proxy.global.config.greeter or { times = 5 }
--   require("greeter")

local M = {}

local defaults_of = {}

local function filled(name)
  local all = proxy.global.config
  local options = all[name]
  if type(options) ~= "table" then
    options = {}
    all[name] = options
  end
  for key, value in pairs(defaults_of[name]) do
    if options[key] == nil then options[key] = value end
  end
  return options
end

--- Settings by name; reading follows whatever table is in proxy.global.config at that moment.
function M.of(name, defaults)
  defaults_of[name] = defaults
  filled(name)
  return setmetatable({}, {
    __index = function(_, key)
      local options = proxy.global.config[name]
      if type(options) ~= "table" or options[key] == nil then return defaults[key] end
      return options[key]
    end,
    __newindex = function(_, key, value) filled(name)[key] = value end,
  })
end

--- Makes sure that all settings are in proxy.global.config, also where a script has put a table of its own there.
function M.fill()
  for name in pairs(defaults_of) do filled(name) end
end

return M
