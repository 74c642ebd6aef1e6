/// A place that breaks a tidy rule, printed as an editor can open it.
struct Offence: CustomStringConvertible, Equatable {
    let path: String
    let line: Int
    let what: String

    var description: String { "\(path):\(line): \(what)" }
}

/// The house rules that neither the compiler nor swift-format checks.
enum TidyRules {
    static let longestFile = 600
    static let longestFunction = 60

    /// Targets that do no I/O and read no clock.
    static let pureRings: Set = ["MySQLWire", "SQLText", "Pooling", "ProxyCore", "PluginAPI"]
    /// What pure rings may not import.
    static let impureModules: Set = [
        "Foundation", "FoundationEssentials", "Glibc", "Musl", "Logging", "CLinux", "Dispatch",
    ]
    /// Targets whose machines switch over our own enums and must name every case.
    static let exhaustiveRings: Set = ["ProxyCore", "Pooling"]

    /// What traps instead of throwing.
    static let traps = ["try!", "as!", "fatalError(", "preconditionFailure("]

    /// Where a trap is right, and why; a line that no longer traps must leave the list.
    static let allowedTraps: [AllowedTrap] = [
        AllowedTrap(
            path: "Sources/Streams/ByteStream.swift", code: "fatalError(",
            reason: "an abstract method: only a subclass that forgot to override it gets there, whatever peers send"),
        AllowedTrap(
            path: "Sources/EventLoop/Sockets/OwnedBytes.swift", code: "preconditionFailure(",
            reason: "no memory is left, which ends every Swift program; what peers may hold is bounded elsewhere"),
    ]

    /// Every rule on one file.
    static func offences(in file: SourceFile) -> [Offence] {
        [tooLong, longFunctions, impureImports, trapping, defaults, unfinished, undocumented].flatMap { $0(file) }
    }

    static func tooLong(_ file: SourceFile) -> [Offence] {
        let count = file.lines.last == "" ? file.lines.count - 1 : file.lines.count
        guard count > longestFile else { return [] }
        return [offence(file, longestFile, "the file has \(count) lines, \(longestFile) is the most")]
    }

    static func longFunctions(_ file: SourceFile) -> [Offence] {
        FunctionScanner.functions(in: file.code)
            .filter { $0.lineCount > longestFunction }
            .map {
                offence(file, $0.firstLine, "'\($0.name)' has \($0.lineCount) lines, \(longestFunction) is the most")
            }
    }

    static func impureImports(_ file: SourceFile) -> [Offence] {
        guard file.path.hasPrefix("Sources/"), pureRings.contains(file.target) else { return [] }
        return matches(file) { code in
            let words = code.split(whereSeparator: { !isWord($0) && $0 != "." })
            guard let keyword = words.firstIndex(of: "import"), keyword + 1 < words.count else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let module = words[(keyword + 1)...].first { !kinds.contains($0) }?.prefix { $0 != "." } ?? ""
            return impureModules.contains(String(module)) ? "a pure ring imports \(module)" : nil
        }
    }

    static func trapping(_ file: SourceFile) -> [Offence] {
        matches(file) { code in
            guard let trap = traps.first(where: { containsWord(code, $0) }) else { return nil }
            if allowedTraps.contains(where: { $0.path == file.path && code.contains($0.code) }) { return nil }
            return "'\(trap)' traps; throw, or allow it in TidyRules.allowedTraps with a reason"
        }
    }

    /// A switch over bytes can't name all its cases: it says so in a comment above the `default:`.
    static func defaults(_ file: SourceFile) -> [Offence] {
        guard file.path.hasPrefix("Sources/"), exhaustiveRings.contains(file.target) else { return [] }
        return matches(file) { code in
            let label = code.drop { $0 == " " }
            let isDefault = label.hasPrefix("default") && label.dropFirst(7).drop { $0 == " " }.hasPrefix(":")
            return isDefault || code.contains("@unknown default") ? "name the cases instead of 'default:'" : nil
        }.filter { $0.line < 2 || !file.lines[$0.line - 2].contains("// Open set:") }
    }

    static func unfinished(_ file: SourceFile) -> [Offence] {
        zip(file.lines.indices, file.lines).compactMap { index, line in
            guard let word = unfinishedWords.first(where: { containsWord(line, $0) }) else { return nil }
            return offence(file, index + 1, "'\(word)': finish it, or open an issue")
        }
    }

    /// Spelled in two parts, so that this file is not its own offender.
    static let unfinishedWords = ["TO" + "DO", "FIX" + "ME"]

    private static func matches(_ file: SourceFile, _ rule: (String) -> String?) -> [Offence] {
        zip(file.code.indices, file.code).compactMap { index, code in
            rule(code).map { offence(file, index + 1, $0) }
        }
    }

    static func offence(_ file: SourceFile, _ line: Int, _ what: String) -> Offence {
        Offence(path: file.path, line: line, what: what)
    }

    /// Whether `text` has `word` where no identifier goes on to its left or right.
    static func containsWord(_ text: String, _ word: String) -> Bool {
        let characters = Array(text)
        let wanted = Array(word)
        guard characters.count >= wanted.count else { return false }
        return (0...(characters.count - wanted.count)).contains { start in
            let end = start + wanted.count
            guard characters[start..<end].elementsEqual(wanted) else { return false }
            let goesOnLeft = start > 0 && isWord(characters[start - 1]) && isWord(wanted[0])
            let goesOnRight = end < characters.count && isWord(characters[end]) && isWord(wanted[wanted.count - 1])
            return !goesOnLeft && !goesOnRight
        }
    }

    static func isWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }
}

/// One line that may trap.
struct AllowedTrap {
    /// The file's path from the repository's root.
    let path: String
    /// A part of the line, enough to know it again.
    let code: String
    /// Why trapping is right there.
    let reason: String
}
