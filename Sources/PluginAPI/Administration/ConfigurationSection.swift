/// Tables of configuration that are loaded and saved together, as `LOAD MYSQL QUERY RULES TO RUNTIME` names them.
///
/// The admin plugin keeps what is edited and what is on disk; the section's owner keeps what is in use. Every method is
/// called on a thread that may work for a while, never on an event loop's, and by one caller at a time; at the start, when
/// all plugins have started, before any event loop runs.
public protocol ConfigurationSection: AnyObject, Sendable {
    /// The words of the commands, in capitals, for instance `MYSQL QUERY RULES`.
    var name: String { get }

    /// The tables.
    var tables: [TableDefinition] { get }

    /// What is in use now, for the tables' `runtime_` twins.
    func running() -> TableContents

    /// Checks all rows and makes of them what the event loops will use; nothing takes effect yet.
    ///
    /// - Throws: ``ConfigurationFault`` for the first row that can't be used.
    func prepare(_ contents: TableContents) throws(ConfigurationFault) -> PreparedConfiguration
}

/// A section of which the rows of one name can be loaded alone, as `LOAD MYSQL USER app TO RUNTIME` does.
public protocol NamedConfigurationSection: ConfigurationSection {
    /// The words of the command before the name, in capitals, for instance `MYSQL USER`.
    var singular: String { get }

    /// The column with the name, which all tables have.
    var nameColumn: String { get }

    /// Checks the rows of one name and makes of them what takes the place of those in use; all others stay as they are.
    ///
    /// - Parameter contents: the rows of that name; none to take it out of use.
    /// - Throws: ``ConfigurationFault`` for the first row that can't be used.
    func prepare(_ contents: TableContents, only name: String) throws(ConfigurationFault) -> PreparedConfiguration
}

/// Checked configuration that waits to take effect.
public struct PreparedConfiguration: Sendable {
    /// What the administrator should know although everything can be used; shown by `SHOW WARNINGS`.
    public let warnings: [String]
    /// Makes it the one in use, without waiting and without failing: one swap of a reference.
    public let apply: @Sendable () -> Void

    /// Checked configuration with what makes it effective.
    public init(warnings: [String] = [], apply: @escaping @Sendable () -> Void) {
        self.warnings = warnings
        self.apply = apply
    }
}

/// A row of configuration that can't be used.
public struct ConfigurationFault: Error, Equatable, Sendable {
    /// The table's name.
    public let table: String
    /// The row, as its key tells it, for instance `rule_id 7`; nil where the fault is no single row's.
    public let row: String?
    /// The column; nil where the fault is no single column's.
    public let column: String?
    /// What is wrong and what to do.
    public let reason: String

    /// A fault at the given place.
    public init(table: String, row: String? = nil, column: String? = nil, reason: String) {
        self.table = table
        self.row = row
        self.column = column
        self.reason = reason
    }
}

extension ConfigurationFault: CustomStringConvertible {
    /// The whole message, the place first.
    public var description: String {
        "\(([table, row, column].compactMap(\.self)).joined(separator: ", ")): \(reason)"
    }
}
