internal import Glibc
public import Logging
public import PluginAPI

/// The log of the process: where it goes, from which level on, and how lines look.
public final class ProcessLog: Sendable {
    /// The least important level that is logged.
    public let level: LogLevel

    private let sink: LogSink
    private let handler: ChassisLogHandler

    /// A log that goes to `sink`.
    init(sink: LogSink, level: LogLevel, format: LogFormat) {
        self.sink = sink
        self.level = level
        handler = ChassisLogHandler(sink: sink, format: format, logLevel: level.loggingLevel)
    }

    /// The log that the options ask for.
    ///
    /// - Throws: ``ConfigurationError`` where the log file can't be opened.
    public convenience init(options: MainOptions) throws(ConfigurationError) {
        let sink: LogSink =
            if options.logUseSyslog {
                .syslog()
            } else if let path = options.logFile {
                try .file(path)
            } else {
                .standardError()
            }
        self.init(sink: sink, level: options.logLevel, format: options.logFormat)
    }

    /// Whether lines of the level are logged; others cost this comparison only.
    public func isLogged(_ level: LogLevel) -> Bool {
        level.rawValue <= self.level.rawValue
    }

    /// Writes a line; neither text nor fields are made where the level isn't logged.
    public func log(
        _ level: LogLevel, _ text: @autoclosure () -> String, _ fields: @autoclosure () -> Logger.Metadata = [:]
    ) {
        guard isLogged(level) else { return }
        handler.log(
            event: LogEvent(
                level: level.loggingLevel, message: "\(text())", metadata: fields(), source: "millrace",
                file: "", function: "", line: 0))
    }

    /// A logger of swift-log over this log, for libraries that want one.
    public func makeLogger(label: String) -> Logger {
        Logger(label: label) { [handler] _ in handler }
    }

    /// Opens the log file anew, for instance after it was renamed; a failure goes to the old file.
    public func reopen() {
        do {
            try sink.reopen()
        } catch {
            log(.critical, "the log goes on in the old file: \(error)")
        }
    }

    /// Gives the log file to the user that the process will become.
    func giveTo(user: uid_t, group: gid_t) throws(ConfigurationError) {
        try sink.giveTo(user: user, group: group)
    }
}
