/// A statement that needs a backend connection.
package struct LeaseRequest: BitwiseCopyable, Sendable {
    /// Who asks.
    package var session: SessionID
    /// Whose connection it must be.
    package var user: UserID
    /// The account of the user: the first of the users that share the limit of a user.
    package var account: UserID
    /// Where the session lives.
    package var loop: LoopID
    /// Its place in the order of arrival over the whole process; a statement that has to ask again keeps it.
    package var ticket: UInt64
    /// When it arrived; later than now for nobody, earlier for who asks again.
    package var arrived: MonotonicTime
    /// The connection that the session had last.
    package var last: ConnectionID?
    /// What state it wants the connection to be in.
    package var state: StateFit

    package init(
        session: SessionID, user: UserID, account: UserID? = nil, loop: LoopID, ticket: UInt64,
        arrived: MonotonicTime, last: ConnectionID? = nil, state: StateFit = .unknown
    ) {
        self.session = session
        self.user = user
        self.account = account ?? user
        self.loop = loop
        self.ticket = ticket
        self.arrived = arrived
        self.last = last
        self.state = state
    }
}

extension LeaseBook {
    /// A session needs a connection: it gets one, waits, or is refused.
    ///
    /// - Returns: the id that the answer will have, and that `cancelled` takes.
    @discardableResult
    package mutating func requested(
        _ request: LeaseRequest, now: MonotonicTime, _ steps: inout [LeaseStep]
    ) -> WaiterID {
        enter(request.user, of: request.account)
        count(request.user) { $0.requests += 1 }
        keeper = request.user
        settle(now, &steps)
        let waiter = Waiter(
            session: request.session, user: request.user, loop: request.loop, ticket: request.ticket,
            arrived: request.arrived, state: request.state)
        if isServing, !hasWaiters(request.user), let connection = choose(for: request) {
            let (number, generation) = waiters.pass(waiter)
            let id = WaiterID(slot: number, generation: generation)
            wake(connection)
            activate(request.user)
            count(request.user) { $0.grantsAtOnce += 1 }
            lend(connection, to: waiter, id, &steps)
            return id
        }
        let slot = waiters.insert(waiter)
        let id = id(ofWaiter: slot)
        if isDraining {
            refuseUnqueued(slot, .draining, now, &steps)
        } else if isGivenUp(now) {
            refuseUnqueued(slot, .backendDown, now, &steps)
        } else {
            queue(slot, now, &steps)
        }
        return id
    }

    /// Whether anybody of the user's waits; the records are looked at only where somebody does.
    private func hasWaiters(_ user: UserID) -> Bool { isContended && users[user.number].waiting > 0 }

    /// A waiter's client has died, or wants no answer any more: it leaves the queue.
    ///
    /// - Returns: false where it was answered before; a connection granted to it then has to be returned.
    @discardableResult
    package mutating func cancelled(_ waiter: WaiterID, now: MonotonicTime, _ steps: inout [LeaseStep]) -> Bool {
        guard let slot = slot(of: waiter) else { return false }
        let user = waiters[slot].user
        forget(slot)
        count(user) { $0.cancelled += 1 }
        balance(user)
        settle(now, &steps)
        return true
    }

    /// Makes room for the user's numbers, and enters it among its account's users.
    mutating func enter(_ user: UserID, of account: UserID) {
        while users.count <= max(user.number, account.number) {
            accounts.append([users.count])
            users.append(UserRecord(account: users.count))
            userStatistics.append(LeaseStatistics())
            restingPlaces.append(contentsOf: repeatElement(SlotChain(), count: loops))
        }
        let before = users[user.number].account
        guard before != account.number else { return }
        accounts[before].removeAll { $0 == user.number }
        accounts[account.number].append(user.number)
        users[user.number].account = account.number
    }

    private mutating func queue(_ slot: Int, _ now: MonotonicTime, _ steps: inout [LeaseStep]) {
        let waiter = waiters[slot]
        let id = id(ofWaiter: slot)
        if users[waiter.user.number].waiting == 0 { activate(waiter.user) }
        insert(slot, .none)
        arrivals.set(slot, key: waiter.arrived.nanoseconds)
        balance(waiter.user)
        settle(now, &steps)
        if self.slot(of: id) != nil, waiters.count - covered > policy.backlogMaximum {
            refuse(slot, .backlogFull, now, &steps)
            settle(now, &steps)
        }
        statistics.peakWaiting = max(statistics.peakWaiting, waiters.count)
        let user = waiter.user.number
        userStatistics[user].peakWaiting = max(userStatistics[user].peakWaiting, users[user].waiting)
    }

    /// Waiters with capacity on its way.
    private var covered: Int { promised.count + expecting }

    /// The resting connection for the request: its session's own, else one whose state fits best.
    private func choose(for request: LeaseRequest) -> Int? {
        ownConnection(for: request) ?? restingConnection(of: request.user, near: request.loop, for: request.state)
    }

