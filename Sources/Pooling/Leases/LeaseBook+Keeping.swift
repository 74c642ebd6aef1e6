// While nobody waits, a session may give its connection back and take it again without a word to the book; the driver
// tells the book afterwards. Whoever needs a connection has those told to rest first that nobody uses.

extension LeaseBook {
    /// Whether a session may keep its lease between two statements: everybody has what they need, and nothing is to end.
    package var letsKeep: Bool {
        isServing && !isContended && counts.total - counts[.closing] <= policy.maximum
    }

    /// Whether a session has the connection, as far as the book knows.
    package func isLeased(_ connection: ConnectionID) -> Bool {
        slot(of: connection).map { connections[$0].state == .leased } ?? false
    }

    /// Whether the request can be granted by the connection that its session had last.
    package func hasOwnConnection(for request: LeaseRequest) -> Bool { ownConnection(for: request) != nil }

    /// The session has taken the connection again so many times without a word, for statements of so much time.
    package mutating func kept(_ connection: ConnectionID, times: Int, used: TimeSpan) {
        guard times > 0, let slot = slot(of: connection), connections[slot].state == .leased else { return }
        let user = connections[slot].user
        users[user.number].virtualTime &+= used.nanoseconds
        count(user) { counts in
            counts.requests += times
            counts.grants += times
            counts.grantsAtOnce += times
            counts.ownGrants += times
        }
    }

    /// The lease that a session kept without using it has ended a while ago; nobody waited then.
    ///
    /// - Parameters:
    ///   - used: the backend time of its last statement.
    ///   - since: when that ended.
    package mutating func rested(_ connection: ConnectionID, used: TimeSpan, state: StateFit, since: MonotonicTime) {
        guard let slot = slot(of: connection), connections[slot].state == .leased else { return }
        connections[slot].fit = state
        endLease(slot, used)
        rest(slot, since)
        balance(connections[slot].user)
    }
}
