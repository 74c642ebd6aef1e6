import Glibc
import Locking
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import SQLText

// What the rules make of a command.

extension RulesWorker {
    /// COM_QUERY.
    @inline(__always)
    func query(_ payload: Span<UInt8>, _ routed: RoutedSession, _ session: Session) -> StatementVerdict {
        guard let start = Self.textStart(payload, session.capabilities) else { return .next }
        let text = payload.extracting(start...)
        if let schema = UseStatement.schema(in: text) {
            inSchema(schema, routed) { decide(text, RouteQuestion(), routed) }
        } else {
            decide(text, RouteQuestion(), routed)
        }
        let refusal = answer(routed, session)
        routed.passFlag(on: refusal == nil ? decision.nextQueryFlagIn : nil)
        if let refusal { return refusal }
        obey(routed, session)
        if decision.isLogged == true { routed.statement.logged = text.copied }
        let replacement = decision.text.map { payload.extracting(..<start).copied + $0 }
        if replacement != nil { routed.statement.replacement = replacement }
        // What is kept may be from before the transactions that it must show.
        if let ttl = decision.cacheTTL, start <= 3, !decision.asksForGTIDs {
            let sent = decision.text ?? []
            let verdict = fromCache(sent.isEmpty ? text : sent.span, decision, ttl, routed, session)
            if let verdict { return verdict }
        }
        if decision.isMirrored {
            let sent = decision.text ?? []
            mirror(sent.isEmpty ? text : sent.span, decision, routed, session)
        }
        let delay = decision.delay.map { Int($0) } ?? inUse.settings.defaultDelay
        guard delay > 0 else { return replacement.map { .replace($0) } ?? .next }
        return .delay(until: loop.now + .milliseconds(UInt64(delay)), sending: replacement)
    }

    /// COM_STMT_PREPARE; what its executions are answered by OK_msg is prepared all the same.
    ///
    /// Nothing is run: the session's flag is left for the execution.
    func prepare(_ payload: Span<UInt8>, _ routed: RoutedSession, _ session: Session) -> StatementVerdict {
        let text = payload.extracting(1...)
        decide(text, RouteQuestion(), routed)
        if decision.okMessage != nil { (decision.okMessage, decision.errorMessage) = (nil, nil) }
        if let refusal = answer(routed, session) { return refusal }
        obey(routed, session)
        routed.statement.preparing = PreparedText(text)
        return decision.text.map { .replace([Command.prepare.rawValue] + $0) } ?? .next
    }

    /// COM_STMT_EXECUTE and its like: decided anew by the text, since the rules may have changed.
    func execute(_ payload: Span<UInt8>, _ routed: RoutedSession, _ session: Session) -> StatementVerdict {
        guard let id = Self.statementID(payload), let prepared = routed.text(of: id) else {
            aim(at: routed.destination, routed, session)
            return .next
        }
        let text = prepared.bytes
        decide(text.span, RouteQuestion(kind: .execution), routed)
        let refusal = answer(routed, session)
        routed.passFlag(on: refusal == nil ? decision.nextQueryFlagIn : nil)
        if let refusal { return refusal }
        obey(routed, session)
        if decision.isLogged == true { routed.statement.logged = text }
        return .next
    }

    /// COM_INIT_DB goes where the statements in that schema go, which may be the only server that has it.
    func useSchema(_ payload: Span<UInt8>, _ routed: RoutedSession, _ session: Session) {
        let name = payload.extracting(1...).copied
        let text = Array("USE `".utf8) + name + Array("`".utf8)
        var settings = inUse.settings.explaining
        settings.takesHints = false
        inSchema(name, routed) {
            inUse.rules.decide(
                text.span, of: routed.subject, RouteQuestion(flag: routed.flag), settings, scratch, into: &decision)
        }
        routed.destination = decision.destination
        aim(at: decision.destination, routed, session)
    }

    /// COM_CHANGE_USER.
    func changeUser(_ payload: Span<UInt8>, _ routed: RoutedSession, _ session: Session) {
        let request = try? ChangeUserRequest(decoding: payload, capabilities: session.capabilities)
        routed.statement.user = request?.userBytes
    }

    private func inSchema(_ name: [UInt8], _ routed: RoutedSession, _ decide: () -> Void) {
        let own = routed.subject.schemaname
        routed.subject.schemaname = SessionName(name)
        decide()
        routed.subject.schemaname = own
    }

    // MARK: The decision

    /// Makes ``decision``.
    @inline(__always)
    private func decide(_ text: Span<UInt8>, _ question: RouteQuestion, _ routed: RoutedSession) {
        // No count of references. Invariant: other rules are taken between statements only.
        Unmanaged.passUnretained(inUse)._withUnsafeGuaranteedRef { decide(text, question, routed, by: $0) }
    }

