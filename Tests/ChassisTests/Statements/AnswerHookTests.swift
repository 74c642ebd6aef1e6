import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import TestSupport
import Testing

@testable import Chassis

@Suite("Answer hooks")
struct AnswerHookTests {
    private func keeping(_ rig: StatementRig, _ bytes: Int) {
        rig.ruler.rule = { _, session in
            session.orders.keptBytes = bytes
            return .next
        }
    }

    @Test("an answer is kept byte for byte, while it goes to the client", arguments: [false, true])
    func kept(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let client = rig.client()
        keeping(rig, 1 << 20)
        for text in ["ROWS", "SEVERAL", "ERR", "OK", "BIG 300000"] {
            let expected = ScriptedServer.answer(text, length: text.utf8.count + 1)
            #expect(rig.ask(client, text) == expected)
            #expect(rig.ruler.told.last?.kept?.packets == expected)
            #expect(rig.ruler.told.last?.kept?.capabilities == ScriptedServer.capabilities)
        }
    }

    @Test("one byte more than wanted, and nothing is kept; the client has it all the same")
    func bound() {
        let rig = StatementRig()
        let client = rig.client()
        let expected = ScriptedServer.answer("SEVERAL")
        keeping(rig, expected.count)
        #expect(rig.ask(client, "SEVERAL") == expected)
        keeping(rig, expected.count - 1)
        #expect(rig.ask(client, "SEVERAL") == expected)
        #expect(rig.ask(client, "BIG 9000000") == ScriptedServer.answer("BIG 9000000"))
        rig.ruler.rule = { _, _ in .next }
        #expect(rig.ask(client, "SEVERAL") == expected)
        #expect(rig.ruler.told.map { $0.kept?.packets.count } == [expected.count, nil, nil, nil])
        #expect(rig.ruler.told.map(\.isComplete) == [true, true, true, true])
    }

    @Test("what was kept for one session answers another one", arguments: [false, true])
    func cache(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let first = rig.client()
        keeping(rig, 1 << 20)
        #expect(rig.ask(first, "SEVERAL") == ScriptedServer.answer("SEVERAL"))
        let kept = rig.ruler.told.first?.kept
        let second = rig.client()
        rig.ruler.rule = { _, session in
            guard let kept, kept.capabilities == session.capabilities else { return .next }
            return .replay(kept.packets)
        }
        #expect(rig.ask(second, "SEVERAL") == ScriptedServer.answer("SEVERAL"))
        #expect(rig.ruler.lines == ["backend: 2 rows", "plugin: 2 rows"])
    }

    @Test("a server that breaks off is told of once, as far as it came", arguments: [false, true])
    func serverDies(isLocal: Bool) {
        for (text, line) in [("DIE", "backend (part): 0 rows"), ("HALF", "backend (part): 2 rows")] {
            let rig = StatementRig(isLocal: isLocal)
            let client = rig.client()
            keeping(rig, 1 << 20)
            client.send(Command.query.payload(text: text))
            rig.settle(100) { client.isEnded }
            #expect(rig.ruler.lines == [line])
            #expect(rig.ruler.told.map { $0.kept == nil } == [true])
            rig.settle(10)
            #expect(rig.ruler.told.count == 1)
        }
    }

    @Test("a client that leaves in the midst of an answer is told of once", arguments: [false, true])
    func clientLeaves(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let client = rig.client()
        client.send(Command.query.payload(text: "NEVER"))
        rig.settle(5)
        #expect(rig.ruler.told.isEmpty)
        client.close()
        rig.settle(50)
        #expect(rig.ruler.lines == ["backend (part): 0 rows"])
        #expect(rig.context.count == 0)
    }

    @Test("COM_QUIT is no statement", arguments: [false, true])
    func quits(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let client = rig.client()
        client.send([Command.quit.rawValue])
        rig.settle(50) { rig.context.count == 0 }
        #expect(rig.ruler.asked.isEmpty)
        #expect(rig.ruler.lines.isEmpty)
        #expect(rig.causes == [.clientQuit])
    }

    @Test("it may end the session, and resume others")
    func acts() {
        let rig = StatementRig()
        let waiting = rig.client()
        let client = rig.client()
        var held: Session?
        rig.ruler.rule = { [unowned loop = rig.loop] text, session in
            guard text == "ROWS", held == nil else { return .next }
            held = session
            return .delay(until: loop.now + .seconds(100))
        }
        rig.ruler.onTold = { answer, session in
            guard session !== held else { return }
            held?.resume()
            session.closeAfterResult()
        }
        waiting.send(Command.query.payload(text: "ROWS"))
        rig.settle(1)
        client.send(Command.query.payload(text: "OK"))
        rig.settle(50) { waiting.isReady && client.isEnded }
        #expect(client.takeAnswer() == ScriptedServer.answer("OK", length: 3))
        #expect(waiting.takeAnswer() == ScriptedServer.answer("ROWS"))
    }

    @Test("times are in order, and the server is named")
    func times() throws {
        let rig = StatementRig()
        let client = rig.client()
        _ = rig.ask(client, "ROWS")
        let answer = rig.ruler.told[0]
        let sent = try #require(answer.sent)
        let first = try #require(answer.firstByte)
        #expect(answer.asked <= sent && sent <= first && first <= answer.lastByte)
        #expect(answer.backend === rig.scripter.backend)
        #expect(answer.command == .query)
    }

    @Test("a worker with answer hooks alone is told of everything as well")
    func alone() {
        final class Listener: AnswerHook {
            var count = 0
            func answered(_ answer: AnswerView, in session: Session) { count += 1 }
        }
        let listener = Listener()
        let rig = StatementRig(others: [listener])
        let client = rig.client()
        for _ in 0..<3 { _ = rig.ask(client, "ROWS") }
        #expect(listener.count == 3)
    }
}
