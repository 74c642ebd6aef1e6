import MySQLWire
import PluginAPI

// Handing the last connection over: what only it knows of the session is read first.

extension FunnelSession {
    /// Another session is to have the connection; what has to be read before, nil for nothing.
    func captureBegins() -> Capture? {
        // Most leave nothing to ask; asked at every hand-over.
        guard needsCapture, let capture = Capture(ties.memory, settings) else { return nil }
        isBeingCaptured = true
        return capture
    }

    /// The answers to what was asked; fewer than asked for where the connection has broken.
    func captured(_ capture: Capture, _ answers: [InternalAnswer], on connection: BackendConnection) {
        isBeingCaptured = false
        // A session that has begun anew meanwhile, or left, has nothing to do with what was on the connection.
        if connection.owner === self { take(capture, answers, from: connection) }
        let after = afterCapture
        afterCapture = nil
        after?()
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
        settings = worker.funnel.settings.table.read(settings, values)
        connection.settings = settings
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
