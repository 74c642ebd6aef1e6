/// A table that the admin plugin shows, as its owner defines it.
public struct TableDefinition: Sendable {
    /// Its name, for instance `mysql_query_rules`.
    public let name: String
    /// What stands between the parentheses of its CREATE TABLE, in SQLite's SQL; `SHOW CREATE TABLE` prints it.
    public let body: String
    /// The columns' names, in the order of the rows that go with the table.
    public let columns: [String]
    /// The columns that tell one row from the others in messages.
    public let key: [String]

    /// A table with the given definition.
    public init(name: String, columns: [String], key: [String] = [], body: String) {
        self.name = name
        self.body = body
        self.columns = columns
        self.key = key
    }
}

/// All rows of some tables, by the tables' names; each row in the order of its table's columns.
public typealias TableContents = [String: [[Cell]]]
