internal import EventLoop
internal import Glibc

/// The file that tells which process serves (`--pid-file`).
struct PidFile {
    private let path: String

    /// A file that is to be written at `path`.
    ///
    /// - Throws: ``ConfigurationError`` where the file names another process of this program that still runs.
    init(path: String) throws(ConfigurationError) {
        self.path = path
        guard let other = Self.pid(in: path), other != getpid(), Self.isOurProgram(other) else { return }
        throw ConfigurationError(
            "--pid-file: \(path) names process \(other), which is a running millrace; stop it or give another file")
    }

    /// Writes our number, all at once: a reader sees the old file or the new one, both whole.
    func write() throws(ConfigurationError) {
        let draft = "\(path).\(getpid())"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("write", errno) }
        let text = Array("\(getpid())\n".utf8)
        // The umask must not hide the file from who asks for our state.
        let isWritten = fchmod(descriptor, 0o644) == 0 && Glibc.write(descriptor, text, text.count) == text.count
        let code = errno
        close(descriptor)
        guard isWritten, rename(draft, path) == 0 else {
            let reason = isWritten ? errno : code
            unlink(draft)
            throw failure("write", reason)
        }
    }

    /// Removes the file where it still holds our number.
    func remove() throws(ConfigurationError) {
        guard Self.pid(in: path) == getpid() else { return }
        guard unlink(path) == 0 else { throw failure("remove", errno) }
    }

    /// Removes the file where it names a process that is gone.
    ///
    /// An angel does so for a worker that gave up the rights that removing takes.
    static func removeDead(at path: String) {
        guard let pid = pid(in: path), kill(pid, 0) != 0, errno == ESRCH else { return }
        unlink(path)
    }

    private func failure(_ what: String, _ code: Int32) -> ConfigurationError {
        ConfigurationError("--pid-file: can't \(what) \(path): \(SystemError.text(of: code))")
    }

    private static func pid(in path: String) -> pid_t? {
        guard let text = contents(of: path), let pid = pid_t(String(text.trimmingBlanks())), pid > 0 else { return nil }
        return pid
    }

    /// Whether the process lives and runs the same program, as far as its name tells.
    private static func isOurProgram(_ pid: pid_t) -> Bool {
        guard let name = contents(of: "/proc/\(pid)/comm") else { return false }
        return name == contents(of: "/proc/self/comm")
    }

    private static func contents(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}
