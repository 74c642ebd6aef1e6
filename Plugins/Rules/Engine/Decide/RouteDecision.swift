import MySQLWire

/// What is to be done with a statement. Nil leaves a thing to the user's or the process's setting.
struct RouteDecision: Equatable, Sendable {
    enum Source: Sendable {
        case rule
        case fastRoute
        case hint
    }

    /// The hostgroup.
    var destination: UInt32?
    /// What named the hostgroup.
    var source: Source?
    /// The statement as rewritten.
    var text: [UInt8]?
    /// A rewriting made the statement longer than allowed: the client gets error 1153.
    var isTextTooLong = false
    /// The client gets this error 1148, and nothing goes to a backend; ``okMessage`` goes before it.
    var errorMessage: [UInt8]?
    /// The client gets OK with this text, and nothing goes to a backend.
    var okMessage: [UInt8]?
    /// Milliseconds to wait before the statement.
    var delay: UInt32?
    /// Milliseconds that the statement may take.
    var timeout: UInt32?
    var retries: UInt32?
    var multiplex: Multiplexing?
    var mirrorHostgroup: UInt32?
    /// The flag that the mirrored copy's rules are entered with.
    var mirrorFlagOut: UInt32?
    var gtidFromHostgroup: UInt32?
    var isLogged: Bool?
    /// Milliseconds to keep the result.
    var cacheTTL: UInt32?
    var cachesEmptyResult: Bool?
    /// The flag that the rules of the session's next statement are entered with.
    var nextQueryFlagIn: UInt32?
    /// The flag at the end of the rules.
    var flag: UInt32 = 0
    /// What only hints can ask for; nil without them.
    var readHints: ReadHints?

    /// Whether the server must have applied certain transactions.
    var asksForGTIDs: Bool { gtidFromHostgroup != nil || readHints?.minGTID != nil }
}

/// What hints ask of the server that answers.
struct ReadHints: Equatable, Sendable {
    /// Milliseconds that the server may lag behind.
    var mostLag: UInt32?
    /// The server must have seen this time, in milliseconds since 1970.
    var minEpoch: UInt64?
    /// The server must have applied these transactions.
    var minGTID: GTIDList?
    var createsNewConnection = false
}
