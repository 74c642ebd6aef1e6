import MySQLWire
import PluginAPI
import ProxyCore

// What a session has on its connection, kept for the sake of parking, and connections made ready for a command.

// Mostly `tracker?.`, since `if let` counts a reference that every query would pay for.

extension ProxyConnection {
    /// What the machine makes of the backend's bytes; notice is taken of them before hooks hear of the answer.
    func trackedAnswer(to bytes: Span<UInt8>) -> Answer {
        let wasPreparing = machine.state == .prepareBackend
        let before = machine.scanner.summary
        let answer = answer(to: bytes)
        // What the core itself has sent is nobody's command.
        guard tracker?.hasLogin == true, machine.isLoggedIn, !wasPreparing, answer.consumed > 0 || answer != .wait
        else { return answer }
        if machine.scanner.summary.status.contains(.sessionStateChanged), before == ResultSummary() {
            tracker?.answerBegins(bytes.extracting(0..<answer.consumed), of: machine.capabilities)
        }
        if machine.state == .readQuery || answer.consult == .result,
            let done = tracker?.answered(machine.scanner.summary)
        {
            machine.settled(done)
        }
        return answer
    }

    /// The client's command is done with, or its login.
    func commandEnded() {
        tracker?.waiting = nil
        if tracker?.hasLogin == false, machine.isLoggedIn { tracker?.loggedIn(machine.capabilities) }
        guard session.isParking, let tracker else { return }
        session.isParking = false
        guard let obstacle = obstacle() else { return parkNow(tracker) }
        let session = session
        context.log(.debug) { "session \(session.id)'s backend connection is not parked: \(obstacle)" }
    }

    // MARK: Ready for a command

    /// Sends the client's command on, after what a taken connection needs first.
    func forward(_ packet: Span<UInt8>) -> Bool {
        guard tracker != nil else {
            statementSent()
            return performDecided(machine.commandDecided(.forward), packet)
        }
        let command = SessionCommand(packet, capabilities: machine.capabilities)
        // What has no answer has no effect that would outlive the preparation of the next command.
        if packet.count > PacketHeader.size, !Command(rawValue: packet[PacketHeader.size]).hasNoAnswer {
            if machine.isParked { attachForCommand() }
            if !machine.preparation.isEmpty, let preparation = machine.preparationBegun(without: command.replaces) {
                let packets = packet.withUnsafeBufferPointer { Array($0) }
                tracker?.waiting = SessionTracker.WaitingCommand(packets: packets, command: command)
                perform(preparation)
                return true
            }
        }
        tracker?.commandSent(command)
        statementSent()
        return performDecided(machine.commandDecided(.forward), packet)
    }

    /// The connection is ready for the command that has waited.
    func resumeCommand() {
        guard let tracker, let waiting = tracker.waiting else { return }
        tracker.waiting = nil
        tracker.commandSent(waiting.command)
        statementSent()
        performDecided(machine.commandDecided(.forward), waiting.packets.span)
    }

    /// Whether the injected query may be sent now; it is asked again once the connection is ready.
    ///
    /// - Parameter packets: the query as it will be sent.
    func isReady(for packets: Span<UInt8>, _ tracker: SessionTracker) -> Bool {
        let command = SessionCommand(packets, capabilities: machine.capabilities)
        if let preparation = machine.preparationBegun(without: command.replaces) {
            perform(preparation)
            return false
        }
        tracker.commandSent(command)
        return true
    }

    /// A session whose connection was parked finds one again, where its last one was.
    func attachForCommand() {
        guard let tracker, machine.isParked, let last = tracker.lastBackend,
            let wish = tracker.wish(machine.capabilities),
            let parked = context.parked.take(from: last, for: wish)
        else { return }
        attach(parked, tracker)
    }
}
