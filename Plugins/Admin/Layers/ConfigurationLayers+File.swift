import EmbeddedSQL
import Foundation
import MySQLWire
import PluginAPI

/// What the tables hold as a text that `--admin-config-file` reads: `SAVE CONFIG TO FILE`, `SELECT CONFIG FILE`.
extension ConfigurationLayers {
    private static let front = "-- Millrace configuration"

    /// The text for all sections.
    func configurationText() throws -> String {
        try Self.front + ", for --admin-config-file\n" + sections.map(text).joined()
    }

    private func text(of section: any ConfigurationSection) throws -> String {
        let contents = try contents(of: section, in: .memory)
        let lines = section.tables.map { table in
            let rows = contents[table.name] ?? []
            return section is VariablesSection ? Self.settings(rows) : Self.rows(rows, of: table)
        }
        return "\n-- \(section.name)\n" + lines.joined() + "LOAD \(section.name) TO RUNTIME;\n"
    }

    private static func settings(_ rows: [[Cell]]) -> String {
        rows.compactMap { row in
            guard let name = row[0].text, name != VariablesSection.version else { return nil }
            return "SET \(name) = \(row[1].literal);\n"
        }.joined()
    }

    private static func rows(_ rows: [[Cell]], of table: TableDefinition) -> String {
        let names = table.columns.joined(separator: ", ")
        return "DELETE FROM \(table.name);\n"
            + rows.map { row in
                "INSERT INTO \(table.name) (\(names)) VALUES (\(row.map(\.literal).joined(separator: ", ")));\n"
            }.joined()
    }

    /// Writes the text; another file than one that was written here is never replaced, since clients name the path.
    func writeConfiguration(to path: String) throws {
        guard path.hasPrefix("/") else { throw Self.refusal(path, "give an absolute path") }
        let manager = FileManager.default
        if manager.fileExists(atPath: path) {
            let old = manager.contents(atPath: path) ?? Data()
            guard old.isEmpty || old.starts(with: Data(Self.front.utf8)) else {
                throw Self.refusal(path, "there is a file that isn't a configuration of Millrace's; remove it first")
            }
        }
        let text = try configurationText()
        // A name that nobody has: what stands beside it must not be replaced either.
        let draft = path + ".\(UUID().uuidString)"
        // Accounts are in it: nobody else may read it.
        let options: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard manager.createFile(atPath: draft, contents: Data(text.utf8), attributes: options),
            rename(draft, path) == 0
        else {
            let reason = String(cString: strerror(errno))
            try? manager.removeItem(atPath: draft)
            throw Self.refusal(path, reason)
        }
    }

    private static func refusal(_ path: String, _ reason: String) -> SQLError {
        SQLError(code: 1, message: "'\(path)' can't be written: \(reason)")
    }
}
