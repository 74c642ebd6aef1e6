import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore

// Statement hooks: asked in order about each command that would go to the backend, until one answers in its place; and
// answer hooks, told what became of it.

extension ProxyConnection {
    /// What the statement hooks have come to.
    private enum StatementDecision {
        /// It goes to the backend, replaced or not.
        case send
        /// These packets are its answer.
        case answer([UInt8], ResultSummary)
        /// A hook wants to wait.
        case wait
    }

    /// Asks about the client's command.
    func consultStatement(_ packet: Span<UInt8>, _ statement: StatementProgress) -> Bool {
        let command = Command(rawValue: packet[PacketHeader.size])
        guard command != .quit else { return forward(packet) }
        begin(statement, command, isInjected: false)
        return decide(on: packet, statement)
    }

    @inline(__always)
    private func decide(on packet: Span<UInt8>, _ statement: StatementProgress) -> Bool {
        switch ask(about: packet, statement) {
        case .send where statement.packets.isEmpty:
            return forward(packet)
        case .send:
            let replaced = statement.packets
            let payload = CommandView(packets: replaced.span).payload()
            injections = InjectionQueue(
                [Injection(id: 0, payload: payload, keptBytes: SessionMachine.maximumCommand)], hook: nil)
            attachForCommand()
            return performDecided(machine.commandDecided(.inject), packet)
        case .answer(let packets, let summary):
            finishStatement(byPlugin: summary, bytes: packets.count)
            framed = packets
            return performDecided(machine.commandDecided(.answer), packet)
        case .wait:
            // Taken out of the stream, which would not tell the client's end while it holds bytes.
            if statement.held.isEmpty { statement.held = packet.withUnsafeBufferPointer { Array($0) } }
            return true
        }
    }

    /// Whether the next injected query is to be sent now: hooks may want to wait, or answer it.
    ///
    /// - Parameter packets: what is to be sent; the hooks may have changed it.
    func isDecided(_ upcoming: Injection, _ packets: inout [UInt8]) -> Bool {
        guard let statement = statements else { return true }
        if statement.phase == .none {
            begin(statement, Command(rawValue: upcoming.payload.first ?? 0), isInjected: true)
        }
        if statement.phase == .asking {
            switch ask(about: packets.span, statement) {
            case .send: break
            case .wait: return false
            case .answer(let answer, let summary):
                answerInjection(answer, summary, statement.command)
                return false
            }
        }
        if !statement.packets.isEmpty { packets = statement.packets }
        return true
    }

    /// A hook's answer to an injected query takes the way of a backend's.
    private func answerInjection(_ packets: [UInt8], _ summary: ResultSummary, _ command: Command) {
        finishStatement(byPlugin: summary, bytes: packets.count)
        guard let injection = injections?.next(now: context.loop.now) else { return }
        let count = Int(machine.lastCommandSequence) + 1
        perform(machine.injectionSent(command, packets: count, needsResult: injection.needsResult))
        guard !command.hasNoAnswer, !isEnded else { return }
        perform(machine.injectionAnswered(packets.span), packets.span)
    }

    /// The hook that waited is asked again, or its time has come.
    func resumeStatement() {
        guard let statement = statements, statement.phase == .asking else { return }
        if statement.isInjected { return sendInjection() }
        let packets = statement.held
        _ = decide(on: packets.span, statement)
    }

    // MARK: Asking

    private func begin(_ statement: StatementProgress, _ command: Command, isInjected: Bool) {
        session.forgetOrders()
        statement.begin(command, isInjected: isInjected, now: context.loop.now)
    }

