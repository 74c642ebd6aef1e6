internal import Glibc
internal import PluginAPI
internal import Pooling

/// The process that serves: the only one, or the innermost of those that `--daemon` and `--keepalive` make.
struct Worker {
    private let options: MainOptions
    private let configuration: Configuration
    private let log: ProcessLog
    private let reports: [StartupReport]
    private let notifier = ServiceNotifier()

    /// Threads that don't end although their time is over are left behind after this many milliseconds more.
    private static let graceMilliseconds = 5000.0

    init(_ configuration: Configuration, log: ProcessLog, reports: [StartupReport]) {
        options = configuration.main
        self.configuration = configuration
        self.log = log
        self.reports = reports
    }

    /// Starts, serves, ends.
    ///
    /// - Returns: the exit code.
    func run(_ makeRuntime: RuntimeFactory) -> Int32 {
        let code: Int32
        do {
            code = try serve(makeRuntime)
        } catch {
            tellFailure("\(error)")
            code = 1
        }
        log.log(options.verboseShutdown ? .critical : .message, "millrace ends with exit code \(code)")
        return code
    }

    /// Tells whoever started us: by the pipe of `--daemon`, else by standard error; and the log, if it is elsewhere.
    private func tellFailure(_ reason: String) {
        let isLogElsewhere = options.logFile != nil || options.logUseSyslog
        if isLogElsewhere { log.log(.error, reason) }
        if !options.daemon { writeToStandardError("millrace: \(reason)\n") }
        for report in reports { report.failed(reason) }
    }

    private func serve(_ makeRuntime: RuntimeFactory) throws -> Int32 {
        let user = try options.user.map { name throws(ConfigurationError) in try UserAccount(named: name) }
        let pidFile = try options.pidFile.map { path throws(ConfigurationError) in try PidFile(path: path) }
        if options.maxOpenFiles > 0 { try OpenFileLimit.set(options.maxOpenFiles) } else { OpenFileLimit.raise() }
        let watch = try SignalWatch()
        let runtime = try makeRuntime(configuration, log)
        try runtime.openPorts()
        try pidFile?.write()
        defer { remove(pidFile) }
        try user?.takeOn(log: log)
        try runtime.start(ended: { watch.wake() })
        tellStarted()
        if attend(runtime, watch) { runtime.join() }
        return 0
    }

    private func remove(_ pidFile: PidFile?) {
        do {
            try pidFile?.remove()
        } catch {
            log.log(.info, "\(error)")
        }
    }

    private func tellStarted() {
        for plugin in configuration.plugins { log.log(.message, "plugin \(plugin.name) started") }
        // Before the log says so: from then on an angel restarts the process if it dies.
        for report in reports { report.succeeded() }
        log.log(.message, "millrace \(millraceVersion) is ready as process \(getpid())")
        notifier?.ready()
        if options.daemon { Daemon.leaveTerminal() }
    }

    /// Acts on signals until the runtime has ended.
    ///
    /// - Returns: whether it has; false where it was told to and did not.
    private func attend(_ runtime: any Runtime, _ watch: SignalWatch) -> Bool {
        var stops = 0
        while true {
            switch watch.wait(milliseconds: patience(stops: stops)) {
            case .woken: return true
            case .timedOut:
                log.log(.critical, "the event loops did not end in their time; they are cut off")
                return false
            case .signal(.hangUp):
                log.reopen()
                runtime.hangUp()
            case .signal(.terminate), .signal(.interrupt):
                stops += 1
                stop(runtime, isFirst: stops == 1)
            case .signal(.user1): runtime.report()
            case .signal(.user2), .signal(.child): break
            }
        }
    }

    /// Milliseconds in which the runtime must have ended; nil while nobody has told it to.
    private func patience(stops: Int) -> Int32? {
        guard stops > 0 else { return nil }
        let drain = stops == 1 ? options.shutdownTimeout * 1000 : 0
        return Int32(min(drain + Self.graceMilliseconds, Double(Int32.max)))
    }

    private func stop(_ runtime: any Runtime, isFirst: Bool) {
        guard isFirst else {
            log.log(.message, "second signal: every session is closed now")
            return runtime.endAtOnce()
        }
        log.log(
            .message, "draining: sessions have \(options.shutdownTimeout) s to end; a second signal ends them at once")
        notifier?.stopping()
        runtime.drain(timeout: .seconds(options.shutdownTimeout))
    }
}
