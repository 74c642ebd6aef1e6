/// Where `require` looks: templates separated by semicolons, with `?` for the module's name.
public struct LuaSearchPath: Equatable, Sendable {
    /// The templates; those that Lua itself has by default follow them.
    public var templates: [String]

    /// The given templates, in the order in which they are tried.
    ///
    /// - Parameters:
    ///   - option: what the user has given, itself a list of templates; an empty template (`;;`) means nothing more here.
    ///   - folders: folders with Lua files, tried after it.
    public init(option: String? = nil, folders: [String] = []) {
        templates = (option ?? "").split(separator: ";").map(String.init)
        templates += folders.map { "\($0)/?.lua" }
    }

    /// The whole path.
    func text(before defaults: String) -> String {
        (templates + [defaults]).filter { !$0.isEmpty }.joined(separator: ";")
    }
}