    private func ask(about packets: Span<UInt8>, _ statement: StatementProgress) -> StatementDecision {
        let outer = consulting
        consulting = .statement
        defer { consulting = outer }
        while statement.next < context.chains.statement.count {
            switch verdict(of: context.chains.statement[statement.next], on: packets, statement) {
            case .next: break
            case .replace(let payload): statement.replace(with: payload)
            case .answer(let payloads):
                return understood(.packets(of: payloads, from: machine.lastCommandSequence &+ 1), statement)
            case .replay(var packets):
                packets.renumberPackets(from: machine.lastCommandSequence &+ 1)
                return understood(packets, statement)
            case .refuse(let error):
                return understood(.packets(of: error.encode(), from: machine.lastCommandSequence &+ 1), statement)
            case .delay(let until, let payload):
                statement.delay(sending: payload)
                _ = wait(.statement, index: 0, until: until)
                return .wait
            }
            statement.hookAsked()
        }
        statement.decided()
        return .send
    }

    @inline(__always)
    private func verdict(
        of hook: any StatementHook, on packets: Span<UInt8>, _ statement: StatementProgress
    ) -> StatementVerdict {
        let isInjected = statement.isInjected
        if statement.packets.isEmpty {
            return hook.statement(CommandView(packets: packets, isInjected: isInjected), in: session)
        }
        let replaced = statement.packets
        return hook.statement(CommandView(packets: replaced.span, isInjected: isInjected), in: session)
    }

    /// The answer that a hook has given, if it is one; an ERR in its place otherwise.
    private func understood(_ packets: [UInt8], _ statement: StatementProgress) -> StatementDecision {
        let command = statement.isInjected ? statement.command : statement.original
        if command.hasNoAnswer { return .answer([], ResultSummary()) }
        if let summary = summary(of: packets, answering: command) { return .answer(packets, summary) }
        context.log(.warning) { "a plugin's answer to a command is no answer to it" }
        let error = SQLError(code: 1105, message: "(proxy) a plugin has answered in a way that can't be understood")
        var summary = ResultSummary()
        (summary.isError, summary.errorCode, summary.results) = (true, error.code, 1)
        return .answer(.packets(of: error.encode(), from: machine.lastCommandSequence &+ 1), summary)
    }

    private func summary(of packets: [UInt8], answering command: Command) -> ResultSummary? {
        var scanner = ResultScanner(capabilities: machine.capabilities)
        scanner.commandSent(command, lastSequence: machine.lastCommandSequence)
        let step = scanner.received(packets.span)
        return step.event == .ended && step.consumed == packets.count ? scanner.summary : nil
    }

    // MARK: Its life

    /// The statement under way without a count of references: the connection has it for its whole life.
    var unretainedStatement: Unmanaged<StatementProgress>? { statements.map(Unmanaged.passUnretained) }

    /// The client's command, or an injected one, goes to the backend.
    func statementSent() {
        // COM_QUIT is nobody's statement.
        guard let statements, statements.phase == .decided, machine.isAttached else { return }
        let orders = session.orders
        // Who has logins of its own can have a statement killed, and does so.
        statements.sent(
            now: context.loop.now, timeout: isServedLocally ? nil : orders.timeout, keptLimit: orders.keptBytes)
    }

    /// The statement under way has had its answer, if there is one and it was sent; else it won't be.
    func finishStatement(_ statement: StatementProgress, isComplete: Bool) {
        let isSent = statement.phase == .sent
        let hasSummary = statement.isAnswerBegun
        told(
            StatementProgress.End(
                origin: isSent ? .backend : .nobody, isComplete: isComplete && isSent,
                summary: hasSummary ? machine.scanner.summary : ResultSummary()), of: statement)
    }

    /// A hook has answered the statement.
    private func finishStatement(byPlugin summary: ResultSummary, bytes: Int) {
        guard let statements else { return }
        told(
            StatementProgress.End(origin: .plugin, isComplete: true, summary: summary, bytes: UInt64(bytes)),
            of: statements)
    }

    private func told(_ end: StatementProgress.End, of statement: StatementProgress) {
        let view = statement.ended(
            end, backend: end.origin == .backend ? session.backend : nil, capabilities: machine.capabilities,
            now: context.loop.now)
        // By their places: a loop over the chain itself would count a reference to it.
        for index in 0..<context.chains.answer.count {
            context.chains.answer[index].answered(view, in: session)
        }
    }
}
