import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import SQLText
import Testing

@testable import RulesPlugin

@Suite("What the rules make of a session's commands")
struct RulesWorkerTests {
    @Test("a destination goes to the session, and what has no text follows it")
    func destinations() throws {
        let rig = try RulesRig()
        try rig.load([[.matchPattern: .text("^SELECT"), .destinationHostgroup: Cell(4)]])
        #expect(rig.query("SELECT 1").shown == "next")
        #expect(rig.session.hostgroup == 4)
        _ = rig.send([Command.fieldList.rawValue, 0x74, 0])
        #expect(rig.session.hostgroup == 4)
        _ = rig.query("UPDATE t SET a = 1")
        #expect(rig.session.hostgroup == nil)
        #expect(rig.book.current.rules.hits() == [1])
    }

    @Test("subjects: user, schema, addresses and port")
    func subjects() throws {
        let rig = try RulesRig()
        try rig.load([
            [
                .username: .text("ada"), .schemaname: .text("shop"), .clientAddress: .text("10.1.1.%"),
                .proxyAddress: .text("10.9.9.9"), .proxyPort: Cell(6033), .destinationHostgroup: Cell(9),
            ]
        ])
        _ = rig.query("SELECT 1")
        #expect(rig.session.hostgroup == 9)
        rig.session.schemaBytes = Array("other".utf8)
        _ = rig.query("SELECT 1")
        #expect(rig.session.hostgroup == nil)
    }

    @Test("addresses as sessions have them")
    func addresses() {
        func split(_ text: String) -> String {
            let address = SplitAddress(text)
            return "\(address.host) \(address.port.map(String.init) ?? "-")"
        }
        #expect(split("10.1.1.1:5000") == "10.1.1.1 5000")
        #expect(split("[::1]:5000") == "::1 5000")
        #expect(split("/tmp/m.sock") == "localhost -")
        #expect(split("strange") == "strange -")
    }

    @Test("messages: OK_msg comes before error_msg, and a prepared statement is answered when it is executed")
    func messages() throws {
        let rig = try RulesRig()
        try rig.load([
            [.matchPattern: .text("both"), .okMessage: .text("fine"), .errorMessage: .text("bad")],
            [.matchPattern: .text("one"), .errorMessage: .text("bad")],
        ])
        #expect(rig.query("both").shown == "answer [0]")
        #expect(rig.query("one").shown == "refuse 1148 42000 bad")
        #expect(rig.send([0x16] + Array("both".utf8)).shown == "next")
        var summary = ResultSummary()
        summary.statementID = 7
        rig.answered(.prepare, summary)
        #expect(rig.send([0x17, 7, 0, 0, 0, 0, 1, 0, 0, 0]).shown == "answer [0]")
        #expect(rig.send([0x16] + Array("one".utf8)).shown == "refuse 1148 42000 bad")
    }

    @Test("rewriting keeps query attributes, and goes with a delay")
    func rewriting() throws {
        let rig = try RulesRig(capabilities: [.protocol41, .queryAttributes])
        try rig.load([[.matchPattern: .text("old"), .replacePattern: .text("new")]])
        #expect(rig.send([3, 0, 1] + Array("old".utf8)).shown == "replace 3 \u{0}\u{1}new")
        let plain = try RulesRig()
        try plain.load([[.matchPattern: .text("old"), .replacePattern: .text("new"), .delay: Cell(20)]])
        #expect(plain.query("old").shown == "delay 20 ms, replace")
        #expect(plain.query("other").shown == "next")
    }

    @Test("a prepared statement is rewritten when it is prepared, and decided on anew when it is executed")
    func preparing() throws {
        let rig = try RulesRig()
        try rig.load([[.matchPattern: .text("old"), .replacePattern: .text("new"), .destinationHostgroup: Cell(3)]])
        #expect(rig.send([0x16] + Array("old".utf8)).shown == "replace 22 new")
        var summary = ResultSummary()
        summary.statementID = 1
        rig.answered(.prepare, summary)
        #expect(rig.send([0x17, 1, 0, 0, 0, 0, 1, 0, 0, 0]).shown == "next")
        #expect(rig.session.hostgroup == 3)
        try rig.load([[.matchPattern: .text("old"), .destinationHostgroup: Cell(5)]])
        _ = rig.send([0x17, 1, 0, 0, 0, 0, 1, 0, 0, 0])
        #expect(rig.session.hostgroup == 5)
        _ = rig.send([0x19, 1, 0, 0, 0])
        try rig.load([])
        _ = rig.send([0x17, 1, 0, 0, 0, 0, 1, 0, 0, 0])
        #expect(rig.session.hostgroup == 5, "an id that isn't known goes where the last statement went")
    }

