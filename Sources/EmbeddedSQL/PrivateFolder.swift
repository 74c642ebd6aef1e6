import Foundation
import Glibc

/// A folder in the machine's memory, where it has one, that nobody else may look into.
///
/// A file in it stays locked as long as the process lives: who finds it unlocked knows that a killed process has left
/// the folder behind, whatever its number was and in whichever container it ran.
package struct PrivateFolder: Sendable {
    /// Where it is.
    package let path: String
    private let lock: Int32

    private static let prefix = "millrace-"
    private static let lockName = "/lock"

    /// Makes a folder with a name that nobody has, and removes those that killed processes of the same user have left.
    package init() throws {
        let manager = FileManager.default
        let memory = manager.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        try self.init(in: memory)
    }

    init(in parent: String) throws {
        Self.removeStale(in: parent)
        let name = Self.prefix + UUID().uuidString
        // Locked before it has the name that others look for.
        let draft = parent + "/." + name
        path = parent + "/" + name
        try FileManager.default.createDirectory(
            atPath: draft, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        lock = open(draft + Self.lockName, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0, rename(draft, path) == 0 else {
            let reason = String(cString: strerror(errno))
            try? FileManager.default.removeItem(atPath: draft)
            throw PrivateFolderError(path: path, reason: reason)
        }
    }

    /// Removes it with all that is in it.
    package func remove() {
        guard FileManager.default.fileExists(atPath: path) else { return }
        try? FileManager.default.removeItem(atPath: path)
        close(lock)
    }

    private static func removeStale(in parent: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where name.hasPrefix(prefix) {
            let path = parent + "/" + name
            guard isOwn(path), isUnlocked(path + lockName) else { continue }
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    /// Whether it is a folder, not a link to one, and this user's.
    private static func isOwn(_ path: String) -> Bool {
        var information = stat()
        return lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
            && information.st_uid == geteuid()
    }

    private static func isUnlocked(_ path: String) -> Bool {
        let file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return false }
        defer { close(file) }
        return flock(file, LOCK_EX | LOCK_NB) == 0
    }
}

/// The folder can't be made.
struct PrivateFolderError: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String { "the folder \(path) can't be made: \(reason)" }
}
