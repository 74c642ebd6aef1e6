import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import TestSupport
import Testing

@testable import Chassis

@Suite("Statement hooks: delays and timeouts")
struct StatementDelayTests {
    /// Delays the queries of that text once each, by so many seconds.
    private func delay(_ rig: StatementRig, _ text: String, by seconds: Double, sending payload: [UInt8]? = nil) {
        var isDelayed = false
        rig.ruler.rule = { [unowned loop = rig.loop] asked, _ in
            guard asked == text, !isDelayed else { return .next }
            isDelayed = true
            return .delay(until: loop.now + .seconds(seconds), sending: payload)
        }
    }

    private func seconds(_ rig: StatementRig, since begin: MonotonicTime) -> Double {
        rig.loop.now.since(begin).seconds
    }

    @Test("when the time has come the statement goes on, and its hook isn't asked again", arguments: [false, true])
    func goesOn(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let client = rig.client()
        delay(rig, "ROWS", by: 20)
        let begin = rig.loop.now
        #expect(rig.ask(client, "ROWS") == ScriptedServer.answer("ROWS"))
        #expect((20...20.2).contains(seconds(rig, since: begin)))
        #expect(rig.ruler.asked == ["ROWS"])
        #expect(rig.ruler.lines == ["backend: 2 rows"])
        let answer = rig.ruler.told[0]
        #expect(answer.asked < begin + .seconds(1))
        #expect((19.8...20.2).contains(answer.sent?.since(answer.asked).seconds ?? 0))
        #expect(rig.ask(client, "ERR") == ScriptedServer.answer("ERR"))
    }

    @Test("what was to be sent then is sent, and hooks behind see it", arguments: [false, true])
    func goesOnReplaced(isLocal: Bool) {
        let second = Ruler()
        let rig = StatementRig(isLocal: isLocal, others: [second])
        let client = rig.client()
        delay(rig, "OLD", by: 3, sending: Command.query.payload(text: "ROWS"))
        #expect(rig.ask(client, "OLD") == ScriptedServer.answer("ROWS"))
        #expect(rig.texts == ["ROWS"])
        #expect(second.asked == ["ROWS"])
    }

    @Test("a session that resumes is asked again", arguments: [false, true])
    func resumes(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let client = rig.client()
        var isReady = false
        let kept = ScriptedServer.answer("SEVERAL")
        rig.ruler.rule = { [unowned loop = rig.loop] _, session in
            guard !isReady else { return .replay(kept) }
            loop.schedule(at: loop.now + .seconds(2)) {
                isReady = true
                session.resume()
            }
            return .delay(until: loop.now + .seconds(50), sending: [1])
        }
        let begin = rig.loop.now
        #expect(rig.ask(client, "ROWS") == kept)
        #expect(seconds(rig, since: begin) < 3)
        #expect(rig.ruler.asked == ["ROWS", "ROWS"])
        #expect(rig.ruler.lines == ["plugin: 2 rows"])
        #expect(rig.texts.isEmpty)
    }

    @Test("a delay whose time has passed is none, and one may follow another")
    func severalDelays() {
        let rig = StatementRig()
        let client = rig.client()
        var left = 3
        rig.ruler.rule = { [unowned loop = rig.loop] _, session in
            left -= 1
            loop.schedule(at: loop.now + .seconds(1)) { session.resume() }
            return left < 0 ? .next : .delay(until: left == 0 ? MonotonicTime(nanoseconds: 1) : loop.now + .seconds(9))
        }
        let begin = rig.loop.now
        #expect(rig.ask(client, "ROWS") == ScriptedServer.answer("ROWS"))
        #expect((2...2.5).contains(seconds(rig, since: begin)))
        #expect(rig.ruler.asked.count == 3)
    }

