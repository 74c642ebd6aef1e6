import LuaVM
import MySQLWire
import PluginAPI

extension LuaProxyWorker: QueryHook {
    func query(_ command: borrowing CommandView, in session: Session) -> QueryVerdict {
        guard let scope = knownScope(of: session) else { return .next }
        scope.commandBegins()
        scope.command = command.command
        do {
            let payload = LuaText(payloadOf: command.packets)
            let decision = try engine.call(.readQuery, for: scope, payload, size: command.payloadLength)
            return try decision.map { decision throws(LuaError) in try queryVerdict(decision, scope) } ?? .next
        } catch {
            scope.commandBegins()
            return failed(LuaHook.readQuery.rawValue, error, pass: .next) { .refuse($0) }
        }
    }

    private func queryVerdict(
        _ decision: LuaDecision, _ scope: LuaSession
    ) throws(LuaError) -> QueryVerdict {
        switch decision {
        case .none:
            if !scope.queue.isEmpty {
                log.write(
                    "(read_query) proxy.queries holds \(scope.queue.count) queries, but nothing was returned; return "
                        + "proxy.PROXY_SEND_QUERY to send them. The command goes on unchanged")
                scope.queue.removeAll()
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
            return .answer(try answer(scope))
        case .ignoreResult:
            throw LuaError(
                "read_query returned proxy.PROXY_IGNORE_RESULT: there is no result yet; return nothing to send the "
                    + "command on, or proxy.PROXY_SEND_RESULT to answer it")
        }
    }

    private func answer(_ scope: LuaSession) throws(LuaError) -> [[UInt8]] {
        try engine.response(of: scope)
            .payloads(
                status: scope.session.answerStatus, capabilities: scope.session.agreedCapabilities,
                isBinary: scope.command == .execute)
    }
}

extension LuaProxyWorker: ResultHook {
    func result(_ result: borrowing ResultView, in session: Session) -> ResultVerdict {
        guard let scope = knownScope(of: session), let current = scope.current else { return .next }
        // COM_STMT_CLOSE and the like: there is nothing to ask the script about.
        guard !current.command.hasNoAnswer else { return next(after: scope, isForwarded: false) }
        var kept: KeptAnswer?
        defer { kept?.end() }
        let outcome: ResultOutcome
        do {
            let decision = try engine.call(.readQueryResult, for: scope) {
                let answer = KeptAnswer(
                    result, isNeeded: current.needsResult, capabilities: session.agreedCapabilities)
                kept = answer
                return LuaInjection(result, answer: answer)
            }
            outcome = try resultOutcome(decision ?? .none, scope)
        } catch {
            outcome = failed(LuaHook.readQueryResult.rawValue, error, pass: .forward) { .replace([$0.encode()]) }
        }
        return verdict(outcome, on: current, scope)
    }

    /// What the script wants to be done with a result.
    private enum ResultOutcome {
        case forward
        case drop
        case replace([[UInt8]])
    }

    private func resultOutcome(_ decision: LuaDecision, _ scope: LuaSession) throws(LuaError) -> ResultOutcome {
        switch decision {
        case .none, .sendQuery: .forward
        case .ignoreResult: .drop
        case .sendResult: .replace(try answer(scope))
        }
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
        return next(after: scope, isForwarded: isForwarded)
    }

    /// Goes on to the next query; after the last one, what waits for it is the answer.
    private func next(after scope: LuaSession, isForwarded: Bool) -> ResultVerdict {
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
