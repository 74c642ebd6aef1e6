extension LeaseBook {
    /// Gives every place and every connection that nobody needs to the waiters, first ones first.
    mutating func settle(_ now: MonotonicTime, _ steps: inout [LeaseStep]) {
        guard isServing else { return }
        if isContended {
            if isPromiseOutOfOrder { takeBackPromises() }
            keepPromises(now, &steps)
            while hasCapacity, let number = standing.first, serve(UserID(number), now, &steps) {}
        }
        if policy.minimum > 0 { keepMinimum(now, &steps) }
    }

    /// Whether there is anything to give: a connection at rest, or a place that is free or will be.
    private var hasCapacity: Bool {
        !resting.isEmpty || counts.total + owed < policy.maximum || promised.count < freeing
    }

    /// One step for the first of the user's waiters without cover; false where nothing can be done for it.
    private mutating func serve(_ user: UserID, _ now: MonotonicTime, _ steps: inout [LeaseStep]) -> Bool {
        guard let slot = users[user.number][.none].first else { return false }
        if let connection = restingConnection(of: user, near: waiters[slot].loop, for: waiters[slot].state),
            let first = head(of: user)
        {
            wake(connection)
            hand(connection, to: first, now, &steps)
            return true
        }
        guard !isHeldBack(now) else { return false }
        guard hasRoom(user) else { return makeRoom(for: user, &steps) }
        if counts.total + owed < policy.maximum, mayOpen(now) {
            cover(slot, &steps)
            return true
        }
        if counts.total + owed < policy.maximum || promised.count < freeing {
            promise(slot)
            return true
        }
        guard let victim = resting.first else { return false }
        wake(victim)
        close(victim, .evicted, &steps)
        return true
    }

    /// Opens connections where places have come free, for those first to whom places are promised.
    private mutating func keepPromises(_ now: MonotonicTime, _ steps: inout [LeaseStep]) {
        while counts.total < policy.maximum, mayOpen(now), let slot = promised.first {
            cover(slot, &steps)
        }
    }

    private mutating func keepMinimum(_ now: MonotonicTime, _ steps: inout [LeaseStep]) {
        while let keeper, isBelowMinimum, mayOpen(now) {
            nextLoop = (nextLoop + 1) % loops
            open(for: keeper, on: LoopID(nextLoop), &steps)
            balance(keeper)
        }
    }

    /// Whether one more connection is to be kept open, and there is a place for it.
    private var isBelowMinimum: Bool {
        guard let keeper, counts.total - counts[.closing] < policy.minimum else { return false }
        return counts.total + owed < policy.maximum && hasRoom(keeper)
    }

    /// Places that closing connections leave: those above the limit leave none.
    private var freeing: Int { max(0, counts[.closing] - max(0, counts.total - policy.maximum)) }

    /// Free places that are promised.
    private var owed: Int { max(0, promised.count - freeing) }

    /// Whether another connect may be under way.
    private func mayOpen(_ now: MonotonicTime) -> Bool {
        !isHeldBack(now) && counts[.opening] < max(1, policy.connectsAtOnce)
    }

    /// Whether a failed connect forbids the next one for now, or one that shall show that connecting works is under way.
    func isHeldBack(_ now: MonotonicTime) -> Bool {
        guard backOff.due != nil else { return false }
        return !backOff.isDue(now: now) || counts[.opening] > 0
    }

    /// When a connect becomes possible that is wanted and held back by a failure.
    var awaitedConnect: MonotonicTime? {
        guard let due = backOff.due, isServing, counts[.opening] == 0 else { return nil }
        let hasPlace = counts.total + owed < policy.maximum || !resting.isEmpty
        let isOwed = !promised.isEmpty && counts.total < policy.maximum
        let isWanted = !standing.isEmpty && hasPlace || isOwed || isBelowMinimum
        return isWanted ? due : nil
    }

    // MARK: Cover

    private mutating func promise(_ slot: Int) {
        let user = waiters[slot].user
        detach(slot)
        insert(slot, .promise)
        // Fair: the order of promises is the order of service, which tickets do not tell.
        let key = policy.queue == .fifo ? waiters[slot].ticket : lastPromise &+ 1
        lastPromise = promised.isEmpty ? key : max(lastPromise, key)
        promised.set(slot, key: key)
        rank(user)
    }

    /// Places are promised anew, in order.
    mutating func takeBackPromises() {
        lastPromise = 0
        isPromiseOutOfOrder = false
        while let slot = promised.first {
            detach(slot)
            insert(slot, .none)
            rank(waiters[slot].user)
        }
    }

    /// Opens a connection because of this waiter.
    private mutating func cover(_ slot: Int, _ steps: inout [LeaseStep]) {
        let waiter = waiters[slot]
        open(for: waiter.user, on: waiter.loop, &steps)
        detach(slot)
        insert(slot, .connection)
        balance(waiter.user)
    }

    /// Fits the cover of the user's waiters to the connections that are coming, first ones first, and its rank.
    mutating func balance(_ user: UserID) {
        let number = user.number
        guard isContended, users[number].waiting > 0 else { return rank(user) }
        while users[number][.connection].count > users[number].coming, let slot = users[number][.connection].last {
            detach(slot)
            insert(slot, .none)
        }
        while users[number][.connection].count < users[number].coming, let slot = firstWithoutConnection(number) {
            detach(slot)
            insert(slot, .connection)
        }
        // An older ticket that came late takes the cover of the youngest.
        while let late = firstWithoutConnection(number), let last = users[number][.connection].last,
            waiters[late].ticket < waiters[last].ticket
        {
            detach(late)
            detach(last)
            insert(late, .connection)
            insert(last, .none)
        }
        rank(user)
    }

    private func firstWithoutConnection(_ number: Int) -> Int? {
        older(users[number][.promise].first, users[number][.none].first)
    }

    /// Puts the user where it belongs among those whose waiters need capacity, and those with whom it shares a limit.
    mutating func rank(_ user: UserID) {
        rankAlone(user)
        let account = users[user.number].account
        guard isContended, policy.userMaximum < .max, accounts[account].count > 1 else { return }
        for other in accounts[account] where other != user.number { rankAlone(UserID(other)) }
    }

    private mutating func rankAlone(_ user: UserID) {
        guard isContended else { return standing.remove(user.number) }
        let record = users[user.number]
        guard let first = record[.none].first, hasRoom(user) || canMakeRoom(user) else {
            return standing.remove(user.number)
        }
        switch policy.queue {
        case .fifo: standing.set(user.number, key: waiters[first].ticket)
        case .fair: standing.set(user.number, key: record.virtualTime)
        }
    }

    /// Whether a connection that came free is for the next of its own user's waiters, and not for another user's.
    func isOwnTurn(_ user: UserID, head: Int, _ now: MonotonicTime) -> Bool {
        guard let rival = standing.first, rival != user.number, let key = standing.firstKey else { return true }
        // A rival that could not connect now would get nothing of it.
        guard !isHeldBack(now) else { return true }
        switch policy.queue {
        case .fifo: return waiters[head].ticket <= key
        case .fair: return users[user.number].virtualTime <= key &+ policy.quantum.nanoseconds
        }
    }

    // MARK: Fair shares

    /// A user that had no waiters gets its place in the service: what it did not use before is not saved up, but for
    /// the quantum by which those who are served may be ahead.
    mutating func activate(_ user: UserID) {
        let quantum = policy.quantum.nanoseconds
        let start = virtualTime > quantum ? virtualTime - quantum : 0
        users[user.number].virtualTime = max(users[user.number].virtualTime, start)
    }

    /// Charges what a lease is expected to take, so that leases granted before the first is measured count too.
    mutating func charge(_ user: UserID) -> UInt64 {
        let number = user.number
        virtualTime = max(virtualTime, users[number].virtualTime)
        users[number].virtualTime &+= users[number].expected
        return users[number].expected
    }

    /// Corrects the charge by what the lease took.
    mutating func settleCharge(_ user: UserID, charged: UInt64, used: TimeSpan) {
        let number = user.number
        users[number].virtualTime &-= charged
        users[number].virtualTime &+= used.nanoseconds
        users[number].expected = users[number].expected / 8 * 7 &+ used.nanoseconds / 8
    }
}
