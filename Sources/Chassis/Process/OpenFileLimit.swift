internal import EventLoop
internal import Glibc

/// The limit of open descriptors (`--max-open-files`).
enum OpenFileLimit {
    /// Raises the limit to the hard one, which is what the process may have: usual limits are for programs that call select.
    static func raise() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Sets the limit; raises the hard limit too where it is below.
    static func set(_ count: Int) throws(ConfigurationError) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let old = limit.rlim_max
        limit.rlim_cur = rlim_t(count)
        limit.rlim_max = max(old, limit.rlim_cur)
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw ConfigurationError(
                "--max-open-files=\(count): \(SystemError.text(of: errno)); the hard limit is \(old): "
                    + "give less, start as root, or raise it (ulimit -Hn, or LimitNOFILE= in a systemd unit)")
        }
    }
}
