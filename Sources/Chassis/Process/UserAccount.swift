internal import EventLoop
internal import Glibc

/// The user whose rights the process takes on (`--user`).
struct UserAccount {
    private let name: String
    private let user: uid_t
    private let group: gid_t

    /// Looks the user up.
    ///
    /// - Throws: ``ConfigurationError`` where we aren't root or nobody has that name.
    init(named name: String) throws(ConfigurationError) {
        guard geteuid() == 0 else {
            throw ConfigurationError("--user=\(name) needs root; start as root or leave the option out")
        }
        guard let entry = getpwnam(name) else {
            throw ConfigurationError("--user: there is no user '\(name)'; see getent passwd")
        }
        self.name = name
        user = entry.pointee.pw_uid
        group = entry.pointee.pw_gid
    }

    /// Gives root's rights up for good: the log goes to the user, then groups, group and user change.
    func takeOn(log: ProcessLog) throws(ConfigurationError) {
        try log.giveTo(user: user, group: group)
        guard initgroups(name, group) == 0, setgid(group) == 0, setuid(user) == 0 else {
            throw ConfigurationError("--user: can't become '\(name)': \(SystemError.text(of: errno))")
        }
    }
}
