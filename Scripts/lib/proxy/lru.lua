-- proxy.lru: a table with a maximum size, which drops what wasn't used for the longest time.
--
--   local lru = require("proxy.lru")
--   local seen = lru.new(1000)
--   seen:set("key", 1)   seen:get("key")   seen:remove("key")   seen:clear()   #seen
--   for key, value in seen:pairs() do … end          -- the latest first; don't change it meanwhile
--
-- What clients name (statements, tables, users) has no natural limit; what a script keeps of it must have one.
-- Setting and getting take the same time however many entries there are. There are no settings.

local M = {}
local methods = {}
local metatable = { __index = methods, __len = function(self) return self.count end }

--- A table for at most `most` entries; `dropped(key, value)` is called for each that has to go.
function M.new(most, dropped)
  assert(math.type(most) == "integer" and most > 0, "proxy.lru.new takes the largest number of entries, from 1")
  local ring = {}
  ring.newer, ring.older = ring, ring
  return setmetatable({ most = most, count = 0, entries = {}, ring = ring, dropped = dropped }, metatable)
end

local function unlink(entry)
  entry.newer.older, entry.older.newer = entry.older, entry.newer
end

-- Behind the ring's head, which is no entry, comes the latest.
local function link(ring, entry)
  entry.newer, entry.older = ring, ring.older
  ring.older.newer = entry
  ring.older = entry
end

function methods:get(key)
  local entry = self.entries[key]
  if not entry then return nil end
  unlink(entry)
  link(self.ring, entry)
  return entry.value
end

function methods:remove(key)
  local entry = self.entries[key]
  if not entry then return nil end
  unlink(entry)
  self.entries[key] = nil
  self.count = self.count - 1
  return entry.value
end

function methods:set(key, value)
  if value == nil then return self:remove(key) end
  if self:get(key) ~= nil then
    self.entries[key].value = value
    return
  end
  if self.count == self.most then
    local oldest = self.ring.newer
    self:remove(oldest.key)
    if self.dropped then self.dropped(oldest.key, oldest.value) end
  end
  local entry = { key = key, value = value }
  self.entries[key] = entry
  self.count = self.count + 1
  link(self.ring, entry)
end

function methods:clear()
  self.entries, self.count = {}, 0
  self.ring.newer, self.ring.older = self.ring, self.ring
end

function methods:pairs()
  local entry = self.ring
  return function()
    entry = entry.older
    if entry ~= self.ring then return entry.key, entry.value end
  end
end

return M
