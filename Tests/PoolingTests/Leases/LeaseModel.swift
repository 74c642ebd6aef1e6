import Pooling

/// What a correct book may do, kept apart from the book: every step is judged by it before it is believed.
final class LeaseModel {
    struct Waiter {
        let session: Int
        let user: UserID
        let loop: LoopID
        let ticket: UInt64
        let arrived: MonotonicTime
    }

    struct Connection {
        let user: UserID
        var loop: LoopID
        var state: LeaseState
        var session: SessionID?
        var pins: Set<PinReason> = []
    }

    /// What is counted of one user.
    struct Tally {
        var waiting = 0
        var states = [Int](repeating: 0, count: 5)
        var total: Int { states.reduce(0, +) }
        subscript(state: LeaseState) -> Int {
            get { states[Int(state.rawValue)] }
            set { states[Int(state.rawValue)] = newValue }
        }
        var coming: Int { self[.opening] + self[.checking] }
    }

    var policy: LeasePolicy
    var waiting: [WaiterID: Waiter] = [:]
    var connections: [ConnectionID: Connection] = [:]
    var requests = 0
    var granted = 0
    var refused = 0
    var cancelled = 0
    var isDraining = false
    var downSince: MonotonicTime?
    /// When the next connect may be tried after a failure.
    var backOff: BackOff
    var violations: [String] = []

    /// So many users in turn share the limit of a user.
    let usersOfAccount: Int

    init(policy: LeasePolicy, usersOfAccount: Int) {
        self.policy = policy
        self.usersOfAccount = usersOfAccount
        backOff = BackOff(first: policy.firstBackOff, longest: policy.longestBackOff)
    }

    /// Whether the last connect has failed: then it is right not to try the next at once.
    var isFailing: Bool { backOff.due != nil }

    var isServing: Bool { downSince == nil && !isDraining }

