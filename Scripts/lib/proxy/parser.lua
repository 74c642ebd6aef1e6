-- proxy.parser: the tables that a statement reads and writes.
--
--   local parser = require("proxy.parser")
--   parser.get_tables(tokenizer.tokenize("INSERT INTO a SELECT * FROM b.c JOIN d"))
--     --> { ["shop.a"] = "write", ["b.c"] = "read", ["shop.d"] = "read" }       for a client whose schema is shop
--
-- It follows the keywords that tables stand behind, at any depth; it is no parser of the whole language. Names of a
-- WITH clause are no tables, EXTRACT(… FROM …) names none, and SHOW and stored programs are left out.
-- There are no settings.

local tokenizer = require("proxy.tokenizer")

local M = {}

--- "table" as "schema.table": in `db`, or else in the client's schema; without one the name stays alone.
function M.tablename_expand(name, db)
  if db == nil then
    local client = proxy.connection and proxy.connection.client
    db = client and client.default_db
  end
  if db == nil or db == "" then return name end
  return db .. "." .. name
end

local Scan = {}
Scan.__index = Scan

function Scan:name() return self.tokens[self.at] and self.tokens[self.at].token_name end

function Scan:word()
  local token = self.tokens[self.at]
  return token and tokenizer.word(token)
end

-- The words before the current one; comments are gone already.
function Scan:word_before(count)
  local token = self.tokens[self.at - (count or 1)]
  return token and tokenizer.word(token)
end

local function is_name(token)
  return token ~= nil
    and (token.token_name == "TK_LITERAL" or token.token_name == "TK_FUNCTION") and not token.text:find("^@")
end

-- Takes `name` or `schema.name`; answers it in full, or nil where something else stands.
function Scan:take_table()
  local token = self.tokens[self.at]
  if not is_name(token) then return nil end
  self.at = self.at + 1
  local after = self.tokens[self.at + 1]
  if self:name() == "TK_DOT" and after then
    self.at = self.at + 2
    if after.token_name == "TK_STAR" then return M.tablename_expand(token.text) end
    return M.tablename_expand(after.text, token.text)
  end
  if self.with[token.text:upper()] then return nil end
  return M.tablename_expand(token.text)
end

function Scan:note(table_name, access)
  if table_name and self.found[table_name] ~= "write" then self.found[table_name] = access end
end

-- Behind a table comes `AS alias`, `alias`, and after a comma the next table.
function Scan:take_list(access)
  repeat
    -- DELETE FROM a.*; and FROM ((a JOIN b) …): the parentheses are of no interest.
    while self:name() == "TK_OBRACE" do self:open() end
    local before = self.at
    self:note(self:take_table(), access)
    if self.at == before then return end
    if self:name() == "TK_DOT" then self.at = self.at + 2 end
    if self:name() == "TK_SQL_AS" then self.at = self.at + 1 end
    if self:name() == "TK_LITERAL" then self.at = self.at + 1 end
    local more = self:name() == "TK_COMMA"
    if more then self.at = self.at + 1 end
  until not more
end

function Scan:open()
  local before = self.tokens[self.at - 1]
  self.depth = self.depth + 1
  self.is_call[self.depth] = before ~= nil and before.token_name == "TK_FUNCTION"
  self.at = self.at + 1
end

function Scan:close()
  if self.depth > 0 then self.depth = self.depth - 1 end
  self.at = self.at + 1
end

-- `WITH [RECURSIVE] a [(columns)] AS (…), b AS (…)`: every name before AS and a parenthesis.
function Scan:note_with()
  for i = 1, #self.tokens - 2 do
    local token, next_token = self.tokens[i], self.tokens[i + 1]
    if next_token.token_name == "TK_SQL_AS" and self.tokens[i + 2].token_name == "TK_OBRACE" and is_name(token) then
      self.with[token.text:upper()] = true
    elseif is_name(token) and next_token.token_name == "TK_OBRACE" then
      self:note_with_columns(i)
    end
  end
end

function Scan:note_with_columns(i)
  local close = i + 2
  while is_name(self.tokens[close]) or self.tokens[close] and self.tokens[close].token_name == "TK_COMMA" do
    close = close + 1
  end
  local closing, as, open = self.tokens[close], self.tokens[close + 1], self.tokens[close + 2]
  if open and closing.token_name == "TK_CBRACE" and as.token_name == "TK_SQL_AS" and open.token_name == "TK_OBRACE" then
    self.with[self.tokens[i].text:upper()] = true
  end
