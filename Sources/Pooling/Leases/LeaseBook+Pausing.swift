extension LeaseBook {
    /// Nothing is granted from now on: whoever asks waits, however long it takes. What is leased goes on.
    package mutating func paused() {
        isPaused = true
    }

    /// Connections are granted again, to who has waited longest first; nobody's wait counts that was before.
    package mutating func unpaused(now: MonotonicTime, _ steps: inout [LeaseStep]) {
        guard isPaused else { return }
        isPaused = false
        resumedAt = now
        if downSince != nil { downSince = now }
        resume(now, &steps)
    }

    /// When a waiter that arrived then has waited too long.
    func patienceEnds(_ arrived: UInt64) -> MonotonicTime {
        max(MonotonicTime(nanoseconds: arrived), resumedAt) + policy.backlogTimeout
    }

    /// The session's last connection is its own again without a turn in the queue, so that what is left on it can be read
    /// before the session goes on elsewhere.
    ///
    /// - Returns: false where it doesn't rest, or was somebody else's since.
    package mutating func recalled(_ connection: ConnectionID, by session: SessionID) -> Bool {
        guard let slot = slot(of: connection), connections[slot].state == .resting,
            connections[slot].session == session
        else { return false }
        wake(slot)
        move(slot, to: .leased)
        balance(connections[slot].user)
        return true
    }

    /// The most connections at once are counted anew from now on.
    package mutating func peaksForgotten() {
        statistics.peakLeased = counts[.leased]
    }
}
