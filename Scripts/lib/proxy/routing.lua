-- proxy.routing: where a statement may run, and what it leaves behind on its connection.
--
--   local routing = require("proxy.routing")
--   routing.classify("SELECT 1").target              --> "read"
--   routing.classify("SELECT 1 FOR UPDATE").target   --> "write"
--   routing.classify("SET @a = 1").pins              --> "SET"
--
-- `target`: "read" may run on a read-only backend, "write" runs on a read/write one, "last" must run where the
-- statement before has run (SHOW WARNINGS, FOUND_ROWS()). `pins`, where it is set, says what ties the client to its
-- connection from now on. `follows` asks to stay there for the next statements. `names` is a SET NAMES that can be
-- repeated on another connection, `is_use` tells of a USE. There are no settings.
--
-- In doubt the answer is the careful one: "write", and pinned where a statement's end can't be seen.

local tokenizer = require("proxy.tokenizer")

local M = {}

-- Longer statements are looked at by their first word only: their tokens would take too long.
local most_bytes, most_tokens = 16 * 1024, 2000

local function set(text)
  local made = {}
  for word in text:gmatch("%S+") do made[word] = true end
  return made
end

-- Statements that leave something behind on their connection.
local pinning_verbs = set [[
  SET PREPARE EXECUTE DEALLOCATE LOCK HANDLER XA CALL CHANGE INSTALL BACKUP DECLARE
]]

-- Large statements that leave nothing behind, as long as no user variable and no second statement is in them.
local plain_verbs = set [[ INSERT REPLACE UPDATE DELETE SELECT ]]

-- Functions with an effect, or whose answer depends on the connection.
local pinning_functions = set [[ GET_LOCK RELEASE_LOCK RELEASE_ALL_LOCKS ]]
local writing_functions = set [[
  LAST_INSERT_ID CONNECTION_ID IS_FREE_LOCK IS_USED_LOCK NEXTVAL LASTVAL SETVAL MASTER_POS_WAIT MASTER_GTID_WAIT
]]
local following_functions = set [[ FOUND_ROWS ROW_COUNT ]]

local severity = { read = 1, last = 2, write = 3 }

-- Takes on the more careful target.
local function raise(found, target)
  if severity[target] > severity[found.target] then found.target = target end
end

local function pin(found, reason)
  found.target = "write"
  found.pins = found.pins or reason
end

-- `@x` is the client's own; `@@x` is a setting, of which the two servers may have different ones.
local function look_at_variable(found, text, tokens, at)
  if not text:find("^@@") then return pin(found, "user variable") end
  local name = text:sub(3):lower()
  if (name == "session" or name == "local") and tokens[at + 2] then name = tokens[at + 2].text:lower() end
  raise(found, (name == "warning_count" or name == "error_count") and "last" or "write")
end

local function look_at_function(found, upper)
  if pinning_functions[upper] then return pin(found, upper) end
  if writing_functions[upper] then return raise(found, "write") end
  if following_functions[upper] then raise(found, "last") end
end

local by_token = {}

-- What the server runs and the tokenizer doesn't look into.
function by_token.TK_COMMENT_MYSQL(found) pin(found, "executable comment") end

function by_token.TK_COMMENT(found, text)
  if text:find("^M!") or text:find("^!") then pin(found, "executable comment") end
end

-- A quote inside `# …` would hide what comes behind it.
function by_token.TK_UNKNOWN(found, text)
  if text:find("^#") then pin(found, "# comment") end
end

function by_token.TK_ASSIGN(found) pin(found, "user variable") end

function by_token.TK_LITERAL(found, text, tokens, at)
  if text:find("^@") then look_at_variable(found, text, tokens, at) end
end

function by_token.TK_FUNCTION(found, text) look_at_function(found, text:upper()) end
-- SELECT … INTO, FOR UPDATE, FOR SHARE, NEXT VALUE FOR, LOCK IN SHARE MODE; an index hint's FOR does no harm.
function by_token.TK_SQL_INTO(found) raise(found, "write") end
by_token.TK_SQL_FOR, by_token.TK_SQL_LOCK, by_token.TK_SQL_PROCEDURE = by_token.TK_SQL_INTO, by_token.TK_SQL_INTO,
  by_token.TK_SQL_INTO

function by_token.TK_SQL_SQL_CALC_FOUND_ROWS(found)
  found.follows = true
end

