import CPCRE2

/// A regular expression that is compiled already; its ``RegexPool`` owns it.
struct Regex: BitwiseCopyable, @unchecked Sendable {
    // PCRE2 may use compiled code from several threads at once; nobody changes it after its compilation.
    let code: OpaquePointer
    /// Parentheses that capture.
    let groupCount: UInt32
    /// What a text must have to be worth a look.
    let literals: LiteralFilter
}

/// Why a pattern isn't a regular expression.
struct RegexFault: Error, Equatable {
    let reason: String
}

/// The regular expressions of a set of rules, each pattern compiled once.
final class RegexPool: @unchecked Sendable {
    private struct Key: Hashable {
        let pattern: String
        let isCaseless: Bool
    }

    /// Machine code is made for so many; a few kilobytes and 20 µs each.
    static let mostCompiledToMachineCode = 20_000

    // Changed only while the rules are compiled, by one thread, and freed with the pool.
    private var known: [Key: UInt32] = [:]
    private(set) var regexes: [Regex] = []
    private(set) var memory = 0

    deinit {
        for regex in regexes { pcre2_code_free_8(regex.code) }
    }

    /// The most groups that one of them captures.
    var mostGroups: UInt32 { regexes.reduce(0) { max($0, $1.groupCount) } }

    /// The number of a pattern's regular expression, which is compiled where it is new.
    func add(_ pattern: String, isCaseless: Bool) throws(RegexFault) -> UInt32 {
        let key = Key(pattern: pattern, isCaseless: isCaseless)
        if let number = known[key] { return number }
        let regex = try compile(pattern, isCaseless: isCaseless)
        let number = UInt32(regexes.count)
        regexes.append(regex)
        known[key] = number
        return number
    }

    /// Says whether a pattern can be used, and keeps nothing.
    static func check(_ pattern: String) throws(RegexFault) {
        _ = try RegexPool().compile(pattern, isCaseless: false, isTrial: true)
    }

    /// Forgets what is needed only while compiling.
    func finish() {
        known = [:]
    }

    private func compile(
        _ pattern: String, isCaseless: Bool, isTrial: Bool = false
    ) throws(RegexFault) -> Regex {
        var error: Int32 = 0
        var offset = 0
        let bytes = Array(pattern.utf8)
        let options = isCaseless ? UInt32(PCRE2_CASELESS) : 0
        guard let code = pcre2_compile_8(bytes, bytes.count, options, &error, &offset, nil) else {
            throw RegexFault(reason: "\(Self.message(error)), at byte \(offset) of '\(pattern)'")
        }
        if isTrial {
            pcre2_code_free_8(code)
        } else if regexes.count < Self.mostCompiledToMachineCode {
            // Where there is no JIT, or no memory for it, the pattern is interpreted.
            _ = pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE))
        }
        if isTrial { return Regex(code: code, groupCount: 0, literals: LiteralFilter()) }
        var groups: UInt32 = 0
        _ = pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_CAPTURECOUNT), &groups)
        measure(code)
        return Regex(code: code, groupCount: groups, literals: LiteralFilter(PatternLiterals.runs(of: bytes)))
    }

    private func measure(_ code: OpaquePointer) {
        for question in [PCRE2_INFO_SIZE, PCRE2_INFO_JITSIZE] {
            var size = 0
            if pcre2_pattern_info_8(code, UInt32(question), &size) == 0 { memory += size }
        }
    }

    private static func message(_ error: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = pcre2_get_error_message_8(error, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(Int(length), 0)), as: UTF8.self)
    }
}
