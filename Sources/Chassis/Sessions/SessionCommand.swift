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
    case changeUser(ChangeUserRequest)

    /// Reads a command's first packet; a query is only looked into where it may begin with `USE`.
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

/// `USE name`, as a query.
enum UseStatement {
    /// The schema that the query names; nil where it isn't a `USE`.
    static func schema(in text: Span<UInt8>) -> [UInt8]? {
        guard mayBegin(text), StatementKind(of: text) == .use else { return nil }
        var tokenizer = SQLTokenizer(text)
        var hasUse = false
        var name: [UInt8] = []
        while let token = tokenizer.next() {
            switch token.kind {
            case .whitespace, .lineComment, .blockComment, .executableCommentOpen, .executableCommentClose:
                if !name.isEmpty { return name }
            case .semicolon: return name.isEmpty ? nil : name
            case .quotedIdentifier where hasUse: return unquoted(text.extracting(token.range))
            case .identifier where !hasUse: hasUse = true
            // A name of digits, or with a letter that isn't one of SQL's, comes in pieces.
            default: if hasUse { text.extracting(token.range).withUnsafeBufferPointer { name.append(contentsOf: $0) } }
            }
        }
        return name.isEmpty ? nil : name
    }

    /// Whether the first byte behind blanks is a `U`, or the begin of a comment.
    private static func mayBegin(_ text: Span<UInt8>) -> Bool {
        var offset = 0
        while offset < text.count, text[offset] <= 0x20 { offset += 1 }
        guard offset < text.count else { return false }
        switch text[offset] {
        case UInt8(ascii: "U"), UInt8(ascii: "u"), UInt8(ascii: "/"), UInt8(ascii: "#"), UInt8(ascii: "-"): return true
        default: return false
        }
    }

    /// The name without its quotes, doubled ones folded.
    private static func unquoted(_ name: Span<UInt8>) -> [UInt8]? {
        guard name.count > 2 else { return nil }
        var result: [UInt8] = []
        var offset = 1
        while offset < name.count - 1 {
            result.append(name[offset])
            offset += name[offset] == name[0] ? 2 : 1
        }
        return result
    }
}