local function words_at(tokens, first, count)
  local words = {}
  for i = first, math.min(first + count - 1, #tokens) do
    words[#words + 1] = tokenizer.word(tokens[i]) or tokens[i].text
  end
  return words
end

-- SET NAMES word [COLLATE word] and nothing else can be said again on another connection.
local function names_of(tokens, first, last)
  local words = words_at(tokens, first, last - first + 1)
  if words[2] ~= "NAMES" or not (words[3] or ""):find("^[%w_]+$") then return nil end
  if #words == 3 then return "SET NAMES " .. tokens[first + 2].text end
  if #words == 5 and words[4] == "COLLATE" and words[5]:find("^[%w_]+$") then
    return "SET NAMES " .. tokens[first + 2].text .. " COLLATE " .. tokens[first + 4].text
  end
end

-- The server's status flags tell of autocommit, so it needs no pin.
local function sets_autocommit_only(tokens, first, last)
  local words = words_at(tokens, first, 4)
  return last - first == 3 and (words[2] == "AUTOCOMMIT" or words[2] == "@@AUTOCOMMIT")
end

local function look_at_set(found, tokens, first, last)
  if sets_autocommit_only(tokens, first, last) then return raise(found, "write") end
  local names = names_of(tokens, first, last)
  if not names then return pin(found, "SET") end
  raise(found, "write")
  found.names = names
end

local function look_at_show(found, words)
  local what = words[2]
  if what == "WARNINGS" or what == "ERRORS" or what == "COUNT" then return raise(found, "last") end
  raise(found, "write")
end

local function look_at_verb(found, tokens, first, last)
  local verb = tokenizer.word(tokens[first])
  if verb == "SELECT" then return end
  local words = words_at(tokens, first, 4)
  if verb == "SET" then return look_at_set(found, tokens, first, last) end
  if verb == "SHOW" then return look_at_show(found, words) end
  raise(found, verb == "GET" and "last" or "write")
  if pinning_verbs[verb or ""] then return pin(found, verb) end
  found.is_use = verb == "USE" or nil
  -- CREATE [OR REPLACE] TEMPORARY TABLE, DROP TEMPORARY TABLE, FLUSH TABLES … WITH READ LOCK.
  for _, word in ipairs(words) do
    if word == "TEMPORARY" then return pin(found, "temporary table") end
  end
  if verb == "FLUSH" then pin(found, "FLUSH") end
end

-- One statement; `SET autocommit` and SET NAMES are known as a whole, so their parts aren't looked at.
local function look_at_statement(found, tokens, first, last)
  local before_pin, before_names = found.pins, found.names
  look_at_verb(found, tokens, first, last)
  local is_set = tokenizer.word(tokens[first]) == "SET"
  if is_set and (found.names ~= before_names or found.pins == before_pin) then return end
  for i = first, last do
    local token = tokens[i]
    local look = by_token[token.token_name]
    if look then look(found, token.text, tokens, i) end
  end
end

local function large(sql)
  local verb = (sql:match("^%s*(%a+)") or ""):upper()
  local found = { target = "write" }
  if not plain_verbs[verb] or sql:find("@", 1, true) or sql:find(";", 1, true) or sql:find("/*", 1, true) then
    found.pins = "large statement"
  elseif sql:find("_[Ll][Oo][Cc][Kk]%s*%(") then
    found.pins = "lock"
  end
  found.follows = sql:sub(1, 200):upper():find("SQL_CALC_FOUND_ROWS", 1, true) and true
  return found
end

-- Several statements in one text: each counts; whether a SET NAMES among them has failed can't be seen.
local function classify_tokens(tokens)
  local found, first, count = { target = "read" }, 1, 0
  for i = 1, #tokens + 1 do
    if i > #tokens or tokens[i].token_name == "TK_SEMICOLON" then
      if i > first then
        count = count + 1
        look_at_statement(found, tokens, first, i - 1)
      end
      first = i + 1
    end
  end
  if count == 0 then found.target = "write" end
  if count > 1 then
    raise(found, "write")
    if found.names then pin(found, "several statements") end
    found.names = nil
  end
  return found
end

--- What a statement's text asks for, as a table; see above. `is_cut` says that the text is only its beginning.
function M.classify(sql, is_cut)
  if is_cut then return { target = "write", pins = "long statement" } end
  if #sql > most_bytes then return large(sql) end
  local tokens = tokenizer.tokenize(sql)
  if #tokens > most_tokens then return large(sql) end
  local comments = { target = "read" }
  for i = 1, #tokens do
    if tokens[i].token_name == "TK_COMMENT" then by_token.TK_COMMENT(comments, tokens[i].text) end
  end
  local found = classify_tokens(tokenizer.tokens_without_comments(tokens))
  if comments.pins then pin(found, comments.pins) end
  return found
end

return M
