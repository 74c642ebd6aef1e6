import MySQLWire
import PluginAPI
import Pooling
import SQLText

// KILL: the ids that clients know are the funnel's, and they are looked for on all loops.

/// A client's wish to end another one's statement, or the other one altogether.
struct KillOrder: Sendable {
    let target: UInt64
    let isQuery: Bool
    /// The user who wants it.
    let user: String
    /// Whom to tell what came of it.
    let origin: (loop: Int, session: UInt64)

    /// What came of it.
    enum Outcome: Int, Sendable, Comparable {
        case unknownID
        case otherUsers
        case done

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }
}

extension FunnelSession {
    /// COM_PROCESS_KILL.
    func kill(_ payload: [UInt8]) {
        guard payload.count >= 5 else { return say(SQLError(code: 1835, message: "Malformed communication packet")) }
        kill((1...4).reduce(UInt64(0)) { $0 | UInt64(payload[$1]) << UInt64(8 * ($1 - 1)) }, isQuery: false)
    }

    /// Whether the statement, or the prepared one that it executes, is a KILL of a connection by its id, which is dealt
    /// with here.
    func killsOwnWay(_ effects: StatementEffects) -> Bool {
        guard !effects.facts.isDisjoint(with: [.namesConnection, .executesPrepared]) else { return false }
        let done = ties.memory.executed(effects)
        let targets = done.details.flatMap(\.kills)
        guard let target = targets.first else { return false }
        let isAlone =
            targets.count == 1 && done.isUnderstood && isOneStatement
            && done.facts.isSubset(of: [.namesConnection, .executesPrepared])
        switch target {
        case .connection(let id) where isAlone: kill(id, isQuery: false)
        case .query(let id) where isAlone: kill(id, isQuery: true)
        case .connection, .query, .other:
            // The server would take an id of the funnel's for one of its own, which is somebody else's.
            say(
                SQLError(
                    code: 1235, state: "42000",
                    message: "(funnel) KILL stands alone here, with an id that is written as a number"))
        }
        return true
    }

    private var isOneStatement: Bool {
        running?.withText { text in
            var statements = StatementSplitter(text, mode: SQLLexicalMode(status))
            return statements.next() != nil && statements.next() == nil
        } ?? false
    }

    private func kill(_ target: UInt64, isQuery: Bool) {
        if target == UInt64(connectionID) {
            let error = SQLError(code: 1317, state: "70100", message: "Query execution was interrupted")
            return isQuery ? say(error) : dismiss(error)
        }
        phase = .preparing
        let loops = worker.funnel.loops
        killUnderWay = KillUnderWay(awaited: loops.count, target: target)
        let order = KillOrder(
            target: target, isQuery: isQuery, user: userName, origin: (worker.loop.index, id.number))
        loops.post { $0.obey(order) }
    }

    /// A loop has looked for the order's target.
    func killAnswered(_ outcome: KillOrder.Outcome) {
        var kill = killUnderWay
        guard phase == .preparing, kill.awaited > 0 else { return }
        kill.awaited -= 1
        kill.outcome = max(kill.outcome, outcome)
        killUnderWay = kill
        guard kill.awaited == 0 else { return }
        dropRarities()
        switch kill.outcome {
        case .done: sayOK()
        case .unknownID: say(SQLError(code: 1094, message: "Unknown thread id: \(kill.target)"))
        case .otherUsers: say(SQLError(code: 1095, message: "You are not owner of thread \(kill.target)"))
        }
    }

    // MARK: The target's side

    /// Ends the statement under way, or the session; `completion` runs when that is done.
    func killed(isQuery: Bool, _ completion: @escaping () -> Void) {
        let interrupted = SQLError(code: 1317, state: "70100", message: "Query execution was interrupted")
        switch phase {
        case .waiting:
            leaveBacklog()
            isQuery ? say(interrupted) : dismiss(interrupted)
            completion()
        case .running, .preparing:
            guard let connection, connection.phase == .relaying else {
                // Nothing of its statement runs yet, or any more.
                completion()
                break
            }
            connection.comeUnderFire(completion)
        case .login, .ready, .ended:
            completion()
        }
        guard !isQuery, phase != .ended else { return }
        client?.hangUp()
    }
}

extension StatementDetail {
    /// What it kills, at once or by a text that it prepares.
    fileprivate var kills: [KillTarget] {
        switch self {
        case .kills(let target): [target]
        // It may be executed further on in the same text.
        case .prepares(_, from: .text(let text)):
            StatementEffects(of: text.span).facts.contains(.namesConnection) ? [.other] : []
        default: []
        }
    }
}

extension FunnelWorker {
    /// Looks for the order's target among this loop's sessions.
    fileprivate func obey(_ order: KillOrder) {
        guard let target = session(withID: order.target) else { return answer(order, .unknownID) }
        guard target.userName == order.user else { return answer(order, .otherUsers) }
        target.killed(isQuery: order.isQuery) { [self] in answer(order, .done) }
    }

    private func answer(_ order: KillOrder, _ outcome: KillOrder.Outcome) {
        funnel.loops.post(to: order.origin.loop) { worker in
            worker.session(numbered: order.origin.session)?.killAnswered(outcome)
        }
    }
}

extension BackendConnection {
    /// Runs the job when no kill can hit what it does: at once, mostly.
    func afterFiring(_ job: @escaping () -> Void) {
        if isUnderFire { afterFire = job } else { job() }
    }

    /// Whether a kill of its statement is under way, or something waits for the end of one.
    var isUnderFire: Bool { firing > 0 || afterFire != nil }

    /// Has the statement that runs killed; whoever gets the connection next waits until that can't hit it any more.
    func comeUnderFire(_ completion: @escaping () -> Void) {
        firing += 1
        _ = KillErrand(serverID, on: self) { [self] in
            completion()
            firing -= 1
            guard firing == 0, phase == .ready, let after = afterFire else { return }
            // A kill that came too late for its statement hits the next one: this one.
            ask(Command.query.payload(text: "DO 0")) { [self] answer in
                afterFire = nil
                if answer != nil { after() }
            }
        }
    }
}
