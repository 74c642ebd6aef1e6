import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore

// Asking the hooks: each phase's chain in order, the first verdict that isn't `next` wins.

extension ProxyConnection {
    /// Asks the phase's hooks and performs what follows.
    ///
    /// - Parameter packet: the packets that the phase is about; empty for connect and result.
    /// - Returns: whether there is a decision; false where a hook waits.
    func consult(_ phase: Phase, _ packet: Span<UInt8>) -> Bool {
        let first = hold?.phase == phase ? hold?.index ?? 0 : 0
        hold = nil
        let outer = consulting
        consulting = phase
        defer { consulting = outer }
        switch phase {
        case .connect: return consultConnect(from: first)
        case .handshake: return consultHandshake(packet, from: first)
        case .auth: return consultAuth(packet, from: first)
        case .authResult: return consultAuthResult(packet, from: first)
        case .query: return consultQuery(packet, from: first)
        case .result: return consultResult()
        case .statement, .disconnect: return true
        }
    }

    /// A hook wants to wait: nothing of the session moves until it resumes or the deadline passes.
    func wait(_ phase: Phase, index: Int, until: MonotonicTime) -> Bool {
        hold = Hold(phase: phase, index: index, until: until)
        client?.pauseReceiving()
        backend?.pauseReceiving()
        isCongested = true
        rearm()
        return false
    }

    /// The hook may be asked once more; done in a later turn, since it may be on the stack now.
    func resumeRequested() {
        guard hold != nil, hold?.isResumed == false else { return }
        hold?.isResumed = true
        context.loop.schedule(at: context.loop.now) { self.resumeHeld() }
    }

    /// A statement hook has waited long enough: the statement goes on without another word of it.
    func delayEnded() {
        statements?.delayEnded()
        hold?.isResumed = true
        resumeHeld()
    }

    private func resumeHeld() {
        guard !isEnded, let hold else { return }
        if hold.phase == .connect { loginDeadline = context.loop.now + timeouts.login }
        switch hold.phase {
        case .connect, .result:
            perform(Answer(consult: hold.phase))
        case .statement:
            self.hold = nil
            resumeStatement()
        case .handshake, .auth, .authResult, .query, .disconnect:
            break
        }
        // Asked once more, the hook may want to wait again.
        guard self.hold == nil || self.hold?.isResumed == true else { return }
        client?.resumeReceiving()
        backend?.resumeReceiving()
        rearm()
    }

    // MARK: Connect

    private func consultConnect(from first: Int) -> Bool {
        for (index, hook) in context.chains.connect.enumerated().dropFirst(first) {
            switch hook.connect(session) {
            case .next: continue
            case .backend(let backend):
                session.backend = backend
                perform(machine.backendChosen())
                return true
            case .reuse(let backend):
                session.backend = backend
                reuseParked(backend)
                return true
            case .serve(let server):
                isServedLocally = true
                backend = LocalStream(to: server, handler: self, tag: Self.backendTag, loop: context.loop)
                perform(machine.backendChosen())
                return true
            case .greet(let payload):
                greet(payload)
                return true
            case .refuse(let error):
                refuse(error)
                return true
            case .hold(let until):
                return wait(.connect, index: index, until: until)
            }
        }
        refuse(SQLError(code: 1105, state: "08S01", message: "(proxy) no plugin has named a backend"))
        return true
    }

    private func greet(_ payload: [UInt8]) {
        session.backend = nil
        guard let greeting = try? Greeting(decoding: payload.span) else {
            refuse(SQLError(code: 1105, state: "08S01", message: "(proxy) a plugin's greeting can't be understood"))
            return
        }
        session.greeting = greeting
        outgoing = [payload]
        perform(machine.greetingGiven(capabilities: greeting.capabilities))
    }

    func refuse(_ error: SQLError) {
        outgoing = [error.encode()]
        perform(machine.refused())
    }

    // MARK: Handshake

    private func consultHandshake(_ packet: Span<UInt8>, from first: Int) -> Bool {
        var payload = packet.extracting(PacketHeader.size...).withUnsafeBufferPointer { Array($0) }
        guard (try? Greeting.mask(SessionMachine.withheldCapabilities, in: &payload)) != nil else {
            return performDecided(machine.greetingRejected(), packet)
        }
        if machine.isGreeted { return loginMoved(payload, packet) }
        if !context.chains.handshake.isEmpty { session.backendGreeting = try? Greeting(decoding: payload.span) }
        for (index, hook) in context.chains.handshake.enumerated().dropFirst(first) {
            switch hook.handshake(payload.span, in: session) {
            case .next: continue
            case .replace(let replacement):
                return greetingDecided(replacement, packet)
            case .refuse(let error):
                refuse(error)
                return true
            case .hold(let until):
                return wait(.handshake, index: index, until: until)
            }
        }
        return greetingDecided(payload, packet)
    }

    private func greetingDecided(_ payload: [UInt8], _ packet: Span<UInt8>) -> Bool {
        guard let greeting = try? Greeting(decoding: payload.span) else {
            return performDecided(machine.greetingRejected(), packet)
        }
        session.greeting = greeting
        if session.backendGreeting == nil { session.backendGreeting = greeting }
        outgoing = [payload]
        return performDecided(machine.handshakeDecided(offered: greeting.capabilities), packet)
    }

