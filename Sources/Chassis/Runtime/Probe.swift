import EventLoop

/// A connection made to learn whether a server answers.
///
/// The server's first byte is waited for: a host that forwards a port takes connections for a dead server as well.
final class Probe: StreamHandler {
    private var completion: ((Bool) -> Void)?

    init(completion: @escaping (Bool) -> Void) {
        self.completion = completion
    }

    override func received(_ bytes: Span<UInt8>, on stream: ByteStream) -> Int {
        stream.close()
        finish(true)
        return bytes.count
    }

    override func ended(_ stream: ByteStream, _ reason: EndReason) {
        finish(false)
    }

    private func finish(_ isReachable: Bool) {
        let completion = completion
        self.completion = nil
        completion?(isReachable)
    }
}
