import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import TestSupport
import Testing

@testable import Chassis

@Suite("Statement hooks: injected queries")
struct StatementInjectionTests {
    private func query(_ id: Int, _ text: String, needsResult: Bool) -> Injection {
        Injection(id: id, payload: Command.query.payload(text: text), needsResult: needsResult)
    }

    /// A rig whose script injects two queries for `GO`, and drops the first one's result where it gets it.
    private func rig(isLocal: Bool, needsResults: Bool) -> StatementRig {
        let rig = StatementRig(isLocal: isLocal, isScripted: true)
        rig.scripter.query = { [self] text in
            guard text == "GO" else { return .next }
            return .inject([query(1, "OK mine", needsResult: true), query(2, "SEVERAL", needsResult: needsResults)])
        }
        rig.scripter.result = { id, _, _ in id == 1 ? .drop : .next }
        return rig
    }

    @Test(
        "each is asked about, and told of, as it is sent",
        arguments: [(false, false), (false, true), (true, false), (true, true)])
    func asked(isLocal: Bool, needsResults: Bool) {
        let rig = rig(isLocal: isLocal, needsResults: needsResults)
        let client = rig.client()
        #expect(rig.ask(client, "GO") == ScriptedServer.answer("SEVERAL"))
        #expect(rig.ask(client, "ROWS") == ScriptedServer.answer("ROWS"))
        #expect(rig.ruler.asked == ["[OK mine]", "[SEVERAL]", "ROWS"])
        #expect(
            rig.ruler.lines == ["injected, backend: 0 rows", "injected, backend: 2 rows", "backend: 2 rows"])
        #expect(rig.texts == ["OK mine", "SEVERAL", "ROWS"])
    }

    @Test(
        "an answer takes the way of the server's, and says nothing of its status",
        arguments: [(false, false), (false, true), (true, false), (true, true)])
    func answered(isLocal: Bool, needsResults: Bool) {
        let rig = rig(isLocal: isLocal, needsResults: needsResults)
        let client = rig.client()
        _ = rig.ask(client, "BEGIN")
        var seen: [String] = []
        rig.scripter.result = { id, packets, summary in
            seen.append("\(id): \(packets.count) bytes, \(summary.rows) rows, \(summary.results) results")
            return id == 1 ? .drop : .next
        }
        let rows = ScriptedServer.answer("ROWS", after: 9)
        rig.ruler.rule = { _, _ in .replay(rows) }
        #expect(rig.ask(client, "GO") == ScriptedServer.answer("ROWS"))
        #expect(
            seen == [
                "1: \(rows.count) bytes, 2 rows, 1 results",
                "2: \(needsResults ? rows.count : 0) bytes, 2 rows, 1 results",
            ])
        #expect(rig.texts == ["BEGIN"])
        #expect(rig.ruler.lines.suffix(2) == ["injected, plugin: 2 rows", "injected, plugin: 2 rows"])
        #expect(rig.context.all[0].session.status.contains(.inTransaction))
    }

    @Test("an answer to the first lets the second one go to the server", arguments: [false, true])
    func mixed(needsResults: Bool) {
        let rig = rig(isLocal: false, needsResults: needsResults)
        let client = rig.client()
        rig.ruler.rule = { text, _ in
            text == "OK mine"
                ? .refuse(SQLError(code: 1148, message: "no")) : .replace(Command.query.payload(text: "ROWS"))
        }
        #expect(rig.ask(client, "GO") == ScriptedServer.answer("ROWS"))
        #expect(rig.texts == ["ROWS"])
        #expect(rig.ruler.lines == ["injected, plugin: error 1148", "injected, backend: 2 rows"])
    }

    @Test("one that needs its result and is longer than that is refused, whoever answers", arguments: [false, true])
    func tooLong(byPlugin: Bool) throws {
        let rig = StatementRig(isScripted: true)
        let client = rig.client()
        let big = ScriptedServer.answer("BIG 5000")
        rig.scripter.query = { _ in
            .inject([
                Injection(id: 1, payload: Command.query.payload(text: "BIG 5000"), needsResult: true, keptBytes: 1000)
            ])
        }
        rig.ruler.rule = { _, _ in byPlugin ? .replay(big) : .next }
        let answer = rig.ask(client, "GO")
        #expect(try ErrorPacket(payload: Array(answer.dropFirst(4))).error.message.contains("longer than 1000 bytes"))
        #expect(rig.ruler.lines == [byPlugin ? "injected, plugin: 1 rows" : "injected, backend: 1 rows"])
    }

    @Test("a delay holds the queue up, and the client's leaving ends it", arguments: [false, true])
    func delays(leaves: Bool) {
        let rig = rig(isLocal: false, needsResults: true)
        let client = rig.client()
        rig.ruler.rule = { [unowned loop = rig.loop] text, _ in
            text == "SEVERAL"
                ? .delay(until: loop.now + .seconds(30), sending: Command.query.payload(text: "ERR")) : .next
        }
        let begin = rig.loop.now
        client.send(Command.query.payload(text: "GO"))
        rig.settle(10)
        #expect(rig.texts == ["OK mine"])
        if leaves { client.close() }
        rig.settle(100) { client.isReady || rig.context.count == 0 }
        let waited = rig.loop.now.since(begin).seconds
        #expect(leaves ? waited < 11 : (30...30.2).contains(waited))
        #expect(client.takeAnswer() == (leaves ? [] : ScriptedServer.answer("ERR")))
        #expect(
            rig.ruler.lines == [
                "injected, backend: 0 rows",
                leaves ? "injected, nobody (part): 0 rows" : "injected, backend: error 1146",
            ])
    }

    @Test("a long queue that hooks answer doesn't fill the stack", arguments: [false, true])
    func longQueue(needsResults: Bool) {
        let rig = StatementRig(isScripted: true)
        let client = rig.client()
        rig.scripter.query = { [self] _ in
            .inject((0..<50_000).map { query($0, "OK", needsResult: needsResults || $0 > 0) })
        }
        let ok = OKPacket(affectedRows: 4, status: .autocommit).encode(capabilities: ScriptedServer.capabilities)
        rig.ruler.rule = { _, _ in .answer([ok]) }
        #expect(rig.ask(client, "GO") == .packets(of: [ok], from: 1))
        #expect(rig.ruler.told.count == 50_000)
        #expect(rig.texts.isEmpty)
    }

    @Test("the parts of a long injected query are numbered as they should be")
    func manyPackets() {
        let rig = StatementRig(isScripted: true)
        let client = rig.client()
        let long = Command.query.payload(text: "ROWS " + String(repeating: "x", count: 17_000_000))
        rig.scripter.query = { _ in .inject([Injection(id: 1, payload: long)]) }
        #expect(rig.ask(client, "GO") == ScriptedServer.answer("ROWS"))
        rig.ruler.rule = { _, _ in .replace(Command.query.payload(text: "SEVERAL")) }
        #expect(rig.ask(client, "GO") == ScriptedServer.answer("SEVERAL"))
        rig.ruler.rule = { _, _ in .replay(ScriptedServer.answer("ERR")) }
        #expect(rig.ask(client, "GO") == ScriptedServer.answer("ERR"))
        #expect(rig.commands.map(\.count) == [long.count, 8])
    }
}
