import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import TestSupport

/// A server that answers queries as their first word says; what it is spoken to by is up to who has it.
final class ScriptedServer {
    static let capabilities: Capabilities = [
        .longPassword, .longFlag, .connectWithSchema, .localFiles, .protocol41, .transactions, .secureConnection,
        .multiStatements, .multiResults, .preparedMultiResults, .pluginAuth, .deprecateEOF,
    ]

    /// The payloads of the commands that have come.
    private(set) var commands: [[UInt8]] = []
    private let loop: SimulatedLoop
    private let send: ([UInt8]) -> Void
    private let close: () -> Void
    private var joiner = PacketJoiner(expectedSequence: 1)
    private var isLoggedIn = false
    private var file: [UInt8]?
    private var isClosed = false

    init(loop: SimulatedLoop, send: @escaping ([UInt8]) -> Void, close: @escaping () -> Void) {
        self.loop = loop
        self.send = send
        self.close = close
    }

    /// The texts of the commands that have come.
    var texts: [String] { commands.map { String(decoding: $0.dropFirst().prefix(60), as: UTF8.self) } }

    func begin() {
        let greeting = Greeting(
            serverVersion: "5.5.5-10.11.6-MariaDB", connectionID: 7, scramble: [UInt8](repeating: 0x41, count: 20),
            capabilities: Self.capabilities, collation: 45, status: .autocommit, authMethod: "mysql_native_password")
        var writer = PacketWriter()
        writer.append(greeting.encode())
        send(writer.take())
    }

    func received(_ bytes: Span<UInt8>) -> Int {
        var offset = 0
        do {
            while let packet = try joiner.next(in: bytes, from: &offset) { take(packet.payload, packet.sequence) }
        } catch {
            commands.append(Array(" broken packet: \(error)".utf8))
        }
        return offset
    }

    private func take(_ payload: [UInt8], _ sequence: UInt8) {
        guard !isClosed else { return }
        joiner.expectedSequence = 0
        guard isLoggedIn else {
            isLoggedIn = true
            return send(Self.answer("OK", after: sequence))
        }
        if file != nil { return takeFile(payload, sequence) }
        commands.append(payload)
        let command = Command(rawValue: payload.first ?? 0)
        guard !command.hasNoAnswer, command != .quit else { return }
        let text = String(decoding: payload.dropFirst(), as: UTF8.self)
        switch text.prefix(while: { $0 != " " }) {
        case "DIE": hangUp()
        case "HALF":
            let answer = Self.answer("ROWS", after: sequence)
            send(Array(answer.prefix(answer.count - 5)))
            hangUp()
        case "NEVER": break
        case "FILE":
            file = []
            joiner.expectedSequence = sequence &+ 2
            var writer = PacketWriter(sequence: sequence &+ 1)
            writer.append([0xFB] + Array("name".utf8))
            send(writer.take())
        default: send(Self.answer(text, after: sequence, length: payload.count))
        }
    }

    private func takeFile(_ payload: [UInt8], _ sequence: UInt8) {
        if payload.isEmpty {
            send(Self.answer("OK", after: sequence, length: file?.count ?? 0))
            file = nil
        } else {
            file? += payload
            joiner.expectedSequence = sequence &+ 1
        }
    }

    func hangUp() {
        isClosed = true
        close()
    }

    /// The packets that answer a query.
    static func answer(_ text: String, after sequence: UInt8 = 0, length: Int = 0) -> [UInt8] {
        var writer = PacketWriter(sequence: sequence &+ 1)
        let words = text.split(separator: " ")
        switch words.first ?? "" {
        case "ROWS": appendRows(["one", "two"], .autocommit, to: &writer)
        case "BIG":
            let size = words.count > 1 ? Int(words[1]) ?? 0 : 0
            appendRows([String(repeating: "x", count: size)], .autocommit, to: &writer)
        case "SEVERAL":
            appendRows(["first"], [.autocommit, .moreResults], to: &writer)
            writer.append(OKPacket(affectedRows: 3, status: [.autocommit, .moreResults]), capabilities: capabilities)
            appendRows(["last"], .autocommit, to: &writer)
        case "ERR": writer.append(SQLError(code: 1146, state: "42S02", message: "no such table"))
        case "BEGIN": writer.append(OKPacket(status: [.autocommit, .inTransaction]), capabilities: capabilities)
        default:
            writer.append(OKPacket(affectedRows: UInt64(length), status: .autocommit), capabilities: capabilities)
        }
        return writer.take()
    }

    private static func appendRows(_ rows: [String], _ status: StatusFlags, to writer: inout PacketWriter) {
        writer.append(
            columns: [ColumnDefinition(name: "c", type: .varString)], status: status, capabilities: capabilities)
        for row in rows { writer.append(textRow: [Array(row.utf8)]) }
        writer.appendResultEnd(status: status, capabilities: capabilities)
    }
}

/// The scripted server at the end of a connection.
final class RemoteServer: StreamHandler {
    private(set) var script: ScriptedServer!

    init(_ stream: SimulatedStream, loop: SimulatedLoop) {
        super.init()
        script = ScriptedServer(loop: loop) { [unowned stream] in
            stream.send($0.span)
        } close: { [unowned stream] in
            stream.closeAfterSending(lingering: .seconds(1))
        }
    }

    func hangUp() { script.hangUp() }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int { script.received(bytes) }
}

/// The scripted server inside the process.
final class InsideServer: LocalServer {
    private(set) var script: ScriptedServer!
    private weak var client: (any LocalClient)?
    private var held: [UInt8] = []
    let pendingBytes = 0
    /// The orders that it has found when a command came.
    private(set) var orders: [(hostgroup: Int?, timeout: TimeSpan?)] = []
    private let session: Session

    init(_ session: Session, loop: SimulatedLoop) {
        self.session = session
        script = ScriptedServer(loop: loop) { [unowned self] in
            client?.deliver($0.span)
        } close: { [unowned self] in
            client?.hangUp()
        }
    }

    func begin(_ client: any LocalClient) {
        self.client = client
        script.begin()
    }

    func received(_ bytes: Span<UInt8>) {
        orders.append((session.hostgroup, session.orders.timeout))
        bytes.withUnsafeBufferPointer { held.append(contentsOf: $0) }
        let all = held
        let consumed = script.received(all.span)
        held = Array(all.dropFirst(consumed))
    }

    func clientPaused(_ isPaused: Bool) {}
    func ended() { client = nil }
}
