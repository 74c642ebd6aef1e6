-- commit-obfuscator: turns half of the COMMITs into ROLLBACKs with an error, to test how an application takes it.
--
--   millrace … --proxy-lua-script=Scripts/lib/commit-obfuscator.lua    or require("commit-obfuscator")
--
-- The client gets error 1180 (HY000), and its transaction is gone. Not for production.
--
-- Settings: proxy.global.config.commit_obfuscator
--   chance   0.5   how often, from 0 (never) to 1 (always)

local answer = require("proxy.answer")
local commands = require("proxy.commands")
local journal = require("proxy.journal")
local tokenizer = require("proxy.tokenizer")

local settings = require("proxy.settings").of("commit_obfuscator", { chance = 0.5 })

local function is_commit(cmd)
  if cmd.type ~= proxy.COM_QUERY or #cmd.query > 1000 then return false end
  local first = tokenizer.first_stmt_token(tokenizer.tokenize(cmd.query))
  return first ~= nil and tokenizer.word(first) == "COMMIT"
end

function read_query(packet)
  if not is_commit(commands.parse(packet)) or math.random() >= settings.chance then return end
  proxy.queries:append(1, string.char(proxy.COM_QUERY) .. "ROLLBACK", { resultset_is_needed = true })
  return proxy.PROXY_SEND_QUERY
end

function read_query_result()
  return answer.error("(commit-obfuscator) this COMMIT was turned into a ROLLBACK", 1180)
end
