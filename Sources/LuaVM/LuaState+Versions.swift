internal import CLuaShim

/// A script and the modules that it has required, to be replaced as a whole when one of their files changes.
///
/// A version has its own `_G`, `package.loaded`, `require` and `load`; what they lack is read from those of the state.
public final class LuaVersion {
    /// The metatable of its sessions' globals.
    let metatable: LuaReference

    init(metatable: LuaReference) { self.metatable = metatable }
}

extension LuaState {
    /// Begins a version.
    ///
    /// - Parameter opened: hears of every Lua file that the version loads, before it is read.
    public func makeVersion(opened: @escaping (String) -> Void = { _ in }) throws(LuaError) -> LuaVersion {
        try withFrame { frame throws(LuaError) in
            try frame.check(lvm_push_version_maker(frame.thread))
            try frame.push(function: { frame throws(LuaError) in
                if let path = frame.string(at: 1) { opened(path) }
                return 0
            })
            try frame.call(arguments: 1, results: 1)
            return LuaVersion(metatable: try frame.popReference())
        }
    }

    /// The end of the prelude: answers the maker of environment cells and the maker of versions.
    ///
    /// What a version replaces is what would otherwise reach the globals or the loaded modules of all versions.
    static let versions = #"""

        local function load_library(name, path)
            -- As Lua does: a version in front of a hyphen isn't part of the function's name.
            local entry = "luaopen_" .. name:gsub("^[^-]*-", ""):gsub("%.", "_")
            local opener, message = package.loadlib(path, entry)
            if not opener then
                error("error loading module '" .. name .. "' from file '" .. path .. "':\n\t" .. message, 0)
            end
            local answer = opener(name, path)
            if answer ~= nil then package.loaded[name] = answer end
            if package.loaded[name] == nil then package.loaded[name] = true end
            return package.loaded[name], path
        end

        local function make_require(loaded, library, load_file)
            return function(name)
                if type(name) ~= "string" then
                    error("bad argument #1 to 'require' (string expected, got " .. type(name) .. ")", 2)
                end
                local found = loaded[name]
                if found ~= nil then return found end
                local preloaded = library.preload[name]
                local path, missing, no_library
                if not preloaded then
                    path, missing = package.searchpath(name, library.path)
                    if not path then
                        path, no_library = package.searchpath(name, library.cpath)
                        if path then return load_library(name, path) end
                        error("module '" .. name .. "' not found:\n\tno field package.preload['" .. name .. "']\n\t"
                            .. missing .. "\n\t" .. no_library, 2)
                    end
                    local message
                    preloaded, message = load_file(path)
                    if not preloaded then
                        error("error loading module '" .. name .. "' from file '" .. path .. "':\n\t" .. message, 2)
                    end
                end
                local answer = preloaded(name, path or ":preload:")
                if answer ~= nil then loaded[name] = answer end
                if loaded[name] == nil then loaded[name] = true end
                return loaded[name], path
            end
        end

        local function make_version(opened)
            local globals = setmetatable({}, { __index = _G })
            local loaded = setmetatable({}, { __index = package.loaded })
            local library = setmetatable({ loaded = loaded, path = package.path, cpath = package.cpath },
                { __index = package })
            globals._G, globals.package, loaded._G, loaded.package = globals, library, globals, library

            function globals.load(source, name, mode, ...)
                if select("#", ...) > 0 then return load(source, name, mode, ...) end
                return load(source, name, mode, globals)
            end
            globals.loadstring = globals.load

            function globals.loadfile(path, mode, ...)
                if path then opened(path) end
                if select("#", ...) > 0 then return loadfile(path, mode, ...) end
                return loadfile(path, mode, globals)
            end

            function globals.dofile(path)
                local chunk, message = globals.loadfile(path)
                if not chunk then error(message, 0) end
                return chunk()
            end

            globals.require = make_require(loaded, library, globals.loadfile)
            globals.module = make_module(globals, loaded)

            function globals.getfenv(target)
                if target == 0 then return globals end
                -- A tail call, so that levels count from the caller.
                return getfenv(target or 1)
            end

            function library.seeall(made)
                local metatable = getmetatable(made) or {}
                metatable.__index = globals
                setmetatable(made, metatable)
            end
            return { __index = globals }
        end

        return cell, make_version
        """#
}
