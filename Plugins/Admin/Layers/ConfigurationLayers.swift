import Dispatch
import EmbeddedSQL
import MySQLWire
import PluginAPI

/// Moves sections between memory, runtime, disk and configuration file, one move at a time.
///
/// Invariant for `@unchecked Sendable`: the connection and the sections are used on `work` only; `file` is set before
/// anybody else knows of this value.
final class ConfigurationLayers: @unchecked Sendable {
    let sections: [any ConfigurationSection]
    let hasDisk: Bool
    var file: ConfigurationFile?
    private let connection: AdminConnection
    private let work = DispatchQueue(label: "millrace.admin.layers")

    init(sections: [any ConfigurationSection], connection: AdminConnection, hasDisk: Bool) {
        self.sections = sections
        self.connection = connection
        self.hasDisk = hasDisk
    }

    deinit { connection.close() }

    /// What is in use.
    func running(_ section: any ConfigurationSection) -> TableContents {
        work.sync { section.running() }
    }

    /// Does what LOAD or SAVE says.
    ///
    /// - Returns: the warnings.
    func perform(_ command: LayerCommand) throws -> [String] {
        if let name = command.name { return try perform(command, only: name) }
        let section = try section(named: command.section)
        return try work.sync { try perform(command.action, section) }
    }

    /// The section that a command names.
    func section(named name: String) throws -> any ConfigurationSection {
        if let section = sections.first(where: { $0.name == name }) { return section }
        let names = sections.map(\.name).joined(separator: ", ")
        throw SQLError(code: 1064, state: "42000", message: "There is no section \(name); there are: \(names)")
    }

    /// What a layer holds of a section.
    func contents(of section: any ConfigurationSection, in layer: Layer) throws -> TableContents {
        try work.sync {
            switch layer {
            case .runtime: return section.running()
            case .disk:
                try requireDisk()
                return try contents(of: section, in: "disk")
            case .memory, .config: return try contents(of: section, in: "main")
            }
        }
    }

    private func perform(_ action: LayerCommand.Action, _ section: any ConfigurationSection) throws -> [String] {
        switch action {
        case .verify: return try prepare(section).warnings
        case .move(.memory, .runtime):
            let prepared = try prepare(section)
            prepared.apply()
            return prepared.warnings
        case .move(.runtime, .memory): try replaceMemory(section, by: section.running())
        case .move(.memory, .disk): try save(section)
        case .move(.disk, .memory): try loadFromDisk(section)
        case .move(.config, .memory): try loadFromFile(section)
        case .move: break
        }
        return []
    }

    /// Checks what the tables hold, which may be a million rules.
    private func prepare(_ section: any ConfigurationSection) throws -> PreparedConfiguration {
        try BackgroundWork.run { [self] in
            let contents = try contents(of: section, in: "main")
            do {
                return try section.prepare(contents)
            } catch {
                throw SQLError(code: 1231, state: "42000", message: "Nothing was loaded: \(error)")
            }
        }
    }

    private func contents(of section: any ConfigurationSection, in schema: String) throws -> TableContents {
        try connection.execute("BEGIN")
        defer { try? connection.execute("COMMIT") }
        return try section.tables.reduce(into: [:]) { contents, table in
            contents[table.name] = try connection.fetch(
                "SELECT \(table.columnList) FROM \(schema).\(Literal.name(table.name))\(section.filter)")
        }
    }

    private func replaceMemory(_ section: any ConfigurationSection, by contents: TableContents) throws {
        try connection.atomically {
            for table in section.tables {
                let name = "main." + Literal.name(table.name)
                if !(section is VariablesSection) { try connection.execute("DELETE FROM \(name)") }
                try connection.insert(
                    contents[table.name] ?? [], into: "\(name) (\(table.columnList))", columns: table.columns.count)
            }
        }
    }
}

// MARK: One name

extension ConfigurationLayers {
    private func perform(_ command: LayerCommand, only name: String) throws -> [String] {
        let named = sections.lazy.compactMap { $0 as? any NamedConfigurationSection }
        guard let section = named.first(where: { $0.singular == command.section }) else { return [] }
        return try work.sync {
            let memory = try contents(of: section, only: name)
            let running = section.running().rows(of: name, in: section)
            guard !memory.isWithoutRows || !running.isWithoutRows else {
                throw SQLError(
                    code: 1146, state: "42S02",
                    message: "There is no '\(name)' in \(section.tableNames), neither in memory nor in use")
            }
            switch command.action {
            case .verify: return try prepare(section, memory, only: name).warnings
            case .move(.memory, .runtime):
                let prepared = try prepare(section, memory, only: name)
                prepared.apply()
                let gone = "'\(name)' is not in \(section.tableNames) any more, and was taken out of use"
                return prepared.warnings + (memory.isWithoutRows ? [gone] : [])
            case .move(.runtime, .memory):
                try replaceMemory(section, only: name, by: running)
                return []
            case .move:
                throw SQLError(
                    code: 1235, state: "42000",
                    message: "\(command.section) moves between memory and runtime; all of \(section.name) goes to disk "
                        + "and comes from there")
            }
        }
    }

    private func prepare(
        _ section: any NamedConfigurationSection, _ contents: TableContents, only name: String
    ) throws -> PreparedConfiguration {
        do {
            return try section.prepare(contents, only: name)
        } catch {
            throw SQLError(code: 1231, state: "42000", message: "Nothing was loaded: \(error)")
        }
    }

