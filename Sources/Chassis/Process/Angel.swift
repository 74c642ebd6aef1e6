internal import CLinux
internal import EventLoop
internal import Glibc
internal import PluginAPI

/// The parent that restarts a crashed worker (`--keepalive`).
struct Angel {
    /// Who is running after the fork.
    enum Side {
        /// The worker, with the way to tell of its start-up.
        case worker(StartupReport)
        /// The angel, whose worker has ended for good, with the exit code for both.
        case finished(exitCode: Int32)
    }

    /// The pause before a restart.
    static let pauseMilliseconds: Int32 = 2000

    private let log: ProcessLog
    private let watch: SignalWatch
    private var isStopping = false

    /// Forks workers until one ends by itself or a signal asks for the end; to be called before threads exist.
    ///
    /// - Parameter leavesTerminal: whether the angel runs in the background and lets go of the terminal.
    static func keepAlive(log: ProcessLog, leavesTerminal: Bool, background: StartupReport?) throws(ConfigurationError)
        -> Side
    {
        var angel = Angel(log: log, watch: try SignalWatch(ProcessSignal.watched + [.child]))
        while true {
            let started = try StartupPipe()
            let worker = millrace_fork()
            guard worker >= 0 else {
                throw ConfigurationError("--keepalive: can't fork: \(SystemError.text(of: errno))")
            }
            guard worker > 0 else {
                setpgid(0, 0)
                return .worker(started.report())
            }
            // A process group of its own: Ctrl-C reaches the angel only, which then passes it on, once.
            setpgid(worker, worker)
            background?.abandon()
            if leavesTerminal { Daemon.leaveTerminal() }
            if let code = angel.attend(worker, started: started) { return .finished(exitCode: code) }
        }
    }

    private init(log: ProcessLog, watch: SignalWatch) {
        self.log = log
        self.watch = watch
    }

    /// Passes signals on until the worker has ended.
    ///
    /// - Returns: the exit code for the angel, or nil where the worker shall be started again.
    private mutating func attend(_ worker: pid_t, started: consuming StartupPipe) -> Int32? {
        let status = waitForEnd(of: worker)
        let signal = status & 0x7f
        guard signal != 0 else { return (status >> 8) & 0xff }
        let hadStarted = started.outcome() == .succeeded
        guard hadStarted, !isStopping else {
            log.log(.critical, "worker \(worker) died of signal \(signal)\(isStopping ? "" : " during its start-up")")
            return 128 + signal
        }
        log.log(.critical, "worker \(worker) died of signal \(signal); a new one starts in 2 seconds")
        return pause() ? nil : 0
    }

    private mutating func waitForEnd(of worker: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(worker, &status, WNOHANG) != worker {
            guard case .signal(let signal) = watch.wait() else { continue }
            noteSignal(signal)
            if signal != .child { kill(worker, signal.number) }
        }
        return status
    }

    private mutating func noteSignal(_ signal: ProcessSignal) {
        switch signal {
        case .terminate, .interrupt: isStopping = true
        case .hangUp: log.reopen()
        case .user1, .user2, .child: break
        }
    }

    /// Waits before a restart.
    ///
    /// - Returns: whether the restart is still wanted.
    private mutating func pause() -> Bool {
        while true {
            switch watch.wait(milliseconds: Self.pauseMilliseconds) {
            case .timedOut, .woken: return true
            case .signal(let signal):
                noteSignal(signal)
                if isStopping { return false }
            }
        }
    }
}
