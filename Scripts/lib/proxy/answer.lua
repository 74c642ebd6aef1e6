-- proxy.answer: answers that a script gives itself.
--
--   local answer = require("proxy.answer")
--   function read_query(packet)
--     if answer.asks(packet, "SELECT * FROM proxy.greetings") then
--       return answer.rows({ "greeting", { name = "times", type = proxy.MYSQL_TYPE_LONGLONG } }, { { "hello", 3 } })
--     end
--   end
--
-- Each fills proxy.response and answers proxy.PROXY_SEND_RESULT. There are no settings.

local M = {}

--- Whether a packet is this statement: in any case, with any blanks, with or without a semicolon.
function M.asks(packet, text)
  if packet:byte() ~= proxy.COM_QUERY or #packet > #text + 64 then return false end
  local asked = packet:sub(2):lower():gsub("%s+", " "):gsub("^ ", ""):gsub("[ ;]+$", "")
  return asked == text:lower()
end

--- A result set; a column is its name, or a table with name and type.
function M.rows(columns, rows)
  local fields = {}
  for i, column in ipairs(columns) do
    fields[i] = type(column) == "table" and column or { name = column, type = proxy.MYSQL_TYPE_VAR_STRING }
  end
  proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = { fields = fields, rows = rows } }
  return proxy.PROXY_SEND_RESULT
end

--- A column of whole numbers.
function M.number(name)
  return { name = name, type = proxy.MYSQL_TYPE_LONGLONG }
end

--- OK, with so many rows affected.
function M.ok(affected)
  proxy.response = { type = proxy.MYSQLD_PACKET_OK, affected_rows = affected or 0 }
  return proxy.PROXY_SEND_RESULT
end

--- An error.
function M.error(text, code, state)
  proxy.response = {
    type = proxy.MYSQLD_PACKET_ERR, errmsg = text, errcode = code or 1105, sqlstate = state or "HY000" }
  return proxy.PROXY_SEND_RESULT
end

return M
