-- proxy.tokenizer: a statement as tokens, and tokens as a statement again.
--
--   local tokenizer = require("proxy.tokenizer")
--   local tokens = tokenizer.tokenize("SELECT name FROM fruit WHERE id = 7")
--   tokenizer.normalize(tokens)                   --> SELECT `name` FROM `fruit` WHERE `id` = ?
--   tokenizer.first_stmt_token(tokens).token_name --> TK_SQL_SELECT
--
-- Tokens come from mysql.tokenizer: a list (#, [i]) of { token_id, token_name, text }. Tables of such tables do, too.
-- There are no settings.

local native = require("mysql.tokenizer")

local M = {}

-- Statements and parts of statements that the tokenizer doesn't know as keywords, and that are no names.
local bare_words = { COMMIT = true, ROLLBACK = true, BEGIN = true, START = true, TRANSACTION = true }

--- The tokens of a statement.
function M.tokenize(sql)
  return native.tokenize(sql)
end

local function quoted_name(name)
  return "`" .. name:gsub("`", "``") .. "`"
end

-- Backslash pairs are kept by the tokenizer, doubled quotes are folded.
local function quoted_string(text)
  local inner = text:gsub("(\\?)(.)", function(backslash, character)
    if backslash ~= "" then return nil end
    if character == "'" then return "''" end
    if character == "\\" then return "\\\\" end
  end)
  return "'" .. inner .. "'"
end

local function is_keyword(token)
  return token.token_name:sub(1, 7) == "TK_SQL_"
end

local function is_comment(token)
  return token.token_name == "TK_COMMENT"
end

-- `select` in backticks is a literal with a keyword's text; @`x y` begins with a lone @.
local function needs_backticks(name)
  if name:find("^@") then return false end
  if name == "" or name:find("[^%w_$@\128-\255]") then return true end
  local first = native.tokenize(name)[1]
  return first == nil or first.token_name ~= "TK_LITERAL"
end

--- A word in upper case; nil for strings, numbers and operators.
function M.word(token)
  local name = token.token_name
  if name == "TK_LITERAL" or name == "TK_FUNCTION" or is_keyword(token) then return token.text:upper() end
end

local function normal_literal(text)
  if text:find("^@") then return text .. " " end
  local upper = text:upper()
  if bare_words[upper] then return upper .. " " end
  return quoted_name(text) .. " "
end

local function normal_form(token)
  local name, text = token.token_name, token.text
  if name == "TK_COMMENT" then return "" end
  if name == "TK_COMMENT_MYSQL" then return "/*!" .. text .. "*/ " end
  if name == "TK_LITERAL" then return normal_literal(text) end
  if name == "TK_STRING" or name == "TK_INTEGER" or name == "TK_FLOAT" then return "? " end
  if name == "TK_FUNCTION" then return text:upper() end
  if is_keyword(token) then return text:upper() .. " " end
  return text .. " "
end

--- What statements have in common that differ in values only: names quoted, keywords in upper case, values as `?`.
function M.normalize(tokens)
  local parts = {}
  for i = 1, #tokens do parts[i] = normal_form(tokens[i]) end
  return (table.concat(parts):gsub("%s+$", ""))
end

--- The first token that is no comment; of a comment that the server runs, the first token inside it. Nil without one.
function M.first_stmt_token(tokens)
  for i = 1, #tokens do
    local token = tokens[i]
    if token.token_name == "TK_COMMENT_MYSQL" then
      local inside = native.tokenize((token.text:gsub("^%d+", "")))
      if #inside > 0 then return M.first_stmt_token(inside) end
    elseif not is_comment(token) then
      return token
    end
  end
end

--- A table with the tokens that are no comments.
function M.tokens_without_comments(tokens)
  local kept = {}
  for i = 1, #tokens do
    local token = tokens[i]
    if not is_comment(token) then kept[#kept + 1] = token end
  end
  return kept
end

--- A table with the tokens' texts, without comments; `quote` gives strings their quotes back.
function M.bare_tokens(tokens, quote)
  local texts = {}
  for i = 1, #tokens do
    local token = tokens[i]
    if token.token_name == "TK_STRING" and quote then
      texts[#texts + 1] = quoted_string(token.text)
    elseif not is_comment(token) then
      texts[#texts + 1] = token.text
    end
  end
  return texts
end

local function source_form(token)
  local name, text = token.token_name, token.text
  if name == "TK_COMMENT" then return "/*" .. text:gsub("%*/", "* /") .. "*/" end
  if name == "TK_COMMENT_MYSQL" then return "/*!" .. text .. "*/" end
  if name == "TK_STRING" then return quoted_string(text) end
  if name == "TK_LITERAL" and needs_backticks(text) then return quoted_name(text) end
  return text
end

-- A function's name touches its parenthesis; 'user'@'host' and a.b are written in one piece.
local function blank_between(left, right)
  if left.token_name == "TK_FUNCTION" or left.token_name == "TK_DOT" or right.token_name == "TK_DOT" then return "" end
  if left.token_name == "TK_LITERAL" and left.text:find("@$") then return "" end
  if left.token_name == "TK_STRING" and right.text:find("^@") then return "" end
  return " "
end

--- A statement of the tokens `from` to `to`: by default of all. It means what the original meant.
function M.tokens_to_query(tokens, from, to)
  from, to = from or 1, to or #tokens
  local parts = {}
  for i = from, to do
    if i > from then parts[#parts + 1] = blank_between(tokens[i - 1], tokens[i]) end
    parts[#parts + 1] = source_form(tokens[i])
  end
  return table.concat(parts)
end

return M