    @Test("other sessions go on meanwhile", arguments: [false, true])
    func others(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let slow = rig.client()
        let quick = rig.client()
        delay(rig, "SEVERAL", by: 100)
        slow.send(Command.query.payload(text: "SEVERAL"))
        let begin = rig.loop.now
        for _ in 0..<20 { #expect(rig.ask(quick, "ROWS") == ScriptedServer.answer("ROWS")) }
        #expect(seconds(rig, since: begin) < 10)
        #expect(!slow.isReady)
        rig.settle(200) { slow.isReady }
        #expect(slow.takeAnswer() == ScriptedServer.answer("SEVERAL"))
    }

    @Test("a client that leaves is noticed at once, and its statement never sent", arguments: [false, true])
    func clientLeaves(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let client = rig.client()
        delay(rig, "ROWS", by: 100)
        client.send(Command.query.payload(text: "ROWS"))
        rig.settle(5)
        client.close()
        let begin = rig.loop.now
        rig.settle(50) { rig.context.count == 0 }
        #expect(seconds(rig, since: begin) < 1)
        #expect(rig.ruler.lines == ["nobody (part): 0 rows"])
        #expect(rig.texts.isEmpty)
        rig.settle(200)
        #expect(rig.ruler.told.count == 1)
    }

    @Test("a server that leaves meanwhile ends the session with an ERR")
    func serverLeaves() throws {
        let rig = StatementRig()
        let client = rig.client()
        delay(rig, "ROWS", by: 100)
        client.send(Command.query.payload(text: "ROWS"))
        rig.settle(5)
        rig.remotes[0].hangUp()
        rig.settle(50) { client.isEnded }
        #expect(try ErrorPacket(payload: Array(client.takeAnswer().dropFirst(4))).error.code == 2013)
        #expect(rig.ruler.lines == ["nobody (part): 0 rows"])
    }

    @Test("a drain waits for what is delayed", arguments: [false, true])
    func drain(isLocal: Bool) {
        let rig = StatementRig(isLocal: isLocal)
        let client = rig.client()
        delay(rig, "ROWS", by: 10)
        client.send(Command.query.payload(text: "ROWS"))
        rig.settle(2)
        rig.context.drain()
        rig.settle(100) { client.isEnded }
        #expect(client.takeAnswer() == ScriptedServer.answer("ROWS"))
        #expect(rig.causes == [.drained])
        #expect(rig.ruler.lines == ["backend: 2 rows"])
    }

    @Test("a statement that takes too long ends the session and its connection, with an ERR")
    func timesOut() throws {
        let rig = StatementRig()
        let client = rig.client()
        rig.ruler.rule = { _, session in
            session.orders.timeout = .seconds(5)
            return .next
        }
        #expect(rig.ask(client, "ROWS") == ScriptedServer.answer("ROWS"))
        let begin = rig.loop.now
        client.send(Command.query.payload(text: "NEVER"))
        rig.settle(100) { client.isEnded }
        #expect((5...5.2).contains(seconds(rig, since: begin)))
        let error = try ErrorPacket(payload: Array(client.takeAnswer().dropFirst(4))).error
        #expect((error.code, error.state) == (1907, "70100"))
        #expect(rig.causes == [.statementTimeout])
        #expect(rig.ruler.lines == ["backend: 2 rows", "backend (part): 0 rows"])
        rig.settle(1)
        #expect(rig.loop.streamCount == 0)
    }

    @Test("a timeout is for its statement only")
    func timeoutEnds() {
        let rig = StatementRig()
        let client = rig.client()
        rig.ruler.rule = { text, session in
            if text == "ROWS" { session.orders.timeout = .seconds(5) }
            return .next
        }
        #expect(rig.ask(client, "ROWS") == ScriptedServer.answer("ROWS"))
        rig.settle(60)
        client.send(Command.query.payload(text: "NEVER"))
        rig.settle(60)
        #expect(!client.isEnded)
    }

    @Test("a server inside the process finds the orders, and keeps the time itself")
    func inside() {
        let rig = StatementRig(isLocal: true)
        let client = rig.client()
        rig.ruler.rule = { text, session in
            if text == "NEVER" {
                session.orders.timeout = .seconds(5)
                session.hostgroup = 3
            }
            return .next
        }
        _ = rig.ask(client, "ROWS")
        client.send(Command.query.payload(text: "NEVER"))
        rig.settle(60)
        #expect(!client.isEnded)
        let found = rig.scripter.inside[0].orders.suffix(2).map {
            "\($0.hostgroup ?? -1), \($0.timeout?.seconds ?? 0) s"
        }
        #expect(found == ["-1, 0.0 s", "3, 5.0 s"])
    }
}
