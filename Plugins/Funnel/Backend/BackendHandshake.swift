import Accounts
import MySQLWire
import PluginAPI
import Pooling

/// The begin of a connection to a backend, packet by packet: its greeting, and the login as one of the users.
struct BackendHandshake {
    /// What a packet has led to.
    enum Outcome {
        /// More is to come from the server, after these packets went out.
        case more([UInt8])
        /// The server has let the user in.
        case loggedIn
        /// It has not.
        case refused(SQLError)
        /// It is no server that can be understood.
        case unusable(String)
    }

    /// The server's greeting, once it has come.
    private(set) var greeting: Greeting?
    /// What client and server have agreed on.
    var capabilities: Capabilities { machine?.capabilities ?? [] }

    /// The login, by which the user may log in again on the connection.
    var login: BackendLogin? { machine }

    private let identity: BackendIdentity
    private let proof: Proof
    private let isSecure: Bool
    private var machine: BackendLogin?

    init(as identity: BackendIdentity, proof: Proof, to pool: BackendPool) {
        self.identity = identity
        self.proof = proof
        isSecure = pool.backend.endpoint.isUnixSocket
    }

    /// utf8mb4_general_ci, which every server knows.
    static let collation: UInt8 = 45

    /// What every connection asks for; see `BackendIdentity.traits` for what depends on the client.
    private static let wanted: Capabilities = [
        .longPassword, .longFlag, .protocol41, .transactions, .secureConnection, .pluginAuth, .pluginAuthLengthEncoded,
        .sessionTrack, .deprecateEOF, .multiStatements, .multiResults, .preparedMultiResults, .mariadbBulkOperations,
        .mariadbExtendedMetadata,
    ]

    /// Bytes have come from the server.
    ///
    /// - Returns: how many of them are dealt with, and what they have led to; nil where no packet is whole.
    mutating func received(_ bytes: Span<UInt8>) -> (consumed: Int, outcome: Outcome)? {
        guard let header = PacketHeader(bytes), bytes.count >= header.packetLength else { return nil }
        let payload = bytes.extracting(PacketHeader.size..<header.packetLength)
        let outcome = greeting == nil ? greeted(payload, header) : answered(payload, header)
        return (header.packetLength, outcome)
    }

    private mutating func greeted(_ payload: Span<UInt8>, _ header: PacketHeader) -> Outcome {
        // It is there, and lets nobody in for now: too many connections, a blocked host.
        if let error = (try? ErrorPacket(decoding: payload))?.error { return .refused(error) }
        guard let greeting = try? Greeting(decoding: payload) else {
            return .unusable("its greeting can't be understood")
        }
        self.greeting = greeting
        let wishes = BackendLogin.Wishes(capabilities: Self.wanted.union(identity.traits), collation: Self.collation)
        var machine = BackendLogin(user: identity.user, proof: proof, wishes: wishes, isSecure: isSecure)
        let step = machine.greetingArrived(greeting)
        self.machine = machine
        return outcome(of: step, behind: header)
    }

    private mutating func answered(_ payload: Span<UInt8>, _ header: PacketHeader) -> Outcome {
        guard let step = machine?.packetArrived(payload.withUnsafeBufferPointer { Array($0) }) else {
            return .unusable("it spoke before its greeting")
        }
        return outcome(of: step, behind: header)
    }

    private func outcome(of step: BackendLogin.Step, behind header: PacketHeader) -> Outcome {
        switch step {
        case .wait: return .more([])
        case .loggedIn: return .loggedIn
        case .failed(let error): return .refused(error)
        case .send(let payload):
            var writer = PacketWriter(sequence: header.sequence &+ 1)
            writer.append(payload)
            return .more(writer.take())
        }
    }
}
