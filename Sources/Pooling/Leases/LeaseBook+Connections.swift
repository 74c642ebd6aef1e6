extension LeaseBook {
    /// The connection is open and logged in, in that state.
    package mutating func opened(
        _ connection: ConnectionID, state: StateFit = .unknown, now: MonotonicTime, _ steps: inout [LeaseStep]
    ) {
        guard let slot = slot(of: connection), connections[slot].state == .opening else { return }
        connections[slot].fit = state
        count(connections[slot].user) { $0.opened += 1 }
        backOff.succeeded()
        if let age = policy.maximumAge { connections[slot].retirement = now + shortened(age) }
        place(slot, now, &steps)
    }

    /// The connection could not be opened; nothing of it is left at the server.
    package mutating func openFailed(
        _ connection: ConnectionID, _ fault: OpenFault, now: MonotonicTime, _ steps: inout [LeaseStep]
    ) {
        guard let slot = slot(of: connection), connections[slot].state == .opening else { return }
        let user = connections[slot].user
        count(user) { $0.openFailures += 1 }
        drop(slot, .openFailed)
        switch fault {
        case .backend: backOff.failed(now: now)
        case .user:
            if keeper == user { keeper = nil }
            while let waiter = head(of: user) { refuse(waiter, .loginRefused, now, &steps) }
        }
        settle(now, &steps)
    }

    /// The session needs the connection no more: its statement has ended, nothing pins it and its state is known.
    ///
    /// - Parameters:
    ///   - used: the backend time since it was granted.
    ///   - state: the state that it is left in.
    package mutating func returned(
        _ connection: ConnectionID, used: TimeSpan, state: StateFit = .unknown, now: MonotonicTime,
        _ steps: inout [LeaseStep]
    ) {
        guard let slot = slot(of: connection), connections[slot].state == .leased else { return }
        connections[slot].fit = state
        endLease(slot, used)
        place(slot, now, &steps)
    }

    /// The session is done with the connection, and nobody can use it again.
    package mutating func discarded(
        _ connection: ConnectionID, used: TimeSpan, now: MonotonicTime, _ steps: inout [LeaseStep]
    ) {
        guard let slot = slot(of: connection), connections[slot].state == .leased else { return }
        endLease(slot, used)
        close(slot, .discarded, &steps)
        settle(now, &steps)
    }

    /// The resting connection has answered its ping.
    package mutating func checked(_ connection: ConnectionID, now: MonotonicTime, _ steps: inout [LeaseStep]) {
        guard let slot = slot(of: connection), connections[slot].state == .checking else { return }
        place(slot, now, &steps)
    }

    /// The connection broke, or the server closed it: whatever it was doing, it is gone.
    package mutating func lost(_ connection: ConnectionID, now: MonotonicTime, _ steps: inout [LeaseStep]) {
        guard let slot = slot(of: connection) else { return }
        switch connections[slot].state {
        case .opening: return openFailed(connection, .backend, now: now, &steps)
        case .closing: return closed(connection, now: now, &steps)
        case .leased: endLease(slot, TimeSpan(nanoseconds: connections[slot].charged))
        case .resting: wake(slot)
        case .checking: break
        }
        drop(slot, .lost)
        settle(now, &steps)
    }

    /// The connection is closed on both sides: its place is free.
    package mutating func closed(_ connection: ConnectionID, now: MonotonicTime, _ steps: inout [LeaseStep]) {
        guard let slot = slot(of: connection), connections[slot].state == .closing else { return }
        drop(slot, nil)
        settle(now, &steps)
    }

    // MARK: Pins

    /// The session must keep its connection for this reason until it is unpinned or returned.
    package mutating func pinned(_ connection: ConnectionID, _ reason: PinReason) {
        guard let slot = slot(of: connection), connections[slot].state == .leased else { return }
        let before = connections[slot].pins.foremost
        guard connections[slot].pins.insert(reason) else { return }
        count(connections[slot].user) { counts in
            counts.pins[reason] += 1
            counts.pinsNow[reason] += 1
        }
        recount(before, connections[slot].pins.foremost)
    }

    /// The reason is gone.
    package mutating func unpinned(_ connection: ConnectionID, _ reason: PinReason) {
        guard let slot = slot(of: connection) else { return }
        unpin(slot, reason)
    }

    private mutating func unpin(_ slot: Int, _ reason: PinReason) {
        let before = connections[slot].pins.foremost
        guard connections[slot].pins.remove(reason) else { return }
        count(connections[slot].user) { $0.pinsNow[reason] -= 1 }
        recount(before, connections[slot].pins.foremost)
    }

    private mutating func recount(_ before: PinReason?, _ after: PinReason?) {
        if let before { pinned[before] -= 1 }
        if let after { pinned[after] += 1 }
    }

    // MARK: Leases

    /// Hands the connection to a waiter of the queue.
    mutating func hand(_ slot: Int, to waiter: Int, _ now: MonotonicTime, _ steps: inout [LeaseStep]) {
        detach(waiter)
        arrivals.remove(waiter)
        let (request, id) = (waiters[waiter], id(ofWaiter: waiter))
        waiters.remove(waiter)
        lend(slot, to: request, id, &steps)
        balance(request.user)
    }

    /// Gives the connection to a waiter that is in no queue.
    mutating func lend(_ slot: Int, to waiter: Waiter, _ number: WaiterID, _ steps: inout [LeaseStep]) {
        move(slot, to: .leased)
        let charged = charge(waiter.user)
        let (source, isOwn) = connections[slot].lend(to: waiter, charged: charged)
        statistics.peakLeased = max(statistics.peakLeased, counts[.leased])
        count(waiter.user) { counts in
            counts.grants += 1
            if source != waiter.loop { counts.carried += 1 }
            if isOwn { counts.ownGrants += 1 }
        }
        steps.append(
            .grant(
                LeaseGrant(
                    waiter: number, session: waiter.session, loop: waiter.loop,
                    connection: id(ofConnection: slot), source: source, isOwn: isOwn)))
    }

    mutating func endLease(_ slot: Int, _ used: TimeSpan) {
        let connection = connections[slot]
        if !connection.pins.isEmpty {
            for reason in PinReason.allCases { unpin(slot, reason) }
        }
        settleCharge(connection.user, charged: connection.charged, used: used)
        connections[slot].charged = 0
        rank(connection.user)
    }

    /// A connection has come free: it goes to the first waiter that it suits, makes way for another, or rests.
    mutating func place(_ slot: Int, _ now: MonotonicTime, _ steps: inout [LeaseStep]) {
        // First what time alone has made possible: older waiters must have had their turn before this one is offered.
        settle(now, &steps)
        let user = connections[slot].user
        if let reason = dismissal(of: slot, now) {
            close(slot, reason, &steps)
        } else if isContended, isServing, let head = head(of: user), isOwnTurn(user, head: head, now),
            !owesRoom(user, head: head, now)
        {
            hand(slot, to: head, now, &steps)
        } else {
            rest(slot, now)
            balance(user)
        }
        settle(now, &steps)
    }

    /// Why the connection is not to be used again.
    private func dismissal(of slot: Int, _ now: MonotonicTime) -> CloseReason? {
        if isDraining { return .drained }
        if counts.total - counts[.closing] > policy.maximum { return .limit }
        if isAccountCrowded(connections[slot].user) { return .limit }
        return connections[slot].retirement <= now ? .age : nil
    }

    // MARK: States

    mutating func open(for user: UserID, on loop: LoopID, _ steps: inout [LeaseStep]) {
        let slot = connections.insert(PooledConnection(state: .opening, user: user, loop: loop))
        counts[.opening] += 1
        users[user.number].counts[.opening] += 1
        steps.append(.open(id(ofConnection: slot), user, loop))
    }

    /// Counts the connection under its new state.
    mutating func move(_ slot: Int, to state: LeaseState) {
        let user = connections[slot].user.number
        let before = connections[slot].state
        connections[slot].state = state
        counts.move(from: before, to: state)
        users[user].counts.move(from: before, to: state)
    }

    /// Has the connection closed; one at rest is woken before.
    mutating func close(_ slot: Int, _ reason: CloseReason, _ steps: inout [LeaseStep]) {
        move(slot, to: .closing)
        count(connections[slot].user) { $0.closed[reason] += 1 }
        steps.append(.close(id(ofConnection: slot), connections[slot].loop, reason))
        balance(connections[slot].user)
    }

    /// Forgets the connection; its id is dead. Closing ones were counted before.
    private mutating func drop(_ slot: Int, _ reason: CloseReason?) {
        let connection = connections[slot]
        counts[connection.state] -= 1
        users[connection.user.number].counts[connection.state] -= 1
        connections.remove(slot)
        if let reason { count(connection.user) { $0.closed[reason] += 1 } }
        balance(connection.user)
    }

    mutating func rest(_ slot: Int, _ now: MonotonicTime) {
        move(slot, to: .resting)
        restingChains.append(slot, to: &resting)
        placeChains.append(slot, to: &restingPlaces[placeIndex(slot)])
        let ping = policy.keepalive.map { now + $0 } ?? MonotonicTime(nanoseconds: .max)
        let due = min(ping, connections[slot].retirement)
        if due.nanoseconds < .max { chores.set(slot, key: due.nanoseconds) }
    }

    /// Takes the connection out of the resting ones; the caller moves it to its new state.
    mutating func wake(_ slot: Int) {
        restingChains.remove(slot, from: &resting)
        placeChains.remove(slot, from: &restingPlaces[placeIndex(slot)])
        chores.remove(slot)
    }

    private func placeIndex(_ slot: Int) -> Int {
        connections[slot].user.number * loops + connections[slot].loop.number
    }

    /// The age, up to a tenth shorter, so that connections opened together do not end together.
    private mutating func shortened(_ age: TimeSpan) -> TimeSpan {
        jitter = jitter &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let share = (jitter >> 33) % 1024
        return TimeSpan(nanoseconds: age.nanoseconds - age.nanoseconds / 10_240 * share)
    }
}

/// Who is to blame for a connection that could not be opened.
package enum OpenFault: UInt8, BitwiseCopyable, Sendable {
    /// The backend, or the way to it: the next connect is put off, waiters go on waiting.
    case backend
    /// The backend does not let the user in: all the user's waiters are refused.
    case user
}
