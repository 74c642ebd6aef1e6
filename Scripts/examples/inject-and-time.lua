-- inject-and-time: asks the server for a statement's warnings behind it, and shows what both took.
--
--   $ millrace -s $PWD/Scripts/examples/inject-and-time.lua
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p
--   > SELECT SLEEP(0.1), 1 / 0;
--   0	NULL
--   > DO 'the next one';
--   log: SELECT SLEEP(0.1), 1 / 0: first row after 1… µs, last one after 1… µs
--   log: warning 1365: Division by 0
--
-- The client sees the answer to its own statement only, at once; its next statement waits until the second one, whose
-- answer is dropped, is through.

local log = require("chassis").message
local OWN, WARNINGS = 1, 2

function read_query(packet)
  if packet:byte() ~= proxy.COM_QUERY then return end

  -- By its id, read_query_result knows it again. The client's own result is only measured, so it needn't be kept.
  proxy.queries:append(OWN, packet)
  return proxy.PROXY_SEND_QUERY
end

function read_query_result(inj)
  if inj.id == OWN then
    log(("%s: first row after %d µs, last one after %d µs"):format(
      inj.query:sub(2, 200), inj.query_time, inj.response_time))
    -- More may follow: the client has its answer, and these rows are for the script.
    if inj.resultset.warning_count > 0 then
      proxy.queries:append(WARNINGS, string.char(proxy.COM_QUERY) .. "SHOW WARNINGS", { resultset_is_needed = true })
    end
    return
  end

  for row in inj.resultset.rows do
    local level, code, message = table.unpack(row)
    log(("%s %d: %s"):format(level:lower(), code, message))
  end
  return proxy.PROXY_IGNORE_RESULT
end