    @Test("orders: what a rule says comes before the settings")
    func orders() throws {
        let rig = try RulesRig()
        try rig.load([
            [.matchPattern: .text("own"), .timeout: Cell(5), .retries: Cell(2), .multiplex: Cell(0)],
            [.matchPattern: .text("variables"), .multiplex: Cell(2)],
        ])
        rig.book.change { settings in
            settings.defaultTimeout = 70
            settings.defaultRetries = 0
            settings.defaultDelay = 9
        }
        #expect(rig.query("own").shown == "delay 9 ms")
        var orders = StatementOrders()
        (orders.timeout, orders.retries, orders.multiplexing) = (.milliseconds(5), 2, .off)
        #expect(rig.session.orders == orders)
        _ = rig.query("variables")
        (orders.timeout, orders.retries, orders.multiplexing) = (.milliseconds(70), 0, .ignore)
        #expect(rig.session.orders == orders)
    }

    @Test("nothing of a decision is left for the next statement")
    func decisionsAnew() throws {
        let rig = try RulesRig(servesSessions: true)
        rig.session.status = .autocommit
        try rig.load([
            [
                .matchPattern: .text("all"), .destinationHostgroup: Cell(4), .replacePattern: .text("every"),
                .timeout: Cell(5), .retries: Cell(2), .delay: Cell(20), .mirrorHostgroup: Cell(7), .multiplex: Cell(0),
                .log: Cell(1),
            ],
            [.matchPattern: .text("none"), .errorMessage: .text("no")],
        ])
        for _ in 0..<2 {
            #expect(rig.query("SELECT all").shown == "delay 20 ms, replace")
            #expect(rig.session.hostgroup == 4 && rig.session.mirror != nil)
            #expect(rig.query("none").shown == "refuse 1148 42000 no")
            #expect(rig.query("SELECT 1").shown == "next")
            #expect(rig.session.hostgroup == nil && rig.session.mirror == nil)
            #expect(rig.session.orders == StatementOrders())
        }
        try rig.load([[.matchPattern: .text("SELECT 1"), .destinationHostgroup: Cell(6)]])
        #expect(rig.query("SELECT 1").shown == "next")
        #expect(rig.session.hostgroup == 6)
        try rig.load([])
        _ = rig.query("SELECT 1")
        #expect(rig.session.hostgroup == nil)
    }

