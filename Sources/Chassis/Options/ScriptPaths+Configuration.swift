import Glibc
import PluginAPI

extension ScriptPaths {
    /// How far above the executable the library may lie.
    private static let levels = 6

    /// The options' paths, and the library that lies above the executable or the base directory.
    init(_ configuration: Configuration, executable: String = Millrace.executablePath()) {
        let places = [configuration.basedir] + Self.folders(above: executable)
        self.init(
            luaPath: configuration.main.luaPath, luaCPath: configuration.main.luaCpath,
            libraryFolders: Self.libraryFolder(in: places).map { [$0] } ?? [])
    }

    /// In a checkout it is Scripts/lib; installed beside bin it is share/millrace/lua.
    private static func libraryFolder(in places: [String]) -> String? {
        for place in places {
            for folder in ["\(place)/Scripts/lib", "\(place)/share/millrace/lua"]
            where access("\(folder)/proxy", F_OK) == 0 { return folder }
        }
        return nil
    }

    private static func folders(above path: String) -> [String] {
        var folders: [String] = []
        var rest = path[...]
        while folders.count < levels, let slash = rest.lastIndex(of: "/") {
            rest = rest[..<slash]
            folders.append(String(rest))
        }
        return folders
    }
}
