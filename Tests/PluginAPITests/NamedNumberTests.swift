import PluginAPI
import Testing

@Suite("Tables of names and values")
struct NamedNumberTests {
    private func rows(_ name: String, of administration: Administration) -> [[Cell]]? {
        administration.statistics.first { $0.definition.name == name }?.rows(false)
    }

    @Test("nobody fills a table that isn't there")
    func none() {
        #expect(Administration().statistics.isEmpty)
    }

    @Test("several fill one table; numbers of one name are added up, and stay where they came first")
    func sums() {
        let administration = Administration()
        administration.add(globals: { [NamedNumber("Questions", 5), NamedNumber("Uptime", 1)] })
        administration.add(globals: { [NamedNumber("Stmt_Cached", UInt64.max), NamedNumber("Questions", 2)] })
        #expect(
            rows("stats_mysql_global", of: administration) == [
                [.text("Questions"), .integer(7)], [.text("Uptime"), .integer(1)],
                [.text("Stmt_Cached"), .integer(.max)],
            ])
        #expect(rows("stats_memory_metrics", of: administration) == nil)
    }

    @Test("a sum that is too large is the largest number")
    func overflow() {
        let administration = Administration()
        for _ in 0..<2 { administration.add(memoryMetrics: { [NamedNumber("heap", Int64.max)] }) }
        #expect(rows("stats_memory_metrics", of: administration) == [[.text("heap"), .integer(.max)]])
    }

    @Test("who serves the tables says so")
    func served() {
        let administration = Administration()
        #expect(!administration.isServed)
        administration.serve()
        #expect(administration.isServed)
    }
}
