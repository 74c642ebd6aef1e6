import LuaVM
import PluginAPI

/// What the process gives to the scripts of all its loops.
struct LuaServices: Sendable {
    /// Where the module `chassis` logs, and what it may end.
    let host: any PluginHost
    /// Whether a script is only tried, before any client gets it.
    private(set) var isTrial = false
    /// `proxy.global.backends`.
    let backends: BackendSet
    /// `proxy.shared`.
    private(set) var shared: SharedDictionary
    /// The scripts' failures.
    let errors = ScriptErrorCount()
    /// Where `require` looks.
    let paths: ScriptPaths

    /// The same with a `proxy.shared` of its own, so that a trial leaves no traces.
    var forTrial: Self {
        var services = self
        services.shared = SharedDictionary(capacity: shared.capacity)
        services.isTrial = true
        return services
    }

    init(host: any PluginHost, shared: SharedDictionary) {
        self.host = host
        backends = host.backends
        paths = host.scriptPaths
        self.shared = shared
    }

    /// How a state for the script at a path is set up: modules may lie beside it.
    func settings(beside path: String) -> LuaSettings {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return LuaSettings(
            path: LuaSearchPath(option: paths.luaPath, folders: [folder] + paths.libraryFolders),
            cpath: LuaSearchPath(option: paths.luaCPath))
    }
}