end

local skipped = {
  IGNORE = true, LOW_PRIORITY = true, HIGH_PRIORITY = true, DELAYED = true, QUICK = true, IF = true, NOT = true,
  EXISTS = true, ONLY = true,
}

function Scan:skip_options()
  while skipped[self:word() or ""] do self.at = self.at + 1 end
end

local on_word = {}

function on_word.FROM(scan)
  if scan.is_call[scan.depth] then return end
  scan:take_list(scan.verb == "DELETE" and scan.depth == 0 and not scan.has_targets and "write" or "read")
end

function on_word.USING(scan)
  if scan.verb == "DELETE" and scan.depth == 0 then scan:take_list("read") end
end

function on_word.JOIN(scan) scan:take_list("read") end
on_word.STRAIGHT_JOIN = on_word.JOIN

function on_word.INTO(scan)
  if scan.verb == "SELECT" then return end
  if scan:name() == "TK_SQL_TABLE" then scan.at = scan.at + 1 end
  scan:note(scan:take_table(), "write")
end

function on_word.UPDATE(scan)
  local before = scan:word_before(2)
  if before == "FOR" or before == "KEY" then return end
  scan:skip_options()
  scan:take_list("write")
end

function on_word.TABLE(scan)
  local verb = scan.verb
  if verb ~= "CREATE" and verb ~= "DROP" and verb ~= "ALTER" and verb ~= "RENAME" and verb ~= "TRUNCATE" then return end
  scan:skip_options()
  scan:take_list("write")
end
on_word.TABLES = function(scan) if scan.verb == "DROP" then on_word.TABLE(scan) end end

-- RENAME TABLE a TO b, CREATE TABLE a LIKE b.
function on_word.TO(scan) if scan.verb == "RENAME" then scan:take_list("write") end end
function on_word.LIKE(scan) if scan.verb == "CREATE" then scan:note(scan:take_table(), "read") end end

-- What stands behind the verb itself: INSERT t, REPLACE t, DELETE a, b FROM …, TRUNCATE t.
local on_verb = {}

function on_verb.INSERT(scan)
  scan:skip_options()
  scan:note(scan:take_table(), "write")
end
on_verb.REPLACE = on_verb.INSERT
on_verb.TRUNCATE = on_verb.INSERT

function on_verb.DELETE(scan)
  scan:skip_options()
  if not is_name(scan.tokens[scan.at]) then return end
  scan.has_targets = true
  scan:take_list("write")
end

local not_followed = { SHOW = true, GRANT = true, REVOKE = true, SET = true, USE = true, CALL = true }
local programs = { PROCEDURE = true, FUNCTION = true, TRIGGER = true, EVENT = true }

local function is_program(tokens)
  for i = 2, math.min(#tokens, 12) do
    if programs[tokenizer.word(tokens[i]) or ""] then return true end
    if tokens[i].token_name == "TK_OBRACE" then return false end
  end
  return false
end

function Scan:step()
  local name = self:name()
  if name == "TK_OBRACE" then return self:open() end
  if name == "TK_CBRACE" then return self:close() end
  local word = self:word()
  -- A name in backticks, or one behind a dot, is no keyword, whatever its text.
  local follow = word and name ~= "TK_FUNCTION" and name ~= "TK_LITERAL" and on_word[word]
  self.at = self.at + 1
  if follow then follow(self) end
end

--- The tables of a statement: { ["schema.table"] = "read" | "write" }; one that is read and written counts as written.
function M.get_tables(tokens)
  local kept = tokenizer.tokens_without_comments(tokens)
  local scan = setmetatable(
    { tokens = kept, at = 1, depth = 0, is_call = {}, with = {}, found = {}, verb = nil }, Scan)
  for i = 1, #kept do
    if kept[i].token_name ~= "TK_OBRACE" then
      scan.verb = tokenizer.word(kept[i])
      break
    end
  end
  if not scan.verb or not_followed[scan.verb] then return scan.found end
  if scan.verb == "CREATE" and is_program(kept) then return scan.found end
  if scan.verb == "WITH" then scan:note_with() end
  if on_verb[scan.verb] and kept[1].token_name ~= "TK_OBRACE" then
    scan.at = 2
    on_verb[scan.verb](scan)
  end
  while scan.at <= #kept do scan:step() end
  return scan.found
end

return M
