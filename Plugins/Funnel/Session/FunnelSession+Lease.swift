import MySQLWire
import PluginAPI
import Pooling
import Streams
import Telemetry

// Getting a connection for the command under way, and giving it back.

extension FunnelSession {
    /// Gets a connection for the command: its own, at once or when its turn has come.
    ///
    /// The command under way is an argument here and where it goes from here: to look it up anew counts its references.
    func lease(for running: RunningCommand) {
        if let connection {
            guard connection.isUnderFire else { return bring(connection, for: running) }
            return connection.afterFiring { [self] in
                if phase != .ended { bring(connection) }
            }
        }
        if let lastConnection, asksAgain(where: lastConnection, for: running) { return }
        guard let pool = choosePool() else { return say(noServer) }
        ask(pool, for: running)
    }

    /// The same once more for a command that has had a connection, or has waited for one.
    func lease() {
        if let running { lease(for: running) }
    }

    /// Asks the pool of the session's last connection, where the statement may go there as the one before did; false, and
    /// nothing is done, where it may not.
    private func asksAgain(where last: BackendConnection, for running: RunningCommand) -> Bool {
        guard session.route == nil, running.fallback == nil,
            worker.chooser.wouldChoose(last.pool.backend, in: hostgroup)
        else { return false }
        ask(last.pool, or: last, for: running)
        return true
    }

    private func ask(_ pool: BackendPool, for running: RunningCommand) {
        ask(pool, or: lastConnection, for: running)
    }

    /// Asks the pool for a connection, unless the session's last one is the pool's and may be taken again.
    private func ask(_ pool: BackendPool, or last: BackendConnection?, for running: RunningCommand) {
        pool.countOutstanding(1)
        if let last, last.pool === pool, last.isTakenAgain(by: self) {
            last.lentAt = worker.loop.now
            return take(last, for: running)
        }
        phase = .waiting
        request = (pool, nil)
        let lastID = last.flatMap { $0.pool === pool ? $0.id : nil }
        let wish = LeaseRequest(
            session: id, user: user, account: account, loop: LoopID(worker.index), ticket: running.ticket,
            arrived: running.arrived, last: lastID, state: settings.fit)
        let waiter = pool.request(wish, from: worker)
        if phase == .waiting, request?.pool === pool, request?.waiter == nil { request?.waiter = waiter }
    }

    /// Where the statement goes: where the script wants it, else to a server of the wanted hostgroup; to the one of the
    /// session's own connection where that is possible.
    private func choosePool() -> BackendPool? {
        if let route = session.route { return worker.pool(of: route) }
        let backend = worker.chooser.choose(
            in: hostgroup, preferring: fallback?.backend ?? lastConnection?.pool.backend, waits: true, load: load)
        return backend.map { worker.pool(of: $0) }
    }

    /// Where the statement is wanted: where hooks say, else where the account says; nil for the usual hostgroup.
    var hostgroup: Int? {
        if let fallback { return fallback.hostgroup }
        return session.hostgroup ?? session.defaultHostgroup
    }

    private func load(_ backend: Backend) -> Int? { worker.pool(of: backend).outstanding }

    private var noServer: SQLError {
        SQLError(
            code: 1105, state: "08S01",
            message: "(funnel) " + worker.chooser.current.obstacle(in: hostgroup))
    }

    // MARK: Answers

    func granted(_ connection: BackendConnection) {
        guard phase == .waiting, request?.pool === connection.pool, let running else {
            connection.giveBack()
            return
        }
        request = nil
        take(connection, for: running)
    }

    private func take(_ connection: BackendConnection, for running: RunningCommand) {
        self.connection = connection
        connection.session = self
        phase = .preparing
        if session.backend !== connection.pool.backend { session.backend = connection.pool.backend }
        worker.measureWait(connection, since: running.arrived)
        if mustSeeTransactions { return prove(on: connection) }
        // Nearly always, and without a closure.
        guard lastConnection != nil, lastConnection !== connection else { return bring(connection, for: running) }
        takeOver(connection)
    }

    /// Leaves the connection before this one, and goes on with the command.
    func takeOver(_ connection: BackendConnection) {
        leaveLast(for: connection) { [self] in
            if isStillPreparing(on: connection) { bring(connection) }
        }
    }

    func grantFailed(of pool: BackendPool) {
        guard phase == .waiting, request?.pool === pool, let running else { return }
        pool.countOutstanding(-1)
        ask(pool, for: running)
    }

    func refused(_ refusal: LeaseRefusal, by pool: BackendPool) {
        guard phase == .waiting, request?.pool === pool else { return }
        request = nil
        pool.countOutstanding(-1)
        if refusal.reason == .draining, redirected(from: pool) { return }
        say(refusal.error(of: pool, worker.funnel, user: user))
    }

