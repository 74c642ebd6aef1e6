import MySQLWire
import PluginAPI
import Pooling
import TestSupport
import Testing

@testable import Chassis

@Suite("Statement hooks: verdicts on the client's commands")
struct StatementVerdictTests {
    private func ok(_ rows: UInt64) -> [UInt8] {
        OKPacket(affectedRows: rows, status: .autocommit).encode(capabilities: ScriptedServer.capabilities)
    }

    private func packets(_ payloads: [[UInt8]]) -> [UInt8] { .packets(of: payloads, from: 1) }

    @Test("next: command and answer pass as they are", arguments: [false, true])
    func next(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let client = rig.client()
        for text in ["ROWS", "SEVERAL", "ERR", "OK"] {
            #expect(rig.ask(client, text) == ScriptedServer.answer(text, length: text.utf8.count + 1))
        }
        #expect(rig.texts == ["ROWS", "SEVERAL", "ERR", "OK"])
        #expect(rig.ruler.asked == ["ROWS", "SEVERAL", "ERR", "OK"])
        #expect(
            rig.ruler.lines == [
                "backend: 2 rows", "backend: 2 rows", "backend: error 1146", "backend: 0 rows",
            ])
        let bytes = rig.ruler.told.map(\.bytes)
        #expect(bytes == ["ROWS", "SEVERAL", "ERR", "OK"].map { UInt64(ScriptedServer.answer($0).count) })
    }

    @Test("replace: the server gets the longer or shorter text, the client the answer", arguments: [false, true])
    func replace(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let client = rig.client()
        rig.ruler.rule = { text, _ in
            text == "LONGER" ? .replace(Command.query.payload(text: "OK and then some")) : .next
        }
        #expect(rig.ask(client, "LONGER") == packets([ok(17)]))
        rig.ruler.rule = { _, _ in .replace(Command.query.payload(text: "ERR")) }
        #expect(rig.ask(client, "SHORTER, by much") == ScriptedServer.answer("ERR"))
        #expect(rig.ask(client, [Command.ping.rawValue]) == ScriptedServer.answer("ERR"))
        #expect(rig.texts == ["OK and then some", "ERR", "ERR"])
        #expect(rig.ruler.lines == ["backend: 0 rows", "backend: error 1146", "backend: error 1146"])
        rig.ruler.rule = { _, _ in .next }
        #expect(rig.ask(client, "OK") == packets([ok(3)]))
    }

    @Test("replace: across 16 MB the answer is numbered as the client expects it", arguments: [false, true])
    func replaceLong(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let client = rig.client()
        let long = Command.query.payload(text: "SEVERAL " + String(repeating: "x", count: 17_000_000))
        rig.ruler.rule = { text, _ in text.hasPrefix("SEVERAL") ? .replace(long) : .next }
        #expect(rig.ask(client, "SEVERAL") == ScriptedServer.answer("SEVERAL"))
        #expect(rig.commands.last?.count == long.count)
        rig.ruler.rule = { _, _ in .replace(Command.query.payload(text: "ROWS")) }
        #expect(rig.ask(client, long) == ScriptedServer.answer("ROWS", after: 1))
        rig.ruler.rule = { _, _ in .next }
        #expect(rig.ask(client, long) == ScriptedServer.answer("SEVERAL", after: 1))
        #expect(rig.commands.map(\.count) == [long.count, 5, long.count])
        #expect(rig.ruler.lines == ["backend: 2 rows", "backend: 2 rows", "backend: 2 rows"])
    }

    @Test("answer, replay and refuse: the server hears nothing", arguments: [false, true])
    func answers(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let client = rig.client()
        let error = SQLError(code: 1148, state: "42000", message: "not here")
        let kept = ScriptedServer.answer("SEVERAL", after: 40)
        rig.ruler.rule = { [ok = ok(5)] text, _ in
            switch text {
            case "A": .answer([ok])
            case "B": .replay(kept)
            case "C": .refuse(error)
            default: .next
            }
        }
        #expect(rig.ask(client, "A") == packets([ok(5)]))
        #expect(rig.ask(client, "B") == ScriptedServer.answer("SEVERAL"))
        #expect(rig.ask(client, "C") == packets([error.encode()]))
        #expect(rig.ask(client, "OK") == packets([ok(3)]))
        #expect(rig.texts == ["OK"])
        #expect(
            rig.ruler.lines == ["plugin: 0 rows", "plugin: 2 rows", "plugin: error 1148", "backend: 0 rows"])
        #expect(rig.ruler.told.prefix(3).allSatisfy { $0.sent == nil && $0.backend == nil && $0.kept == nil })
    }

    @Test(
        "an answer that is none becomes an ERR",
        arguments: [[], [[0x01]], [[0xFB, 0x61]], [[0x00, 0, 0, 2, 0, 0, 0], [7]]])
    func nonsense(payloads: [[UInt8]]) throws {
        let rig = StatementRig()
        let client = rig.client()
        rig.ruler.rule = { text, _ in text == "BAD" ? .answer(payloads) : .next }
        let answer = rig.ask(client, "BAD")
        let error = try ErrorPacket(payload: Array(answer.dropFirst(4))).error
        #expect(error.message.hasPrefix("(proxy) a plugin has answered in a way"))
        #expect(rig.ask(client, "ROWS") == ScriptedServer.answer("ROWS"))
        #expect(rig.ruler.lines == ["plugin: error 1105", "backend: 2 rows"])
    }

    @Test("commands without an answer are asked about, and may be swallowed")
    func unanswered() {
        let rig = StatementRig()
        let client = rig.client()
        let close = Command.closeStatement.payload(number: 9)
        client.send(close)
        #expect(rig.ask(client, "OK") == packets([ok(3)]))
        rig.ruler.rule = { text, _ in text == "OK" ? .next : .refuse(SQLError(code: 1, message: "no")) }
        client.send(close)
        #expect(rig.ask(client, "OK") == packets([ok(3)]))
        #expect(rig.commands.map(\.first) == [Command.closeStatement, .query, .query].map(\.rawValue))
        #expect(rig.ruler.lines == ["backend: 0 rows", "backend: 0 rows", "plugin: 0 rows", "backend: 0 rows"])
        #expect(rig.ruler.told.map(\.isComplete) == [true, true, true, true])
    }

    @Test("a file of the client's goes its way, also behind a replaced query", arguments: [false, true])
    func file(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let client = rig.client()
        client.file = [Array("abc".utf8), Array("de".utf8)]
        let request: [UInt8] = .packets(of: [[0xFB] + Array("name".utf8)], from: 1)
        let whole = request + ScriptedServer.answer("OK", after: 4, length: 5)
        #expect(rig.ask(client, "FILE") == whole)
        rig.ruler.rule = { text, session in
            session.orders.keptBytes = 1 << 20
            return text == "LOAD" ? .replace(Command.query.payload(text: "FILE")) : .next
        }
        #expect(rig.ask(client, "LOAD") == whole)
        #expect(rig.ask(client, "ROWS") == ScriptedServer.answer("ROWS"))
        #expect(rig.ruler.lines == ["backend: 0 rows", "backend: 0 rows", "backend: 2 rows"])
        #expect(rig.ruler.told.map { $0.kept != nil } == [false, false, true])
    }

    @Test("several plugins: each sees what the one before has made of it, and the first answer counts")
    func chain() {
        let second = Ruler()
        let rig = StatementRig(others: [second])
        let client = rig.client()
        rig.ruler.rule = { text, _ in text == "A" ? .replace(Command.query.payload(text: "B")) : .next }
        second.rule = { text, _ in text == "B" ? .replace(Command.query.payload(text: "ROWS")) : .next }
        #expect(rig.ask(client, "A") == ScriptedServer.answer("ROWS"))
        rig.ruler.rule = { _, _ in .refuse(SQLError(code: 1148, message: "no")) }
        _ = rig.ask(client, "C")
        #expect(second.asked == ["B"])
        #expect(second.lines == ["backend: 2 rows", "plugin: error 1148"])
        #expect(rig.texts == ["ROWS"])
    }
}
