extension LuaState {
    /// What makes scripts for Lua 5.1 run: names that 5.4 dropped, and loaders that repair escapes.
    ///
    /// What stays 5.4's: `tostring(3.0)` is "3.0" and `/` makes floats, `goto` is a word of the language, `\x`, `\u{}`
    /// and `\z` are escapes, precompiled chunks aren't loaded, and a table's `__gc` is refused.
    ///
    /// Runs once a state, with the shim's text loader as its argument; returns the maker of environment cells.
    static let prelude = #"""
        local compile = ...

        local function read_file(path)
            local file, message = io.stdin, nil
            if path then
                file, message = io.open(path, "rb")
                if not file then return nil, "cannot open " .. message end
            end
            local text, failure = file:read("a")
            if path then file:close() end
            if not text then return nil, "cannot read " .. tostring(path) .. ": " .. tostring(failure) end
            return text
        end

        local function with_environment(chunk, message, given, environment)
            if chunk and given then debug.setupvalue(chunk, 1, environment) end
            return chunk, message
        end

        function load(source, name, mode, ...)
            if type(source) == "function" then
                local pieces = {}
                for piece in source do
                    if piece == "" then break end
                    if type(piece) ~= "string" then return nil, "reader function must return a string" end
                    pieces[#pieces + 1] = piece
                end
                source, name = table.concat(pieces), name or "=(load)"
            elseif type(source) ~= "string" then
                error("bad argument #1 to 'load' (string or function expected, got " .. type(source) .. ")", 2)
            end
            if mode and not mode:find("t", 1, true) then
                return nil, "attempt to load a text chunk (mode is '" .. mode .. "')"
            end
            local chunk, message = compile(source, name or source)
            return with_environment(chunk, message, select("#", ...) > 0, (...))
        end

        loadstring = load

        function loadfile(path, mode, ...)
            local text, message = read_file(path)
            if not text then return nil, message end
            local chunk
            chunk, message = compile(text, path and "@" .. path or "=stdin")
            return with_environment(chunk, message, select("#", ...) > 0, (...))
        end

        function dofile(path)
            local chunk, message = loadfile(path)
            if not chunk then error(message, 0) end
            return chunk()
        end

        package.searchers[2] = function(name)
            local path, missing = package.searchpath(name, package.path)
            if not path then return missing end
            local chunk, message = loadfile(path)
            if not chunk then
                error("error loading module '" .. name .. "' from file '" .. path .. "':\n\t" .. message, 0)
            end
            return chunk, path
        end
        package.loaders = package.searchers

        -- A function's globals are its upvalue _ENV; joining it to a fresh one leaves other functions alone.
        local function environment_upvalue(target)
            for i = 1, 255 do
                local name, value = debug.getupvalue(target, i)
                if name == nil then return nil end
                if name == "_ENV" then return i, value end
            end
        end

        local function cell(environment)
            return function() return environment end
        end

        local function function_at(target, what)
            if type(target) == "function" then return target end
            if type(target) ~= "number" then
                error("bad argument #1 to '" .. what .. "' (a function or a level expected)", 3)
            end
            local info = debug.getinfo(target + 2, "f")
            if not info then error("bad argument #1 to '" .. what .. "' (no function at that level)", 3) end
            return info.func
        end

        function getfenv(target)
            if target == nil then target = 1 end
            if target == 0 then return _G end
            local found = function_at(target, "getfenv")
            local _, environment = environment_upvalue(found)
            return environment or _G
        end

        function setfenv(target, environment)
            if type(environment) ~= "table" then
                error("bad argument #2 to 'setfenv' (a table expected)", 2)
            end
            if target == 0 then error("setfenv(0, ...) is not available: give it a function or a level from 1", 2) end
            local found = function_at(target, "setfenv")
            local index = environment_upvalue(found)
            if index then debug.upvaluejoin(found, index, cell(environment), 1) end
            return found
        end

        local function find_table(globals, name)
            local found = globals
            for part in string.gmatch(name, "[^.]+") do
                local next_table = found[part]
                if next_table == nil then
                    next_table = {}
                    rawset(found, part, next_table)
                elseif type(next_table) ~= "table" then
                    error("name conflict for module '" .. name .. "'", 3)
                end
                found = next_table
            end
            return found
        end

        local function make_module(globals, loaded)
            return function(name, ...)
                local made = loaded[name]
                if type(made) ~= "table" then
                    made = find_table(globals, name)
                    loaded[name] = made
                end
                if made._NAME == nil then
                    made._M, made._NAME, made._PACKAGE = made, name, name:match("^(.*%.)[^.]*$") or ""
                end
                local caller = debug.getinfo(2, "f")
                if caller then setfenv(caller.func, made) end
                for _, option in ipairs({ ... }) do option(made) end
            end
        end

        module = make_module(_G, package.loaded)

        function package.seeall(made)
            local metatable = getmetatable(made) or {}
            metatable.__index = _G
            setmetatable(made, metatable)
        end

        unpack = table.unpack

        function table.getn(list) return #list end
        function table.setn() error("'setn' is obsolete", 2) end

        function table.maxn(list)
            local largest = 0
            for key in next, list do
                if type(key) == "number" and key > largest then largest = key end
            end
            return largest
        end

        function table.foreach(list, visit)
            for key, value in next, list do
                local answer = visit(key, value)
                if answer ~= nil then return answer end
            end
        end

        function table.foreachi(list, visit)
            for i = 1, #list do
                local answer = visit(i, list[i])
                if answer ~= nil then return answer end
            end
        end

        string.gfind = string.gmatch

        math.mod = math.fmod
        function math.pow(x, y) return x ^ y end
        function math.log10(x) return math.log(x, 10) end
        function math.ldexp(x, e) return x * 2.0 ^ e end

        function math.frexp(x)
            if x == 0 or x ~= x or x == math.huge or x == -math.huge then return x, 0 end
            local e = 0
            local size = math.abs(x)
            while size >= 1 do size, e = size / 2, e + 1 end
            while size < 0.5 do size, e = size * 2, e - 1 end
            return x < 0 and -size or size, e
        end

        function math.sinh(x) return (math.exp(x) - math.exp(-x)) / 2 end
        function math.cosh(x) return (math.exp(x) + math.exp(-x)) / 2 end

        function math.tanh(x)
            if x > 20 then return 1.0 elseif x < -20 then return -1.0 end
            local up, down = math.exp(x), math.exp(-x)
            return (up - down) / (up + down)
        end

        function gcinfo() return math.floor(collectgarbage("count")) end
        """#
}
