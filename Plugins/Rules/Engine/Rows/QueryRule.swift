/// A row of `mysql_query_rules`, checked; nil is a column's NULL.
struct QueryRule: Equatable, Sendable {
    // When it is looked at, and whether it matches.
    var ruleID: Int64
    var isActive = true
    var username: String?
    var schemaname: String?
    var flagIn: UInt32 = 0
    var clientAddress: ClientAddressPattern = .any
    var proxyAddress: String?
    var proxyPort: UInt32?
    var digest: UInt64?
    var matchDigest: String?
    var matchPattern: String?
    var isNegated = false
    var modifiers: RegexModifiers = .caseless

    // What it does.
    var flagOut: UInt32?
    var replacePattern: ReplaceTemplate?
    var destination: UInt32?
    /// Milliseconds, as all times here.
    var cacheTTL: UInt32?
    var cachesEmptyResult: Bool?
    var timeout: UInt32?
    var retries: UInt32?
    var delay: UInt32?
    var nextQueryFlagIn: UInt32?
    var mirrorFlagOut: UInt32?
    var mirrorHostgroup: UInt32?
    var errorMessage: String?
    var okMessage: String?
    var multiplex: Multiplexing?
    var gtidFromHostgroup: UInt32?
    var isLogged: Bool?
    var isLast = false
    var weightedFlags: [WeightedFlag] = []
    var comment: String?

    init(_ ruleID: Int64) {
        self.ruleID = ruleID
    }
}

/// Which clients a rule is for.
enum ClientAddressPattern: Equatable, Sendable {
    case any
    case exactly(String)
    /// What stands before a `%` at the end.
    case prefix(String)
}

/// The column `re_modifiers`.
struct RegexModifiers: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    static let caseless = Self(rawValue: 1)
    /// Every match is replaced, not only the first.
    static let global = Self(rawValue: 2)
}

/// The column `multiplex`.
enum Multiplexing: UInt32, Sendable {
    /// The session keeps its connection from this statement on.
    case disabled
    /// Lifts an earlier `disabled`.
    case enabled
    /// User variables in this statement are no reason to keep the connection.
    case despiteVariables
}

/// A flag that is picked at random, and how often beside the others.
struct WeightedFlag: BitwiseCopyable, Equatable, Sendable {
    let flag: UInt32
    let weight: UInt32
}