    private func contents(of section: any NamedConfigurationSection, only name: String) throws -> TableContents {
        try contents(of: section, in: "main").rows(of: name, in: section)
    }

    private func replaceMemory(
        _ section: any NamedConfigurationSection, only name: String, by contents: TableContents
    ) throws {
        try connection.atomically {
            for table in section.tables {
                let target = "main." + Literal.name(table.name)
                try connection.execute(
                    "DELETE FROM \(target) WHERE \(Literal.name(section.nameColumn)) = \(Literal.text(name))")
                try connection.insert(
                    contents[table.name] ?? [], into: "\(target) (\(table.columnList))", columns: table.columns.count)
            }
        }
    }
}

extension NamedConfigurationSection {
    fileprivate var tableNames: String { tables.map(\.name).joined(separator: ", ") }
}

extension TableContents {
    /// The rows of one name.
    fileprivate func rows(of name: String, in section: any NamedConfigurationSection) -> TableContents {
        section.tables.reduce(into: [:]) { contents, table in
            guard let column = table.columns.firstIndex(of: section.nameColumn) else { return }
            contents[table.name] = (self[table.name] ?? []).filter { $0[column].text == name }
        }
    }

    fileprivate var isWithoutRows: Bool { values.allSatisfy(\.isEmpty) }
}

// MARK: Disk

extension ConfigurationLayers {
    private func requireDisk() throws {
        guard hasDisk else {
            throw SQLError(
                code: 1105, message: "There is no disk layer: start Millrace with --admin-database=FILE to have one")
        }
    }

    private func save(_ section: any ConfigurationSection) throws {
        try requireDisk()
        try connection.atomically {
            for table in section.tables { try copy(table, of: section, from: "main", to: "disk") }
            try connection.execute(
                "INSERT OR REPLACE INTO disk.saved_sections VALUES (?, strftime('%s'))", [.text(section.name)])
        }
    }

    private func loadFromDisk(_ section: any ConfigurationSection) throws {
        try requireDisk()
        guard try isSaved(section) else {
            throw SQLError(code: 1105, message: "Nothing of \(section.name) was saved to disk yet")
        }
        try connection.atomically {
            for table in section.tables { try copy(table, of: section, from: "disk", to: "main") }
        }
    }

    private func isSaved(_ section: any ConfigurationSection) throws -> Bool {
        try !connection.fetch(
            "SELECT 1 FROM disk.saved_sections WHERE section = \(Literal.text(section.name))"
        ).isEmpty
    }

    /// Settings that the other layer doesn't have stay as they are, and those that nobody knows any more stay behind.
    private func copy(
        _ table: TableDefinition, of section: any ConfigurationSection, from source: String, to target: String
    ) throws {
        let name = Literal.name(table.name)
        let isVariables = section is VariablesSection
        if !isVariables || target == "disk" {
            try connection.execute("DELETE FROM \(target).\(name)\(section.filter)")
        }
        // The version on disk may be that of the Millrace before an upgrade.
        let known =
            isVariables
            ? " AND millrace_knows_variable(variable_name)"
                + (target == "main" ? " AND variable_name <> \(Literal.text(VariablesSection.version))" : "") : ""
        try connection.execute(
            """
            INSERT OR REPLACE INTO \(target).\(name) (\(table.columnList))
            SELECT \(table.columnList) FROM \(source).\(name)\(section.filter)\(known)
            """)
    }

    /// Memory begins as what is in use.
    func fillMemory() throws {
        try work.sync {
            for section in sections { try replaceMemory(section, by: section.running()) }
        }
    }

    /// Brings what was saved into memory and into use.
    ///
    /// - Returns: the sections that can't be used, and why.
    func loadSaved() -> [(String, String)] {
        guard hasDisk else { return [] }
        return work.sync {
            sections.compactMap { section in
                do {
                    guard try isSaved(section) else { return nil }
                    try loadFromDisk(section)
                    try prepare(section).apply()
                    return nil
                } catch let error as SQLError {
                    return (section.name, error.message)
                } catch {
                    return (section.name, "\(error)")
                }
            }
        }
    }

    private func loadFromFile(_ section: any ConfigurationSection) throws {
        guard let file else {
            throw SQLError(
                code: 1105,
                message: "There is no configuration file: start Millrace with --admin-config-file=FILE to have one")
        }
        try replaceMemory(section, by: try file.contents(of: section))
    }
}

extension ConfigurationLayers {
    /// What differs between memory, runtime and disk.
    func differences() throws -> [ConfigurationDifference] {
        try work.sync {
            try sections.flatMap { section in
                let memory = try contents(of: section, in: "main")
                let disk = hasDisk ? try contents(of: section, in: "disk") : nil
                return ConfigurationDifference.all(
                    in: section, memory: memory, runtime: section.running(), disk: disk)
            }
        }
    }
}

extension ConfigurationSection {
    /// The condition that chooses the section's rows of a table, with its WHERE; empty where all rows are its own.
    var filter: String { (self as? VariablesSection).map { " WHERE " + $0.condition } ?? "" }
}

extension TableDefinition {
    /// The columns in quotes, commas between them.
    var columnList: String { columns.map(Literal.name).joined(separator: ", ") }
}
