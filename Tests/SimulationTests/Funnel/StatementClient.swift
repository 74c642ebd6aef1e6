import EventLoop
import MySQLWire
import Pooling
import TestSupport

/// A client that logs in without a password, and asks one thing after the other.
final class StatementClient: StreamHandler {
    /// What tests want to know of an answer.
    enum Answer {
        case done
        case failed(SQLError)
        /// The last row's first value; nil for NULL.
        case value(String?)
    }

    private var stream: ByteStream?
    private var joiner = PacketJoiner()
    private var isGreeted = false
    private var packets: [[UInt8]] = []
    /// Nil while it is awaited.
    private(set) var answer: Answer?

    init(loop: SimulatedLoop) {
        super.init()
        stream = loop.connect(to: FunnelStage.proxy, timeout: .seconds(5), handler: self, tag: 0)
    }

    func send(_ payload: [UInt8]) {
        (answer, packets) = (nil, [])
        var writer = PacketWriter()
        writer.append(payload)
        stream?.send(writer.take().span)
    }

    func hangUp() { stream?.close() }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        var offset = 0
        while let packet = try? joiner.next(in: bytes, from: &offset) {
            joiner.expectedSequence = nil
            if isGreeted { take(packet.payload) } else { logIn(packet.payload) }
        }
        return offset
    }

    private func logIn(_ payload: [UInt8]) {
        isGreeted = true
        guard let greeting = try? Greeting(decoding: payload.span) else { return }
        let login = LoginRequest(
            capabilities: FunnelServer.capabilities.intersection(greeting.capabilities), collation: 45, user: "user",
            authResponse: [], schema: "test", authMethod: greeting.authMethod)
        var writer = PacketWriter(sequence: 1)
        writer.append(login.encode())
        stream?.send(writer.take().span)
    }

    private func take(_ payload: [UInt8]) {
        packets.append(payload)
        switch payload.first {
        case 0xFF: answer = (try? ErrorPacket(decoding: payload.span)).map { .failed($0.error) }
        case 0x00 where packets.count == 1: answer = .done
        case 0xFE where packets.count > 3: answer = .value(value(in: packets[packets.count - 2]))
        default: break
        }
    }

    private func value(in row: [UInt8]) -> String? {
        let values = (try? TextRow(decoding: row.span, columns: 1))?.values
        return values?.first.flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) }
    }
}
