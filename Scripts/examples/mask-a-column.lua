-- mask-a-column: shows only the last four digits of card numbers, in every result with a column of that name.
--
--   $ millrace -s $PWD/Scripts/examples/mask-a-column.lua --proxy-lua-on-error=refuse
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p test
--   > CREATE OR REPLACE TABLE payments (id INT, card CHAR(16));
--   > INSERT INTO payments VALUES (1, '4111222233334444'), (2, NULL);
--   > SELECT * FROM payments;
--   1	****4444
--   2	NULL
--   > SELECT card AS innocent FROM payments WHERE id = 1;
--   ****4444
--
-- The column's own name counts, whatever the statement calls it; an expression such as CONCAT(card) has none. Of
-- several statements in one packet it sees the first result only. After an error nothing passes: see the option.

local MASKED = { card = true }

function read_query(packet)
  local command = packet:byte()
  -- Rows of prepared statements are read and answered like others.
  if command ~= proxy.COM_QUERY and command ~= proxy.COM_STMT_EXECUTE then return end
  proxy.queries:append(1, packet, { resultset_is_needed = true })
  return proxy.PROXY_SEND_QUERY
end

function read_query_result(inj)
  local set = inj.resultset
  local fields, masked = {}, {}
  for i = 1, #set.fields do
    local field = set.fields[i]
    fields[i] = { name = field.name, type = field.type }
    if MASKED[field.org_name:lower()] or MASKED[field.name:lower()] then masked[#masked + 1] = i end
  end
  if #masked == 0 then return end -- the result goes on as it came

  local rows = {}
  for row in set.rows do
    for _, i in ipairs(masked) do row[i] = row[i] and "****" .. row[i]:sub(-4) end
    rows[#rows + 1] = row
  end
  proxy.response = { type = proxy.MYSQLD_PACKET_OK, resultset = { fields = fields, rows = rows } }
  return proxy.PROXY_SEND_RESULT
end
