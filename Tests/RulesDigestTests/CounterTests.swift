import PluginAPI
import RulesPlugin
import SQLText
import Testing

@Suite("Counters of commands")
struct CommandCounterTests {
    private func row(_ counters: CommandCounters, _ name: String) -> [Int64]? {
        counters.cells.first { $0[0] == .text(name) }?.dropFirst().compactMap(\.integer)
    }

    @Test("a time falls into the first bucket that holds it")
    func buckets() {
        var counters = CommandCounters()
        for time in [0, 100, 101, 500, 1000, 5000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000, 10_000_000] {
            counters.count(.select, microseconds: UInt64(time))
        }
        counters.count(.select, microseconds: 10_000_001)
        #expect(row(counters, "SELECT") == [26_666_702, 14, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
        #expect(row(counters, "UPDATE") == [Int64](repeating: 0, count: 14))
    }

    @Test("every command has a row as wide as the table")
    func rows() {
        #expect(CommandCounters().cells.count == StatementCommand.allCases.count)
        #expect(CommandCounters().cells.allSatisfy { $0.count == CommandCounters.definition.columns.count })
    }

    @Test("loops add up")
    func merging() {
        var first = CommandCounters()
        var second = CommandCounters()
        first.count(.insert, microseconds: 50)
        second.count(.insert, microseconds: 600)
        second.count(.selectForUpdate, microseconds: 1)
        first.merge(second)
        #expect(row(first, "INSERT") == [650, 2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(row(first, "SELECT_FOR_UPDATE") == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }
}

@Suite("The table of errors")
struct ErrorTableTests {
    private let owner = DigestOwner(user: "app", schema: "shop", client: "10.0.0.1")

    private func error(_ code: UInt16, at second: Int64, _ message: String = "m", host: String = "db1") -> BackendError
    {
        BackendError(hostgroup: 1, hostname: host, port: 3306, code: code, message: message, second: second)
    }

    private func rows(_ tables: [ErrorTable]) -> [String] {
        ErrorTable.cells(merging: tables).map { $0.map { $0.text ?? "" }.joined(separator: "|") }.sorted()
    }

    @Test("counts by server, owner and number; the last words are shown")
    func counting() {
        var table = ErrorTable(limit: 10)
        table.count(error(1064, at: 5, "near 'x'"), of: owner)
        table.count(error(1064, at: 7, "near 'y'"), of: DigestOwner(user: "app", schema: "shop", client: "10.0.0.1"))
        table.count(error(1146, at: 8), of: owner)
        table.count(error(1146, at: 9, host: "db2"), of: owner)
        #expect(
            rows([table]) == [
                "1|db1|3306|app|10.0.0.1|shop|1064|2|5|7|near 'y'", "1|db1|3306|app|10.0.0.1|shop|1146|1|8|8|m",
                "1|db2|3306|app|10.0.0.1|shop|1146|1|9|9|m",
            ])
        #expect(ErrorTable.definition.columns.count == 11)
    }

    @Test("the oldest goes when the table is full, and long words are cut")
    func bounds() {
        var table = ErrorTable(limit: 2)
        for code in [1, 2, 1, 3] as [UInt16] {
            table.count(error(code, at: Int64(code), String(repeating: "é", count: 9000)), of: owner)
        }
        let cells = ErrorTable.cells(merging: [table])
        #expect(Set(cells.map { $0[6] }) == [.integer(1), .integer(3)] && table.count == 2 && table.evictions == 1)
        #expect(cells.allSatisfy { $0[10].text?.utf8.count == 512 })
        var none = ErrorTable(limit: -1)
        none.count(error(1, at: 1), of: owner)
        #expect(none.count == 0)
    }

    @Test("loops add up, and a reset starts anew")
    func merging() {
        var first = ErrorTable(limit: 5)
        var second = ErrorTable(limit: 5)
        first.count(error(1064, at: 9, "late"), of: owner)
        second.count(error(1064, at: 4, "early"), of: owner)
        #expect(rows([first, second]) == ["1|db1|3306|app|10.0.0.1|shop|1064|2|4|9|late"])
        let taken = first.takeAll()
        #expect(taken.count == 1 && first.count == 0)
    }
}