    func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition { violations.append(text()) }
    }

    // MARK: Steps

    func judge(_ step: LeaseStep, now: MonotonicTime) {
        switch step {
        case .grant(let grant): judge(grant)
        case .open(let id, let user, let loop): judgeOpen(id, user, loop, now: now)
        case .close(let id, let loop, let reason):
            guard var connection = connections[id] else { return expect(false, "closes \(id), which is gone") }
            if reason == .evicted { judgeEviction(of: connection.user, now: now) }
            expect(connection.state != .leased && connection.state != .closing, "closes a \(connection.state) one")
            expect(connection.loop == loop, "closes on the wrong loop")
            connection.state = .closing
            connections[id] = connection
        case .ping(let id, let loop):
            guard var connection = connections[id] else { return expect(false, "pings \(id), which is gone") }
            expect(connection.state == .resting, "pings a \(connection.state) one")
            expect(connection.loop == loop, "pings on the wrong loop")
            connection.state = .checking
            connections[id] = connection
        case .refuse(let refusal): judge(refusal, now: now)
        }
    }

    private func judge(_ grant: LeaseGrant) {
        guard let waiter = waiting.removeValue(forKey: grant.waiter) else {
            return expect(false, "grants to a waiter that does not wait")
        }
        granted += 1
        guard var connection = connections[grant.connection] else { return expect(false, "grants what is gone") }
        expect(isServing, "grants while the backend is down or drained")
        expect(connection.state == .resting, "grants a \(connection.state) connection")
        expect(connection.user == waiter.user, "grants another user's connection")
        expect(connection.loop == grant.source, "says the connection is on another loop")
        expect(grant.loop == waiter.loop, "grants on another loop than the session's")
        expect(grant.session.number == UInt64(waiter.session), "grants to another session")
        expect(grant.isOwn == (connection.session == grant.session), "does not know who had the connection")
        judgeOrder(of: waiter)
        connection.state = .leased
        connection.loop = grant.loop
        connection.session = grant.session
        connections[grant.connection] = connection
    }

    /// Nobody of the same user was there before; who of others was there before has capacity on its way.
    private func judgeOrder(of waiter: Waiter) {
        var older: [UserID: Int] = [:]
        for other in waiting.values where other.ticket < waiter.ticket { older[other.user, default: 0] += 1 }
        expect(older[waiter.user] == nil, "serves \(waiter.ticket) before an older one of the same user")
        guard policy.queue == .fifo, !isFailing else { return }
        let tallies = self.tallies()
        let needed = need(older, tallies)
        let places = self.places
        let isCrowded = !isServedByTurns(waiter, before: older, tallies)
        expect(!isCrowded, "serves \(waiter.ticket) before an older one of the same account")
        expect(needed <= places, "serves \(waiter.ticket) before \(needed) older ones, \(places) places are free")
    }

    /// How many of so many waiters, by user, lack a connection that they may have. One that rests while some wait is in
    /// the middle of an event, on its way to them.
    private func need(_ waiters: [UserID: Int], _ tallies: [UserID: Tally]) -> Int {
        var needs: [Int: Int] = [:]
        for (user, count) in waiters { needs[account(of: user), default: 0] += lack(user, count, tallies) }
        return needs.reduce(0) { $0 + min($1.value, max(0, policy.userMaximum - load(of: $1.key, tallies))) }
    }

    private func lack(_ user: UserID, _ waiters: Int, _ tallies: [UserID: Tally]) -> Int {
        let tally = tallies[user] ?? Tally()
        return max(0, waiters - tally.coming - tally[.resting])
    }

    private func account(of user: UserID) -> Int { user.number / usersOfAccount }

    private func load(of account: Int, _ tallies: [UserID: Tally]) -> Int {
        tallies.reduce(0) { $0 + (self.account(of: $1.key) == account ? $1.value.total : 0) }
    }

    private func closing(of account: Int, _ tallies: [UserID: Tally]) -> Int {
        tallies.reduce(0) { $0 + (self.account(of: $1.key) == account ? $1.value[.closing] : 0) }
    }

    /// Whether no older waiter of another user of the account needs the very connection: the account may have one more,
    /// or one of its own is about to go.
    private func isServedByTurns(
        _ waiter: Waiter, before older: [UserID: Int], _ tallies: [UserID: Tally]
    ) -> Bool {
        let account = account(of: waiter.user)
        if load(of: account, tallies) < policy.userMaximum || closing(of: account, tallies) > 0 { return true }
        return older.allSatisfy {
            $0.key == waiter.user || self.account(of: $0.key) != account || lack($0.key, $0.value, tallies) == 0
        }
    }

    /// Places that are free, or soon will be.
    private var places: Int { max(0, policy.maximum - connections.count + count(.closing)) }

    func count(_ state: LeaseState) -> Int {
        connections.values.count { $0.state == state }
    }

    private func judgeOpen(_ id: ConnectionID, _ user: UserID, _ loop: LoopID, now: MonotonicTime) {
        expect(isServing, "opens while the backend is down or drained")
        expect(connections[id] == nil, "opens under an id that is in use")
        let opening = count(.opening)
        let all = connections.count
        expect(all < policy.maximum, "opens number \(all + 1) of a limit")
        let own = load(of: account(of: user), tallies())
        expect(own < policy.userMaximum, "opens number \(own + 1) of a user's limit")
        expect(opening < policy.connectsAtOnce, "opens too many at once")
        expect(!isFailing || opening == 0, "opens more than one after a failure")
        expect(!isFailing || backOff.isDue(now: now), "opens too early after a failure")
        let tally = tallies()[user] ?? Tally()
        let isNeeded = tally.waiting > tally.coming
        expect(isNeeded || all - count(.closing) < policy.minimum, "opens one that nobody needs")
        if isNeeded { judgeOrder(ofOpening: user, behind: tally.coming) }
        connections[id] = Connection(user: user, loop: loop, state: .opening)
    }

    /// A free place is for the oldest who needs one; where users have limits of their own, a promise may be older.
    private func judgeOrder(ofOpening user: UserID, behind coming: Int) {
        guard policy.queue == .fifo, policy.userMaximum == .max, !isFailing else { return }
        let tickets = waiting.values.filter { $0.user == user }.map(\.ticket).sorted()
        var older: [UserID: Int] = [:]
        for other in waiting.values where other.user != user && other.ticket < tickets[coming] {
            older[other.user, default: 0] += 1
        }
        let tallies = self.tallies()
        let needed = need(older, tallies)
        expect(needed == 0, "opens for \(tickets[coming]) before \(needed) older ones")
    }

    private func judgeEviction(of user: UserID, now: MonotonicTime) {
        expect(!isFailing || backOff.isDue(now: now) && count(.opening) == 0, "evicts, and can't connect")
        // A user whose connection is taken from it for another one's turn still needs one.
        let tallies = tallies()
        if makesRoom(user, tallies) { return }
        let needed = need(tallies.mapValues { $0.waiting + $0[.resting] }, tallies)
        let places = self.places
        expect(needed > places, "evicts for \(needed), \(places) places are free")
    }

    /// Whether the connection of the user is in the way of another user of its account.
    private func makesRoom(_ user: UserID, _ tallies: [UserID: Tally]) -> Bool {
        let account = account(of: user)
        guard closing(of: account, tallies) == 0 else { return false }
        let lacks = tallies.filter { self.account(of: $0.key) == account }
            .mapValues { max(0, $0.waiting - $0.coming - $0[.resting]) }
        let isAnothers = lacks.contains { $0.key != user && $0.value > 0 }
        return isAnothers && lacks.values.reduce(0, +) > policy.userMaximum - load(of: account, tallies)
    }

    private func judge(_ refusal: LeaseRefusal, now: MonotonicTime) {
        guard let waiter = waiting.removeValue(forKey: refusal.waiter) else {
            return expect(false, "refuses a waiter that does not wait")
        }
        refused += 1
        expect(refusal.loop == waiter.loop, "refuses on another loop")
        expect(refusal.session.number == UInt64(waiter.session), "refuses another session")
        expect(refusal.waited == now.since(waiter.arrived), "does not know how long it waited")
        switch refusal.reason {
        case .timeout: expect(refusal.waited >= policy.backlogTimeout, "refuses after \(refusal.waited.seconds) s")
        case .draining: expect(isDraining, "says the backend is drained")
        case .backendDown:
            expect(downSince.map { $0 + policy.backendWait <= now } == true, "gives the backend up too early")
        case .backlogFull: expect(waiting.count >= policy.backlogMaximum, "says the backlog is full")
        case .loginRefused: break
        }
    }

    // MARK: After every event

    func tallies() -> [UserID: Tally] {
        var tallies: [UserID: Tally] = [:]
        for waiter in waiting.values { tallies[waiter.user, default: Tally()].waiting += 1 }
        for connection in connections.values { tallies[connection.user, default: Tally()][connection.state] += 1 }
        return tallies
    }

    func check(_ book: borrowing LeaseBook, now: MonotonicTime) {
        let tallies = self.tallies()
        checkCounts(book, tallies)
        checkPins(book)
        if isDraining { expect(count(.resting) == 0, "a connection rests at a drained backend") }
        guard isServing else { return }
        for (user, tally) in tallies where tally.waiting > 0 {
            expect(tally[.resting] == 0, "user \(user.number): a waiter and a resting connection")
            expect(
                isFailing || tally.waiting <= tally.coming || !isCrowdedOut(user, tallies),
                "user \(user.number) waits, and another one of its account has a resting connection")
        }
        let needed = need(tallies.mapValues(\.waiting), tallies)
        guard needed > 0, !isFailing else { return }
        let free = policy.maximum - connections.count
        expect(free <= 0 || count(.opening) >= policy.connectsAtOnce, "\(needed) need one of \(free) free places")
        expect(needed <= places || count(.resting) == 0, "\(needed) wait, and connections of others rest")
    }

    private func isCrowdedOut(_ user: UserID, _ tallies: [UserID: Tally]) -> Bool {
        let account = account(of: user)
        guard load(of: account, tallies) >= policy.userMaximum, closing(of: account, tallies) == 0 else { return false }
        return tallies.contains { self.account(of: $0.key) == account && $0.value[.resting] > 0 }
    }

    private func checkCounts(_ book: borrowing LeaseBook, _ tallies: [UserID: Tally]) {
        let count = waiting.count
        expect(book.waiting == count, "the book does not count \(count) waiters")
        expect(requests == granted + refused + cancelled + waiting.count, "a request was lost")
        let statistics = book.statistics
        expect(
            statistics.requests == requests && statistics.grants == granted && statistics.refusals.total == refused
                && statistics.cancelled == cancelled, "the statistics differ")
        let users = (0..<book.userCount).map { book.statistics(of: UserID($0)) }
        func isSum(_ number: (LeaseStatistics) -> Int) -> Bool { users.map(number).reduce(0, +) == number(statistics) }
        expect(
            isSum(\.requests) && isSum(\.grants) && isSum(\.grantsAtOnce) && isSum(\.ownGrants) && isSum(\.carried)
                && isSum(\.refusals.total) && isSum(\.cancelled) && isSum(\.opened) && isSum(\.openFailures)
                && isSum(\.closed.total) && isSum(\.pins.total) && isSum(\.pinsNow.total),
            "the users' statistics don't come to the backend's")
        for (user, tally) in tallies {
            expect(book.waiting(of: user) == tally.waiting, "waiters of a user are miscounted")
            for state in LeaseState.allCases {
                expect(book.connectionCounts(of: user)[state] == tally[state], "\(state) ones are miscounted")
            }
        }
        expect(book.connectionCounts.total == connections.count, "connections are miscounted")
    }

    private func checkPins(_ book: borrowing LeaseBook) {
        for reason in PinReason.allCases {
            let count = connections.values.count { $0.pins.contains(reason) }
            expect(book.statistics.pinsNow[reason] == count, "\(reason) pins \(count), not as counted")
        }
        let pinned = connections.values.count { !$0.pins.isEmpty }
        expect(book.holdings.pinned.total == pinned, "\(pinned) connections are pinned, not as counted")
        expect(book.holdings.leased == count(.leased), "leases are miscounted")
    }
}
