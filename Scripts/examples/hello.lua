-- hello: answers one statement itself; all others go to the server.
--
--   $ millrace -s $PWD/Scripts/examples/hello.lua
--   $ mariadb -sN -h127.0.0.1 -P4040 -uapp -p
--   > SELECT hello;
--   hello app
--   > SELECT 1 + 1;
--   2

function read_query(packet)
  -- A packet is a command byte and what belongs to it: here, the text of a statement.
  if packet:byte() ~= proxy.COM_QUERY or packet:sub(2):upper() ~= "SELECT HELLO" then
    return -- no decision: the packet goes on as it is
  end

  proxy.response = {
    type = proxy.MYSQLD_PACKET_OK,
    resultset = {
      fields = { { name = "greeting", type = proxy.MYSQL_TYPE_VAR_STRING } },
      rows = { { "hello " .. proxy.connection.client.username } },
    },
  }
  return proxy.PROXY_SEND_RESULT
end