    private func decide(
        _ text: Span<UInt8>, _ question: RouteQuestion, _ routed: RoutedSession, by inUse: RulesInUse
    ) {
        var question = question
        question.flag = routed.flag
        // Field by field, here and below: all settings are a lot of bytes to copy.
        if inUse.settings.countsDigests {
            note(text, routed, inUse)
            question.isDigestKnown = true
        } else if inUse.settings.countsCommands {
            routed.statement.command = StatementCommand(of: text)
        }
        let begin = inUse.settings.measuresTime ? Self.clock : 0
        inUse.rules.decide(text, of: routed.subject, question, inUse.settings.route, scratch, into: &decision)
        guard inUse.settings.measuresTime else { return }
        let time = decisionTime.load(ordering: .relaxed)
        decisionTime.store(time &+ Self.clock &- begin, ordering: .relaxed)
    }

    /// Makes the statement's digest, which is counted behind its answer.
    @inline(__always)
    private func note(_ text: Span<UInt8>, _ routed: RoutedSession, _ inUse: RulesInUse) {
        scratch.digests.forget()
        let hash = scratch.digests.digest(of: text, inUse.settings.route.digest).hash
        if !routed.statement.noteAgain(hash) {
            routed.statement.note(digests.text(hash, scratch.digests.text.span, of: text))
        }
        if inUse.settings.countsCommands { routed.statement.command = routed.statement.digest?.command }
    }

    /// Nanoseconds of a clock that costs little to read.
    private static var clock: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    // MARK: What follows from it

    /// The answer that nobody else is asked for.
    @inline(__always)
    private func answer(_ routed: RoutedSession, _ session: Session) -> StatementVerdict? {
        if decision.isTextTooLong {
            return .refuse(
                SQLError(
                    code: 1153, state: "08S01",
                    message: "Got a packet bigger than 'max_allowed_packet' bytes: a query rule rewrites the statement")
            )
        }
        guard decision.okMessage != nil || decision.errorMessage != nil else { return nil }
        routed.statement.destination = decision.destination
        if let message = decision.okMessage {
            let status = session.status.intersection(.ofSession)
            let packet = OKPacket(status: status, info: String(decoding: message, as: UTF8.self))
            return .answer([packet.encode(capabilities: session.capabilities)])
        }
        let message = String(decoding: decision.errorMessage ?? [], as: UTF8.self)
        return .refuse(SQLError(code: 1148, state: "42000", message: message))
    }

    /// Orders what the rules say.
    @inline(__always)
    private func obey(_ routed: RoutedSession, _ session: Session) {
        let wanted = destination(session)
        routed.destination = wanted
        aim(at: wanted, routed, session)
        let timeout = decision.timeout.map { UInt64($0) } ?? UInt64(inUse.settings.defaultTimeout)
        if timeout > 0 { session.orders.timeout = .milliseconds(timeout) }
        if let retries = decision.retries.map({ Int($0) })
            ?? (inUse.settings.defaultRetries >= 0 ? inUse.settings.defaultRetries : nil)
        {
            session.orders.retries = UInt16(clamping: retries)
        }
        switch decision.multiplex {
        case nil: break
        case .disabled: session.orders.multiplexing = .off
        case .enabled: session.orders.multiplexing = .on
        case .despiteVariables: session.orders.multiplexing = .ignore
        }
        guard decision.asksForGTIDs else { return }
        session.orders.gtidFromHostgroup = decision.gtidFromHostgroup
        session.minimumGTIDs = decision.readHints?.minGTID
    }

    /// The hostgroup that the rules say, unless a session with autocommit off would open a transaction there in which it
    /// can't write: only a hint sends it to read-only servers.
    @inline(__always)
    private func destination(_ session: Session) -> UInt32? {
        guard let destination = decision.destination, !session.status.contains(.autocommit),
            decision.source != .hint, places.areReadOnly(Int(destination))
        else { return decision.destination }
        return nil
    }

    /// Where the statement of a COM_QUERY begins: behind query attributes, where the client has any.
    @inline(__always)
    private static func textStart(_ payload: Span<UInt8>, _ capabilities: Capabilities) -> Int? {
        guard capabilities.contains(.queryAttributes) else { return 1 }
        if payload.count >= 3, payload[1] == 0, payload[2] == 1 { return 3 }
        guard let command = try? QueryCommand(decoding: payload, capabilities: capabilities) else { return nil }
        return payload.count - command.statement.count
    }
}

extension Span<UInt8> {
    /// The bytes as an array.
    fileprivate var copied: [UInt8] { withUnsafeBufferPointer { Array($0) } }
}
