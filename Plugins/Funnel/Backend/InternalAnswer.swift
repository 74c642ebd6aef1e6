import MySQLWire

/// The answer to a command that the funnel has sent on its own account, read to its end.
struct InternalAnswer: Sendable {
    /// The server's ERR, the first one where there are several results.
    var error: SQLError?
    /// The rows of the last result set, as text.
    var rows: [[[UInt8]?]] = []
    /// The columns of the last result set.
    var columns: [ColumnDefinition] = []
    /// The last OK.
    var ok: OKPacket?
    /// The id that a COM_STMT_PREPARE got.
    var statementID: UInt32 = 0
    /// Parameters that the prepared statement has.
    var parameters: UInt16 = 0
    /// The first packet of the answer.
    var first: [UInt8] = []

    /// Whether the server has done what it was told.
    var isOK: Bool { error == nil }
}

extension InternalAnswer {
    /// Reads a complete answer of packets, headers included, on a connection with DEPRECATE_EOF.
    init(reading packets: Span<UInt8>, to command: Command, capabilities: Capabilities) {
        var joiner = PacketJoiner()
        var offset = 0
        var reader = Reader(command: command, capabilities: capabilities)
        while let packet = try? joiner.next(in: packets, from: &offset) {
            reader.take(packet.payload, into: &self)
        }
    }

    /// Where the reading of an answer stands.
    private struct Reader {
        let command: Command
        let capabilities: Capabilities
        var definitions = 0
        var isInRows = false
        var isBegun = false

        mutating func take(_ payload: [UInt8], into answer: inout InternalAnswer) {
            if !isBegun {
                isBegun = true
                answer.first = payload
            }
            guard let first = payload.first else { return }
            if first == 0xFF, definitions == 0 {
                if answer.error == nil { answer.error = (try? ErrorPacket(decoding: payload.span))?.error }
            } else if command == .prepare {
                takePrepared(payload, into: &answer)
            } else if definitions > 0 {
                takeDefinition(payload, into: &answer)
            } else if isInRows {
                takeRow(payload, into: &answer)
            } else {
                begin(payload, into: &answer)
            }
        }

        private mutating func begin(_ payload: [UInt8], into answer: inout InternalAnswer) {
            if payload[0] == 0x00 || payload[0] == 0xFE {
                answer.ok = try? OKPacket(decoding: payload.span, capabilities: capabilities)
            } else {
                definitions = Int(payload[0])
                answer.rows = []
                answer.columns = []
            }
        }

        private mutating func takeDefinition(_ payload: [UInt8], into answer: inout InternalAnswer) {
            definitions -= 1
            if let column = try? ColumnDefinition(decoding: payload.span, capabilities: capabilities) {
                answer.columns.append(column)
            }
            isInRows = definitions == 0
        }

        private mutating func takeRow(_ payload: [UInt8], into answer: inout InternalAnswer) {
            if payload[0] == 0xFE, payload.count < PacketHeader.maximumPayload {
                answer.ok = try? OKPacket(decoding: payload.span, capabilities: capabilities)
                isInRows = false
                return
            }
            if let row = try? TextRow(decoding: payload.span, columns: answer.columns.count) {
                answer.rows.append(row.values)
            }
        }

        private func takePrepared(_ payload: [UInt8], into answer: inout InternalAnswer) {
            guard answer.statementID == 0, payload.count >= 9, payload[0] == 0 else { return }
            answer.statementID = (1...4).reduce(0) { $0 | UInt32(payload[$1]) << (8 * UInt32($1 - 1)) }
            answer.parameters = UInt16(payload[7]) | UInt16(payload[8]) << 8
        }
    }
}
