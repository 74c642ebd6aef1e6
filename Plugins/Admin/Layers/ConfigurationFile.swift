import Foundation
import MySQLWire
import PluginAPI

/// A file of SQL that configures the process: run at the start, and read again by LOAD … FROM CONFIG.
///
/// Invariant for `@unchecked Sendable`: `world` is set once, before anybody else knows of this value.
final class ConfigurationFile: @unchecked Sendable {
    private let path: String
    /// Makes tables of their own for a run whose effects are only looked at.
    var scratch: (() throws -> AdminWorld)?

    init(path: String) {
        self.path = path
    }

    /// Runs every statement.
    ///
    /// - Throws: ``OptionError`` with file and line of the first statement that fails.
    func run(_ perform: (StatementText) throws -> Void) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw OptionError(option: "--admin-config-file=\(path)", reason: "the file can't be read")
        }
        let bytes = Array(data)
        for statement in StatementText.split(bytes) {
            do {
                try perform(statement)
            } catch {
                let line = 1 + bytes[..<statement.range.lowerBound].count { $0 == UInt8(ascii: "\n") }
                let reason = AdminError.told(error).message
                throw OptionError(option: "--admin-config-file=\(path)", reason: "line \(line): \(reason)")
            }
        }
    }

    /// What the file makes of a section's tables, which begin empty, and of its settings.
    func contents(of section: any ConfigurationSection) throws -> TableContents {
        guard let world = try scratch?() else { return [:] }
        defer { world.store.remove() }
        let session = AdminSession(id: 0, world: world)
        do {
            try run { try session.perform($0) }
        } catch let error as OptionError {
            throw SQLError(code: 1105, message: error.description)
        }
        let tables = section.tables.map { $0.name.lowercased() }
        guard section is VariablesSection || !session.written.isDisjoint(with: tables) else {
            throw SQLError(code: 1105, message: "\(path) says nothing of \(section.name)")
        }
        return try session.contents(of: section)
    }
}
