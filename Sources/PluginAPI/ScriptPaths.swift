/// Where scripts find the modules that they require.
public struct ScriptPaths: Equatable, Sendable {
    /// The value of `--lua-path`: templates separated by semicolons; nil if not given.
    public var luaPath: String?
    /// The value of `--lua-cpath`, for libraries written in C; nil if not given.
    public var luaCPath: String?
    /// The folders of the library that comes with the program.
    public var libraryFolders: [String]

    /// The given places.
    public init(luaPath: String? = nil, luaCPath: String? = nil, libraryFolders: [String] = []) {
        self.luaPath = luaPath
        self.luaCPath = luaCPath
        self.libraryFolders = libraryFolders
    }
}
