import PluginAPI

/// A table whose rows are made when a statement reads it.
struct ProvidedTable: Sendable {
    /// The schema of SQLite's that it is made in; what clients call `main` is `temp` there, since every session has its own.
    let schema: String
    let definition: TableDefinition
    /// Whether reading it sets numbers back.
    var isReset = false
    /// Whether accounts that only read statistics may read it.
    var isForEverybody = false
    let rows: @Sendable (AdminWorld) throws -> [[Cell]]

    var name: String { definition.name.lowercased() }

    /// The schema as clients see it.
    var shownSchema: String { schema == "temp" ? AdminStore.schema : schema }
}

/// GRDB has a type of the same name.
typealias TableDefinition = PluginAPI.TableDefinition

extension TableDefinition {
    /// A definition of nothing but names and types, for instance `hits INTEGER`.
    init(name: String, _ columns: [String]) {
        self.init(
            name: name, columns: columns.map { String($0.prefix { $0 != " " }) },
            body: columns.joined(separator: ", "))
    }

    /// The same table under another name.
    func named(_ name: String) -> TableDefinition {
        TableDefinition(name: name, columns: columns, key: key, body: body)
    }
}
