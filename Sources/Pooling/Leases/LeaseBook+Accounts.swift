// Users of one account differ in how they have logged in, so that their connections are not interchangeable; the limit of
// a user holds for all of them together.

extension LeaseBook {
    /// Whether the user may have one connection more.
    func hasRoom(_ user: UserID) -> Bool {
        guard policy.userMaximum < .max else { return true }
        let promised = accounts[users[user.number].account].reduce(0) { $0 + users[$1][.promise].count }
        return connectionCount(ofAccountOf: user) + promised < policy.userMaximum
    }

    /// Whether the account has more connections than it may, those aside that are being closed.
    func isAccountCrowded(_ user: UserID) -> Bool {
        guard policy.userMaximum < .max else { return false }
        return connectionCount(ofAccountOf: user) - closingCount(ofAccountOf: user) > policy.userMaximum
    }

    /// Connections of the account's, closing ones among them.
    private func connectionCount(ofAccountOf user: UserID) -> Int {
        accounts[users[user.number].account].reduce(0) { $0 + users[$1].counts.total }
    }

    /// Connections of the account's that are being closed.
    private func closingCount(ofAccountOf user: UserID) -> Int {
        accounts[users[user.number].account].reduce(0) { $0 + users[$1].counts[.closing] }
    }

    /// Whether a connection that rests for another user of the account can be closed for this one; one after the other.
    func canMakeRoom(_ user: UserID) -> Bool {
        let users = accounts[users[user.number].account]
        guard users.count > 1, closingCount(ofAccountOf: user) == 0 else { return false }
        return users.contains { $0 != user.number && self.users[$0].counts[.resting] > 0 }
    }

    /// Closes a connection of the account's for a user of it; true, as something has changed.
    mutating func makeRoom(for user: UserID, _ steps: inout [LeaseStep]) -> Bool {
        guard canMakeRoom(user), let victim = oldestResting(ofAccountOf: user) else {
            // One rested when the user was ranked, and has been taken since.
            standing.remove(user.number)
            return true
        }
        wake(victim)
        close(victim, .evicted, &steps)
        return true
    }

    private func oldestResting(ofAccountOf user: UserID) -> Int? {
        let account = users[user.number].account
        var next = resting.first
        while let slot = next {
            if users[connections[slot].user.number].account == account { return slot }
            next = restingChains.next(after: slot)
        }
        return nil
    }

    /// Whether a connection that came free makes room for another user of the account, and isn't for the next of its own
    /// user's waiters.
    func owesRoom(_ user: UserID, head: Int, _ now: MonotonicTime) -> Bool {
        let others = accounts[users[user.number].account]
        guard policy.userMaximum < .max, others.count > 1, !hasRoom(user), !isHeldBack(now),
            closingCount(ofAccountOf: user) == 0
        else { return false }
        return others.contains { other in
            guard other != user.number, let rival = users[other][.none].first else { return false }
            switch policy.queue {
            case .fifo: return waiters[rival].ticket < waiters[head].ticket
            case .fair:
                return users[other].virtualTime &+ policy.quantum.nanoseconds < users[user.number].virtualTime
            }
        }
    }
}
