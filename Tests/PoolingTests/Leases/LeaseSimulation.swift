import Pooling
import TestSupport

/// One run of sessions, loops, a book and a server, all of it drawn from one seed; the loops' steps take their time.
final class LeaseSimulation {
    /// A driver or a book that is wrong on purpose.
    enum Fault: CaseIterable {
        case lastComeFirstServed
        case limitOffByOne
        case userLimitOffByOne
        case lostAccount
        case lostReturn
        case lostOpen
        case lostCancellation
        case earlyClosed
        case forgottenUnpin
        case mixedUsers
        case twiceReturned
        case lostTime
        case lostClosed
    }

    struct Session {
        let user: UserID
        let loop: LoopID
        var state = State.idle
        var last: ConnectionID?
        var ticket: UInt64 = 0
        var arrived = MonotonicTime(nanoseconds: 0)

        enum State: Equatable {
            case idle
            case waiting(WaiterID)
            /// Its connection is in the loop's mailbox.
            case granted(WaiterID)
            /// It has gone while its connection was in the mailbox.
            case gone
            case holding(ConnectionID)
        }
    }

    let seed: UInt64
    let fault: Fault?
    var random: SplitMix64
    let model: LeaseModel
    var book: LeaseBook
    var sessions: [Session] = []
    var now = MonotonicTime(nanoseconds: 1_000_000_000)
    var steps: [LeaseStep] = []
    /// What the loops have not performed yet.
    var mailboxes: [[LeaseStep]]
    /// Connections whose opening, closing or ping is under way at the server.
    var underWay: [ConnectionID] = []
    var nextTicket: UInt64 = 1000
    /// How many users share an account.
    let usersOfAccount: Int
    /// Whether nothing new is asked for: everything must come to an end.
    var isEnding = false
    let isRough: Bool

    init(seed: UInt64, fault: Fault? = nil) {
        self.seed = seed
        self.fault = fault
        random = SplitMix64(seed: seed)
        let policy = Self.policy(&random)
        let loops = 1 + random.below(4)
        isRough = random.oneIn(2)
        usersOfAccount = 1 + Int(seed % 3)
        model = LeaseModel(policy: policy, usersOfAccount: usersOfAccount)
        book = LeaseBook(policy: Self.tampered(policy, by: fault), loops: loops, seed: seed)
        mailboxes = Array(repeating: [], count: loops)
        let users = 1 + random.below(5)
        for _ in 0..<2 + random.below(40) {
            sessions.append(Session(user: UserID(random.below(users)), loop: LoopID(random.below(loops))))
        }
    }

    static func policy(_ random: inout SplitMix64) -> LeasePolicy {
        var policy = LeasePolicy()
        policy.maximum = 1 + random.below(8)
        policy.minimum = random.below(3)
        if random.oneIn(2) { policy.userMaximum = 1 + random.below(3) }
        policy.backlogMaximum = random.oneIn(3) ? random.below(6) : 1000
        policy.backlogTimeout = .milliseconds(UInt64(50 + random.below(2000)))
        policy.backendWait = .milliseconds(UInt64(20 + random.below(500)))
        if random.oneIn(2) { policy.keepalive = .milliseconds(UInt64(20 + random.below(300))) }
        if random.oneIn(2) { policy.maximumAge = .milliseconds(UInt64(100 + random.below(900))) }
        policy.connectsAtOnce = 1 + random.below(5)
        policy.queue = random.oneIn(3) ? .fair : .fifo
        return policy
    }

    static func tampered(_ policy: LeasePolicy, by fault: Fault?) -> LeasePolicy {
        var policy = policy
        if fault == .limitOffByOne { policy.maximum += 1 }
        if fault == .userLimitOffByOne, policy.userMaximum < .max { policy.userMaximum += 1 }
        return policy
    }

    /// Runs to the end, or to the first violation.
    func run(events: Int = 600) -> [String] {
        for _ in 0..<events where model.violations.isEmpty {
            happen()
        }
        finish()
        return model.violations
    }

    // MARK: Events

    private func happen() {
        switch random.below(40) {
        case 0..<12: request()
        case 12..<21: deliver()
        case 21..<27: finishAtServer()
        case 27..<33: release()
        case 33..<35: pinOrUnpin()
        case 35: cancel()
        case 36, 37: passTime(.milliseconds(UInt64(random.below(12))))
        case 38: if let due = book.nextDue { passTime(due.since(now)) }
        default: if isRough { mishap() }
        }
    }

    /// As `happen`, without anything new.
    func finalRound() {
        let isQuiet = underWay.isEmpty && mailboxes.allSatisfy(\.isEmpty) && model.count(.leased) == 0
        if isQuiet, let due = book.nextDue {
            model.expect(model.waiting.isEmpty || model.isFailing, "nothing is under way, and somebody waits")
            return passTime(due.since(now))
        }
        switch random.below(3) {
        case 0: deliver()
        case 1: finishAtServer()
        default: release()
        }
    }

    private func mishap() {
        switch random.below(8) {
        case 0...2: loseConnection()
        case 3, 4:
            if model.downSince == nil {
                model.downSince = now
                book.backendDown(now: now)
            } else {
                up()
            }
        case 5: random.oneIn(3) || model.isDraining ? changeDrain() : ()
        default: changePolicy()
        }
    }

