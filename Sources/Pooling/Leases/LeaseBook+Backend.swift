extension LeaseBook {
    /// The backend is found down: waiters wait for it, for a while. Its connections are told lost one by one.
    package mutating func backendDown(now: MonotonicTime) {
        if downSince == nil { downSince = now }
    }

    /// The backend is back.
    package mutating func backendUp(now: MonotonicTime, _ steps: inout [LeaseStep]) {
        guard downSince != nil else { return }
        downSince = nil
        backOff.succeeded()
        resume(now, &steps)
    }

    /// A connection beside the book's own is about to look at the backend, which counts it: nothing is opened until
    /// `probeEnded`.
    ///
    /// - Returns: false where there must be no such connection: the book has some already, which tell as much.
    package mutating func probeBegins() -> Bool {
        guard counts.total == 0, !isProbed else { return false }
        isProbed = true
        return true
    }

    /// The connection beside the book's own is closed on both sides.
    package mutating func probeEnded(now: MonotonicTime, _ steps: inout [LeaseStep]) {
        guard isProbed else { return }
        isProbed = false
        resume(now, &steps)
    }

    /// The backend is drained: waiters are refused, so that they can ask another one; connections end as they come back.
    package mutating func drained(now: MonotonicTime, _ steps: inout [LeaseStep]) {
        isDraining = true
        refuseAll(.draining, now, &steps)
        while let slot = resting.first {
            wake(slot)
            close(slot, .drained, &steps)
        }
    }

    /// The backend is in use again.
    package mutating func undrained(now: MonotonicTime, _ steps: inout [LeaseStep]) {
        guard isDraining else { return }
        isDraining = false
        resume(now, &steps)
    }

    /// New limits are in force; what is above them ends as it comes back. The discipline of the queue changes too.
    package mutating func policyChanged(
        to policy: LeasePolicy, now: MonotonicTime, _ steps: inout [LeaseStep]
    ) {
        takeBackPromises()
        self.policy = policy
        for number in users.indices { rank(UserID(number)) }
        resume(now, &steps)
    }

    /// The minimum of connections is kept open for this user from now on, and later for whoever asked last.
    package mutating func warmed(
        for user: UserID, of account: UserID? = nil, now: MonotonicTime, _ steps: inout [LeaseStep]
    ) {
        enter(user, of: account ?? user)
        keeper = user
        settle(now, &steps)
    }

    /// Whether the backend has been down for too long to wait for it.
    @inline(__always)
    func isGivenUp(_ now: MonotonicTime) -> Bool {
        guard let downSince, !isPaused else { return false }
        return downSince + policy.backendWait <= now
    }

    /// Looks at every resting connection anew: at who came while nothing was granted, and at the limits.
    mutating func resume(_ now: MonotonicTime, _ steps: inout [LeaseStep]) {
        settle(now, &steps)
        for _ in 0..<resting.count {
            guard let slot = resting.first else { break }
            wake(slot)
            place(slot, now, &steps)
        }
        settle(now, &steps)
    }

    // MARK: Time

    /// When `timePassed` has something to do; the driver's timer.
    package var nextDue: MonotonicTime? {
        var due = awaitedConnect
        func consider(_ other: MonotonicTime?) {
            if let other { due = min(due ?? other, other) }
        }
        if !isPaused {
            consider(arrivals.firstKey.map { patienceEnds($0) })
            if let downSince, !arrivals.isEmpty { consider(downSince + policy.backendWait) }
        }
        consider(chores.firstKey.map { MonotonicTime(nanoseconds: $0) })
        return due
    }

    /// Time has passed: waiters that waited too long are refused, resting connections are pinged and retired.
    package mutating func timePassed(now: MonotonicTime, _ steps: inout [LeaseStep]) {
        while !isPaused, let arrived = arrivals.firstKey, let slot = arrivals.first, patienceEnds(arrived) <= now {
            refuse(slot, .timeout, now, &steps)
        }
        if isGivenUp(now) { refuseAll(.backendDown, now, &steps) }
        while let due = chores.firstKey, let slot = chores.first, due <= now.nanoseconds {
            wake(slot)
            if connections[slot].retirement <= now {
                close(slot, .age, &steps)
            } else {
                move(slot, to: .checking)
                steps.append(.ping(id(ofConnection: slot), connections[slot].loop))
                balance(connections[slot].user)
            }
        }
        settle(now, &steps)
    }
}
