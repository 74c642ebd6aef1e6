import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import Synchronization
import Telemetry

// Statements that must see certain transactions, by the orders of query rules: their server is asked for these, and given
// a while to apply them; else they go where the transactions were made.

/// Where a statement goes instead.
struct GTIDFallback {
    /// Nil for the usual one.
    let hostgroup: Int?
    /// The server that has the transactions for certain, where it is known.
    let backend: Backend?
}

extension FunnelSession {
    // MARK: What the session has seen

    /// Remembers the transactions that an answer tells of.
    func remember(_ changes: [SessionStateChange], of connection: BackendConnection) {
        for change in changes {
            guard let gtids = change.committed else { continue }
            let backend = connection.pool.backend
            connection.pool.nowApplied(gtids)
            worker.count(\.gtidsRemembered, connection)
            let seen = seenTransactions ?? SeenTransactions()
            seenTransactions = seen
            for hostgroup in hostgroups(of: backend) {
                seen.saw(SeenTransactions.Seen(hostgroup: hostgroup, gtids: gtids, backend: backend))
            }
        }
    }

    /// The hostgroup that the statement went to; all that its server is in where a script or a pin had it go there.
    private func hostgroups(of backend: Backend) -> [Int] {
        let all = worker.chooser.current
        let wanted = hostgroup ?? all.usual
        guard !all[wanted].contains(where: { $0.backend === backend }) else { return [wanted] }
        return all.members.filter { $0.backend === backend }.map(\.row.hostgroup)
    }

    // MARK: What a statement must see

    /// Where the statement goes instead of to a server that hasn't applied what it must see.
    var fallback: GTIDFallback? { running?.fallback }

    /// Whether the statement waits for transactions on a server that was chosen for it: a script's choice counts more.
    var mustSeeTransactions: Bool {
        guard session.mayHaveOrders, session.orders.gtidFromHostgroup != nil || session.minimumGTIDs != nil,
            session.route == nil
        else { return false }
        return running?.effects != nil && running?.command != .prepare
    }

    /// The session's own transaction that the statement must see; where it goes instead there is none that has more.
    private var ownTransaction: SeenTransactions.Seen? {
        guard fallback == nil, let hostgroup = session.orders.gtidFromHostgroup else { return nil }
        return seenTransactions?.last(in: Int(hostgroup))
    }

    /// Goes on with the connection once its server has applied what the statement must see.
    func prove(on connection: BackendConnection) {
        let wanted = [ownTransaction?.gtids, session.minimumGTIDs].compactMap(\.self)
        guard !wanted.isEmpty else { return takeOver(connection) }
        let missing = wanted.filter { !connection.pool.hasApplied($0) }
        guard !missing.isEmpty else { return proven(on: connection) }
        let begun = worker.loop.now
        beforeQuestions(to: connection) { [self] in
            prove(missing[...], on: connection, since: begun)
        }
    }

    /// Reads what the questions would overwrite, where the session has left anything there.
    private func beforeQuestions(to connection: BackendConnection, _ completion: @escaping () -> Void) {
        guard connection.owner === self else { return completion() }
        guard let capture = Capture(ties.memory, settings) else {
            connection.state.questioned()
            return completion()
        }
        connection.ask(each: capture.commands[...], []) { [self] answers in
            guard isStillPreparing(on: connection), !answers.isEmpty else { return }
            // What can't be read is told where the session leaves the connection.
            guard read(capture, answers, from: connection) else { return goElsewhere(from: connection) }
            connection.state.questioned()
            completion()
        }
    }

    private func prove(_ missing: ArraySlice<GTIDList>, on connection: BackendConnection, since begun: MonotonicTime) {
        guard let gtids = missing.first else {
            worker.measure(.stateReplay, connection, since: begun)
            return proven(on: connection)
        }
        let question = TransactionQuestion(isMariaDB: connection.pool.greeting?.isMariaDB ?? true, gtids: gtids)
        connection.ask(Command.query.payload(text: question.look)) { [self] answer in
            guard isStillPreparing(on: connection), let answer else { return }
            if let applied = question.applied(answer) { connection.pool.nowApplied(applied) }
            guard !connection.pool.hasApplied(gtids) else {
                return prove(missing.dropFirst(), on: connection, since: begun)
            }
            waitUntilApplied(question, on: connection) { [self] in
                prove(missing.dropFirst(), on: connection, since: begun)
            }
        }
    }

    /// Has the server wait for what it hasn't applied yet.
    private func waitUntilApplied(
        _ question: TransactionQuestion, on connection: BackendConnection, _ completion: @escaping () -> Void
    ) {
        let patience = worker.funnel.gtidWait.load(ordering: .relaxed)
        guard patience > 0, fallback == nil else { return notApplied(question.gtids, on: connection) }
        connection.ask(Command.query.payload(text: question.wait(milliseconds: patience))) { [self] answer in
            guard isStillPreparing(on: connection), let answer else { return }
            guard question.isApplied(answer) else { return notApplied(question.gtids, on: connection) }
            connection.pool.nowApplied(question.gtids)
            completion()
        }
    }

    private func proven(on connection: BackendConnection) {
        worker.count(\.gtidReads, connection)
        takeOver(connection)
    }

    // MARK: Elsewhere

    private func notApplied(_ gtids: GTIDList, on connection: BackendConnection) {
        guard fallback != nil else { return goElsewhere(from: connection) }
        giveUntouchedBack(connection)
        say(.notApplied(gtids, by: connection.pool.backend))
    }

    /// The statement goes where the transactions were made, or where it would go without rules.
    private func goElsewhere(from connection: BackendConnection) {
        worker.count(\.gtidFallbacks, connection)
        running?.fallback = GTIDFallback(
            hostgroup: session.orders.gtidFromHostgroup.map { Int($0) } ?? session.defaultHostgroup,
            backend: ownTransaction?.backend)
        giveUntouchedBack(connection)
        lease()
    }

    /// The connection has nothing of the session's that it hadn't before.
    private func giveUntouchedBack(_ connection: BackendConnection) {
        self.connection = nil
        connection.pool.countOutstanding(-1)
        connection.giveBack()
    }
}

extension Funnel {
    /// How long a server may take to apply what a statement must see.
    var gtidWaitVariable: RuntimeVariable {
        .integer("funnel-gtid_wait_timeout_ms", in: 0...20_000) { [self] in
            gtidWait.load(ordering: .relaxed)
        } apply: { [self] in
            gtidWait.store($0, ordering: .relaxed)
        }
    }
}

extension SQLError {
    fileprivate static func notApplied(_ gtids: GTIDList, by backend: Backend) -> Self {
        Self(
            code: 1105,
            message: "(funnel) server \(backend.endpoint) has not applied min_gtid="
                + String(decoding: gtids.text, as: UTF8.self))
    }
}
