import Glibc
import Locking

/// The files that a script consists of, as they were when they were read.
final class ScriptFiles: Sendable {
    /// What tells one content of a file from another.
    private struct Stamp: Equatable {
        let seconds: Int
        let nanoseconds: Int
        let size: Int
        let inode: UInt

        /// Nil where there is no such file.
        init?(of path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
            size = Int(status.st_size)
            inode = UInt(status.st_ino)
        }
    }

    private let stamps = Lock<[String: Stamp?]>([:])

    /// A file is about to be read; callable from every loop.
    func opened(_ path: String) {
        let stamp = Stamp(of: path)
        stamps.withLock { stamps in
            // A loop that reads the file later doesn't hide a change from those that have read it before.
            if stamps[path] == nil { stamps[path] = .some(stamp) }
        }
    }

    /// A file that isn't what it was when it was read; nil if all are.
    func changed() -> String? {
        stamps.withLock { stamps in
            stamps.first { path, stamp in Stamp(of: path) != stamp }?.key
        }
    }

    /// Takes every file as it is now, and those of `others` as well.
    func refresh(with others: ScriptFiles? = nil) {
        let more = others?.stamps.withLock { Array($0.keys) } ?? []
        stamps.withLock { stamps in
            for path in Array(stamps.keys) + more { stamps[path] = .some(Stamp(of: path)) }
        }
    }
}
