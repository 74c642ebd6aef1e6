internal import EventLoop
internal import Glibc

/// The way in which a child tells its parent how its start-up went.
struct StartupPipe: ~Copyable {
    private let reading: Int32
    let writing: Int32

    /// A pipe for a parent and the child that it is about to fork.
    init() throws(ConfigurationError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw ConfigurationError("can't make a pipe: \(SystemError.text(of: errno))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        reading = ends[0]
        writing = ends[1]
    }

    /// What the child has told.
    enum Outcome: Equatable {
        /// The start-up succeeded.
        case succeeded
        /// The start-up failed, for this reason.
        case failed(String)
        /// The child died without a word.
        case silent
    }

    /// For the parent: waits until the child has told, or died.
    consuming func outcome() -> Outcome {
        close(writing)
        defer { close(reading) }
        var told: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1024)
        while true {
            let count = read(reading, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            told += chunk.prefix(count)
        }
        guard let first = told.first else { return .silent }
        return first == 0 ? .succeeded : .failed(String(decoding: told.dropFirst(), as: UTF8.self))
    }

    /// For the child: what it tells with.
    consuming func report() -> StartupReport {
        close(reading)
        return StartupReport(descriptor: writing)
    }
}

/// The child's end of a ``StartupPipe``; the first telling counts.
final class StartupReport {
    private var descriptor: Int32?

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit { abandon() }

    /// Tells that the ports are open.
    func succeeded() { tell([0]) }

    /// Tells why the start-up failed.
    func failed(_ reason: String) { tell([1] + Array(reason.utf8)) }

    /// Leaves the telling to another process that holds the pipe as well.
    func abandon() {
        if let descriptor { close(descriptor) }
        descriptor = nil
    }

    private func tell(_ bytes: [UInt8]) {
        guard let descriptor else { return }
        // The parent may be gone already; SIGPIPE is ignored.
        _ = write(descriptor, bytes, bytes.count)
        abandon()
    }
}
