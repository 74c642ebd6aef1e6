import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore

// Performing answers: the only place where a session's effects happen.

extension ProxyConnection {
    /// Performs an answer that has no bytes.
    func perform(_ answer: Answer) {
        let none: [UInt8] = []
        perform(answer, none.span)
    }

    /// Performs an answer in the order of its parts.
    ///
    /// - Parameter bytes: what the machine was shown; the answer's steps are about the first `consumed` of them.
    /// - Returns: whether the bytes are dealt with; false where a hook has asked to wait, and they must come again.
    @discardableResult
    func perform(_ answer: Answer, _ bytes: Span<UInt8>) -> Bool {
        let packet = bytes.extracting(0..<answer.consumed)
        if answer.consult == .query, isSettled {
            session.status = machine.status
            return consult(.query, packet)
        }
        step(client: answer.client, packet)
        // A plugin may have wanted the end after the answer that has just been given.
        guard !isEnded else { return true }
        step(backend: answer.backend, packet)
        if let cause = answer.end {
            end(cause)
            return true
        }
        guard let phase = answer.consult else { return true }
        return consult(phase, packet)
    }

    /// Whether all is done that the last answer's end brought, so that a command that has just come ends nothing.
    private var isSettled: Bool {
        statements?.isIdle != false && injections == nil && !session.isParking && !closesAfterResult
    }

    /// Performs what a decision has led to; its steps are about the whole packet that was consulted on.
    @discardableResult
    func performDecided(_ answer: Answer, _ packet: Span<UInt8>) -> Bool {
        var answer = answer
        answer.consumed = packet.count
        return perform(answer, packet)
    }

    private func step(client step: ClientStep, _ packet: Span<UInt8>) {
        if statements?.phase == .sent, !step.isNone, !packet.isEmpty { noteAnswer(packet) }
        switch step {
        case .none, .discard: break
        case .relay: relay(packet, to: client.map(Unmanaged.passUnretained), isClient: true)
        case .relayAs(let sequence): send(packet, as: sequence, to: client)
        case .keep: keep(packet)
        case .relayKept:
            keep(packet)
            sendKept()
        case .send(let sequence): sendOutgoing(to: client, from: sequence)
        case .sendKept(let sequence): sendKept(renumberedFrom: sequence)
        case .notify(let notice, let sequence): send(notice.error, sequence: sequence)
        }
        if machine.state == .readQuery { answerEnded() }
    }

    private func step(backend step: BackendStep, _ packet: Span<UInt8>) {
        switch step {
        case .none: break
        case .connect: connectBackend()
        case .relay where isServedLocally: send(packet, to: backend)
        case .relay: relay(packet, to: backend.map(Unmanaged.passUnretained), isClient: false)
        case .relayAs(let sequence): send(packet, as: sequence, to: backend)
        case .sendReset: send([Command.resetConnection.rawValue], to: backend)
        case .sendSchema: send([Command.initDB.rawValue] + session.schemaBytes, to: backend)
        case .resumeCommand: resumeCommand()
        case .replace: replaceBackend()
        case .send(let sequence): sendOutgoing(to: backend, from: sequence)
        case .sendInjection: sendInjection()
        }
    }

    // MARK: Client

    /// These bytes are of the answer to the statement under way.
    @inline(__always)
    private func noteAnswer(_ packet: Span<UInt8>) {
        statements?.answered(packet, machine.state, now: context.loop.now)
        if machine.scanner.summary.isError { statements?.failed(packet) }
    }

    private func keep(_ packet: Span<UInt8>) {
        injections?.keep(packet, now: context.loop.now)
    }

    private func sendKept() {
        guard let injections else { return }
        let kept = injections.kept
        send(kept.span, to: client)
        injections.forgetKept()
    }

    /// Sends the kept answer; its packets get new sequence ids where the query had another number of packets than the
    /// client's command.
    private func sendKept(renumberedFrom first: UInt8) {
        injections?.renumberKept(from: first)
        sendKept()
    }

    private func sendOutgoing(to stream: ByteStream?, from sequence: UInt8) {
        guard framed.isEmpty else {
            let packets = framed
            framed = []
            send(packets.span, to: stream)
            return
        }
        var writer = PacketWriter(sequence: sequence)
        for payload in outgoing {
            writer.append(payload)
        }
        outgoing = []
        let bytes = writer.take()
        send(bytes.span, to: stream)
    }

    private func send(_ error: SQLError, sequence: UInt8) {
        send(error.encode(), from: sequence, to: client)
    }

    private func send(_ payload: [UInt8], from sequence: UInt8 = 0, to stream: ByteStream?) {
        var writer = PacketWriter(sequence: sequence)
        writer.append(payload)
        let bytes = writer.take()
        send(bytes.span, to: stream)
    }

    /// Sends one packet under another sequence id.
    private func send(_ packet: Span<UInt8>, as sequence: UInt8, to stream: ByteStream?) {
        guard packet.count >= PacketHeader.size else { return }
        var copy = packet.withUnsafeBufferPointer { Array($0) }
        copy[3] = sequence
        send(copy.span, to: stream)
    }

    /// Sends bytes as they are, and counts them.
    private func send(_ bytes: Span<UInt8>, to stream: ByteStream?) {
        guard let stream else { return }
        context.counters.sent(bytes.count, isClient: stream === client, isServedLocally: isServedLocally)
        stream.send(bytes)
        if stream.pendingBytes > 0 { isCongested = true }
    }

