public import MySQLWire

extension Greeting {
    /// Reads a whole payload.
    public init(payload: [UInt8]) throws { try self.init(decoding: payload.span) }
}

extension ErrorPacket {
    /// Reads a whole payload.
    public init(payload: [UInt8]) throws { try self.init(decoding: payload.span) }
}

extension AuthSwitchRequest {
    /// Reads a whole payload.
    public init(payload: [UInt8]) throws { try self.init(decoding: payload.span) }
}

/// One result of a server session's answer, decoded.
public struct ServerAnswer {
    /// The columns; empty for an OK.
    public var columns: [ColumnDefinition] = []
    /// The rows as text; `NULL` for NULL.
    public var rows: [[String]] = []
    /// The OK at the end, or in place of a result.
    public var ok: OKPacket?
    /// The ERR at the end, or in place of a result.
    public var error: SQLError?

    /// No result.
    public init() {}

    /// The results in the payloads of an answer, for a client with CLIENT_DEPRECATE_EOF.
    public static func decode(
        _ payloads: [[UInt8]], capabilities: Capabilities, isBinary: Bool = false
    ) throws -> [ServerAnswer] {
        var answers: [ServerAnswer] = []
        var answer = ServerAnswer()
        var expectedColumns = 0
        for payload in payloads {
            if expectedColumns > answer.columns.count {
                answer.columns.append(try ColumnDefinition(decoding: payload.span, capabilities: capabilities))
            } else if payload.first == 0xFF {
                answer.error = try ErrorPacket(payload: payload).error
            } else if payload.first == 0xFE || (payload.first == 0 && answer.columns.isEmpty) {
                answer.ok = try OKPacket(decoding: payload.span, capabilities: capabilities)
            } else if answer.columns.isEmpty {
                expectedColumns = Int(payload[0])
                continue
            } else {
                answer.rows.append(try answer.row(payload, isBinary: isBinary))
            }
            guard answer.ok != nil || answer.error != nil else { continue }
            answers.append(answer)
            (answer, expectedColumns) = (ServerAnswer(), 0)
        }
        return answers
    }

    private func row(_ payload: [UInt8], isBinary: Bool) throws -> [String] {
        guard isBinary else {
            return try TextRow(decoding: payload.span, columns: columns.count).values.map { value in
                value.map { String(decoding: $0, as: UTF8.self) } ?? "NULL"
            }
        }
        return try BinaryRow(decoding: payload.span, columns: columns).values.map { value in
            switch value {
            case .null: "NULL"
            case .signed(let number): String(number)
            case .unsigned(let number): String(number)
            case .float(let number): String(number)
            case .double(let number): String(number)
            case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
            case .dateTime(let date): "\(date)"
            case .time(let time): "\(time)"
            }
        }
    }
}
