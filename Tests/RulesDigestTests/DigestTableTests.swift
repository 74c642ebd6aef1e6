import PluginAPI
import SQLText
import Testing

@testable import RulesPlugin

@Suite("The table of digests")
struct DigestTableTests {
    @Test("counts by digest, owner and hostgroup, and shows them as rows")
    func rows() {
        var loop = DigestLoop(entries: 10)
        loop.run("select 1", "app", "shop", at: 100, micros: 30, sent: 1)
        loop.run("SELECT 1", "app", "shop", at: 101, micros: 30)
        loop.run("select 2", "app", "shop", at: 105, micros: 10, sent: 2)
        loop.run("select 2", "app", "other", at: 106, micros: 7)
        loop.run("update t set a=5", "app", "shop", hostgroup: 2, at: 107, micros: 9, affected: 4)
        loop.run("select 3", "app", "shop", hostgroup: -1, at: 108, micros: 0)
        #expect(
            loop.rows() == [
                "-1|shop|app||select ?|1|108|108|0|0|0|0|0", "0|other|app||select ?|1|106|106|7|7|7|0|0",
                "0|shop|app||SELECT ?|1|101|101|30|30|30|0|0", "0|shop|app||select ?|2|100|105|40|10|30|0|3",
                "2|shop|app||update t set a=?|1|107|107|9|9|9|4|0",
            ])
        #expect(loop.table.count == 5 && loop.table.evictions == 0)
    }

    @Test("a digest is 0x and 16 digits in capitals, as its statement's")
    func digests() {
        var loop = DigestLoop(entries: 10)
        loop.run("select 1", "a", "b")
        let digest = DigestReport(merging: [loop.table.snapshot]).cells[0][4].text
        #expect(digest == StatementDigest(of: Array("select 99".utf8).span).hash.shownDigest)
        #expect(UInt64(0xAB).shownDigest == "0x00000000000000AB" && UInt64.max.shownDigest == "0xFFFFFFFFFFFFFFFF")
        #expect(DigestReport.definition.columns.count == DigestReport(merging: [loop.table.snapshot]).cells[0].count)
    }

    @Test("clients are told apart where they are tracked")
    func clients() {
        var loop = DigestLoop(entries: 10)
        loop.run("select 1", "a", "b", client: "10.0.0.1")
        loop.run("select 1", "a", "b", client: "10.0.0.2")
        #expect(loop.rows().map { $0.split(separator: "|")[3] } == ["10.0.0.1", "10.0.0.2"])
    }

    @Test("sums end at the greatest number instead of starting over")
    func saturation() {
        var loop = DigestLoop(entries: 10)
        for _ in 0..<2 { loop.run("select 1", "a", "b", micros: .max, affected: .max, sent: .max) }
        let all = String(Int64.max)
        #expect(loop.rows() == ["0|b|a||select ?|2|0|0|\(all)|\(all)|\(all)|\(all)|\(all)"])
    }

    @Test("the one that wasn't used for the longest time goes")
    func leastRecent() {
        var loop = DigestLoop(entries: 3)
        for name in ["a", "b", "c", "a", "d", "e"] { loop.run("select \(name)", "u", "s") }
        #expect(Set(loop.texts()) == ["select a", "select d", "select e"])
        #expect(loop.table.count == 3 && loop.table.evictions == 2)
        loop.run("select b", "u", "s")
        #expect(Set(loop.texts()) == ["select b", "select d", "select e"])
    }

    @Test("a table of no entries counts nothing")
    func none() {
        var loop = DigestLoop(entries: 0)
        loop.run("select 1", "a", "b")
        #expect(loop.rows().isEmpty && loop.table.count == 0)
    }

    @Test("the process's limit is shared by the loops")
    func limits() {
        #expect(DigestLimits(total: 10, loops: 4).entries == 3)
        #expect(DigestLimits(total: -1, loops: 0).entries == 0)
        #expect(DigestLimits(total: .max, loops: 1).entries == 1 << 31)
    }

    @Test("reading with reset starts anew; statements under way keep their texts")
    func reset() {
        var loop = DigestLoop(entries: 2)
        for name in ["a", "b", "c"] { loop.run("select \(name)", "u", "s") }
        var owner = DigestOwner(user: "u", schema: "s")
        let underWay = loop.begin("select c")
        let taken = DigestReport(merging: [loop.table.takeAll()])
        #expect(taken.count == 2 && loop.rows().isEmpty && loop.table.evictions == 1)
        loop.table.count(underWay, of: &owner, DigestRun(hostgroup: 0, second: 9, microseconds: 1))
        #expect(loop.texts() == ["select c"])
        #expect(taken.cells.count == 2)
    }

    @Test("a snapshot stays as it was while the loop goes on")
    func snapshots() {
        var loop = DigestLoop(entries: 500)
        for number in 0..<400 { loop.run("select a\(number)", "u", "s") }
        let snapshot = loop.table.snapshot
        for number in 200..<900 { loop.run("select a\(number)", "u", "s") }
        let report = DigestReport(merging: [snapshot])
        #expect(report.count == 400 && report.cells.allSatisfy { $0[6] == .integer(1) })
        #expect(loop.table.count == 500 && loop.table.evictions == 400)
    }

    @Test("a text is kept once for all owners, and goes with its last entry")
    func sharing() {
        var loop = DigestLoop(entries: 4)
        let name = String(repeating: "x", count: 900)
        loop.run("select \(name)", "u", "0")
        let one = loop.table.texts.objectMemory
        for schema in 1...3 { loop.run("select \(name)", "u", "\(schema)") }
        #expect(loop.table.texts.objectMemory == one)
        for number in 0..<4 { loop.run("select a\(number)", "u", "s") }
        #expect(loop.table.texts.objectMemory < one && Set(loop.texts()).count == 4)
    }

    @Test("loops merged are what one table would have counted", arguments: 1...10)
    func merging(_ seed: UInt64) {
        var generator = SplitMix64(state: seed)
        var single = DigestLoop(entries: 10_000)
        var loops = (0..<3).map { _ in DigestLoop(entries: 10_000) }
        for second in 0..<3000 {
            let statement = "select a\(Int.random(in: 0..<40, using: &generator)) from t"
            let run = DigestRun(
                hostgroup: Int32.random(in: -1...2, using: &generator), second: Int64(second),
                microseconds: UInt64.random(in: 0...5000, using: &generator),
                rowsAffected: UInt64.random(in: 0...3, using: &generator), rowsSent: 2)
            let owner = (user: "u\(Bool.random(using: &generator))", schema: "a schema \(second % 3) of some length")
            single.run(statement, owner.user, owner.schema, run)
            loops[Int.random(in: 0..<3, using: &generator)].run(statement, owner.user, owner.schema, run)
        }
        #expect(DigestLoop.rows(loops.map(\.table.snapshot)) == single.rows())
    }
}