    /// The same without a count of references, for what happens with every query.
    ///
    /// Invariant: the stream is a loop's. Its `send` calls nobody, so that it stays what ``client`` or ``backend`` hold.
    @inline(__always)
    private func relay(_ bytes: Span<UInt8>, to stream: Unmanaged<ByteStream>?, isClient: Bool) {
        guard let stream else { return }
        context.counters.sent(bytes.count, isClient: isClient, isServedLocally: isServedLocally)
        let hasPending = stream._withUnsafeGuaranteedRef { stream in
            stream.send(bytes)
            return stream.pendingBytes > 0
        }
        if hasPending { isCongested = true }
    }

    /// The client has its answer: what the session shows is brought up to date.
    private func answerEnded() {
        let hasLoggedIn = machine.isLoggedIn && !session.isLoggedIn
        session.isLoggedIn = machine.isLoggedIn
        session.status = machine.status
        if statements?.phase == .sent || statements?.phase == .decided {
            unretainedStatement?._withUnsafeGuaranteedRef { finishStatement($0, isComplete: true) }
        }
        if injections != nil { injections = nil }
        commandEnded()
        if hasLoggedIn { loginEnded() }
        if closesAfterResult, !isEnded {
            closesAfterResult = false
            perform(machine.closeRequested())
        }
    }

    // MARK: Backend

    private func connectBackend() {
        if isServedLocally, let local = backend as? LocalStream { return local.connect() }
        guard let target = session.backend else { return }
        target.clientAttached()
        backend = context.loop.connect(
            to: target.endpoint, timeout: timeouts.connect, handler: self, tag: Self.backendTag)
    }

    /// The backend didn't come about; the machine asks the connect hooks again.
    func backendFailed(_ reason: EndReason) {
        guard !isServedLocally, let failed = session.backend else { return perform(machine.closeRequested()) }
        detachBackend()
        if reason.isOwnShortage {
            context.shortages.met(now: context.loop.now) {
                "no connection to backend \(failed.endpoint): this process is short of it: \(reason)"
            }
            return refuse(
                SQLError(code: 1135, state: "08S01", message: "(proxy) out of file descriptors, ports or memory"))
        }
        if failed.state != .down {
            failed.state = .down
            context.log(.warning) { "backend \(failed.endpoint) is down: \(reason)" }
        }
        session.failedConnects += 1
        perform(machine.connectFailed())
    }

    func detachBackend() {
        backend?.close()
        backend = nil
        if !isServedLocally { session.backend?.clientDetached() }
    }

    /// Sends the next injected query; where that is answered at once, the ones behind it too.
    ///
    /// A loop, since a call inside the call would fill the stack by a long queue.
    func sendInjection() {
        hasToSendInjection = true
        guard !isSendingInjection else { return }
        isSendingInjection = true
        while hasToSendInjection, !isEnded {
            hasToSendInjection = false
            sendNextInjection()
        }
        isSendingInjection = false
    }

    private func sendNextInjection() {
        guard let upcoming = injections?.upcoming else { return }
        var packets = [UInt8].packets(of: upcoming.payload)
        guard isDecided(upcoming, &packets) else { return }
        if let tracker, !isReady(for: packets.span, tracker) { return }
        guard let injection = injections?.next(now: context.loop.now) else { return }
        statementSent()
        send(packets.span, to: backend)
        let command = Command(rawValue: packets.count > PacketHeader.size ? packets[PacketHeader.size] : 0)
        perform(
            machine.injectionSent(
                command, packets: packets.span.packetCount, needsResult: injection.needsResult))
    }

    // MARK: The end

    /// Ends the session, once: log, hooks, both streams.
    private func end(_ cause: EndCause) {
        guard !isEnded else { return }
        isEnded = true
        endCause = cause
        session.endReason = cause.description
        session.status = machine.status
        if let statements, statements.phase != .none {
            finishStatement(statements, isComplete: cause == .drained)
        }
        logEnd(cause)
        disarm()
        for hook in context.chains.disconnect {
            hook.disconnect(session)
        }
        let lingering = TimeSpan.seconds(5)
        if cause == .clientQuit {
            client?.closeAfterGoodbye(lingering: lingering)
        } else {
            client?.closeAfterSending(lingering: lingering)
        }
        if let backend {
            close(backend, cause)
            if !isServedLocally { session.backend?.clientDetached() }
        }
        session.keepClientAddress()
        client = nil
        backend = nil
        injections = nil
        session.connection = nil
        context.retire(self, cause)
    }

    /// A backend hears COM_QUIT where the session ended between two commands, so that it logs no aborted client.
    private func close(_ backend: ByteStream, _ cause: EndCause) {
        switch cause {
        case .clientQuit where machine.isLoggedIn, .drained where machine.isLoggedIn:
            let quit: [UInt8] = [1, 0, 0, 0, Command.quit.rawValue]
            backend.send(quit.span)
            backend.closeAfterSending(lingering: .seconds(5))
        case .clientQuit, .drained, .clientClosed, .clientLost, .clientViolation, .loginTimeout, .clientTimeout,
            .clientStalled, .loginRefused, .backendLost, .backendViolation, .backendTimeout, .backendStalled, .plugin,
            .holdTimeout, .backendParked, .statementTimeout:
            backend.close()
        }
    }

    private func logEnd(_ cause: EndCause) {
        // A port scan, or a load balancer's look whether somebody answers.
        let probes: [EndCause] = [.clientLost(.connectServer), .clientLost(.readHandshake), .clientLost(.readAuth)]
        let level: LogLevel = cause.isOrderly || probes.contains(cause) ? .debug : .info
        let session = session
        context.log(cause.blame == .backend && !cause.isOrderly ? .warning : level) {
            let backend = session.backend.map { " on \($0.endpoint)" } ?? ""
            return "session \(session.id) of \(session.clientAddress)\(backend) ended: \(cause)"
        }
    }
}
