import EventLoop
import MySQLWire
import PluginAPI
import ProxyCore

// Giving the backend connection away and taking another one, for hooks; see `Session`.

extension ProxyConnection {
    /// The default schema of the connection in use.
    var backendSchema: [UInt8] {
        guard let link = tracker?.link, machine.preparation.contains(.schema) else { return session.schemaBytes }
        return link.schema
    }

    func parkBackend() throws(ParkingObstacle) {
        if let obstacle = obstacle() { throw obstacle }
        guard let tracker else { throw .unsupported }
        guard !isEnded, consulting == .result || consulting == .authResult else { return parkNow(tracker) }
        session.isParking = true
    }

    func takeBackend(_ target: Backend) throws(ParkingObstacle) -> Bool {
        if session.backend === target {
            session.isParking = false
            return true
        }
        if isEnded { throw .ending }
        if consulting == .authResult { throw .loginUnfinished }
        guard let tracker else { throw .unsupported }
        if let obstacle = obstacle(), obstacle != .noBackend { throw obstacle }
        guard machine.state == .readQuery || consulting == .result else { throw .answerUnderWay }
        guard let wish = tracker.wish(machine.capabilities) else { throw .loginUnfinished }
        guard let parked = context.parked.take(from: target, for: wish) else {
            context.parked.noteShortage(of: target, wish.user)
            return false
        }
        if backend != nil { parkNow(tracker) }
        attach(parked, tracker)
        return true
    }

    /// Why the connection can't be given away now; nil where it can.
    func obstacle() -> ParkingObstacle? {
        guard let tracker else { return .unsupported }
        guard backend != nil, session.backend != nil else { return .noBackend }
        if context.parked.isClosed { return .ending }
        if consulting == .authResult, !machine.isLoggedIn, !isEnded { return nil }
        guard machine.isLoggedIn, tracker.link != nil else { return .loginUnfinished }
        if isEnded {
            guard machine.endedBetweenCommands, endCause?.blame == .client || endCause?.blame == .plugin else {
                return .ending
            }
        } else {
            guard machine.state == .readQuery || consulting == .result else { return .answerUnderWay }
            if tracker.hasStatements { return .statementsOpen }
        }
        if !machine.status.isDisjoint(with: [.inTransaction, .inReadOnlyTransaction]) { return .transactionOpen }
        return machine.status.contains(.autocommit) ? nil : .autocommitOff
    }

    /// Gives the connection to those that are parked.
    func parkNow(_ tracker: SessionTracker) {
        guard let stream = backend, let target = session.backend, var link = tracker.link else { return }
        session.isParking = false
        // A connection that was taken and not used is as it was.
        if !machine.preparation.contains(.reset) { link.owner = session.id }
        link.schema = backendSchema
        link.status = machine.status
        backend = nil
        session.backend = nil
        tracker.link = nil
        tracker.lastBackend = target
        target.clientDetached()
        if !isEnded { machine.backendParked() }
        context.parked.park(stream, to: target, link, limit: timeouts.read)
    }

    /// Makes a parked connection the session's.
    func attach(_ parked: ParkedConnection, _ tracker: SessionTracker) {
        adopt(parked, tracker)
        var preparation: BackendPreparation = parked.link.owner == session.id ? [] : .reset
        let isElsewhere = preparation.contains(.reset) || parked.link.schema != session.schemaBytes
        if isElsewhere, !session.schemaBytes.isEmpty { preparation.insert(.schema) }
        machine.backendTaken(status: parked.link.status, preparation: preparation)
        session.status = machine.status
    }

    private func adopt(_ parked: ParkedConnection, _ tracker: SessionTracker) {
        parked.stream.handler = self
        parked.stream.tag = Self.backendTag
        backend = parked.stream
        session.backend = parked.backend
        session.backendGreeting = parked.link.greeting
        parked.backend.clientAttached()
        tracker.link = parked.link
    }

    /// The connection that was taken is of no use: another one takes its place, or none.
    func replaceBackend() {
        guard let tracker else { return }
        if let target = session.backend {
            context.log(.info) { "a parked connection to \(target.endpoint) was lost, or could not be reset" }
        }
        detachBackend()
        session.backend = nil
        tracker.link = nil
        attachForCommand()
        perform(machine.backendReplaced())
    }
}

// MARK: A parked connection for a new client

extension ProxyConnection {
    /// Greets the client by a parked connection; connects where there is none.
    func reuseParked(_ target: Backend) {
        guard let tracker, let parked = context.parked.takeAny(from: target) else {
            return perform(machine.backendChosen())
        }
        adopt(parked, tracker)
        var greeting = parked.link.greeting
        greeting.capabilities.formIntersection(parked.link.capabilities.union(SessionMachine.loginCapabilities))
        session.greeting = greeting
        outgoing = [greeting.encode()]
        perform(machine.backendReused(offered: greeting.capabilities, negotiated: parked.link.capabilities))
    }

    /// The client's login is there, or what a plugin made of it: the connection's COM_CHANGE_USER is made of that.
    ///
    /// A connection that isn't taken over goes back, untouched: the server was told nothing.
    ///
    /// - Returns: false where it can't be made, since a plugin's login can't be read.
    func takeOver(_ decision: SessionMachine.LoginDecision, _ login: LoginRequest) -> Bool {
        guard let tracker, let link = tracker.link else { return true }
        switch decision {
        case .answer:
            putBack(link, tracker)
            session.backend = nil
        case .forward, .replace:
            guard var sent = tracker.login else {
                putBack(link, tracker)
                return false
            }
            guard machine.agreesWithReused(login.capabilities) else {
                putBack(link, tracker)
                sent.capabilities.formIntersection(session.greeting?.capabilities ?? [])
                // No server has this method, so that it asks for the right one, with a challenge of its own.
                sent.authMethod = "millrace_other_connection"
                sent.authResponse = []
                outgoing = [sent.encode()]
                return true
            }
            outgoing = [changeUser(sent).encode(capabilities: link.capabilities)]
        }
        return true
    }

    private func changeUser(_ login: LoginRequest) -> ChangeUserRequest {
        var request = ChangeUserRequest(
            user: "", authResponse: login.authResponse.count < 256 ? login.authResponse : [],
            collation: UInt16(login.collation), authMethod: login.authMethod, attributes: login.attributes)
        request.userBytes = login.userBytes
        request.schemaBytes = login.schemaBytes ?? []
        return request
    }

    private func putBack(_ link: BackendLink, _ tracker: SessionTracker) {
        guard let stream = backend, let target = session.backend else { return }
        backend = nil
        tracker.link = nil
        session.backendGreeting = nil
        target.clientDetached()
        context.parked.park(stream, to: target, link, limit: timeouts.read)
    }

    /// The new connection has greeted, for a login that has come already.
    func loginMoved(_ payload: [UInt8], _ packet: Span<UInt8>) -> Bool {
        guard let greeting = try? Greeting(decoding: payload.span) else {
            return performDecided(machine.greetingRejected(), packet)
        }
        session.backendGreeting = greeting
        return performDecided(machine.loginResent(), packet)
    }
}
