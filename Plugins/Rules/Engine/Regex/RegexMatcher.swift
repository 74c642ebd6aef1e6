import CPCRE2

/// What one loop needs to match regular expressions: PCRE2's results, its stack and its limits.
final class RegexMatcher {
    /// How a search ended.
    enum Outcome {
        case found
        case absent
        /// The pattern asked for more work or stack than allowed.
        case givenUp
    }

    /// Steps of backtracking; a million take a few milliseconds.
    static let mostSteps: UInt32 = 1_000_000
    /// Bytes of stack for machine code.
    private static let stack = 32 * 1024...1024 * 1024

    // Owned, freed at the end; nil only when no memory was left, and then every search gives up.
    private var results: OpaquePointer?
    private let context: OpaquePointer?
    private let jitStack: OpaquePointer?
    private var groupCapacity: UInt32
    /// The groups of the last match up to the last one that took part, the whole match included.
    private var foundGroups = 0

    init() {
        groupCapacity = 10
        results = pcre2_match_data_create_8(groupCapacity, nil)
        context = pcre2_match_context_create_8(nil)
        jitStack = pcre2_jit_stack_create_8(Self.stack.lowerBound, Self.stack.upperBound, nil)
        guard let context else { return }
        _ = pcre2_set_match_limit_8(context, Self.mostSteps)
        if let jitStack { pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(jitStack)) }
    }

    deinit {
        pcre2_match_data_free_8(results)
        pcre2_match_context_free_8(context)
        pcre2_jit_stack_free_8(jitStack)
    }

    /// Makes room for the groups of the patterns to come.
    func reserve(groups: UInt32) {
        guard groups + 1 > groupCapacity else { return }
        groupCapacity = groups + 1
        pcre2_match_data_free_8(results)
        results = pcre2_match_data_create_8(groupCapacity, nil)
    }

    /// Searches for the pattern from `start` on.
    @inline(__always)
    func search(_ regex: Regex, in text: UnsafeBufferPointer<UInt8>, from start: Int = 0) -> Outcome {
        guard let results else { return .givenUp }
        let base = text.baseAddress ?? Self.nothing
        let result = pcre2_match_8(regex.code, base, text.count, start, 0, results, context)
        if result > 0 {
            foundGroups = Int(result)
            return .found
        }
        return result == PCRE2_ERROR_NOMATCH ? .absent : .givenUp
    }

    /// A place to point to for an empty text.
    private nonisolated(unsafe) static let nothing: UnsafePointer<UInt8> = {
        let place = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
        place.initialize(to: 0)
        return UnsafePointer(place)
    }()

    /// Where a group of the last match is; nil where it took no part.
    func range(_ group: Int) -> Range<Int>? {
        guard let results, group < foundGroups, let offsets = pcre2_get_ovector_pointer_8(results) else {
            return nil
        }
        // The vector has two entries for each group up to the last that took part; -1 is one that took none.
        let (start, end) = (offsets[2 * group], offsets[2 * group + 1])
        guard start >= 0, start <= end else { return nil }
        return start..<end
    }
}
