import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import TestSupport

/// Does with a statement what its first word says, delays many by chance, and keeps account of what it is told.
final class StatementMeddler: StatementHook, AnswerHook {
    /// The words, one for each thing that a statement hook may do.
    static let verbs = ["PASS", "LOCAL", "DENY", "CHANGE", "REPLAY"]

    private struct Account {
        var isAsked = false
        var isDelayed = false
    }

    private let loop: SimulatedLoop
    private let violated: (String) -> Void
    private var accounts = PerSession(Account())
    private(set) var asked = 0
    private(set) var told = 0

    init(loop: SimulatedLoop, violated: @escaping (String) -> Void) {
        self.loop = loop
        self.violated = violated
    }

    /// What the client gets for the query; nil where the server's answer is passed on.
    static func answer(to payload: [UInt8]) -> [[UInt8]]? {
        guard payload.first == Command.query.rawValue else { return nil }
        switch verb(of: payload) {
        case "LOCAL", "REPLAY": return [ok(payload)]
        case "DENY": return [refusal.encode()]
        default: return nil
        }
    }

    /// What the server gets for the query.
    static func changed(_ payload: [UInt8]) -> [UInt8] {
        guard payload.first == Command.query.rawValue, verb(of: payload) == "CHANGE" else { return payload }
        return payload + Array(" /* changed */".utf8)
    }

    private static let refusal = SQLError(code: 1148, state: "42000", message: "ruled out")

    private static func ok(_ payload: [UInt8]) -> [UInt8] {
        OKPacket(affectedRows: FakeDialogue.digest(payload) >> 20).encode(capabilities: FakeDialogue.capabilities)
    }

    private static func verb(of payload: [UInt8]) -> String {
        String(decoding: payload.dropFirst().prefix(12).prefix { $0 != 0x20 }, as: UTF8.self)
    }

    func statement(_ command: borrowing CommandView, in session: Session) -> StatementVerdict {
        var account = accounts[session]
        defer { accounts[session] = account }
        if account.isAsked, !account.isDelayed { violated("a statement is asked about while another one is under way") }
        if session.orders != StatementOrders(), !account.isDelayed { violated("orders of another statement are left") }
        if !account.isAsked { asked += 1 }
        account = Account(isAsked: true)
        if loop.random.oneIn(3) { session.orders.keptBytes = loop.random.length(upTo: 1 << 20) }
        let payload = command.payload()
        if loop.random.oneIn(4) {
            account.isDelayed = true
            return delay(sending: Self.changed(payload), isFinal: Self.answer(to: payload) == nil, session)
        }
        return verdict(on: payload, isInjected: command.isInjected)
    }

    /// Either the time comes or the session resumes; where only an answer will do, it resumes.
    private func delay(sending payload: [UInt8], isFinal: Bool, _ session: Session) -> StatementVerdict {
        guard isFinal, loop.random.oneIn(2) else { return .delay(until: loop.holdAndResume(session), sending: [1]) }
        return .delay(until: loop.now + .milliseconds(UInt64(loop.random.below(200))), sending: payload)
    }

    private func verdict(on payload: [UInt8], isInjected: Bool) -> StatementVerdict {
        if isInjected, payload.dropFirst().starts(with: Array("SET @own".utf8)), loop.random.oneIn(2) {
            return .answer([Self.ok(payload)])
        }
        guard payload.first == Command.query.rawValue else { return .next }
        switch Self.verb(of: payload) {
        case "LOCAL": return .answer([Self.ok(payload)])
        case "REPLAY":
            var writer = PacketWriter(sequence: UInt8(loop.random.below(256)))
            writer.append(Self.ok(payload))
            return .replay(writer.take())
        case "DENY": return .refuse(Self.refusal)
        case "CHANGE": return .replace(Self.changed(payload))
        default: return .next
        }
    }

    func answered(_ answer: AnswerView, in session: Session) {
        told += 1
        if !accounts[session].isAsked { violated("an answer is told of, and nothing was asked") }
        accounts[session] = Account()
        guard let kept = answer.kept else { return }
        var scanner = ResultScanner(capabilities: kept.capabilities)
        let first = kept.packets.count > 3 ? kept.packets[3] : 0
        scanner.commandSent(answer.command, lastSequence: first &- 1)
        let step = scanner.received(kept.packets.span)
        if step.event != .ended || step.consumed != kept.packets.count || scanner.summary != answer.summary {
            violated("what was kept is not the answer: \(step), \(kept.packets.count) bytes")
        }
    }
}
