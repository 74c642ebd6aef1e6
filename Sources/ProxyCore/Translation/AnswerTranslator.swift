package import MySQLWire

/// The one look at a backend's answer to a command: where it ends, what it tells, and what its bytes are for the client.
///
/// Backend connections and clients have negotiated different things; this gives each client an answer in the form that it
/// negotiated: EOF packets or none, session-state information or none, extended metadata or none, its own sequence ids
/// and statement ids. Rows are never looked into. An OK, an EOF or an ERR is dealt with when it is whole.
///
/// Both sides have PROTOCOL_41. Optional and cached metadata, which change the number of packets, must be the same on
/// both sides: a server that stands between offers neither.
///
/// Source: MySQL protocol, "Command Phase"; MariaDB knowledge base, "Clientserver Protocol"; MariaDB 10.11's answers.
package struct AnswerTranslator: Equatable, Sendable {
    /// Which changes of the session's state the client is told, if it asked for any.
    package var trackPolicy: TrackPolicy
    /// What the last result told; nil before the first one.
    package internal(set) var lastResult: StatementResult?
    /// The info text of the last result's OK, as bytes; empty without one.
    package internal(set) var lastInfo: [UInt8] = []
    /// Where in ``takeChanges()``'s list the last result's own changes begin.
    package internal(set) var lastChangesStart = 0
    /// The last insert id other than 0 that any OK of the answer told; 0 for none.
    package internal(set) var lastInsertID: UInt64 = 0
    /// The most warnings that a result of the answer left.
    package internal(set) var mostWarnings: UInt16 = 0
    /// What has read the answer so far; for those who keep a translator in an object, where the computed properties
    /// below would copy all of it.
    package internal(set) var scanner: ResultScanner

    /// The flags that both ends of the backend's connection had set.
    package let backend: Capabilities
    /// The flags that both ends of the client's connection had set.
    package let client: Capabilities
    /// Whether the client wants EOF packets that the backend doesn't send.
    let insertsEOF: Bool
    /// Whether the backend sends EOF packets that the client doesn't want.
    let removesEOF: Bool
    var patches = AnswerPatches()
    /// Whether extended metadata has to be taken out of definitions, or put in.
    let metadataDiffers: Bool
    /// Whether definitions may have to change.
    var rewritesDefinitions: Bool
    /// What has to be added to the backend's sequence ids for the client.
    var shift: UInt8 = 0
    /// Whether an EOF is due to the client before the backend's next packet.
    var owesEOF = false
    /// What is known of the session's status, for EOFs that the backend doesn't send.
    var sessionStatus = StatusFlags.autocommit
    /// Row packets in the results before the present one.
    var rowsBefore: UInt64 = 0
    /// Affected rows of the results before the present one.
    var affectedBefore: UInt64 = 0
    var earlierResults: [StatementResult] = []
    /// Changes of the session's state that were told and not taken yet.
    package internal(set) var changes: [SessionStateChange] = []

    /// A translator between two connections; flags are those that both ends of each had set.
    package init(backend: Capabilities, client: Capabilities, trackPolicy: TrackPolicy = TrackPolicy()) {
        (self.backend, self.client, self.trackPolicy) = (backend, client, trackPolicy)
        insertsEOF = backend.contains(.deprecateEOF) && !client.contains(.deprecateEOF)
        removesEOF = !backend.contains(.deprecateEOF) && client.contains(.deprecateEOF)
        metadataDiffers = backend.contains(.mariadbExtendedMetadata) != client.contains(.mariadbExtendedMetadata)
        rewritesDefinitions = metadataDiffers
        scanner = ResultScanner(capabilities: backend)
    }

    /// A command went to the backend; all that was told before is forgotten.
    ///
    /// Not to be called for commands that have no answer (``Command/hasNoAnswer``).
    ///
    /// - Parameters:
    ///   - lastSequence: the id of the command's last packet on the backend's connection.
    ///   - clientSequence: the id that the client expects its answer's first packet to have.
    ///   - status: the session's status flags before the command; they go into EOFs that the backend doesn't send.
    package mutating func commandSent(
        _ command: Command, lastSequence: UInt8, clientSequence: UInt8, status: StatusFlags = .autocommit,
        patches: AnswerPatches = AnswerPatches()
    ) {
        scanner.commandSent(command, lastSequence: lastSequence)
        shift = clientSequence &- scanner.sequence
        if patches.isNeeded || self.patches.isNeeded { self.patches = patches }
        rewritesDefinitions = metadataDiffers || !patches.columnNames.isEmpty
        sessionStatus = status.intersection(.ofSession)
        owesEOF = false
        (lastResult, lastChangesStart, lastInsertID, mostWarnings) = (nil, 0, 0, 0)
        (rowsBefore, affectedBefore) = (0, 0)
        if !lastInfo.isEmpty { lastInfo.removeAll(keepingCapacity: true) }
        if !earlierResults.isEmpty { earlierResults = [] }
        if !changes.isEmpty { changes = [] }
    }

    /// The file that ``ScanEvent/localInfile`` asked for, or the authentication data, went to the backend.
    ///
    /// - Parameters:
    ///   - lastSequence: the id of the last packet on the backend's connection.
    ///   - clientSequence: the id that the client expects the answer's next packet to have.
    package mutating func clientAnswered(lastSequence: UInt8, clientSequence: UInt8) {
        scanner.clientAnswered(lastSequence: lastSequence)
        shift = clientSequence &- scanner.sequence
    }

    /// What the answer's packet headers and status bytes told so far, the backend's rows and bytes.
    package var summary: ResultSummary { scanner.summary }
    /// Whether the answer told the server's status; an ERR alone, and a few texts, don't.
    package var hasStatus: Bool { scanner.hasStatus }
    /// Whether nothing is missing of the packet dealt with last: a packet of the proxy's own may follow it.
    package var isAtPacketBorder: Bool { scanner.isAtPacketBorder }
    /// The id that the backend's next packet must have.
    package var backendSequence: UInt8 { scanner.sequence }
    /// The id that the client's next packet must have: for an ERR of the proxy's own, and the packets of a file.
    package var clientSequence: UInt8 { scanner.sequence &+ shift }

    /// The answer's results so far, in their order.
    package var results: [StatementResult] { lastResult.map { earlierResults + [$0] } ?? [] }

    /// All changes of the session's state that the answer's OKs told, in their order, handed out once.
    package mutating func takeChanges() -> [SessionStateChange] {
        defer { changes = [] }
        return changes
    }
}

extension StatusFlags {
    /// Those that tell the session's state and not one statement's: MariaDB has ANSI_QUOTES in the highest bit.
    ///
    /// The others are in-transaction, autocommit, no-backslash-escapes and in-read-only-transaction.
    package static var ofSession: Self { Self(rawValue: 0x8000 | 0x0001 | 0x0002 | 0x0200 | 0x2000) }
}
