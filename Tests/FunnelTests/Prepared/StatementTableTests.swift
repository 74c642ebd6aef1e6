import SQLText
import Testing

@testable import FunnelPlugin

@Suite("Prepared statements: one object a text")
struct StatementTableTests {
    @Test("equal texts are one, read once")
    func interned() {
        let table = StatementTable()
        let first = table.statement(Array("SELECT GET_LOCK('a', 1)".utf8))
        let second = table.statement(Array("SELECT GET_LOCK('a', 1)".utf8))
        #expect(first === second)
        #expect(table.count == 1)
        #expect(first.effects.facts.contains(.takesNamedLock))
    }

    @Test("a text that sql_mode makes another one is another one")
    func modes() {
        let table = StatementTable()
        let text = Array(#"SELECT "a" FROM t"#.utf8)
        let names = table.statement(text, mode: .ansiQuotes)
        let strings = table.statement(text)
        #expect(names !== strings)
        #expect(table.count == 2)
    }

    @Test("what nobody holds is forgotten")
    func forgotten() {
        let table = StatementTable()
        var held: [SharedStatement] = []
        for number in 0..<100 { held.append(table.statement(Array("SELECT \(number)".utf8))) }
        #expect(table.count == 100)
        held.removeLast(99)
        #expect(table.count == 1)
        #expect(table.statement(Array("SELECT 0".utf8)) === held[0])
        held = []
        #expect(table.count == 0)
    }

    @Test("threads that take and drop the same texts leave nothing behind")
    func threads() async {
        let table = StatementTable()
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    (0..<20_000).allSatisfy { round in
                        let text = Array("SELECT \(round % 3)".utf8)
                        let statement = table.statement(text)
                        return statement.text == text && table.statement(text) === statement
                    }
                }
            }
            for await wasRight in group { #expect(wasRight) }
        }
        #expect(table.count == 0)
    }
}
