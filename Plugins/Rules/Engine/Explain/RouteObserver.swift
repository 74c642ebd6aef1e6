/// A condition of a rule, named by its column.
enum RuleCondition: String, Sendable {
    case flagIn = "flagIN"
    case username
    case schemaname
    case clientAddress = "client_addr"
    case proxyAddress = "proxy_addr"
    case proxyPort = "proxy_port"
    case digest
    case matchDigest = "match_digest"
    case matchPattern = "match_pattern"
}

/// Sees how a decision comes about. Rules are told by their positions.
protocol RouteObserver {
    /// From that rule on, those are looked at that have the flag.
    mutating func entered(_ flag: UInt32, from position: UInt32)
    /// A regular expression of the rule found what the matcher has.
    mutating func found(_ condition: RuleCondition, of position: UInt32, by matcher: RegexMatcher, in text: RouteText)
    /// The rule doesn't match.
    mutating func failed(_ position: UInt32, at condition: RuleCondition, givenUp: Bool)
    mutating func matched(_ position: UInt32)
    mutating func rewrote(_ position: UInt32, to text: RouteText)
    mutating func pickedFlag(_ flag: UInt32, of position: UInt32)
    /// The rules are through; fast routing and hints follow.
    mutating func ended()
    /// Fast routing had or hadn't a row, with the statement's user or for all users.
    mutating func lookedUp(forAllUsers: Bool, flag: UInt32, destination: UInt32?)
    mutating func skippedFastRouting()
    mutating func hinted(_ key: RouteText, _ value: RouteText, isTaken: Bool)
}

/// Bytes that are there only during the call.
typealias RouteText = UnsafeBufferPointer<UInt8>

/// Nobody looks: costs nothing, as the compiler leaves the calls out.
struct NoObserver: RouteObserver {
    @inline(__always) func entered(_ flag: UInt32, from position: UInt32) {}
    @inline(__always)
    func found(_ condition: RuleCondition, of position: UInt32, by matcher: RegexMatcher, in text: RouteText) {}
    @inline(__always) func failed(_ position: UInt32, at condition: RuleCondition, givenUp: Bool) {}
    @inline(__always) func matched(_ position: UInt32) {}
    @inline(__always) func rewrote(_ position: UInt32, to text: RouteText) {}
    @inline(__always) func pickedFlag(_ flag: UInt32, of position: UInt32) {}
    @inline(__always) func ended() {}
    @inline(__always) func lookedUp(forAllUsers: Bool, flag: UInt32, destination: UInt32?) {}
    @inline(__always) func skippedFastRouting() {}
    @inline(__always) func hinted(_ key: RouteText, _ value: RouteText, isTaken: Bool) {}
}
