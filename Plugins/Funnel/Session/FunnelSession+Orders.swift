import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import SQLText

// What query rules order for a statement: how long it may take, how often it is sent, whether the connection is kept.

extension FunnelSession {
    /// How long a server may take for its word on a statement that was killed.
    private static let patience = TimeSpan.seconds(5)

    /// The statement has been sent: its time begins.
    func limitTime(on connection: BackendConnection) {
        guard session.mayHaveOrders, let limit = session.orders.timeout else { return }
        worker.loop.setDeadline(worker.loop.now + limit, for: connection)
    }

    /// The statement has had its time: it is killed; a server that doesn't end it then loses its connection.
    func timePassed(on connection: BackendConnection) {
        guard phase == .running, self.connection === connection, let running else { return }
        if running.isTimedOut { return giveUpKilled(running, on: connection) }
        running.isTimedOut = true
        worker.loop.setDeadline(worker.loop.now + Self.patience, for: connection)
        connection.comeUnderFire {}
    }

    private func giveUpKilled(_ running: RunningCommand, on connection: BackendConnection) {
        let reason = "it has not ended a statement that was killed"
        if !ties.pins.isEmpty || hasCursor || needsCapture { loss = reason }
        leaveConnection(wasRunning: true)
        // Nobody waits for its answer any more.
        connection.isOrphaned = false
        connection.gone(reason, couldConnect: true)
        ties.connectionLost()
        cursorsLost()
        guard running.isAnswerBegun else { return say(.timedOut) }
        client?.hangUp()
    }

    /// Whether the client gets the timeout's ERR in place of the answer: of the server's own, and of what a killed query
    /// has answered for all that. A change that was made in spite of the kill is told.
    func replacesAnswer(_ running: RunningCommand, on connection: BackendConnection) -> Bool {
        guard running.isTimedOut, !running.isAnswerBegun else { return false }
        if connection.summary.isError { return connection.summary.errorCode == Self.interrupted }
        return running.effects?.isReadOnly ?? false
    }

    /// Whether bytes of the answer to a statement that is killed don't go to the client, or not yet: a query has nothing
    /// more to say, and what a change says may be the begin of the kill's ERR. An answer that had begun goes on.
    func withholds(_ bytes: Span<UInt8>, _ running: RunningCommand) -> Bool {
        guard running.isTimedOut, !running.isAnswerBegun else { return false }
        if running.effects?.isReadOnly == true { return true }
        guard running.withheld.count + bytes.count <= Self.longestWithheld else {
            let withheld = running.withheld
            running.withheld = []
            if !withheld.isEmpty { client?.deliver(withheld.span) }
            return false
        }
        bytes.withUnsafeBufferPointer { running.withheld.append(contentsOf: $0) }
        return true
    }

    /// No ERR is longer.
    private static let longestWithheld = 1 << 16

    /// ER_QUERY_INTERRUPTED.
    private static let interrupted: UInt16 = 1317

    /// Gives the client the timeout's ERR as the answer to a command that is done with.
    func tellTimeout(after lastSequence: UInt8) {
        var writer = PacketWriter(sequence: lastSequence &+ 1)
        writer.append(SQLError.timedOut)
        let bytes = writer.take()
        client?.deliver(bytes.span)
        if phase == .ready { takeIncoming() }
    }

    /// The statement's orders on multiplexing count behind it.
    func obeyMultiplexing() {
        guard session.mayHaveOrders else { return }
        switch session.orders.multiplexing {
        case .unchanged, .ignore: break
        case .off: isMultiplexingOff = true
        case .on: isMultiplexingOff = false
        }
    }

    /// Whether a statement whose connection broke may be sent once more, as far as orders tell; nil where they don't.
    func mayRetry(_ running: RunningCommand) -> Bool? {
        session.orders.retries.map { running.attempts <= Int($0) }
    }
}

extension SQLError {
    /// What the client of a statement is told that took longer than a query rule gives it.
    static let timedOut = Notice.statementTimeout.error
}
