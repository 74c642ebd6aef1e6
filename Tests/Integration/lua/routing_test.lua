-- Unit tests of proxy.routing: which statements may run where; run by test_lua_library.py.
local routing = require("proxy.routing")
local test = require("proxy.test")

local Routing = test.BaseTest:new()

local function assert_target(target, statements)
  for _, sql in ipairs(statements) do
    local found = routing.classify(sql)
    test.assertEquals({ target = found.target, pins = found.pins }, { target = target }, sql)
  end
end

local function assert_pins(statements)
  for _, sql in ipairs(statements) do
    local found = routing.classify(sql)
    test.assertEquals(found.target, "write", sql)
    test.assertNotEquals(found.pins, nil, sql)
  end
end

function Routing:test_reads()
  assert_target("read", {
    "SELECT 1", "select * from a join b", "SELECT 'FOR UPDATE @x; INTO'", "/* app */ SELECT 1", "SELECT 1;",
    "SELECT * FROM `get_lock`", "SELECT 5 % 2", "SELECT 1 -- it's a remark\n", "SELECT e FROM t WHERE e = 'a@b'",
  })
end

function Routing:test_locking_and_writing_selects()
  assert_target("write", {
    "SELECT * FROM a FOR UPDATE", "SELECT * FROM a FOR SHARE", "SELECT * FROM a LOCK IN SHARE MODE",
    "SELECT * FROM a INTO OUTFILE 'x'", "SELECT LAST_INSERT_ID()", "SELECT @@insert_id", "SELECT @@hostname",
    "SELECT NEXT VALUE FOR s", "SELECT NEXTVAL(s)", "SELECT CONNECTION_ID()",
  })
end

function Routing:test_what_leaves_something_behind_pins()
  assert_pins({
    "SELECT GET_LOCK('a', 1)", "DO RELEASE_LOCK('a')", "SELECT @a", "SELECT @a := 1", "SELECT 1 INTO @a",
    "SET @a = 1", "SET sql_mode = ''", "SET NAMES utf8, @a = 1", "SET autocommit = 1, @a = 1",
    "CREATE TEMPORARY TABLE t (id INT)", "CREATE OR REPLACE TEMPORARY TABLE t (id INT)", "DROP TEMPORARY TABLE t",
    "PREPARE s FROM 'SELECT 1'", "EXECUTE s", "DEALLOCATE PREPARE s", "LOCK TABLES t READ", "CALL p()",
    "FLUSH TABLES WITH READ LOCK", "HANDLER t OPEN", "XA START 'x'",
  })
end

function Routing:test_what_cannot_be_seen_through_pins()
  assert_pins({
    "/*!40101 SET @old = @@sql_mode */", "SELECT 1 /*! FOR UPDATE */", "SELECT 1 /*M! FOR UPDATE */",
    "SELECT 1 # it's\n FOR UPDATE",
  })
end

function Routing:test_other_statements_write()
  assert_target("write", {
    "INSERT INTO a VALUES (1)", "UPDATE a SET x = 1", "BEGIN", "START TRANSACTION", "COMMIT", "SHOW TABLES",
    "SET autocommit=0", "SET @@autocommit = 1", "UNLOCK TABLES", "(SELECT 1) UNION (SELECT 2)",
    "WITH a AS (SELECT 1) SELECT 2", "EXPLAIN SELECT 1", "DO 1", "USE shop", "DROP DATABASE shop", "", "/* nothing */",
  })
end

function Routing:test_what_asks_about_the_statement_before()
  assert_target("last", {
    "SHOW WARNINGS", "SHOW ERRORS", "SHOW COUNT(*) WARNINGS", "SELECT FOUND_ROWS()", "SELECT ROW_COUNT()",
    "SELECT @@warning_count", "SELECT @@session.error_count", "GET DIAGNOSTICS CONDITION 1",
  })
  test.assertEquals(routing.classify("SELECT SQL_CALC_FOUND_ROWS * FROM a LIMIT 1").follows, true)
end

function Routing:test_several_statements()
  assert_target("write", { "SELECT 1; SELECT 2", "SELECT 1; UPDATE a SET x = 1", "SELECT FOUND_ROWS(); SELECT 1" })
  assert_pins({ "SELECT 1; SET @a = 1", "SET NAMES utf8; SET @a = 1", "SET @a = 1; SET NAMES utf8",
    "SELECT 1; SET NAMES utf8" })
end

function Routing:test_names_can_be_repeated()
  test.assertEquals(routing.classify("set names utf8mb4"), { target = "write", names = "SET NAMES utf8mb4" })
  local collated = routing.classify("SET NAMES 'latin1' COLLATE latin1_bin;")
  test.assertEquals(collated.names, "SET NAMES latin1 COLLATE latin1_bin")
end

function Routing:test_large_statements_are_known_by_their_first_word()
  local much = ("x"):rep(100000)
  assert_target("write", { "INSERT INTO a VALUES ('" .. much .. "')", "SELECT '" .. much .. "'" })
  assert_pins({
    "SELECT GET_LOCK ('a', 1), '" .. much .. "'",
    "SET x = '" .. much .. "'", "INSERT INTO a VALUES (@a, '" .. much .. "')", "SELECT 1; '" .. much .. "'" })
end

function self_test() test.run({ Routing = Routing }) end