    // MARK: Auth

    private func consultAuth(_ packet: Span<UInt8>, from first: Int) -> Bool {
        let payload = packet.extracting(PacketHeader.size...)
        guard !SSLRequest.matches(payload) else {
            return performDecided(machine.loginRejected(.capabilityNotOffered), packet)
        }
        guard let login = try? LoginRequest(decoding: payload) else {
            return performDecided(machine.loginRejected(.login), packet)
        }
        session.login = login
        for (index, hook) in context.chains.auth.enumerated().dropFirst(first) {
            switch hook.auth(payload, in: session) {
            case .next: continue
            case .replace(let replacement):
                outgoing = [replacement]
                tracker?.login = try? LoginRequest(decoding: replacement.span)
                return loginDecided(.replace, login, packet)
            case .answer(let answer):
                outgoing = [answer]
                return loginDecided(.answer(isOK: answer.first == 0), login, packet)
            case .refuse(let error):
                outgoing = [error.encode()]
                return loginDecided(.answer(isOK: false), login, packet)
            case .hold(let until):
                return wait(.auth, index: index, until: until)
            }
        }
        tracker?.login = login
        return loginDecided(.forward, login, packet)
    }

    private func loginDecided(
        _ decision: SessionMachine.LoginDecision, _ login: LoginRequest, _ packet: Span<UInt8>
    ) -> Bool {
        if machine.isReused, !takeOver(decision, login) {
            return performDecided(machine.loginRejected(.login), packet)
        }
        return performDecided(machine.loginDecided(decision, capabilities: login.capabilities), packet)
    }

    private func consultAuthResult(_ packet: Span<UInt8>, from first: Int) -> Bool {
        let payload = packet.extracting(PacketHeader.size...)
        for (index, hook) in context.chains.authResult.enumerated().dropFirst(first) {
            switch hook.authResult(payload, in: session) {
            case .next: continue
            case .replace(let replacement):
                outgoing = [replacement]
                return performDecided(machine.authResultDecided(packet, isReplaced: true), packet)
            case .hold(let until):
                return wait(.authResult, index: index, until: until)
            }
        }
        return performDecided(machine.authResultDecided(packet, isReplaced: false), packet)
    }

    // MARK: Query and result

    private func consultQuery(_ packet: Span<UInt8>, from first: Int) -> Bool {
        for index in first..<context.chains.query.count {
            let querying = context.chains.query[index]
            switch querying.hook.query(CommandView(packets: packet), in: session) {
            case .next: continue
            case .inject(let queries) where queries.isEmpty || queries.contains { $0.payload.isEmpty }:
                context.log(.warning) { "a plugin injected an empty query; the command goes on unchanged" }
                continue
            case .inject(let queries):
                injections = InjectionQueue(queries, hook: querying.results)
                attachForCommand()
                return performDecided(machine.commandDecided(.inject), packet)
            case .answer(let payloads):
                outgoing = payloads
                return performDecided(machine.commandDecided(.answer), packet)
            case .refuse(let error):
                outgoing = [error.encode()]
                return performDecided(machine.commandDecided(.answer), packet)
            case .hold(let until):
                return wait(.query, index: index, until: until)
            }
        }
        return unretainedStatement?._withUnsafeGuaranteedRef { consultStatement(packet, $0) } ?? forward(packet)
    }

    private func consultResult() -> Bool {
        if let statements, statements.phase == .sent { finishStatement(statements, isComplete: true) }
        guard let injections, let current = injections.current else { return true }
        switch verdict(on: current, in: injections) {
        case .next: resultDecided(.forward)
        case .drop: resultDecided(.drop)
        case .replace(let payloads):
            outgoing = payloads
            resultDecided(.replace)
        case .injectMore(let queries, let forward):
            injections.prepend(queries.filter { !$0.payload.isEmpty })
            resultDecided(forward ? .forward : .drop)
        case .hold(let until):
            return wait(.result, index: 0, until: until)
        }
        return true
    }

    private func verdict(on injection: Injection, in injections: InjectionQueue) -> ResultVerdict {
        if injections.isOverflown {
            injections.removeWaiting()
            return .replace([Self.tooLong(injection.keptBytes, isScripts: injections.hook != nil).encode()])
        }
        guard let hook = injections.hook else { return .next }
        let now = context.loop.now
        let kept = injections.kept
        let view = ResultView(
            id: injection.id, packets: kept.span, query: injection.payload, summary: machine.scanner.summary,
            sent: injections.sent, firstByte: injections.firstByte ?? now, lastByte: now)
        return hook.result(view, in: session)
    }

    private static func tooLong(_ limit: Int, isScripts: Bool) -> SQLError {
        guard isScripts else {
            return SQLError(
                code: 1105,
                message: "(proxy) the answer to a command that a plugin has given another number of packets is longer "
                    + "than \(limit) bytes; rewrite it to less than 16 MB")
        }
        return SQLError(
            code: 1105,
            message: "(proxy) a script wanted to have a result kept that is longer than \(limit) bytes "
                + "(--proxy-lua-max-result)")
    }

    private func resultDecided(_ decision: SessionMachine.ResultDecision) {
        perform(machine.resultDecided(decision, more: injections?.hasMore ?? false))
    }
}
