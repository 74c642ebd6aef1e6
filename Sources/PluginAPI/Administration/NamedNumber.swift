/// A number under the name that a table of names and values shows it by.
public struct NamedNumber: Equatable, Sendable {
    /// The name, ProxySQL's where it has the number too.
    public let name: String
    /// The number.
    public let value: Int64

    /// A number of any type; what doesn't fit is the nearest that does.
    public init(_ name: String, _ value: some BinaryInteger) {
        self.name = name
        self.value = Int64(clamping: value)
    }
}

/// A table of names and values that several owners fill together.
struct NamedNumberTable: Sendable {
    let name: String
    /// Each tells its numbers; called on a thread that may wait.
    private(set) var sources: [@Sendable () -> [NamedNumber]] = []

    init(_ name: String) {
        self.name = name
    }

    mutating func add(_ source: @escaping @Sendable () -> [NamedNumber]) {
        sources.append(source)
    }

    /// The table as it is offered; nil where nobody fills it.
    var offer: StatisticsTable? {
        guard !sources.isEmpty else { return nil }
        let columns = ["Variable_Name", "Variable_Value"]
        let definition = TableDefinition(
            name: name, columns: columns, key: ["Variable_Name"],
            body: "Variable_Name VARCHAR NOT NULL PRIMARY KEY,\nVariable_Value INT NOT NULL")
        return StatisticsTable(definition) { [sources] _ in Self.rows(sources.flatMap { $0() }) }
    }

    /// A row for each name, in the order of their first numbers; numbers of one name are added up.
    private static func rows(_ numbers: [NamedNumber]) -> [[Cell]] {
        var names: [String] = []
        var sums: [String: Int64] = [:]
        for number in numbers {
            guard let sum = sums[number.name] else {
                names.append(number.name)
                sums[number.name] = number.value
                continue
            }
            let (total, isTooLarge) = sum.addingReportingOverflow(number.value)
            sums[number.name] = isTooLarge ? .max : total
        }
        return names.map { [.text($0), .integer(sums[$0] ?? 0)] }
    }
}