    /// The resting connection that the request's session had last.
    func ownConnection(for request: LeaseRequest) -> Int? {
        guard let last = request.last, let slot = slot(of: last), connections[slot].state == .resting,
            connections[slot].user == request.user, connections[slot].session == request.session
        else { return nil }
        return slot
    }

    /// How many resting connections are looked at for one that fits.
    private static let mostLooks = 32

    /// The user's resting connection whose state fits best, on the loop rather than elsewhere. Among equals the one that
    /// was used longest ago, whose last session is the least likely to come back for it.
    func restingConnection(of user: UserID, near loop: LoopID, for state: StateFit) -> Int? {
        guard users[user.number].counts[.resting] > 0 else { return nil }
        var best: (slot: Int, degree: StateFit.Degree)?
        var looks = Self.mostLooks
        let first = user.number * loops
        for turn in 0..<loops {
            // The loop's own place first, then the others from it on.
            let place = first + (loop.number + turn) % loops
            var next = restingPlaces[place].first
            while let slot = next, looks > 0 {
                let degree = connections[slot].fit.degree(for: state)
                if degree == .whole { return slot }
                if best.map({ $0.degree < degree }) ?? true { best = (slot, degree) }
                looks -= 1
                next = placeChains.next(after: slot)
            }
        }
        return best?.slot
    }

    // MARK: The users' queues

    /// Puts the waiter into the queue of that cover, where its ticket belongs: near an end, since tickets come nearly in
    /// order, and those who ask again are older than nearly all.
    mutating func insert(_ slot: Int, _ cover: Cover) {
        let waiter = waiters[slot]
        let user = waiter.user.number
        waiters[slot].cover = cover
        switch cover {
        case .none: if policy.queue == .fifo, waiter.ticket < lastPromise { isPromiseOutOfOrder = true }
        case .promise: break
        case .connection: expecting += 1
        }
        let place = predecessor(of: waiter.ticket, in: users[user][cover])
        waiterChains.insert(slot, after: place, in: &users[user][cover])
    }

    /// The last waiter with a ticket not above this one, looked for from both ends at once.
    private func predecessor(of ticket: UInt64, in chain: SlotChain) -> Int? {
        var low: Int?
        var high = chain.last
        while let candidate = high {
            if waiters[candidate].ticket <= ticket { return candidate }
            let next = low.map { waiterChains.next(after: $0) } ?? chain.first
            guard let next, waiters[next].ticket <= ticket else { return low }
            low = next
            high = waiterChains.previous(before: candidate)
        }
        return low
    }

    /// Takes the waiter out of its queue.
    mutating func detach(_ slot: Int) {
        let waiter = waiters[slot]
        waiterChains.remove(slot, from: &users[waiter.user.number][waiter.cover])
        switch waiter.cover {
        case .none: break
        case .promise: promised.remove(slot)
        case .connection: expecting -= 1
        }
    }

    /// Takes the waiter out of everything; its id is dead.
    mutating func forget(_ slot: Int) {
        detach(slot)
        arrivals.remove(slot)
        waiters.remove(slot)
    }

    /// The user's waiter that arrived first, whatever covers it.
    func head(of user: UserID) -> Int? {
        let number = user.number
        return older(older(users[number][.none].first, users[number][.promise].first), users[number][.connection].first)
    }

    /// Whichever of two waiters arrived first.
    func older(_ left: Int?, _ right: Int?) -> Int? {
        guard let left else { return right }
        guard let right else { return left }
        return waiters[left].ticket <= waiters[right].ticket ? left : right
    }

    // MARK: Refusals

    /// Refuses a waiter of the queue.
    mutating func refuse(_ slot: Int, _ reason: RefusalReason, _ now: MonotonicTime, _ steps: inout [LeaseStep]) {
        let user = waiters[slot].user
        detach(slot)
        arrivals.remove(slot)
        refuseUnqueued(slot, reason, now, &steps)
        balance(user)
    }

    private mutating func refuseUnqueued(
        _ slot: Int, _ reason: RefusalReason, _ now: MonotonicTime, _ steps: inout [LeaseStep]
    ) {
        let waiter = waiters[slot]
        let id = id(ofWaiter: slot)
        waiters.remove(slot)
        count(waiter.user) { $0.refusals[reason] += 1 }
        steps.append(
            .refuse(
                LeaseRefusal(
                    waiter: id, session: waiter.session, loop: waiter.loop, reason: reason,
                    waited: now.since(waiter.arrived), waiting: waiters.count, holdings: holdings)))
    }

    /// Refuses all who wait.
    mutating func refuseAll(_ reason: RefusalReason, _ now: MonotonicTime, _ steps: inout [LeaseStep]) {
        while let slot = arrivals.first { refuse(slot, reason, now, &steps) }
    }

    /// Who has the connections now.
    package var holdings: LeaseHoldings {
        LeaseHoldings(connections: counts.total, leased: counts[.leased], pinned: pinned)
    }
}