    /// The server gets no new statements: another one is asked, if there is one.
    private func redirected(from pool: BackendPool) -> Bool {
        guard let running, running.redirections < 16, let other = choosePool() else { return false }
        running.redirections += 1
        if other !== pool {
            ask(other, for: running)
        } else if pool.backend.standing == .online {
            // It is in use again, and its lease book is yet to hear of it.
            phase = .waiting
            worker.afterFollowing { [self] _ in
                if self.running === running, phase == .waiting, request == nil { lease() }
            }
        } else {
            return false
        }
        return true
    }

    /// The server that the statement waits for has gone down: another one of its hostgroup that is ready takes it.
    func serverWentDown(_ pool: BackendPool) {
        guard phase == .waiting, request?.pool === pool, session.route == nil, let running, running.redirections < 16,
            let other = worker.chooser.choose(in: hostgroup, load: load)
        else { return }
        running.redirections += 1
        leaveBacklog()
        ask(worker.pool(of: other), for: running)
    }

    /// The client doesn't wait any more.
    func leaveBacklog() {
        guard let request else { return }
        self.request = nil
        request.pool.countOutstanding(-1)
        guard let waiter = request.waiter else { return }
        request.pool.tell(from: worker) { book, now, steps in _ = book.cancelled(waiter, now: now, &steps) }
    }

    // MARK: Giving back

    /// The command is done and nothing ties the session to its connection: whoever waits may have it.
    func release() {
        guard let connection else { return }
        self.connection = nil
        if lastConnection !== connection { lastConnection = connection }
        connection.belong(to: self)
        connection.pool.countOutstanding(-1)
        guard connection.isUnderFire else { return connection.giveBack() }
        connection.afterFiring { connection.giveBack() }
    }

    /// The session has done with its connection for good, whatever is on it.
    func leaveConnection(wasRunning: Bool) {
        if let last = lastConnection, last.owner === self {
            last.belong(to: nil)
            withTies { last.state.left(by: $0) }
        }
        lastConnection = nil
        guard let connection else { return }
        self.connection = nil
        connection.belong(to: nil)
        connection.session = nil
        connection.pool.countOutstanding(-1)
        guard connection.phase != .ended else { return }
        if connection.phase != .ready {
            // Its answer, or what prepares it, is read to its end.
            connection.isOrphaned = true
            connection.stream?.resumeReceiving()
            if isEndless || sendsFile { connection.discard() }
        } else if wasRunning {
            // A command waited for something else than an answer of the connection's: nobody comes back to it.
            connection.discard()
        } else {
            withTies { connection.state.left(by: $0) }
            connection.cleanAndGiveBack()
        }
    }

    /// A pin has ended without a command that runs.
    func unpinnedBetweenCommands() {
        guard phase == .ready, connection?.phase == .ready else { return }
        settlePins()
    }
}

extension BackendConnection {
    /// Takes its lease again, where that may still be the session's; false, and nothing is done, where it isn't.
    fileprivate func isTakenAgain(by session: FunnelSession) -> Bool {
        owner === session && user == session.user && phase == .ready && lease.takeAgain()
    }
}

extension LeaseRefusal {
    /// The reason in words.
    func text(of pool: BackendPool, _ funnel: Funnel) -> String {
        let endpoint = pool.backend.endpoint
        let waited = (Double(waited.nanoseconds / 1_000_000) / 1000).description
        return switch reason {
        case .backlogFull:
            "too many statements wait for \(endpoint): \(waiting) of --funnel-backlog-max=\(funnel.settings.lease.backlogMaximum)"
                + " (\(holdings))"
        case .timeout: "no connection to \(endpoint) came free in \(waited) s (\(holdings))"
        case .backendDown: "backend \(endpoint) is down; waited \(waited) s for it"
        case .draining where pool.backend.isRemoved: "backend \(endpoint) was removed from the configuration"
        case .draining: "backend \(endpoint) is drained (\(pool.backend.standing))"
        case .loginRefused: "backend \(endpoint) refuses the login"
        }
    }

    /// What the client is told.
    func error(of pool: BackendPool, _ funnel: Funnel, user: UserID) -> SQLError {
        if reason == .loginRefused, let refusal = funnel.users.refusal(of: user) { return refusal }
        let message = "(funnel) \(text(of: pool, funnel))"
        return switch reason {
        case .backlogFull, .timeout: SQLError(code: 1203, state: "42000", message: message)
        case .backendDown, .draining, .loginRefused: SQLError(code: 1105, state: "08S01", message: message)
        }
    }
}
