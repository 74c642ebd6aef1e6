public import ArgumentParser
internal import CLinux
public import EventLoop
public import PluginAPI

/// How log lines look.
public enum LogFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// `YYYY-MM-DD HH:MM:SS.mmm (level) text key=value`.
    case text
    /// One JSON object a line.
    case json
}

/// The options of the process itself; every one but `--defaults-file` may also stand in the defaults file.
public struct MainOptions: ParsableArguments, Sendable {
    /// The plugins to load, in order; an empty name stands for none.
    @Option(
        help: ArgumentHelp("Plugin to load; repeat it or separate by commas. Their order is kept.", valueName: "name"))
    public var plugins: [String] = []

    /// The file with default values of options.
    @Option(help: ArgumentHelp("Read options from FILE, group [millrace] or [mysql-proxy].", valueName: "file"))
    public var defaultsFile: String?

    /// The least important level that is logged.
    @Option(
        help: ArgumentHelp(
            "Least important lines to log: error, critical, warning, message, info or debug.", valueName: "level"),
        transform: { try LogLevel(word: $0) })
    public var logLevel: LogLevel = .message

    /// Where the log goes; nil means standard error.
    @Option(
        help: ArgumentHelp("Append the log to FILE in place of standard error; reopened on SIGHUP.", valueName: "file"),
        completion: .file())
    public var logFile: String?

    /// Whether the log goes to syslog.
    @Flag(help: "Log to syslog.")
    public var logUseSyslog = false

    /// How log lines look.
    @Option(help: ArgumentHelp("How log lines look.", valueName: "format"))
    public var logFormat: LogFormat = .text

    /// The file that gets the process's number.
    @Option(
        help: ArgumentHelp("Write the process id to FILE while the ports are open.", valueName: "file"),
        completion: .file())
    public var pidFile: String?

    /// Whether the process goes to the background.
    @Flag(help: "Go to the background once the ports are open.")
    public var daemon = false

    /// Whether a parent process restarts a crashed worker.
    @Flag(help: "Restart the proxy when it crashes.")
    public var keepalive = false

    /// The user whose rights the process takes on after opening its ports.
    @Option(help: ArgumentHelp("Run as this user once the ports are open; needs root.", valueName: "name"))
    public var user: String?

    /// The limit of open descriptors; 0 for the hard limit.
    @Option(help: ArgumentHelp("Limit of open files; 0 is the hard limit, all that it may have.", valueName: "count"))
    public var maxOpenFiles = 0

    /// Event-loop threads, at least 1.
    @Option(help: ArgumentHelp("Number of event-loop threads; one a core if not given.", valueName: "count"))
    public var eventThreads: Int = Int(millrace_cpu_count())

    /// What event loops hear of their sockets by.
    @Option(help: ArgumentHelp("What the event loops run on; auto is io_uring where it is allowed.", valueName: "name"))
    public var ioBackend: IOBackend = .auto

    /// The folder in front of relative paths; nil means the parent of the executable's folder.
    @Option(
        help: ArgumentHelp(
            """
            Absolute path in front of relative file names, unless the file is only in the current folder; the parent of \
            the executable's folder if not given.
            """,
            valueName: "dir"))
    public var basedir: String?

    /// mysql-proxy's folder of plugins, which has no meaning here.
    @Option(help: ArgumentHelp("Has no effect: plugins are built in.", valueName: "dir", visibility: .hidden))
    public var pluginDir: String?

    /// Templates of Lua files for `require`, tried before the library that comes with the program.
    @Option(
        help: ArgumentHelp(
            "Where scripts' modules are, before the library that comes along: FOLDER/?.lua;…", valueName: "templates"))
    public var luaPath: String?

    /// Templates of C libraries for `require`.
    @Option(
        help: ArgumentHelp(
            "Where scripts' modules in C are, before Lua's default: FOLDER/?.so;…", valueName: "templates"))
    public var luaCpath: String?

    /// Seconds that running queries and transactions are given to end.
    @Option(
        help: ArgumentHelp("Time that running queries and transactions get at shutdown.", valueName: "seconds"))
    public var shutdownTimeout = 30.0

    /// Whether the exit code is logged at level critical.
    @Flag(help: "Log the exit code at level critical, so that it always shows.")
    public var verboseShutdown = false

    /// Asks for every group of options; answered before the options are used.
    @Flag(help: "Show the options of every plugin as well.")
    var helpAll = false

    /// Asks for the version; answered before the options are used.
    @Flag(name: [.customShort("V"), .long], help: "Show the version and the built-in plugins.")
    var version = false

    /// The defaults.
    public init() {}

    /// Checks what the options' types can't express.
    public func validate() throws {
        try require(eventThreads >= 1, "--event-threads must be at least 1, not \(eventThreads)")
        try require(maxOpenFiles >= 0, "--max-open-files must be 0 or more, not \(maxOpenFiles)")
        try require(
            shutdownTimeout >= 0 && shutdownTimeout.isFinite,
            "--shutdown-timeout must be 0 seconds or more, not \(shutdownTimeout)")
        try require(
            logFile == nil || !logUseSyslog, "--log-use-syslog and --log-file exclude each other; give one of them")
        try require(basedir?.hasPrefix("/") ?? true, "--basedir must be an absolute path, not '\(basedir ?? "")'")
    }

    private func require(_ condition: Bool, _ problem: String) throws {
        guard condition else { throw ValidationError(problem) }
    }
}

extension IOBackend: ExpressibleByArgument {}

extension LogLevel {
    /// The word of `--log-level`.
    public var word: String { "\(self)" }

    /// The level that the word stands for.
    init(word: String) throws {
        guard let level = Self.allCases.first(where: { $0.word == word }) else {
            throw ValidationError("give one of " + Self.allCases.map(\.word).joined(separator: ", "))
        }
        self = level
    }
}
