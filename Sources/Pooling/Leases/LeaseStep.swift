/// What the driver has to do: each step concerns one loop, which is told by its mailbox where it is not the caller's.
package enum LeaseStep: BitwiseCopyable, Equatable, Sendable {
    /// A waiter has its connection.
    case grant(LeaseGrant)
    /// Open a connection for this user on this loop, and tell `opened` or `openFailed`.
    case open(ConnectionID, UserID, LoopID)
    /// Close the connection on this loop; tell `closed` when the server has closed its side too.
    case close(ConnectionID, LoopID, CloseReason)
    /// Ping the connection on this loop, and tell `checked` or `lost`.
    case ping(ConnectionID, LoopID)
    /// A waiter gets none.
    case refuse(LeaseRefusal)
}

/// A connection for a waiter.
package struct LeaseGrant: BitwiseCopyable, Equatable, Sendable {
    /// Who asked.
    package let waiter: WaiterID
    /// The session that asked.
    package let session: SessionID
    /// Where the session lives.
    package let loop: LoopID
    /// What it gets.
    package let connection: ConnectionID
    /// Where the connection is: where that is not the session's loop, it is carried over. A driver that can't tells
    /// `lost` when it has closed it, and asks again with the same ticket: a slot on the right loop comes of it.
    package let source: LoopID
    /// Whether the session was the last that used it, so that no state needs to be replayed.
    package let isOwn: Bool
}

/// Why a connection is closed.
package enum CloseReason: UInt8, BitwiseCopyable, CaseIterable, Sendable {
    /// It is old.
    case age
    /// Another user needs the place.
    case evicted
    /// The driver can't use it again.
    case discarded
    /// More are open than the limit allows.
    case limit
    /// The backend is drained.
    case drained
    /// It broke, or the server closed it.
    case lost
    /// It was never open.
    case openFailed
}

/// Why a waiter got nothing.
package enum RefusalReason: UInt8, BitwiseCopyable, CaseIterable, Sendable {
    /// Too many wait.
    case backlogFull
    /// It waited too long.
    case timeout
    /// The backend has been down for too long.
    case backendDown
    /// The backend is drained: ask another one.
    case draining
    /// The backend does not let the user in.
    case loginRefused
}

/// A refusal, with what its error text tells.
package struct LeaseRefusal: BitwiseCopyable, Equatable, Sendable {
    /// Who asked.
    package let waiter: WaiterID
    /// The session that asked.
    package let session: SessionID
    /// Where the session lives.
    package let loop: LoopID
    package let reason: RefusalReason
    /// How long it waited.
    package let waited: TimeSpan
    /// How many others wait.
    package let waiting: Int
    /// Who had the connections.
    package let holdings: LeaseHoldings
}

/// Who has a backend's connections.
package struct LeaseHoldings: BitwiseCopyable, Equatable, Sendable {
    /// Connections that are open, or being opened or closed.
    package let connections: Int
    /// Those that sessions have.
    package let leased: Int
    /// Those that sessions must keep, each counted once.
    package let pinned: PinCounts
}

extension LeaseHoldings: CustomStringConvertible {
    /// `all 10 connections held: 7 temporary table, 3 transaction`; the running ones are no pins and are named last.
    package var description: String {
        var parts = PinReason.allCases
            .filter { pinned[$0] > 0 }
            .sorted { pinned[$0] > pinned[$1] }
            .map { "\(pinned[$0]) \($0)" }
        let running = leased - pinned.total
        if running > 0 { parts.append("\(running) running a statement") }
        let share = leased == connections ? "all \(connections)" : "\(leased) of \(connections)"
        let whole = "\(share) connections held"
        return parts.isEmpty ? whole : whole + ": " + parts.joined(separator: ", ")
    }
}
