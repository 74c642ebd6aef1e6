import PluginAPI

/// The numbers of the statistics tables in Prometheus's text format, version 0.0.4.
///
/// A column of numbers is the metric `millrace_TABLE_COLUMN`, with the table's key as labels; the rows of a table of names
/// and values are metrics of their own. Names stay the same as long as tables and columns do.
struct PrometheusText {
    private let tables: [StatisticsTable]

    init(_ tables: [StatisticsTable]) {
        self.tables = tables.filter(\.isMetric)
    }

    var text: String { tables.map(text).joined() }

    private func text(of table: StatisticsTable) -> String {
        let rows = table.rows(false)
        let name = Self.name(String(table.definition.name.trimmingPrefix("stats_")))
        if table.definition.columns.count == 2, table.definition.columns[1].lowercased().hasSuffix("value") {
            return rows.compactMap { row in
                guard row.count == 2, let key = row[0].text, let value = Self.number(row[1]) else { return nil }
                let metric = "millrace_\(name)_\(Self.name(key))"
                return "# TYPE \(metric) untyped\n\(metric) \(value)\n"
            }.joined()
        }
        return columns(of: table.definition, rows, name)
    }

    private func columns(of table: TableDefinition, _ rows: [[Cell]], _ name: String) -> String {
        let places = table.columns.indices
        let isLabel = places.map { place in
            table.key.isEmpty
                ? rows.contains { place < $0.count && Self.number($0[place]) == nil && $0[place] != .null }
                : table.key.contains(table.columns[place])
        }
        return places.filter { !isLabel[$0] }.map { place in
            let metric = "millrace_\(name)_\(Self.name(table.columns[place]))"
            let lines = rows.compactMap { row -> String? in
                guard row.count == table.columns.count, let value = Self.number(row[place]) else { return nil }
                let labels = places.filter { isLabel[$0] }.map {
                    "\(Self.name(table.columns[$0]))=\"\(Self.escaped(row[$0].text ?? ""))\""
                }
                return metric + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}") + " \(value)\n"
            }
            return lines.isEmpty ? "" : "# TYPE \(metric) untyped\n" + lines.joined()
        }.joined()
    }

    private static func number(_ cell: Cell) -> String? {
        switch cell {
        case .integer(let number): String(number)
        case .real(let number): number.isFinite ? String(number) : nil
        case .text(let text): Double(text).map { $0.isFinite ? text : nil } ?? nil
        case .null: nil
        }
    }

    /// Lower case, and what a metric's name can't have as `_`.
    private static func name(_ text: String) -> String {
        String(text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
