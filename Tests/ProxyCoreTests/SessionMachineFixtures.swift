import MySQLWire
import ProxyCore
import TestSupport

/// The steps that transcripts begin with, and short words for events.
extension SessionMachine {
    static let capabilities: Capabilities = [.protocol41, .pluginAuth, .secureConnection, .deprecateEOF, .transactions]

    /// Bytes from the client.
    mutating func client(_ bytes: [UInt8]) -> Answer { clientReceived(bytes.span) }

    /// Bytes from the backend.
    mutating func backend(_ bytes: [UInt8]) -> Answer { backendReceived(bytes.span) }

    /// A session whose client awaits the greeting.
    static func connected(_ subscribed: PhaseSet = []) -> SessionMachine {
        var machine = SessionMachine(subscribed: subscribed)
        _ = machine.clientAccepted()
        _ = machine.backendChosen()
        _ = machine.backendConnected()
        return machine
    }

    /// A session that awaits the client's login.
    static func greeted(_ subscribed: PhaseSet = []) -> SessionMachine {
        var machine = connected(subscribed)
        _ = machine.backend(packet(0, [10, 0]))
        _ = machine.handshakeDecided(offered: capabilities)
        return machine
    }

    /// A session whose login is with the backend.
    static func loggingIn(_ subscribed: PhaseSet = []) -> SessionMachine {
        var machine = greeted(subscribed)
        _ = machine.client(packet(1, [1, 2, 3]))
        _ = machine.loginDecided(.forward, capabilities: capabilities)
        return machine
    }

    /// A session that awaits a command.
    static func loggedIn(_ subscribed: PhaseSet = []) -> SessionMachine {
        var machine = loggingIn(subscribed)
        _ =
            subscribed.contains(.authResult)
            ? machine.authResultDecided(packet(2, okay).span, isReplaced: false) : machine.backend(packet(2, okay))
        return machine
    }

    /// A session that awaits the answer to a query.
    static func querying(_ subscribed: PhaseSet = []) -> SessionMachine {
        var machine = loggedIn(subscribed)
        _ = machine.client(query)
        if subscribed.contains(.query) { _ = machine.commandDecided(.forward) }
        return machine
    }

    /// A session in which the query hooks have injected one query for the client's.
    static func injecting(
        packets: Int = 1, needsResult: Bool, injected: Command = .query, client: [UInt8] = query
    ) -> SessionMachine {
        var machine = loggedIn(PhaseSet(.query))
        _ = machine.client(client)
        _ = machine.commandDecided(.inject)
        _ = machine.injectionSent(injected, packets: packets, needsResult: needsResult)
        return machine
    }

    /// A session whose backend connection was parked in the query hook of its first command.
    static func parked(client: [UInt8] = query) -> SessionMachine {
        var machine = loggedIn(.query)
        _ = machine.client(client)
        machine.backendParked()
        return machine
    }

    /// A session whose command waits for a taken connection.
    static func preparing(_ preparation: BackendPreparation, client: [UInt8] = query) -> SessionMachine {
        var machine = parked(client: client)
        machine.backendTaken(status: .autocommit, preparation: preparation)
        _ = machine.preparationBegun(without: [])
        return machine
    }

    /// A session that a parked connection has greeted.
    static func reused(_ subscribed: PhaseSet = []) -> SessionMachine {
        var machine = SessionMachine(subscribed: subscribed)
        _ = machine.clientAccepted()
        _ = machine.backendReused(offered: capabilities.union(.connectWithSchema), negotiated: capabilities)
        return machine
    }

    /// A session in which the client sends a file.
    static func sendingFile() -> SessionMachine {
        var machine = querying()
        _ = machine.backend(packet(1, [0xFB, 0x66]))
        return machine
    }

    static let okay = ResultFixtures.ok()
    static let query = packet(0, [3, 0x53, 0x31])
    static let error: [UInt8] = ResultFixtures.error
}

/// A packet.
func packet(_ sequence: UInt8, _ payload: [UInt8]) -> [UInt8] {
    RecordedPacket(sequence: sequence, payload: payload).bytes
}

extension PhaseSet {
    static let query = PhaseSet(.query)
    static let authResult = PhaseSet(.authResult)
}
