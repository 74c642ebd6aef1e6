import EventLoop
import MySQLWire
import PluginAPI
import Pooling

/// A backend connection that no session uses: authenticated, idle, watched.
final class ParkedConnection: StreamHandler {
    let stream: ByteStream
    /// Counts the parkings of the loop: a smaller number has waited longer.
    let number: UInt64
    let backend: Backend
    let link: BackendLink
    private unowned let pool: ParkedConnections

    init(_ stream: ByteStream, number: UInt64, backend: Backend, link: BackendLink, in pool: ParkedConnections) {
        self.stream = stream
        self.number = number
        self.backend = backend
        self.link = link
        self.pool = pool
        super.init()
        stream.handler = self
    }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        let said = try? ErrorPacket(decoding: bytes.extracting(min(PacketHeader.size, bytes.count)...))
        pool.lost(self, .warning, "it has spoken unasked: \(said?.error.message ?? "\(bytes.count) bytes")")
        return bytes.count
    }

    override func ended(_ stream: ByteStream, _ reason: EndReason) {
        pool.lost(self, .info, "\(reason)")
    }

    override func deadlinePassed(_ now: MonotonicTime) {
        pool.close(self)
    }

    /// Says goodbye and closes.
    func quit() {
        let quit: [UInt8] = [1, 0, 0, 0, Command.quit.rawValue]
        stream.send(quit.span)
        stream.closeAfterSending(lingering: .seconds(5))
    }
}
