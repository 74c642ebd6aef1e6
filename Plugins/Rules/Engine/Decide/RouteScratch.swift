import SQLText

/// One loop's memory for decisions, so that a decision allocates nothing; belongs to one thread.
final class RouteScratch {
    /// Rules of one shape that are still to come.
    struct Cursor: BitwiseCopyable {
        /// The position of the next one; `nothing` for none.
        var position = RuleRecord.nothing
        var record = 0
        var end = 0
        /// Whether `position` is only a lower bound, as the digest isn't known yet.
        var isGate = false
    }

    let matcher = RegexMatcher()
    let digests: DigestCache
    /// The rules that matched the last statement, by position, in their order.
    var matched: ArraySlice<UInt32> { matches[..<matchCount] }
    /// Searches that were given up: patterns that need too many steps.
    private(set) var searchesGivenUp = 0

    /// How many regular expressions run before the text's pairs of bytes are noted to spare the others.
    var searchesBeforePairs = 3
    private var random: SplitMix64
    private var matches = [UInt32](repeating: 0, count: 16)
    private var matchCount = 0
    private var rules: CompiledRules?
    private var hits: RuleHits?
    private var textPairs = SearchedText()
    private var digestPairs = SearchedText()
    private var front = GrowingBytes()
    private var back = GrowingBytes()
    // Owned; a place for each shape, of which there are as many as sets of columns at most.
    let cursors = UnsafeMutablePointer<Cursor>.allocate(capacity: 64)

    /// Memory whose random choices follow from the seed.
    ///
    /// - Parameter inWork: what the loop's plugins share.
    init(seed: UInt64, _ inWork: TextInWork = TextInWork()) {
        random = SplitMix64(state: seed)
        digests = DigestCache(inWork)
        cursors.initialize(repeating: Cursor(), count: 64)
    }

    deinit {
        cursors.deallocate()
    }

    /// A statement begins.
    @inline(__always)
    func begin(_ rules: CompiledRules, isDigestKnown: Bool) {
        if self.rules !== rules { adopt(rules) }
        if !isDigestKnown { digests.forget() }
        matchCount = 0
        textPairs.forget()
        digestPairs.forget()
    }

    @inline(never)
    private func adopt(_ rules: CompiledRules) {
        self.rules = rules
        // Made for the first hit, which explanations never count: the rules keep all counters to their end.
        hits = nil
        matcher.reserve(groups: rules.mostGroups)
    }

    @inline(__always)
    func count(_ position: UInt32, inHits: Bool) {
        if matchCount == matches.count { matches.append(0) }
        matches[matchCount] = position
        matchCount &+= 1
        if inHits { countHit(position) }
    }

    @inline(__always)
    private func countHit(_ position: UInt32) {
        if hits == nil { hits = rules?.makeHits() }
        hits?.add(Int(position))
    }

    /// Picks one of the flags by their weights.
    func pick(_ flags: [WeightedFlag]) -> UInt32 {
        let total = flags.reduce(UInt64(0)) { $0 + UInt64($1.weight) }
        var left = random.next().multipliedFullWidth(by: total).high
        for flag in flags {
            if left < UInt64(flag.weight) { return flag.flag }
            left -= UInt64(flag.weight)
        }
        return flags.last?.flag ?? 0
    }
}

extension RouteScratch {
    /// Searches the statement's text.
    @inline(__always)
    func search(_ regex: Regex, text: UnsafeBufferPointer<UInt8>) -> RegexMatcher.Outcome {
        guard textPairs.mayMatch(regex.literals, text, after: searchesBeforePairs) else { return .absent }
        return noted(matcher.search(regex, in: text))
    }

    /// Searches the text of the digest, which is made already.
    @inline(__always)
    func searchDigest(_ regex: Regex) -> RegexMatcher.Outcome {
        guard digestPairs.mayMatch(regex.literals, digests.text, after: searchesBeforePairs) else { return .absent }
        return noted(matcher.search(regex, in: digests.text))
    }

    @inline(__always)
    private func noted(_ outcome: RegexMatcher.Outcome) -> RegexMatcher.Outcome {
        if outcome == .givenUp { searchesGivenUp += 1 }
        return outcome
    }

    /// The text with the last match replaced, valid until the next replacement but one; nil when it is too long.
    func replaced(
        _ text: UnsafeBufferPointer<UInt8>, _ regex: Regex, by template: ReplaceTemplate, everywhere: Bool, limit: Int
    ) -> UnsafeBufferPointer<UInt8>? {
        swap(&front, &back)
        front.clear()
        let fits = matcher.replace(
            regex, in: text, by: template, everywhere: everywhere, limit: limit, to: &front)
        textPairs.forget()
        return fits ? front.bytes : nil
    }
}

/// What is known of a text that regular expressions search.
private struct SearchedText: BitwiseCopyable {
    private var searches = 0
    private var hasPairs = false
    private var pairs = BytePairs()

    @inline(__always)
    mutating func forget() {
        searches = 0
        hasPairs = false
    }

    /// False where the text can't have what every match has.
    @inline(__always)
    mutating func mayMatch(_ filter: LiteralFilter, _ text: UnsafeBufferPointer<UInt8>, after limit: Int) -> Bool {
        if filter.isEmpty { return true }
        if hasPairs { return pairs.mayMatch(filter) }
        searches += 1
        guard searches > limit, text.count <= BytePairs.longestText else { return true }
        pairs = BytePairs(text)
        hasPairs = true
        return pairs.mayMatch(filter)
    }
}

/// A small random number generator, good enough to share load.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
struct SplitMix64: RandomNumberGenerator, BitwiseCopyable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ state &>> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word &>> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word &>> 31
    }
}
