internal import Glibc
internal import PluginAPI

/// Makes the serving part of the process from its configuration; opens nothing yet.
public typealias RuntimeFactory = (Configuration, ProcessLog) throws -> any Runtime

/// The program, from its command line to its exit code.
public enum Millrace {
    /// Runs the program: answers help and version, or starts, serves until a signal, and ends.
    ///
    /// - Parameter arguments: the words after the program's name.
    /// - Returns: the exit code: 0 after an orderly stop, help and version; 1 after a failure to start.
    public static func main(registry: PluginRegistry, arguments: [String], makeRuntime: RuntimeFactory) -> Int32 {
        do {
            switch try Invocation(arguments: arguments, registry: registry, executable: executablePath()) {
            case .answer(let text):
                print(text, terminator: "")
                return 0
            case .run(let configuration):
                return try run(configuration, makeRuntime)
            }
        } catch {
            writeToStandardError("millrace: \(error)\n")
            return 1
        }
    }

    /// Splits the process as `--daemon` and `--keepalive` ask, and lets the innermost one work.
    private static func run(_ configuration: Configuration, _ makeRuntime: RuntimeFactory) throws -> Int32 {
        let options = configuration.main
        signal(SIGPIPE, SIG_IGN)
        // Here is still one thread; all later ones inherit its mask, and no child loses a signal before it watches.
        SignalWatch.block()
        if let user = options.user { _ = try UserAccount(named: user) }
        let log = try ProcessLog(options: options)
        for note in configuration.notes { log.log(note.level, note.text) }
        if options.daemon && options.logFile == nil && !options.logUseSyslog {
            log.log(.warning, "--daemon without --log-file or --log-use-syslog: nobody will see the log")
        }

        var reports: [StartupReport] = []
        if options.daemon {
            switch try Daemon.detach() {
            case .parent(let code): return code
            case .background(let report): reports.append(report)
            }
        }
        if options.keepalive {
            switch try Angel.keepAlive(log: log, leavesTerminal: options.daemon, background: reports.first) {
            case .finished(let code):
                if let path = options.pidFile { PidFile.removeDead(at: path) }
                return code
            case .worker(let report): reports.append(report)
            }
        }
        return Worker(configuration, log: log, reports: reports).run(makeRuntime)
    }

    /// The real path of the program's file.
    static func executablePath() -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return "/" }
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