    private func request() {
        let number = random.below(sessions.count)
        guard !isEnding, sessions[number].state == .idle else { return }
        nextTicket += 2
        // Loops race to the lock: now and then an older ticket gets there later.
        sessions[number].ticket = random.oneIn(12) ? nextTicket - 5 - UInt64(random.below(8)) * 2 : nextTicket
        sessions[number].arrived = now
        ask(number)
    }

    func ask(_ number: Int) {
        let session = sessions[number]
        let user = fault == .mixedUsers && random.oneIn(30) ? UserID(0) : session.user
        let ticket = fault == .lastComeFirstServed ? UInt64.max / 2 - session.ticket : session.ticket
        model.requests += 1
        let id = book.requested(
            LeaseRequest(
                session: SessionID(UInt64(number)), user: user, account: account(of: user), loop: session.loop,
                ticket: ticket, arrived: session.arrived, last: session.last), now: now, &steps)
        model.waiting[id] = LeaseModel.Waiter(
            session: number, user: session.user, loop: session.loop, ticket: session.ticket, arrived: session.arrived)
        sessions[number].state = .waiting(id)
        conclude()
    }

    /// A book that is told none lets each user have the account's connections.
    private func account(of user: UserID) -> UserID? {
        fault == .lostAccount ? nil : UserID(user.number / usersOfAccount * usersOfAccount)
    }

    /// Judges the steps of an event and mails them to their loops.
    func conclude() {
        for step in steps {
            model.judge(step, now: now)
            switch step {
            case .grant(let grant):
                sessions[Int(grant.session.number)].state = .granted(grant.waiter)
                mailboxes[grant.loop.number].append(step)
            case .refuse(let refusal):
                // The ERR needs no mailbox here: nothing follows from it.
                sessions[Int(refusal.session.number)].state = .idle
            case .open(let id, _, let loop):
                if fault == .lostOpen, random.oneIn(40) { continue }
                mailboxes[loop.number].append(.open(id, UserID(0), loop))
            case .close(_, let loop, _), .ping(_, let loop): mailboxes[loop.number].append(step)
            }
        }
        steps.removeAll(keepingCapacity: true)
        model.check(book, now: now)
    }

    /// A loop reads the next step of its mailbox.
    private func deliver() {
        let loop = random.below(mailboxes.count)
        guard !mailboxes[loop].isEmpty else { return }
        switch mailboxes[loop].removeFirst() {
        case .grant(let grant): receive(grant)
        case .open(let id, _, _), .ping(let id, _): underWay.append(id)
        case .close(let id, _, _):
            underWay.append(id)
            if fault == .earlyClosed, random.oneIn(8) { book.closed(id, now: now, &steps) }
            if fault == .earlyClosed { conclude() }
        case .refuse: break
        }
    }

    private func receive(_ grant: LeaseGrant) {
        let number = Int(grant.session.number)
        guard model.connections[grant.connection]?.state == .leased else {
            // It was lost on its way: the statement was not sent, and asks again in its old place.
            if sessions[number].state == .gone { sessions[number].state = .idle } else { ask(number) }
            return
        }
        if sessions[number].state == .gone {
            sessions[number].state = .idle
            giveBack(grant.connection)
        } else {
            sessions[number].state = .holding(grant.connection)
            sessions[number].last = grant.connection
        }
    }

    /// What a server does has come to its end.
    private func finishAtServer() {
        guard !underWay.isEmpty else { return }
        let id = underWay.remove(at: random.below(underWay.count))
        guard let connection = model.connections[id] else { return }
        switch connection.state {
        case .opening: finishOpening(id)
        case .checking:
            model.connections[id]?.state = .resting
            book.checked(id, now: now, &steps)
        case .closing:
            model.connections[id] = nil
            if fault != .lostClosed || !random.oneIn(10) { book.closed(id, now: now, &steps) }
        case .resting, .leased: break
        }
        conclude()
    }

    private func finishOpening(_ id: ConnectionID) {
        if isRough, !isEnding, random.oneIn(5) {
            let isUser = random.oneIn(3)
            model.connections[id] = nil
            if !isUser { model.backOff.failed(now: now) }
            book.openFailed(id, isUser ? .user : .backend, now: now, &steps)
        } else {
            model.connections[id]?.state = .resting
            model.backOff.succeeded()
            book.opened(id, now: now, &steps)
        }
    }

    private func release() {
        let number = random.below(sessions.count)
        guard case .holding(let id) = sessions[number].state else { return }
        guard isEnding || model.connections[id]?.pins.isEmpty != false || random.oneIn(3) else { return }
        sessions[number].state = .idle
        giveBack(id)
    }

    private func giveBack(_ id: ConnectionID) {
        guard model.connections[id]?.state == .leased else { return }
        model.connections[id]?.state = .resting
        model.connections[id]?.pins = []
        let used = TimeSpan.milliseconds(UInt64(random.below(20)))
        if fault == .lostReturn, random.oneIn(20) { return conclude() }
        if random.oneIn(15) {
            book.discarded(id, used: used, now: now, &steps)
        } else {
            book.returned(id, used: used, now: now, &steps)
        }
        conclude()
        guard fault == .twiceReturned else { return }
        book.returned(id, used: used, now: now, &steps)
        conclude()
    }
}
