/// The conditions of a rule that are equalities, names as symbols.
struct RuleKey: BitwiseCopyable, Equatable, Sendable {
    static let noPort = UInt32.max

    var flag: UInt32 = 0
    var username = Symbol.none
    var schemaname = Symbol.none
    var clientAddress = Symbol.none
    var proxyAddress = Symbol.none
    var proxyPort = Self.noPort
    var digest: UInt64 = 0
}

/// What a statement offers to equality conditions, or what a rule asks for, names as hashes.
struct RuleOffer: BitwiseCopyable, Sendable {
    var flag: UInt32 = 0
    var username: UInt64 = 0
    var schemaname: UInt64 = 0
    var clientAddress: UInt64 = 0
    var proxyAddress: UInt64 = 0
    var proxyPort = RuleKey.noPort
    var digest: UInt64 = 0

    /// The hash of what counts for rules with these columns.
    @inline(__always)
    func hash(_ columns: RuleColumns) -> UInt64 {
        var hash = columns.contains(.proxyPort) ? UInt64(flag) &<< 32 | UInt64(proxyPort) : UInt64(flag)
        if columns.contains(.username) { hash = Hashing.mix(hash, username) }
        if columns.contains(.schemaname) { hash = Hashing.mix(hash, schemaname) }
        if columns.contains(.clientAddress) { hash = Hashing.mix(hash, clientAddress) }
        if columns.contains(.proxyAddress) { hash = Hashing.mix(hash, proxyAddress) }
        if columns.contains(.digest) { hash = Hashing.mix(hash, digest) }
        return Hashing.mix(UInt64(columns.rawValue) &+ 1, hash)
    }
}

/// Columns of equality conditions beside flagIN, which every rule has.
struct RuleColumns: OptionSet, BitwiseCopyable, Hashable, Sendable {
    let rawValue: UInt8

    static let username = Self(rawValue: 1)
    static let schemaname = Self(rawValue: 2)
    static let clientAddress = Self(rawValue: 4)
    static let proxyAddress = Self(rawValue: 8)
    static let proxyPort = Self(rawValue: 16)
    static let digest = Self(rawValue: 32)
}

/// What a decision reads of a rule: one cache line. Rules with equal keys lie next to each other.
struct RuleRecord: BitwiseCopyable, Sendable {
    /// No such thing: no flagOUT, destination, further conditions or further actions.
    static let nothing = UInt32.max

    var key = RuleKey()
    /// The rule's place in the order of rule_ids.
    var position: UInt32 = 0
    /// How many rules with this key follow, this one included; right for the first of them only.
    var groupCount: UInt32 = 0
    /// Numbers in ``CompiledRules``' tables of conditions and of actions.
    var conditions = Self.nothing
    var actions = Self.nothing
    var destination = Self.nothing
    var flagOut = Self.nothing
    var isLast = false
}

/// The conditions of a rule that no hash can tell.
struct RuleConditions: BitwiseCopyable, Sendable {
    /// What the client's address begins with.
    var clientPrefix = Symbol.none
    var digestRegex = RuleRecord.nothing
    var textRegex = RuleRecord.nothing
    var isNegated = false
}

/// What a rule does beside naming a hostgroup and a flag. Texts are numbers in ``CompiledRules``' tables.
struct RuleActions: BitwiseCopyable, Hashable, Sendable {
    var cacheTTL: UInt32?
    var cachesEmptyResult: Bool?
    var timeout: UInt32?
    var retries: UInt32?
    var delay: UInt32?
    var nextQueryFlagIn: UInt32?
    var mirrorFlagOut: UInt32?
    var mirrorHostgroup: UInt32?
    var gtidFromHostgroup: UInt32?
    var multiplex: UInt32?
    var isLogged: Bool?
    var errorMessage: UInt32?
    var okMessage: UInt32?
    var replacement: UInt32?
    var replacesEverywhere = false
    var weightedFlags: UInt32?
}
