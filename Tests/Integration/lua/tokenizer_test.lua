-- Unit tests of proxy.tokenizer; run by test_lua_library.py.
local test = require("proxy.test")
local tokenizer = require("proxy.tokenizer")

local Tokenizer = test.BaseTest:new()

local function normal(sql) return tokenizer.normalize(tokenizer.tokenize(sql)) end
local function again(sql, from, to) return tokenizer.tokens_to_query(tokenizer.tokenize(sql), from, to) end

function Tokenizer:test_normalize_leaves_what_differs_in_values()
  test.assertEquals(normal("select name from fruit where id = 7"), "SELECT `name` FROM `fruit` WHERE `id` = ?")
  test.assertEquals(normal("SELECT 'a', 1.5 -- why\n FROM t"), "SELECT ? , ? FROM `t`")
  test.assertEquals(normal("select Count(*) from a.b"), "SELECT COUNT( * ) FROM `a` . `b`")
end

function Tokenizer:test_normalize_keeps_bare_words_and_variables()
  test.assertEquals(normal("commit"), "COMMIT")
  test.assertEquals(normal("start transaction"), "START TRANSACTION")
  test.assertEquals(normal("SELECT @a"), "SELECT @a")
  test.assertEquals(normal("/*! SQL_NO_CACHE */ SELECT 1"), "/*! SQL_NO_CACHE */ SELECT ?")
end

function Tokenizer:test_normalize_doubles_backticks_in_names()
  test.assertEquals(normal("SELECT `a``b`"), "SELECT `a``b`")
end

function Tokenizer:test_first_stmt_token_skips_comments()
  local function first(sql)
    local token = tokenizer.first_stmt_token(tokenizer.tokenize(sql))
    return token and token.token_name
  end
  test.assertEquals(first("/* a */ -- b\n SELECT 1"), "TK_SQL_SELECT")
  test.assertEquals(first("/*!40101 SET NAMES utf8 */"), "TK_SQL_SET")
  test.assertEquals(first("commit"), "TK_LITERAL")
  test.assertEquals(first("/* only */"), nil)
end

function Tokenizer:test_bare_tokens_and_tokens_without_comments()
  local tokens = tokenizer.tokenize("SELECT 'it''s' /* x */ , 2")
  test.assertEquals(tokenizer.bare_tokens(tokens), { "SELECT", "it's", ",", "2" })
  test.assertEquals(tokenizer.bare_tokens(tokens, true), { "SELECT", "'it''s'", ",", "2" })
  test.assertEquals(#tokenizer.tokens_without_comments(tokens), 4)
end

function Tokenizer:test_a_query_of_tokens_means_the_same()
  for sql, expected in pairs({
    ["SELECT count(*), a.b FROM t"] = "SELECT count( * ) , a.b FROM t",
    ["SELECT `select`, `a b`, ok"] = "SELECT `select` , `a b` , ok",
    ["SELECT 'it''s', 'a\\'b', \"say \"\"x\"\"\""] = "SELECT 'it''s' , 'a\\'b' , 'say \"x\"'",
    ["GRANT ALL ON *.* TO 'app'@'%'"] = "GRANT ALL ON *.* TO 'app'@'%'",
    ["SELECT @a := 1, @@version"] = "SELECT @a := 1 , @@version",
    ["SELECT 1 /* hint */"] = "SELECT 1 /* hint */",
  }) do
    test.assertEquals(again(sql), expected)
    test.assertEquals(again(again(sql)), expected, "once more")
  end
end

function Tokenizer:test_a_part_of_the_tokens()
  test.assertEquals(again("EXPLAIN SELECT 1 FROM t", 2), "SELECT 1 FROM t")
  test.assertEquals(again("EXPLAIN SELECT 1 FROM t", 2, 3), "SELECT 1")
end

function self_test() test.run({ Tokenizer = Tokenizer }) end
