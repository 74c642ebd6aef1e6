import MySQLWire
import PluginAPI
import Pooling

// Handing the last connection over: what only it knows of the session is read first.

extension FunnelSession {
    /// The session goes on on another connection: what only its last one knows of it is read first, and the session is gone
    /// from there.
    func leaveLast(for connection: BackendConnection, _ completion: @escaping () -> Void) {
        guard let last = lastConnection, last !== connection, last.owner === self else { return completion() }
        guard needsCapture else {
            captureEnded(on: last)
            return completion()
        }
        afterCapture = completion
        guard !isBeingCaptured else { return }
        let (lastID, session) = (last.id, id)
        let isRecalled = last.pool.tell(from: worker) { book, _, _ in book.recalled(lastID, by: session) }
        // Where it isn't at rest it is pinged, closed or on its way to somebody else: all of that ends in a capture, in its
        // rest, or in its loss.
        guard isRecalled else { return }
        last.lentAt = worker.loop.now
        last.capture { if last.phase == .ready { last.giveBack() } }
    }

    /// What waits for the last connection goes on, as nothing can be read from it any more.
    func goOnWithoutCapture() {
        let after = afterCapture
        afterCapture = nil
        after?()
    }

    /// Another session is to have the connection; what has to be read before, nil for nothing.
    func captureBegins() -> Capture? {
        guard let capture = Capture(ties.memory, settings) else { return nil }
        isBeingCaptured = true
        return capture
    }

    /// The answers to what was asked; fewer than asked for where the connection has broken.
    func captured(_ capture: Capture, _ answers: [InternalAnswer], on connection: BackendConnection) {
        isBeingCaptured = false
        // A session that has begun anew meanwhile, or left, has nothing to do with what was on the connection.
        if connection.owner === self { take(capture, answers, from: connection) }
        goOnWithoutCapture()
    }

    /// The last connection was pinged and rests again, or goes to somebody else next.
    func lastWasPinged() {
        guard !isBeingCaptured, let after = afterCapture, let next = self.connection else { return }
        afterCapture = nil
        leaveLast(for: next, after)
    }

    private func take(_ capture: Capture, _ answers: [InternalAnswer], from connection: BackendConnection) {
        if !read(capture, answers, from: connection) {
            connection.state.spoilt()
            ties.connectionLost()
            loss = "what this session has set (user variables, last insert id) could not be read from its connection"
        }
        captureEnded(on: connection)
    }

    /// Takes in what only the connection knew; false where the answers aren't those asked for.
    func read(_ capture: Capture, _ answers: [InternalAnswer], from connection: BackendConnection) -> Bool {
        let read = answers.allSatisfy(\.isOK) ? answers.map { Capture.Answer(columns: $0.columns, rows: $0.rows) } : []
        guard let values = capture.read(read, into: &ties.memory) else { return false }
        let before = settings
        let table = worker.funnel.settings.table
        settings = table.read(settings, values)
        // After a USE that failed the connection is in another schema than its session.
        connection.settings =
            connection.settings === before ? settings : table.read(connection.settings, values)
        return true
    }

    /// The connection is the session's no more.
    func captureEnded(on connection: BackendConnection) {
        withTies { connection.state.left(by: $0) }
        connection.belong(to: nil)
        if lastConnection === connection { lastConnection = nil }
    }

    /// Whether only the last connection knows something of the session.
    var needsCapture: Bool { !settings.unread.isEmpty || withTies { !$0.memory.isWholeElsewhere } }
}
