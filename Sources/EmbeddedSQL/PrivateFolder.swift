import Foundation

/// A folder in the machine's memory, where it has one, that nobody else may look into.
package struct PrivateFolder: Sendable {
    /// Where it is.
    package let path: String

    /// Makes a folder with a name that nobody has.
    package init() throws {
        let manager = FileManager.default
        let memory = manager.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        path = memory + "/millrace-" + UUID().uuidString
        try manager.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    /// Removes it with all that is in it.
    package func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
