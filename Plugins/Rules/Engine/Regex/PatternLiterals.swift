/// Finds text that every match of a regular expression contains; letters in lower case.
///
/// It knows the plain part of PCRE2's syntax. Whatever it doesn't know makes it answer that there is none, which costs
/// time and changes no result.
struct PatternLiterals {
    private var pattern: ArraySlice<UInt8>
    private var runs: [[UInt8]] = []
    private var run: [UInt8] = []

    /// The runs of bytes that every match has, each in one piece; empty where nothing is certain.
    static func runs(of pattern: [UInt8]) -> [[UInt8]] {
        var literals = Self(pattern: pattern[...])
        return literals.read() ? literals.runs : []
    }

    private init(pattern: ArraySlice<UInt8>) {
        self.pattern = pattern
    }

    /// False where nothing is certain.
    private mutating func read() -> Bool {
        while let byte = pattern.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"):
                guard escape() else { return false }
            case UInt8(ascii: "["):
                endRun()
                guard skipClass() else { return false }
            case UInt8(ascii: "("):
                endRun()
                guard skipGroup() else { return false }
            case UInt8(ascii: "|"), UInt8(ascii: ")"): return false
            case UInt8(ascii: "*"), UInt8(ascii: "?"):
                _ = run.popLast()
                endRun()
            case UInt8(ascii: "{"):
                _ = run.popLast()
                endRun()
                guard skipCounts() else { return false }
            case UInt8(ascii: "+"), UInt8(ascii: "^"), UInt8(ascii: "$"), UInt8(ascii: "."): endRun()
            case _: run.append(byte.foldedLetter)
            }
        }
        endRun()
        return true
    }

    private mutating func endRun() {
        if run.count >= 2 { runs.append(run) }
        run = []
    }

    /// Behind a backslash.
    private mutating func escape() -> Bool {
        guard let byte = pattern.popFirst() else { return false }
        if byte.isLetterOrDigit {
            endRun()
            return Self.plainEscapes.contains(byte)
        }
        run.append(byte.foldedLetter)
        return true
    }

    /// Kinds of characters, assertions and control characters: nothing follows that belongs to them.
    private static let plainEscapes = Set("dDwWsSbBAzZhHvVntrfeaR".utf8)

    /// Behind `{`: the rest of `{2}`, `{2,}` or `{2,3}`.
    private mutating func skipCounts() -> Bool {
        let counts = pattern.prefix { Set("0123456789,".utf8).contains($0) }
        pattern = pattern.dropFirst(counts.count)
        return pattern.popFirst() == UInt8(ascii: "}")
    }

    /// Behind `[`.
    private mutating func skipClass() -> Bool {
        if pattern.first == UInt8(ascii: "^") { pattern.removeFirst() }
        if pattern.first == UInt8(ascii: "]") { pattern.removeFirst() }
        while let byte = pattern.popFirst() {
            switch byte {
            case UInt8(ascii: "]"): return true
            case UInt8(ascii: "["):
                // Names like [:alpha:] hold a bracket of their own.
                if let kind = pattern.first, Set(":.=".utf8).contains(kind) { return false }
            case UInt8(ascii: "\\"):
                guard let next = pattern.popFirst(), next != UInt8(ascii: "Q"), next != UInt8(ascii: "E") else {
                    return false
                }
            case _: break
            }
        }
        return false
    }

    /// Behind `(`: up to the parenthesis that closes it, whatever is inside.
    private mutating func skipGroup() -> Bool {
        guard let isOptions = opening() else { return false }
        if isOptions { return true }
        while let byte = pattern.popFirst() {
            switch byte {
            case UInt8(ascii: ")"): return true
            case UInt8(ascii: "("):
                guard skipGroup() else { return false }
            case UInt8(ascii: "["):
                guard skipClass() else { return false }
            case UInt8(ascii: "\\"):
                guard let next = pattern.popFirst(), next != UInt8(ascii: "Q"), next != UInt8(ascii: "E") else {
                    return false
                }
            case _: break
            }
        }
        return false
    }

    /// Whether the parenthesis is all of `(?i)`, whose effect the folding covers; nil for what isn't known.
    private mutating func opening() -> Bool? {
        if pattern.first == UInt8(ascii: "*") { return nil }
        guard pattern.first == UInt8(ascii: "?") else { return false }
        pattern.removeFirst()
        guard let kind = pattern.popFirst() else { return nil }
        if kind == UInt8(ascii: "i"), pattern.popFirst() == UInt8(ascii: ")") { return true }
        return Set(":=!<P".utf8).contains(kind) ? false : nil
    }
}

extension UInt8 {
    /// A to Z in lower case, every other byte as it is.
    @inline(__always)
    var foldedLetter: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    fileprivate var isLetterOrDigit: Bool {
        let folded = foldedLetter
        return folded &- 0x61 < 26 || self &- 0x30 < 10
    }
}
