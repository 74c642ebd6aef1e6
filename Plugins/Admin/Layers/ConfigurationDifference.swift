import PluginAPI

/// One value that isn't the same in all layers.
struct ConfigurationDifference: Equatable, Sendable {
    let section: String
    let table: String
    let row: String
    let column: String
    /// The values; nil where the layer has no such row, or there is no such layer.
    let memory: String?
    let runtime: String?
    let disk: String?

    static let columns = ["section", "table_name", "row", "column_name", "memory", "runtime", "disk"]

    var cells: [Cell] {
        [.text(section), .text(table), .text(row), .text(column), Cell(memory), Cell(runtime), Cell(disk)]
    }

    /// Compares the layers row by row; rows belong together by the table's key, or by all their columns.
    static func all(
        in section: any ConfigurationSection, memory: TableContents, runtime: TableContents, disk: TableContents?
    ) -> [ConfigurationDifference] {
        section.tables.flatMap { table in
            let layers = [memory, runtime, disk].map { contents in
                contents.map { keyed($0[table.name] ?? [], of: table, in: section) }
            }
            var seen: Set<String> = []
            let keys = layers.flatMap { ($0?.order ?? []) }.filter { seen.insert($0).inserted }
            return keys.flatMap { compare(key: $0, layers.map { $0?.rows }, table, section.name) }
        }
    }

    private static func keyed(
        _ rows: [[Cell]], of table: TableDefinition, in section: any ConfigurationSection
    ) -> (order: [String], rows: [String: [Cell]]) {
        let key = table.key.isEmpty ? table.columns : table.key
        let places = key.compactMap { table.columns.firstIndex(of: $0) }
        var keyed: [String: [Cell]] = [:]
        let order = rows.map { row in
            var row = row
            if let variables = section as? VariablesSection, let name = row[0].text, let text = row[1].text {
                row[1] = .text(variables.shown(name, text))
            }
            let name = places.map { "\(table.columns[$0]) \(row[$0].text ?? "NULL")" }.joined(separator: ", ")
            keyed[name] = row
            return name
        }
        return (order, keyed)
    }

    private static func compare(
        key: String, _ layers: [[String: [Cell]]?], _ table: TableDefinition, _ section: String
    ) -> [ConfigurationDifference] {
        let rows = layers.map { $0?[key] }
        let present = zip(layers, rows).filter { $0.0 != nil }.map(\.1)
        guard present.contains(where: { $0 != present[0] }) else { return [] }
        let texts = { (column: Int) in rows.map { row in row.map { $0[column].text ?? "NULL" } } }
        if present.contains(where: { $0 == nil }) {
            let states = zip(layers, rows).map { layer, row in layer == nil ? nil : row == nil ? "absent" : "present" }
            return [make(section, table, key, "", states)]
        }
        return table.columns.indices.compactMap { column in
            let values = texts(column)
            let known = zip(layers, values).filter { $0.0 != nil }.map(\.1)
            guard known.contains(where: { $0 != known[0] }) else { return nil }
            return make(section, table, key, table.columns[column], values)
        }
    }

    private static func make(
        _ section: String, _ table: TableDefinition, _ row: String, _ column: String, _ values: [String?]
    ) -> ConfigurationDifference {
        ConfigurationDifference(
            section: section, table: table.name, row: row, column: column, memory: values[0], runtime: values[1],
            disk: values[2])
    }
}
