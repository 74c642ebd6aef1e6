internal import CLinux
internal import EventLoop
internal import Glibc
import Locking

/// Where log lines go: standard error, a file that can be reopened, or syslog.
///
/// Every line is one write to a descriptor in append mode, so lines of several threads and processes never mix.
final class LogSink: Sendable {
    private enum Target: Sendable {
        case standardError
        case file(path: String)
        case syslog
    }

    private let target: Target
    private let descriptor: Lock<Int32>

    private init(_ target: Target, descriptor: Int32) {
        self.target = target
        self.descriptor = Lock(descriptor)
    }

    /// Lines go to standard error.
    static func standardError() -> LogSink {
        LogSink(.standardError, descriptor: STDERR_FILENO)
    }

    /// Lines go to syslog, under facility daemon.
    static func syslog() -> LogSink {
        // The name is a literal, which lives as long as the process; syslog(3) keeps the pointer.
        let name: StaticString = "millrace"
        name.withUTF8Buffer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { openlog($0.baseAddress, LOG_PID | LOG_NDELAY, LOG_DAEMON) }
        }
        return LogSink(.syslog, descriptor: -1)
    }

    /// Lines are appended to a file, which is made with mode 0660 where it doesn't exist.
    static func file(_ path: String) throws(ConfigurationError) -> LogSink {
        LogSink(.file(path: path), descriptor: try open(path))
    }

    deinit {
        if case .file = target { descriptor.withLock { _ = close($0) } }
    }

    private static func open(_ path: String) throws(ConfigurationError) -> Int32 {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o660)
        guard descriptor >= 0 else {
            throw ConfigurationError("--log-file: can't open \(path): \(SystemError.text(of: errno))")
        }
        return descriptor
    }

    /// Whether lines need no time of ours, because the receiver adds its own.
    var addsTime: Bool {
        if case .syslog = target { true } else { false }
    }

    /// Writes one line, which comes without its line feed.
    func write(_ line: String, syslogPriority: Int32) {
        if case .syslog = target {
            millrace_syslog(syslogPriority, line)
            return
        }
        var line = line
        line.append("\n")
        line.withUTF8 { bytes in
            descriptor.withLock { descriptor in
                // A line that can't be written has nowhere else to go.
                while Glibc.write(descriptor, bytes.baseAddress, bytes.count) < 0, errno == EINTR {}
            }
        }
    }

    /// Opens the file's path anew, for instance after a rename; the old file stays in use where that fails.
    func reopen() throws(ConfigurationError) {
        guard case .file(let path) = target else { return }
        let new = try Self.open(path)
        descriptor.withLock { descriptor in
            close(descriptor)
            descriptor = new
        }
    }

    /// Gives the file to another user, who must be able to reopen it.
    func giveTo(user: uid_t, group: gid_t) throws(ConfigurationError) {
        guard case .file(let path) = target else { return }
        guard descriptor.withLock({ fchown($0, user, group) }) == 0 else {
            throw ConfigurationError("--user: can't hand \(path) over: \(SystemError.text(of: errno))")
        }
    }
}
