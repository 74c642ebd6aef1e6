import PluginAPI

/// Reads one row of a configuration table, and tells the row and the column of what can't be used.
struct RowReader {
    let table: TableDefinition
    let cells: [Cell]

    init(_ cells: [Cell], of table: TableDefinition) throws(ConfigurationFault) {
        self.table = table
        self.cells = cells
        guard cells.count == table.columns.count else {
            throw ConfigurationFault(
                table: table.name, reason: "a row has \(cells.count) values for \(table.columns.count) columns")
        }
    }

    /// The row's key, for instance `rule_id 7`.
    var row: String {
        table.key.map { name in
            guard let index = table.columns.firstIndex(of: name) else { return name }
            return switch cells[index] {
            case .null: "\(name) NULL"
            case .text(let text): "\(name) '\(text)'"
            case .integer(let number): "\(name) \(number)"
            case .real(let number): "\(name) \(number)"
            }
        }.joined(separator: ", ")
    }

    func fault(_ column: Int, _ reason: String) -> ConfigurationFault {
        ConfigurationFault(table: table.name, row: row, column: table.columns[column], reason: reason)
    }

    @inline(__always)
    func text(_ column: Int) -> String? {
        switch cells[column] {
        case .null: nil
        case .text(let text): text
        case .integer, .real: cells[column].text
        }
    }

    func requiredText(_ column: Int) throws(ConfigurationFault) -> String {
        guard let text = text(column) else { throw fault(column, "it is NULL; give a text, which may be empty") }
        return text
    }

    @inline(__always)
    func number(_ column: Int, in range: ClosedRange<Int64>) throws(ConfigurationFault) -> UInt32? {
        if case .null = cells[column] { return nil }
        guard let number = cells[column].integer, range.contains(number) else {
            throw noNumber(column, in: range)
        }
        return UInt32(clamping: number)
    }

    func required(_ column: Int, in range: ClosedRange<Int64>) throws(ConfigurationFault) -> UInt32 {
        guard let number = try number(column, in: range) else { throw noNumber(column, in: range) }
        return number
    }

    @inline(__always)
    func flag(_ column: Int) throws(ConfigurationFault) -> Bool? {
        try number(column, in: 0...1).map { $0 == 1 }
    }

    @inline(never)
    private func noNumber(_ column: Int, in range: ClosedRange<Int64>) -> ConfigurationFault {
        let value = cells[column].text.map { "'\($0)'" } ?? "NULL"
        return fault(column, "\(value) is no whole number from \(range.lowerBound) to \(range.upperBound)")
    }
}

extension ClosedRange<Int64> {
    /// Numbers of hostgroups and flags.
    static var hostgroups: Self { 0...Int64(Int32.max) }
    /// Milliseconds.
    static var milliseconds: Self { 0...Int64(UInt32.max) }
}
