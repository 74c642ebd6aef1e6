internal import CLinux
internal import EventLoop
internal import Glibc

/// Going to the background (`--daemon`).
enum Daemon {
    /// Who is running after the fork.
    enum Side {
        /// The process that the user started, which ends with this exit code.
        case parent(exitCode: Int32)
        /// The process in the background, which must tell how its start-up went.
        case background(StartupReport)
    }

    /// Forks twice, so that the background process has no terminal and can't get one.
    ///
    /// To be called before the process has threads. The parent returns when the background process has told how its
    /// start-up went, and has then written a failure's reason to standard error.
    static func detach() throws(ConfigurationError) -> Side {
        let pipe = try StartupPipe()
        switch millrace_fork() {
        case -1:
            throw ConfigurationError("--daemon: can't fork: \(SystemError.text(of: errno))")
        case 0:
            setsid()
            let second = millrace_fork()
            guard second == 0 else { _exit(second > 0 ? 0 : 1) }
            _ = chdir("/")
            umask(0o027)
            return .background(pipe.report())
        case let child:
            SignalWatch.unblock()
            var status: Int32 = 0
            while waitpid(child, &status, 0) < 0, errno == EINTR {}
            return .parent(exitCode: exitCode(of: pipe.outcome()))
        }
    }

    private static func exitCode(of outcome: StartupPipe.Outcome) -> Int32 {
        switch outcome {
        case .succeeded: return 0
        case .failed(let reason): writeToStandardError("millrace: \(reason)\n")
        case .silent: writeToStandardError("millrace: the background process died during its start-up\n")
        }
        return 1
    }

    /// Lets go of the terminal; to be called once the start-up has succeeded.
    static func leaveTerminal() {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { return }
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] { dup2(null, descriptor) }
        if null > STDERR_FILENO { close(null) }
    }
}

/// Writes text to standard error as it is.
func writeToStandardError(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
