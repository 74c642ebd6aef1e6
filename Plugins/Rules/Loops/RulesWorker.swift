import Locking
import MySQLWire
import PluginAPI
import Pooling
import SQLText

/// The rules on one loop: decides on its sessions' statements, and counts what becomes of them.
final class RulesWorker: StatementHook, AnswerHook, DisconnectHook {
    let host: any PluginHost
    /// Its loop, which has the worker as long as it runs.
    unowned(unsafe) let loop: any LoopContext
    let scratch: RouteScratch
    let places: HostgroupPlaces
    let loops: RulesLoops
    let cache: QueryCache
    /// The decision on the statement in work, in memory that is used again.
    var decision = RouteDecision()
    /// The key of the statement in work, likewise.
    var cacheKey = CacheKey()
    /// This loop's sessions that wait for another one's answer, by number.
    var cacheWaiters: [UInt64: CacheWaiter] = [:]
    var digests: DigestTable
    var commands = CommandCounters()
    var errors = ErrorTable(limit: RulesWorker.mostErrors)
    /// Nanoseconds that decisions have taken while that was measured; this loop adds, any thread reads.
    let decisionTime = Atomic<UInt64>(0)
    private(set) var inUse: RulesInUse
    private var sessions = PerSession<RoutedSession?>(nil)
    private let book: RulesBook
    private var version: Int

    /// The errors that a loop keeps apart.
    static let mostErrors = 1000

    init(host: any PluginHost, book: RulesBook, loops: RulesLoops, loop: any LoopContext) {
        self.host = host
        self.book = book
        self.loops = loops
        self.loop = loop
        cache = book.cache
        version = book.version
        inUse = book.current
        scratch = RouteScratch(seed: UInt64.random(in: .min ... .max), loop.textInWork)
        places = HostgroupPlaces(host.backends)
        digests = DigestTable(DigestLimits(total: inUse.settings.mostDigests, loops: host.loopCount))
    }

    func statement(_ command: borrowing CommandView, in session: Session) -> StatementVerdict {
        if book.version != version { takeNewRules() }
        if inUse.rules.asksForGTIDs { session.orders.remembersGTIDs = true }
        let routed = routed(session)
        if let outcome = routed.cacheOutcome {
            routed.cacheOutcome = nil
            return resume(outcome, routed, session)
        }
        routed.follow(session)
        if routed.statement.isOfCache, case .waits(let wait) = routed.statement.cache { stopWaiting(wait, session) }
        routed.statement.begin()
        switch command.command {
        case .query: return command.withPayload { query($0, routed, session) }
        case .prepare: return command.withPayload { prepare($0, routed, session) }
        case .execute, .bulkExecute: return command.withPayload { execute($0, routed, session) }
        case .initDB: command.withPayload { useSchema($0, routed, session) }
        case .changeUser: command.withPayload { changeUser($0, routed, session) }
        case .closeStatement:
            command.withPayload { payload in
                if let id = Self.statementID(payload) { routed.closed(id) }
            }
            aim(at: routed.destination, routed, session)
        // Open set: what has no text goes where the session's last statement went.
        default: aim(at: routed.destination, routed, session)
        }
        return .next
    }

    func disconnect(_ session: Session) {
        sessions[session] = nil
    }

    func answered(_ answer: AnswerView, in session: Session) {
        guard let routed = sessions[session] else { return }
        count(answer, routed, session)
        if routed.statement.isOfCache { endCaching(answer, routed, session) }
        follow(answer, routed)
    }

    /// What the book says now is in use; a loop without traffic lets go of the old rules too.
    func takeNewRules() {
        let limit = inUse.settings.mostDigests
        version = book.version
        inUse = book.current
        guard inUse.settings.mostDigests != limit else { return }
        digests = DigestTable(DigestLimits(total: inUse.settings.mostDigests, loops: host.loopCount))
    }

    @inline(__always)
    private func routed(_ session: Session) -> RoutedSession {
        if let routed = sessions[session] { return routed }
        let routed = RoutedSession(session)
        sessions[session] = routed
        return routed
    }

    /// Says where the statement goes.
    @inline(__always)
    func aim(at destination: UInt32?, _ routed: RoutedSession, _ session: Session) {
        routed.statement.destination = destination
        session.hostgroup = destination.map { Int($0) }
    }

    /// The id of a prepared statement, which stands in the same place in all commands.
    static func statementID(_ payload: Span<UInt8>) -> UInt32? {
        guard payload.count >= 5 else { return nil }
        return (1..<5).reduce(0) { $0 | UInt32(payload[$1]) << UInt32(8 * ($1 - 1)) }
    }
}
