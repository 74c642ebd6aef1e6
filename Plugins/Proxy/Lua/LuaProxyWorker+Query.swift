import LuaVM
import MySQLWire
import PluginAPI

extension LuaProxyWorker: QueryHook {
    func query(_ command: borrowing CommandView, in session: Session) -> QueryVerdict {
        guard let scope = knownScope(of: session) else { return .next }
        scope.commandBegins()
        do {
            // A packet that the script doesn't want to see isn't copied.
            guard try engine.defines(.readQuery, for: scope) else { return .next }
            let payload = command.payload()
            return try engine.call(.readQuery, for: scope, .packet(payload)) { decision, frame throws(LuaError) in
                try queryVerdict(decision, scope, &frame)
            }
        } catch {
            scope.commandBegins()
            return failed(LuaHook.readQuery.rawValue, error, pass: .next) { .refuse($0) }
        }
    }

    private func queryVerdict(
        _ decision: LuaDecision, _ scope: LuaSession, _ frame: inout LuaFrame
    ) throws(LuaError) -> QueryVerdict {
        switch decision {
        case .none:
            if !scope.queue.isEmpty {
                log.write(
                    "(read_query) proxy.queries holds \(scope.queue.count) queries, but nothing was returned; return "
                        + "proxy.PROXY_SEND_QUERY to send them. The command goes on unchanged")
                scope.queue = []
            }
            return .next
        case .sendQuery:
            guard let first = scope.nextInjection() else {
                log.write(
                    "(read_query) proxy.PROXY_SEND_QUERY was returned, but proxy.queries is empty; append a query "
                        + "first. The command goes on unchanged")
                return .next
            }
            return .inject([first])
        case .sendResult:
            return .answer(try answer(&frame, scope))
        case .ignoreResult:
            throw LuaError(
                "read_query returned proxy.PROXY_IGNORE_RESULT: there is no result yet; return nothing to send the "
                    + "command on, or proxy.PROXY_SEND_RESULT to answer it")
        }
    }

    func answer(_ frame: inout LuaFrame, _ scope: LuaSession) throws(LuaError) -> [[UInt8]] {
        try frame.response(of: scope)
            .payloads(status: scope.session.answerStatus, capabilities: scope.session.agreedCapabilities)
    }
}

extension LuaProxyWorker: ResultHook {
    func result(_ result: borrowing ResultView, in session: Session) -> ResultVerdict {
        guard let scope = knownScope(of: session), let current = scope.current else { return .next }
        let kept = KeptAnswer(result, isNeeded: current.needsResult, capabilities: session.agreedCapabilities)
        defer { kept.end() }
        let injection = LuaInjection(result, answer: kept)
        let outcome: ResultOutcome = ask(
            .readQueryResult, scope, pass: .forward, refuse: { .replace([$0.encode()]) }, { .injection(injection) },
            { decision, frame throws(LuaError) in
                switch decision {
                case .none, .sendQuery: return .forward
                case .ignoreResult: return .drop
                case .sendResult: return .replace(try answer(&frame, scope))
                }
            })
        return verdict(outcome, on: current, scope)
    }

    /// What the script wants to be done with a result.
    private enum ResultOutcome {
        case forward
        case drop
        case replace([[UInt8]])
    }

    /// One answer goes to the client: what is decided later is dropped, what is replaced waits for the last query.
    private func verdict(_ outcome: ResultOutcome, on current: QueuedQuery, _ scope: LuaSession) -> ResultVerdict {
        var isForwarded = scope.isRelayed
        switch outcome {
        case .drop, .replace:
            if scope.isRelayed || !current.needsResult { warnTooLate(current) } else { take(outcome, scope, current) }
        case .forward:
            guard !scope.isRelayed else { break }
            isForwarded = !scope.isAnswered
            if scope.isAnswered { warnAnswered(current) }
            scope.isAnswered = true
        }
        if let next = scope.nextInjection() { return .injectMore([next], forward: isForwarded) }
        scope.current = nil
        if isForwarded { return .next }
        guard let answer = scope.pendingAnswer else { return .drop }
        scope.pendingAnswer = nil
        return .replace(answer)
    }

    private func take(_ outcome: ResultOutcome, _ scope: LuaSession, _ current: QueuedQuery) {
        guard case .replace(let payloads) = outcome else { return }
        guard !scope.isAnswered else { return warnAnswered(current) }
        scope.isAnswered = true
        scope.pendingAnswer = payloads
    }

    private func warnTooLate(_ query: QueuedQuery) {
        log.write(
            "(read_query_result) query \(query.id) was appended without { resultset_is_needed = true }: its result can't "
                + "be replaced or dropped")
    }

    private func warnAnswered(_ query: QueuedQuery) {
        log.write(
            "(read_query_result) the client has its answer already: the result of query \(query.id) is dropped; return "
                + "proxy.PROXY_IGNORE_RESULT for all but one")
    }
}