    @Test("a digest that a session has again is counted as what it is now, and for whom")
    func digestsAgain() throws {
        let rig = try RulesRig()
        func run(_ text: String) {
            _ = rig.query(text)
            rig.answered(.query)
        }
        func counted() -> Set<[Cell]> {
            Set(DigestReport(merging: [rig.worker.digests.snapshot]).cells.map { [$0[1], $0[5], $0[6]] })
        }
        for number in 0..<4 { run("SELECT \(number)") }
        run("DELETE FROM t")
        run("SELECT 9")
        let select = [Cell.text("shop"), .text("SELECT ?"), Cell(5)]
        #expect(counted() == [select, [.text("shop"), .text("DELETE FROM t"), Cell(1)]])
        rig.session.schemaBytes = Array("other".utf8)
        run("DELETE FROM t")
        run("SELECT 10")
        run("SELECT 11")
        rig.book.change { $0.countsDigests = false }
        run("SELECT 12")
        rig.book.change { ($0.countsDigests, $0.route.digest.lowercase) = (true, true) }
        run("SELECT 13")
        #expect(
            counted() == [
                select, [.text("shop"), .text("DELETE FROM t"), Cell(1)],
                [.text("other"), .text("DELETE FROM t"), Cell(1)],
                [.text("other"), .text("SELECT ?"), Cell(2)], [.text("other"), .text("select ?"), Cell(1)],
            ])
        rig.book.change { $0.mostDigests = 7 }
        run("SELECT 14")
        #expect(counted() == [[.text("other"), .text("select ?"), Cell(1)]], "another table counts from the start")
    }

    @Test("a schema is entered where its statements go")
    func schemas() throws {
        let rig = try RulesRig()
        try rig.load([], routes: [[.text("ada"), .text("far"), Cell(0), Cell(8), .text("")]])
        _ = rig.send([2] + Array("far".utf8))
        #expect(rig.session.hostgroup == 8)
        _ = rig.query("SELECT 1")
        #expect(rig.session.hostgroup == nil, "the server has not said yet that the schema is another one")
        _ = rig.query("USE `far`")
        #expect(rig.session.hostgroup == 8)
        #expect(rig.book.current.rules.fastRouteRows().hits == [1], "COM_INIT_DB isn't counted")
    }

    @Test("another user, and a session that begins anew")
    func changes() throws {
        let rig = try RulesRig()
        try rig.load([
            [.username: .text("bob"), .destinationHostgroup: Cell(1)],
            [.matchPattern: .text("flag"), .nextQueryFlagIn: Cell(3)],
            [.flagIn: Cell(3), .username: .text("bob"), .destinationHostgroup: Cell(2)],
        ])
        _ = rig.query("flag")
        _ = rig.send(ChangeUserRequest(user: "bob", authResponse: []).encode(capabilities: [.protocol41]))
        rig.answered(.changeUser)
        _ = rig.query("SELECT 1")
        #expect(rig.session.hostgroup == 1)
    }

    @Test("next_query_flagIN is for the session's next statement, and for that only")
    func nextFlag() throws {
        let rig = try RulesRig()
        try rig.load([
            [.flagIn: Cell(3), .matchPattern: .text("again"), .nextQueryFlagIn: Cell(3)],
            [.flagIn: Cell(3), .matchPattern: .text("bad"), .errorMessage: .text("no")],
            [.flagIn: Cell(3), .destinationHostgroup: Cell(2)],
            [.matchPattern: .text("answered"), .okMessage: .text("fine"), .nextQueryFlagIn: Cell(3)],
            [.matchPattern: .text("flag"), .nextQueryFlagIn: Cell(3)],
        ])
        func destinations(_ texts: String...) -> [Int?] {
            texts.map { text in
                _ = rig.query(text)
                return rig.session.hostgroup
            }
        }
        #expect(destinations("SELECT 1", "flag", "SELECT 1", "SELECT 1") == [nil, nil, 2, nil])
        #expect(destinations("flag", "again", "again", "SELECT 1", "SELECT 1") == [nil, 2, 2, 2, nil])
        #expect(destinations("flag", "bad", "SELECT 1") == [nil, nil, nil], "a refused statement was the next one too")
        #expect(destinations("answered", "SELECT 1") == [nil, nil], "messages come before next_query_flagIN")
    }

    @Test("preparing and what has no text leave next_query_flagIN to the execution")
    func nextFlagOfExecutions() throws {
        let rig = try RulesRig()
        try rig.load([
            [.flagIn: Cell(3), .destinationHostgroup: Cell(2)],
            [.matchPattern: .text("flag"), .nextQueryFlagIn: Cell(3)],
        ])
        let execution: [UInt8] = [0x17, 7, 0, 0, 0, 0, 1, 0, 0, 0]
        func prepare(_ text: String) {
            _ = rig.send([0x16] + Array(text.utf8))
            var summary = ResultSummary()
            summary.statementID = 7
            rig.answered(.prepare, summary)
        }
        _ = rig.query("flag")
        prepare("SELECT 1")
        #expect(rig.session.hostgroup == 2, "it is prepared where it will run")
        _ = rig.send([Command.initDB.rawValue] + Array("shop".utf8))
        _ = rig.send(execution)
        #expect(rig.session.hostgroup == 2)
        _ = rig.send(execution)
        #expect(rig.session.hostgroup == nil)
        prepare("flag")
        _ = rig.query("SELECT 1")
        #expect(rig.session.hostgroup == nil, "preparing isn't running")
        _ = rig.send(execution)
        _ = rig.query("SELECT 1")
        #expect(rig.session.hostgroup == 2)
    }

    @Test("statements are counted by digest, command and error")
    func counting() throws {
        let rig = try RulesRig()
        for number in 1...3 {
            _ = rig.query("SELECT \(number)")
            rig.answered(.query)
        }
        #expect(DigestReport(merging: [rig.worker.digests.snapshot]).cells.map { $0[6] } == [Cell(3)])
        #expect(rig.worker.commands.cells.first { $0[0] == .text("SELECT") }?[2] == Cell(3))
        _ = rig.send([0x16] + Array("SELECT ?".utf8))
        rig.answered(.prepare)
        #expect(rig.worker.digests.count == 1, "preparing isn't running")
    }

    @Test("commands of odd lengths are no trouble")
    func oddCommands() throws {
        let rig = try RulesRig(capabilities: [.protocol41, .queryAttributes])
        for command in UInt8.min ... .max {
            for length in [0, 1, 3, 4] {
                _ = rig.send([command] + Array(repeating: 0xFF, count: length))
                rig.answered(Command(rawValue: command))
            }
        }
    }

    @Test("nothing of a session is left for the next one in its place")
    func disconnect() throws {
        let rig = try RulesRig()
        try rig.load([
            [.matchPattern: .text("flag"), .nextQueryFlagIn: Cell(3)],
            [.flagIn: Cell(3), .errorMessage: .text("late")],
        ])
        _ = rig.query("flag")
        #expect(rig.query("SELECT 1").shown == "refuse 1148 42000 late")
        _ = rig.query("flag")
        rig.worker.disconnect(rig.session)
        #expect(rig.query("SELECT 1").shown == "next")
    }
}
