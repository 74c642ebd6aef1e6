-- proxy.commands: a client's packet as a table, and that table as a line of text.
--
--   local commands = require("proxy.commands")
--   local cmd = commands.parse(packet)     --> { type = proxy.COM_QUERY, type_name = "COM_QUERY", query = "SELECT 1" }
--   commands.pretty_print(cmd)             --> [COM_QUERY] SELECT 1
--
-- Fields beside `type` and `type_name`: `query` (COM_QUERY, COM_STMT_PREPARE), `schema` (COM_INIT_DB, COM_CREATE_DB,
-- COM_DROP_DB), `table` and `wildcard` (COM_FIELD_LIST), `option` (COM_SET_OPTION), `thread_id` (COM_PROCESS_KILL),
-- `stmt_handler_id` (COM_STMT_EXECUTE, _CLOSE, _RESET, _FETCH, _SEND_LONG_DATA). A packet that is cut off lacks them.
-- There are no settings.

local M = {}

-- Newer than the constants in `proxy`.
local newer = { [31] = "COM_RESET_CONNECTION" }

-- The names of the commands by number; made at the first use, when `proxy` is there.
local names

local function name_of(number)
  if not names then
    names = {}
    for key, value in pairs(proxy) do
      if type(key) == "string" and key:find("^COM_") then names[value] = key end
    end
  end
  return names[number] or newer[number] or ("COM_" .. number)
end

local function query(cmd, rest) cmd.query = rest end
local function schema(cmd, rest) cmd.schema = rest end

local function field_list(cmd, rest)
  cmd.table, cmd.wildcard = rest:match("^([^\0]*)\0(.*)$")
  if not cmd.table then cmd.table = rest end
end

local function option(cmd, rest)
  if #rest >= 2 then cmd.option = string.unpack("<I2", rest) end
end

local function thread(cmd, rest)
  if #rest >= 4 then cmd.thread_id = string.unpack("<I4", rest) end
end

local function statement(cmd, rest)
  if #rest >= 4 then cmd.stmt_handler_id = string.unpack("<I4", rest) end
end

local readers = {
  COM_QUERY = query, COM_STMT_PREPARE = query,
  COM_INIT_DB = schema, COM_CREATE_DB = schema, COM_DROP_DB = schema,
  COM_FIELD_LIST = field_list, COM_SET_OPTION = option, COM_PROCESS_KILL = thread,
  COM_STMT_EXECUTE = statement, COM_STMT_CLOSE = statement, COM_STMT_RESET = statement,
  COM_STMT_FETCH = statement, COM_STMT_SEND_LONG_DATA = statement,
}

--- The packet of a command as a table. Of a packet with more than `most` bytes only those are read: `is_cut` is set.
function M.parse(packet, most)
  local number = packet:byte()
  if not number then return { type_name = "an empty packet" } end
  local cmd = { type = number, type_name = name_of(number) }
  if most and #packet > most then packet, cmd.is_cut = packet:sub(1, most), true end
  local read = readers[cmd.type_name]
  if read then read(cmd, packet:sub(2)) end
  return cmd
end

-- Control characters would let a client forge lines of a log.
local function printable(text)
  return (text:gsub("[%c\127]", function(character)
    if character == "\n" then return "\\n" end
    return ("\\x%02x"):format(character:byte())
  end))
end

--- One line of text that tells of a command, by at most `most` bytes of its statement.
function M.pretty_print(cmd, most)
  local detail = cmd.query or cmd.schema or cmd.table or cmd.option or cmd.thread_id or cmd.stmt_handler_id
  if detail == nil then return "[" .. cmd.type_name .. "]" end
  return "[" .. cmd.type_name .. "] " .. M.one_line(tostring(detail), most)
end

--- A text on one line, control characters written as escapes; longer ones are cut to `most` bytes.
function M.one_line(text, most)
  if most and #text > most then text = text:sub(1, most) .. "..." end
  return printable(text)
end

return M
