package import PluginAPI
package import SQLText

/// How many statements of each kind there were, and how long they took: one event loop's own.
package struct CommandCounters: Sendable {
    /// A command's numbers: the time, the count, and the count of each bucket.
    private static let width = 14
    private var numbers = [UInt64](repeating: 0, count: StatementCommand.allCases.count * Self.width)

    package init() {}

    /// Counts a statement that has ended.
    @inline(__always)
    package mutating func count(_ command: StatementCommand, microseconds: UInt64) {
        let start = Int(command.rawValue) &* Self.width
        // All at once: each change of an array asks first whether somebody else has it.
        var numbers = numbers.mutableSpan
        numbers[start].saturate(adding: microseconds)
        numbers[start &+ 1] &+= 1
        numbers[start &+ 2 &+ Self.bucket(of: microseconds)] &+= 1
    }

    /// The bucket of a time; a time at a bound is below it.
    @inline(__always)
    private static func bucket(of time: UInt64) -> Int {
        // Without branches, as times are all over the place.
        var bucket = time > 100 ? 1 : 0
        bucket &+= time > 500 ? 1 : 0
        bucket &+= time > 1_000 ? 1 : 0
        bucket &+= time > 5_000 ? 1 : 0
        bucket &+= time > 10_000 ? 1 : 0
        bucket &+= time > 50_000 ? 1 : 0
        bucket &+= time > 100_000 ? 1 : 0
        bucket &+= time > 500_000 ? 1 : 0
        bucket &+= time > 1_000_000 ? 1 : 0
        bucket &+= time > 5_000_000 ? 1 : 0
        return bucket &+ (time > 10_000_000 ? 1 : 0)
    }

    /// Adds another loop's numbers.
    package mutating func merge(_ other: Self) {
        for index in numbers.indices { numbers[index].saturate(adding: other.numbers[index]) }
    }

    /// `stats_mysql_commands_counters`'s rows, one for each command, also those that never came.
    package var cells: [[Cell]] {
        StatementCommand.allCases.map { command in
            let start = Int(command.rawValue) * Self.width
            return [.text(command.name)] + numbers[start..<start + Self.width].map { Cell($0) }
        }
    }

    private static let columns = [
        "Total_Time_us", "Total_cnt", "cnt_100us", "cnt_500us", "cnt_1ms", "cnt_5ms", "cnt_10ms", "cnt_50ms",
        "cnt_100ms", "cnt_500ms", "cnt_1s", "cnt_5s", "cnt_10s", "cnt_INFs",
    ]

    /// The table with ProxySQL's name and columns.
    package static let definition = TableDefinition(
        name: "stats_mysql_commands_counters", columns: ["Command"] + columns, key: ["Command"],
        body: "Command VARCHAR NOT NULL PRIMARY KEY, "
            + columns.map { "\($0) INTEGER NOT NULL" }.joined(separator: ", "))
}
