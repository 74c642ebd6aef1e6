import Foundation

/// A Swift file of the repository, as the tidy rules see it.
struct SourceFile {
    /// The path from the repository's root, for instance `Sources/MySQLWire/Command.swift`.
    let path: String
    /// The file's lines as they are.
    let lines: [String]
    /// The lines with comments and the inside of string literals blanked out, so that a rule meets code only.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var blanker = CommentBlanker()
        code = lines.map { blanker.blank($0) }
    }

    /// The target's folder name: `MySQLWire` for a file under Sources/MySQLWire.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }
}

/// All Swift files of this repository that its people write.
struct Repository {
    /// The repository's root, found from where this file was compiled.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The Swift files under Sources, Plugins and Tests.
    static func sourceFiles() throws -> [SourceFile] {
        try ["Sources", "Plugins", "Tests"].flatMap(sourceFiles(under:))
    }

    private static func sourceFiles(under folder: String) throws -> [SourceFile] {
        let top = root.appendingPathComponent(folder)
        guard let paths = FileManager.default.enumerator(atPath: top.path) else { return [] }
        return
            try paths
            .compactMap { $0 as? String }
            .filter { $0.hasSuffix(".swift") }
            .sorted()
            .map { path in
                let text = try String(contentsOf: top.appendingPathComponent(path), encoding: .utf8)
                return SourceFile(path: folder + "/" + path, text: text)
            }
    }
}
