import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import SQLText

// Answers from the query cache, and for it.

/// What the cache has to do with the statement under way.
enum CachePart {
    /// Nothing.
    case none
    /// It was answered from the cache.
    case answered
    /// Its answer is wanted by the cache, and perhaps by others.
    case leads(CacheLead, StoragePolicy, status: StatusFlags)
    /// Another session's answer is waited for.
    case waits(CacheWait)
}

/// Who waits for another session's answer.
struct CacheWaiter {
    let session: Session
    let routed: RoutedSession
}

extension RulesWorker {
    /// How long a statement waits for another's answer.
    private static let patience = TimeSpan.seconds(10)
    /// The longest answer that is kept, in bytes.
    private static let longestAnswer = 4 << 20

    /// What the cache makes of a statement whose rule lets its answer live; nil where it isn't one for the cache.
    @inline(never)
    func fromCache(
        _ text: Span<UInt8>, _ decision: RouteDecision, _ ttl: UInt32, _ routed: RoutedSession, _ session: Session
    ) -> StatementVerdict? {
        guard ttl > 0, session.route == nil, session.status.isForCache, let settings = session.resultSettings,
            Self.isForCache(text, session.status)
        else { return nil }
        let destination = decision.destination.map { Int($0) } ?? session.defaultHostgroup
        fillKey(text, settings, destination, routed, session)
        var policy = StoragePolicy()
        policy.maximumBytes = min(Self.longestAnswer, cache.limit)
        policy.keepsEmpty = decision.cachesEmptyResult ?? inUse.settings.cachesEmptyResults
        let reader = CacheReader(
            ttl: .milliseconds(UInt64(ttl)), address: CacheAddress(loop: loop.index, session: session.id),
            patience: Self.patience)
        switch cache.lookup(cacheKey, reader, now: loop.now) {
        case .hit(let answer): return replay(answer, routed, session)
        case .miss(let lead):
            take(lead, policy, routed, session)
            return nil
        case .wait(let wait):
            routed.statement.cache = .waits(wait)
            routed.statement.policy = policy
            cacheWaiters[session.id] = CacheWaiter(session: session, routed: routed)
            return .delay(until: wait.until, sending: routed.statement.replacement)
        }
    }

    /// A statement that has waited goes on.
    func resume(_ outcome: CacheNotice.Outcome, _ routed: RoutedSession, _ session: Session) -> StatementVerdict {
        routed.statement.cache = .none
        switch outcome {
        case .answer(let answer):
            if let verdict = replay(answer, routed, session) { return verdict }
        case .lead(let lead): take(lead, routed.statement.policy, routed, session)
        case .alone: break
        }
        return routed.statement.replacement.map { .replace($0) } ?? .next
    }

    /// The cache tells one of this loop's sessions that its wait is over.
    func take(_ notice: CacheNotice) {
        guard let waiter = cacheWaiters.removeValue(forKey: notice.address.session),
            case .waits(let wait) = waiter.routed.statement.cache, wait == notice.wait
        else { return passOn(notice.outcome) }
        waiter.routed.cacheOutcome = notice.outcome
        waiter.session.resume()
    }

    /// Ends what the cache knows of the statement.
    @inline(never)
    func endCaching(_ answer: AnswerView, _ routed: RoutedSession, _ session: Session) {
        let part = routed.statement.cache
        routed.statement.cache = .none
        if let outcome = routed.cacheOutcome {
            routed.cacheOutcome = nil
            passOn(outcome)
        }
        switch part {
        case .none, .answered: break
        case .leads(let lead, let policy, let status): end(lead, policy, status, answer)
        case .waits(let wait): stopWaiting(wait, session)
        }
    }

    /// The statement goes on, or its session has ended; a notice that is on its way finds nobody.
    func stopWaiting(_ wait: CacheWait, _ session: Session) {
        cacheWaiters[session.id] = nil
        cache.giveUp(wait)
    }

    /// Hands notices to their sessions, each on its own loop.
    func tell(_ notices: [CacheNotice]) {
        for notice in notices { loops.post(to: notice.address.loop) { $0.take(notice) } }
    }

    /// Takes answers out that have run out, from time to time.
    func sweepCache() {
        if cache.statistics.memory > 0 { cache.sweep(budget: 4096, now: loop.now) }
        loop.schedule(at: loop.now + .seconds(1)) { [self] in sweepCache() }
    }

    // MARK: Parts

    /// Whether an answer to the statement may be somebody else's too: it only reads, and nothing of its own session.
    private static func isForCache(_ text: Span<UInt8>, _ status: StatusFlags) -> Bool {
        let effects = StatementEffects(of: text, mode: status.contains(.noBackslashEscapes) ? .noBackslashEscapes : [])
        let reads = [StatementKind.select, .with, .values, .table].contains(effects.kind)
        return reads && effects.isUnderstood && effects.isReadOnly && effects.facts.isEmpty
    }

    private func fillKey(
        _ text: Span<UInt8>, _ settings: [UInt8], _ destination: Int?, _ routed: RoutedSession, _ session: Session
    ) {
        // Rules may tell sessions apart that are alike but for their address, and send them to other servers.
        var settings = settings
        withUnsafeBytes(of: destination ?? -1) { settings.append(contentsOf: $0) }
        let (user, schema) = (routed.subject.username.bytes, routed.subject.schemaname.bytes)
        cacheKey.fill(
            text: text, user: user.span, schema: schema.span, settings: settings.span,
            capabilities: session.capabilities)
    }

    private func take(_ lead: CacheLead, _ policy: StoragePolicy, _ routed: RoutedSession, _ session: Session) {
        routed.statement.cache = .leads(lead, policy, status: session.status)
        session.orders.keptBytes = policy.maximumBytes
    }

    private func replay(_ answer: CachedAnswer, _ routed: RoutedSession, _ session: Session) -> StatementVerdict? {
        guard let content = answer.content else { return nil }
        let framed = content.framed(for: session.capabilities, status: session.status)
        routed.statement.cache = .answered
        return .replay(framed.front + framed.end)
    }

    /// Nobody is there any more for whom the wait is over.
    private func passOn(_ outcome: CacheNotice.Outcome) {
        guard case .lead(let lead) = outcome, let notice = cache.abandon(lead, now: loop.now) else { return }
        tell([notice])
    }

    private func end(_ lead: CacheLead, _ policy: StoragePolicy, _ status: StatusFlags, _ answer: AnswerView) {
        guard answer.origin == .backend, answer.isComplete else { return passOn(.lead(lead)) }
        guard let kept = answer.kept else { return tell(cache.refuse(.tooLong, lead, now: loop.now)) }
        var capture = AnswerCapture(
            capabilities: kept.capabilities, status: status, policy: policy,
            firstSequence: kept.packets.count > 3 ? kept.packets[3] : 1)
        let packets = kept.packets
        capture.received(packets.span)
        do throws(NotKept) {
            tell(cache.store(try capture.finish(), lead, now: loop.now))
        } catch {
            tell(cache.refuse(error, lead, now: loop.now))
        }
    }
}

extension StatusFlags {
    /// Outside a transaction, where every statement is its own: what others have read is as good.
    fileprivate var isForCache: Bool {
        contains(.autocommit) && isDisjoint(with: [.inTransaction, .inReadOnlyTransaction])
    }
}
