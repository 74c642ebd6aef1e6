-- Unit tests of proxy.parser; run by test_lua_library.py.
local parser = require("proxy.parser")
local test = require("proxy.test")
local tokenizer = require("proxy.tokenizer")

local Parser = test.ProxyBaseTest:new()

local function assert_tables(sql, expected)
  test.assertEquals(parser.get_tables(tokenizer.tokenize(sql)), expected, sql)
end

function Parser:test_names_are_expanded()
  test.assertEquals(parser.tablename_expand("t"), "shop.t")
  test.assertEquals(parser.tablename_expand("t", "other"), "other.t")
  proxy.connection.client.default_db = ""
  test.assertEquals(parser.tablename_expand("t"), "t")
end

function Parser:test_selects()
  assert_tables("SELECT * FROM a", { ["shop.a"] = "read" })
  assert_tables("SELECT * FROM a, b AS x, other.c y WHERE 1", {
    ["shop.a"] = "read", ["shop.b"] = "read", ["other.c"] = "read" })
  assert_tables("SELECT * FROM a JOIN b ON a.id = b.id LEFT JOIN c USING (id)", {
    ["shop.a"] = "read", ["shop.b"] = "read", ["shop.c"] = "read" })
  assert_tables("SELECT * FROM a FOR UPDATE", { ["shop.a"] = "read" })
  assert_tables("SELECT `from` FROM `select`", { ["shop.select"] = "read" })
  assert_tables("SELECT a INTO OUTFILE 'x' FROM t", { ["shop.t"] = "read" })
end

function Parser:test_subqueries()
  assert_tables("SELECT (SELECT MAX(id) FROM b) FROM a WHERE id IN (SELECT id FROM c)", {
    ["shop.a"] = "read", ["shop.b"] = "read", ["shop.c"] = "read" })
  assert_tables("SELECT * FROM (SELECT * FROM inner_one) AS x", { ["shop.inner_one"] = "read" })
  assert_tables("(SELECT 1 FROM a) UNION (SELECT 2 FROM b)", { ["shop.a"] = "read", ["shop.b"] = "read" })
end

function Parser:test_functions_with_from_name_no_table()
  assert_tables("SELECT EXTRACT(YEAR FROM born), TRIM(LEADING 'x' FROM name) FROM people", { ["shop.people"] = "read" })
end

function Parser:test_names_of_with_are_no_tables()
  assert_tables("WITH top AS (SELECT * FROM a), low (x) AS (SELECT 1 FROM b) SELECT * FROM top JOIN low", {
    ["shop.a"] = "read", ["shop.b"] = "read" })
end

function Parser:test_writes()
  assert_tables("INSERT INTO a SELECT * FROM b", { ["shop.a"] = "write", ["shop.b"] = "read" })
  assert_tables("INSERT IGNORE a VALUES (1) ON DUPLICATE KEY UPDATE n = 2", { ["shop.a"] = "write" })
  assert_tables("INSERT INTO a (x, y) VALUES (1, 2)", { ["shop.a"] = "write" })
  assert_tables("INSERT INTO a(x) VALUES (1)", { ["shop.a"] = "write" })
  assert_tables("REPLACE INTO other.a VALUES (1)", { ["other.a"] = "write" })
  assert_tables("UPDATE LOW_PRIORITY a, b SET a.x = b.x", { ["shop.a"] = "write", ["shop.b"] = "write" })
  assert_tables("UPDATE a SET x = (SELECT 1 FROM a)", { ["shop.a"] = "write" })
  assert_tables("LOAD DATA LOCAL INFILE 'f' INTO TABLE a", { ["shop.a"] = "write" })
  assert_tables("TRUNCATE a", { ["shop.a"] = "write" })
end

function Parser:test_deletes()
  assert_tables("DELETE FROM a WHERE id = 1", { ["shop.a"] = "write" })
  assert_tables("DELETE a FROM a JOIN b", { ["shop.a"] = "write", ["shop.b"] = "read" })
  assert_tables("DELETE FROM a USING a JOIN b", { ["shop.a"] = "write", ["shop.b"] = "read" })
  assert_tables("DELETE FROM a WHERE id IN (SELECT id FROM b)", { ["shop.a"] = "write", ["shop.b"] = "read" })
end

function Parser:test_definitions()
  assert_tables("CREATE TABLE IF NOT EXISTS a (id INT)", { ["shop.a"] = "write" })
  assert_tables("CREATE TABLE a LIKE b", { ["shop.a"] = "write", ["shop.b"] = "read" })
  assert_tables("DROP TABLE IF EXISTS a, other.b", { ["shop.a"] = "write", ["other.b"] = "write" })
  assert_tables("ALTER TABLE a ADD COLUMN x INT", { ["shop.a"] = "write" })
  assert_tables("RENAME TABLE a TO b, c TO d", {
    ["shop.a"] = "write", ["shop.b"] = "write", ["shop.c"] = "write", ["shop.d"] = "write" })
end

function Parser:test_statements_without_tables()
  for _, sql in ipairs({ "SELECT 1", "SHOW TABLES FROM shop", "USE shop", "SET @a = 1", "COMMIT", "", "SELECT 1 FROM",
    "INSERT", "DELETE", "((((" }) do
    assert_tables(sql, {})
  end
end

function self_test() test.run({ Parser = Parser }) end
