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
    /// A rewriting made the statement longer than allowed: the client gets error 1153.
    var isTextTooLong = false
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
    private var details: RouteDetails?

    /// Whether the server must have applied certain transactions.
    var asksForGTIDs: Bool { gtidFromHostgroup != nil || readHints?.minGTID != nil }
}

/// What few decisions have, in one object: each reference in a decision costs counting whenever that is handed on.
private final class RouteDetails: Equatable, Sendable {
    struct Values: Equatable {
        var text: [UInt8]?
        var errorMessage: [UInt8]?
        var okMessage: [UInt8]?
        var readHints: ReadHints?
    }

    let values: Values

    init(_ values: Values) { self.values = values }

    static func == (left: RouteDetails, right: RouteDetails) -> Bool { left.values == right.values }
}

extension RouteDecision {
    /// The statement as rewritten.
    var text: [UInt8]? {
        get { details?.values.text }
        set { if details != nil || newValue != nil { change { $0.text = newValue } } }
    }

    /// The client gets this error 1148, and nothing goes to a backend; ``okMessage`` goes before it.
    var errorMessage: [UInt8]? {
        get { details?.values.errorMessage }
        set { if details != nil || newValue != nil { change { $0.errorMessage = newValue } } }
    }

    /// The client gets OK with this text, and nothing goes to a backend.
    var okMessage: [UInt8]? {
        get { details?.values.okMessage }
        set { if details != nil || newValue != nil { change { $0.okMessage = newValue } } }
    }

    /// What only hints can ask for; nil without them.
    var readHints: ReadHints? {
        get { details?.values.readHints }
        set { if details != nil || newValue != nil { change { $0.readHints = newValue } } }
    }

    @inline(never)
    private mutating func change(_ change: (inout RouteDetails.Values) -> Void) {
        var values = details?.values ?? RouteDetails.Values()
        change(&values)
        details = values == RouteDetails.Values() ? nil : RouteDetails(values)
    }
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
