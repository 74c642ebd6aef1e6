internal import CLinux
internal import EventLoop
internal import Glibc

/// A signal that the process acts on.
public enum ProcessSignal: Equatable, Sendable {
    /// SIGTERM: drain.
    case terminate
    /// SIGINT: drain.
    case interrupt
    /// SIGHUP: reopen the log.
    case hangUp
    /// SIGUSR1: log the plugins' reports.
    case user1
    /// SIGUSR2: no meaning yet.
    case user2
    /// SIGCHLD: a child has changed; for the angel.
    case child

    /// The system's number of the signal.
    var number: Int32 {
        switch self {
        case .terminate: SIGTERM
        case .interrupt: SIGINT
        case .hangUp: SIGHUP
        case .user1: SIGUSR1
        case .user2: SIGUSR2
        case .child: SIGCHLD
        }
    }

    /// Sends the signal to this process, whose watch then gets it on the main thread.
    func sendToProcess() { kill(getpid(), number) }

    /// The signals that are watched by every process.
    static let watched: [Self] = [.terminate, .interrupt, .hangUp, .user1, .user2]
}

/// Delivers signals to ordinary code on the thread that waits, and lets other threads end the wait.
public final class SignalWatch: Sendable {
    /// What ended a wait.
    public enum Event: Equatable, Sendable {
        /// A signal has come.
        case signal(ProcessSignal)
        /// ``SignalWatch/wake()`` was called.
        case woken
        /// The time is over.
        case timedOut
    }

    private let signals: [ProcessSignal]
    private let signalDescriptor: Int32
    private let wakeDescriptor: Int32

    /// Watches the given signals, which are blocked for the calling thread and those that it starts.
    init(_ signals: [ProcessSignal] = ProcessSignal.watched) throws(ConfigurationError) {
        self.signals = signals
        var set = Self.block(signals)
        signalDescriptor = signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK))
        wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard signalDescriptor >= 0, wakeDescriptor >= 0 else {
            throw ConfigurationError("can't watch for signals: \(SystemError.text(of: errno))")
        }
    }

    deinit {
        close(signalDescriptor)
        close(wakeDescriptor)
    }

    /// Blocks the signals, to be called before the first thread starts, so that only a watch ever sees them.
    @discardableResult
    static func block(_ signals: [ProcessSignal] = ProcessSignal.watched) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal.number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        return set
    }

    /// Lets the signals have their usual effect again, for a process that only waits for its child.
    static func unblock(_ signals: [ProcessSignal] = ProcessSignal.watched) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal.number) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Ends the present wait or the next one; callable from every thread.
    public func wake() {
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Waits for a signal, a wake-up, or the end of `milliseconds`; nil waits for ever.
    public func wait(milliseconds: Int32? = nil) -> Event {
        var polled = [
            pollfd(fd: signalDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let count = poll(&polled, nfds_t(polled.count), milliseconds ?? -1)
            if let signal = nextSignal() { return .signal(signal) }
            if takeWake() { return .woken }
            if count == 0 { return .timedOut }
        }
    }

    private func nextSignal() -> ProcessSignal? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard read(signalDescriptor, &info, size) == size else { return nil }
        return signals.first { $0.number == Int32(bitPattern: info.ssi_signo) }
    }

    private func takeWake() -> Bool {
        var count: UInt64 = 0
        return read(wakeDescriptor, &count, MemoryLayout<UInt64>.size) > 0
    }
}