@Suite("The table of digests stays within its bounds")
struct DigestBoundTests {
    @Test("whatever comes, the entries found and those listed are the same", arguments: 1...5)
    func differential(_ seed: UInt64) {
        var generator = SplitMix64(state: seed)
        var loop = DigestLoop(entries: 60)
        var model: [String] = []
        for _ in 0..<5000 {
            let name = "select a\(Int.random(in: 0..<90, using: &generator))"
            loop.run(name, "u", "s")
            model.removeAll { $0 == name }
            model.append(name)
            if model.count > 60 { model.removeFirst() }
        }
        #expect(Set(loop.texts()) == Set(model))
    }

    @Test("a million digests take no more memory than the limit's")
    func millions() {
        var table = DigestTable(DigestLimits(total: 1000, loops: 1))
        var owner = DigestOwner(user: "u", schema: "s")
        let bytes = [UInt8](repeating: 0x61, count: 2048)
        let run = DigestRun(hostgroup: 0, second: 0, microseconds: 0)
        var most = 0
        for digest in 0..<UInt64(1_000_000) {
            let size = Int(truncatingIfNeeded: digest &* 7919) & 2047
            let text = DigestText(digest: digest, bytes: Array(bytes[..<size]), command: .unknown)
            table.count(text, of: &owner, run)
            if digest & 1023 == 0 { most = max(most, table.memory) }
        }
        #expect(table.count <= 1000 && table.evictions == UInt64(1_000_000 - table.count))
        #expect(most < 1000 * 1024 + 65_536, "\(most)")
        #expect(table.memory > 300_000)
    }

    @Test("owners go with their entries")
    func owners() {
        var table = DigestTable(DigestLimits(total: 100, loops: 1))
        let text = DigestText(digest: 1, bytes: [0x61], command: .unknown)
        for number in 0..<5000 {
            var owner = DigestOwner(user: "u", schema: "a schema with a long name \(number)")
            table.count(text, of: &owner, DigestRun(hostgroup: 0, second: 0, microseconds: 0))
        }
        #expect(table.count == 100 && table.owners.objectMemory < 100 * 256)
    }
}
