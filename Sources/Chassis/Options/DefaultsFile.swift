internal import EventLoop
internal import Glibc

/// The entries of a defaults file that are meant for us, in the order of the file.
struct DefaultsFile: Equatable {
    /// `key = value` in one of our groups.
    struct Entry: Equatable {
        /// The long option's name, with dashes.
        var key: String
        /// The value without its quotes and the blanks around it.
        var value: String
        /// Whether the value was in quotes, and so is one value although it has commas.
        var isQuoted: Bool
        /// The line, from 1.
        var line: Int
    }

    /// The groups that are read; others belong to other programs.
    static let groups: Set<String> = ["millrace", "mysql-proxy"]

    /// The file's path, for messages.
    var path: String
    /// The entries of our groups.
    var entries: [Entry]

    /// An empty file, for a run without one.
    static let none = Self(path: "", entries: [])

    /// Where an entry stands.
    func location(of entry: Entry) -> String { "\(path):\(entry.line)" }
}

extension DefaultsFile {
    /// Parses a file's text.
    init(path: String, text: String) throws(ConfigurationError) {
        self.init(path: path, entries: [])
        var group: String?
        // Swift sees "\r\n" as one character, so files from elsewhere split as well.
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = (number: index + 1, text: line.trimmingBlanks())
            guard let first = line.text.first, first != "#", first != ";" else { continue }
            if first == "[" {
                group = try groupName(line.text, line: line.number)
                continue
            }
            guard let group else {
                throw error(line.number, "'\(line.text)' stands before any group; begin the file with [millrace]")
            }
            guard Self.groups.contains(group) else { continue }
            entries.append(try entry(line.text, line: line.number))
        }
    }

    private func error(_ line: Int, _ problem: String) -> ConfigurationError {
        ConfigurationError("\(path):\(line): \(problem)")
    }

    private func groupName(_ text: Substring, line: Int) throws(ConfigurationError) -> String {
        guard text.hasSuffix("]"), text.count > 2 else {
            throw error(line, "'\(text)' is not a group; write it as [millrace]")
        }
        return String(text.dropFirst().dropLast().trimmingBlanks())
    }

    private func entry(_ text: Substring, line: Int) throws(ConfigurationError) -> Entry {
        guard let equals = text.firstIndex(of: "=") else {
            throw error(line, "'\(text)' is not an option; write it as name = value")
        }
        let key = String(text[..<equals].trimmingBlanks().map { $0 == "_" ? "-" : $0 })
        guard !key.isEmpty else { throw error(line, "the name before '=' is missing") }
        let raw = text[text.index(after: equals)...].trimmingBlanks()
        guard let quote = raw.first, quote == "\"" || quote == "'" else {
            return Entry(key: key, value: String(raw), isQuoted: false, line: line)
        }
        guard raw.count >= 2, raw.last == quote else {
            throw error(line, "the quote of the value of '\(key)' is not closed")
        }
        return Entry(key: key, value: String(raw.dropFirst().dropLast()), isQuoted: true, line: line)
    }
}

extension DefaultsFile {
    /// Reads a file, which may hold passwords and so must be closed to others.
    init(reading path: String) throws(ConfigurationError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw ConfigurationError("--defaults-file: can't open \(path): \(SystemError.text(of: errno))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw ConfigurationError("--defaults-file: \(path) is not a regular file")
        }
        guard status.st_mode & 0o007 == 0 else {
            throw ConfigurationError(
                "--defaults-file: others have access to \(path), which may hold passwords; run: chmod 660 \(path)")
        }
        try self.init(path: path, text: String(decoding: Self.contents(of: descriptor, path), as: UTF8.self))
    }

    private static func contents(of descriptor: Int32, _ path: String) throws(ConfigurationError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw ConfigurationError("--defaults-file: can't read \(path): \(SystemError.text(of: errno))")
            }
            guard count > 0 else { return bytes }
            bytes += chunk.prefix(count)
        }
    }
}

extension StringProtocol {
    /// The text without blanks at both ends.
    func trimmingBlanks() -> SubSequence {
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return self[endIndex...] }
        return self[first...last]
    }
}
