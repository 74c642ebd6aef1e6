import MySQLWire
import Testing

@testable import FunnelPlugin

@Suite("Answers to the funnel's own commands")
struct InternalAnswerTests {
    private static let capabilities: Capabilities = [
        .protocol41, .transactions, .deprecateEOF, .multiResults, .pluginAuth, .sessionTrack,
    ]

    private func read(_ writer: PacketWriter, to command: Command = .query) -> InternalAnswer {
        InternalAnswer(reading: writer.bytes.span, to: command, capabilities: Self.capabilities)
    }

    private func append(_ rows: [[String?]], _ names: [String], to writer: inout PacketWriter, isLast: Bool = true) {
        let columns = names.map { ColumnDefinition(name: $0, type: .varString) }
        writer.append(columns: columns, status: .autocommit, capabilities: Self.capabilities)
        for row in rows { writer.append(textRow: row.map { $0.map { Array($0.utf8) } }) }
        writer.appendResultEnd(
            status: isLast ? .autocommit : [.autocommit, .moreResults], capabilities: Self.capabilities)
    }

    @Test("an OK with what it tells")
    func okay() {
        var writer = PacketWriter(sequence: 1)
        writer.append(OKPacket(affectedRows: 3, lastInsertID: 9), capabilities: Self.capabilities)
        let answer = read(writer)
        #expect(answer.isOK)
        #expect(answer.ok?.affectedRows == 3)
        #expect(answer.ok?.lastInsertID == 9)
        #expect(answer.rows.isEmpty)
        #expect(answer.first == Array(writer.bytes[4...]))
    }

    @Test("an ERR")
    func error() {
        var writer = PacketWriter(sequence: 1)
        writer.append(SQLError(code: 1049, state: "42000", message: "Unknown database 'x'"))
        let answer = read(writer)
        #expect(!answer.isOK)
        #expect(answer.error == SQLError(code: 1049, state: "42000", message: "Unknown database 'x'"))
    }

    @Test("rows, with NULLs and with values that begin like other packets")
    func rows() {
        var writer = PacketWriter(sequence: 1)
        append([["a", nil], [nil, ""], [nil, nil]], ["x", "y"], to: &writer)
        let answer = read(writer)
        #expect(answer.columns.map(\.name) == ["x", "y"])
        #expect(answer.rows == [[Array("a".utf8), nil], [nil, []], [nil, nil]])
        #expect(answer.ok?.status == .autocommit)
    }

    @Test("of several results the last one's rows, and the first one's error")
    func several() {
        var writer = PacketWriter(sequence: 1)
        writer.append(OKPacket(status: [.autocommit, .moreResults]), capabilities: Self.capabilities)
        append([["1"], ["2"]], ["old"], to: &writer, isLast: false)
        append([["3"]], ["new"], to: &writer, isLast: false)
        writer.append(SQLError(code: 1054, message: "Unknown column"))
        let answer = read(writer)
        #expect(answer.columns.map(\.name) == ["new"])
        #expect(answer.rows == [[Array("3".utf8)]])
        #expect(answer.error?.code == 1054)
    }

    @Test("a prepared statement's id and parameters, whatever definitions follow")
    func prepared() {
        var writer = PacketWriter(sequence: 1)
        let definitions = (0..<2).map { ColumnDefinition(name: "c\($0)", type: .long) }
        writer.append(
            preparedStatement: 0x0102_0304, parameters: definitions, columns: definitions, status: .autocommit,
            capabilities: Self.capabilities)
        let answer = read(writer, to: .prepare)
        #expect(answer.isOK)
        #expect(answer.statementID == 0x0102_0304)
        #expect(answer.parameters == 2)
    }

    @Test("a row longer than a packet")
    func longRow() {
        let long = [UInt8](repeating: 0x41, count: PacketHeader.maximumPayload + 10)
        var writer = PacketWriter(sequence: 1)
        writer.append(
            columns: [ColumnDefinition(name: "x", type: .varString)], status: .autocommit,
            capabilities: Self.capabilities)
        writer.append(textRow: [long])
        writer.appendResultEnd(status: .autocommit, capabilities: Self.capabilities)
        let answer = read(writer)
        #expect(answer.rows.count == 1)
        #expect(answer.rows.first?.first == long)
        #expect(answer.ok != nil)
    }

    @Test("nothing, and cut or senseless packets, trap nowhere")
    func broken() {
        var writer = PacketWriter(sequence: 1)
        append([["a", nil]], ["x", "y"], to: &writer)
        let whole = writer.bytes
        for length in 0..<whole.count {
            for byte in [UInt8](arrayLiteral: 0x00, 0x01, 0xFB, 0xFC, 0xFE, 0xFF) {
                var bytes = Array(whole[..<length])
                if length > 4 { bytes[length - 1] = byte }
                for command in [Command.query, .prepare, .ping] {
                    let answer = InternalAnswer(
                        reading: bytes.span, to: command, capabilities: Self.capabilities)
                    #expect(answer.rows.count <= 1)
                }
            }
        }
    }
}
