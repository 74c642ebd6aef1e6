import MySQLWire
import ProxyCore
import SQLText

/// What a command does to its session, where the core keeps account of it.
enum SessionCommand {
    /// Nothing of the kind.
    case other
    /// COM_INIT_DB, or a query that begins with `USE`.
    case schema([UInt8])
    /// COM_STMT_PREPARE.
    case prepare
    /// COM_STMT_CLOSE.
    case closeStatement(UInt32)
    /// COM_RESET_CONNECTION.
    case reset
    /// COM_CHANGE_USER.
    indirect case changeUser(ChangeUserRequest)

    /// Reads a command's first packet; a query is only looked into where it may begin with `USE`.
    @inline(__always)
    init(_ packet: Span<UInt8>, capabilities: Capabilities) {
        self = .other
        guard let header = PacketHeader(packet), header.payloadLength > 0, packet.count > PacketHeader.size else {
            return
        }
        let payload = packet.extracting(PacketHeader.size..<min(packet.count, header.packetLength))
        self.init(payload: payload, capabilities: capabilities)
    }

    /// Reads a command's payload.
    init(payload: Span<UInt8>, capabilities: Capabilities) {
        self = .other
        guard !payload.isEmpty else { return }
        let arguments = payload.extracting(1...)
        switch Command(rawValue: payload[0]) {
        case .query: if let schema = UseStatement.schema(in: arguments) { self = .schema(schema) }
        case .initDB: self = .schema(arguments.withUnsafeBufferPointer { Array($0) })
        case .prepare: self = .prepare
        case .closeStatement where arguments.count >= 4:
            self = .closeStatement((0..<4).reduce(0) { $0 | UInt32(arguments[$1]) << UInt32(8 * $1) })
        case .resetConnection: self = .reset
        case .changeUser:
            if let request = try? ChangeUserRequest(decoding: payload, capabilities: capabilities) {
                self = .changeUser(request)
            }
        // Open set: what other commands do is theirs, or the server tells it.
        default: break
        }
    }

    /// What of a taken connection's preparation this command makes needless.
    var replaces: BackendPreparation {
        switch self {
        case .schema: .schema
        case .changeUser: [.reset, .schema]
        case .reset: .reset
        case .other, .prepare, .closeStatement: []
        }
    }
}
