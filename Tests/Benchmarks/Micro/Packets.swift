import MySQLWire

/// Bytes as they come from a socket.
enum Packets {
    static let capabilities: Capabilities = [.protocol41, .pluginAuth, .secureConnection, .deprecateEOF, .transactions]

    /// A point select, as sysbench writes it.
    static let pointSelect = command(.query, "SELECT c FROM sbtest1 WHERE id=4711")

    /// The answer: one column, and so many rows of 120 bytes.
    static func answer(rows: Int) -> [UInt8] {
        let column = ColumnDefinition(name: "c", type: .string, table: "sbtest1").encode(capabilities: capabilities)
        let row = TextRow(values: [[UInt8](repeating: 0x37, count: 120)]).encode()
        let end = OKPacket(endsResult: true, status: .autocommit).encode(capabilities: capabilities)
        return packets([[1], column] + Array(repeating: row, count: rows) + [end], from: 1)
    }

    static func command(_ command: Command, _ text: String) -> [UInt8] { packets([[command.rawValue] + text.utf8]) }

    static func packets(_ payloads: [[UInt8]], from sequence: UInt8 = 0) -> [UInt8] {
        var writer = PacketWriter(sequence: sequence)
        for payload in payloads { writer.append(payload) }
        return writer.take()
    }
}
