import MySQLWire
import PluginAPI

// Handing the last connection over: what only it knows of the session is read first.

extension FunnelSession {
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
        let after = afterCapture
        afterCapture = nil
        after?()
    }

    private func take(_ capture: Capture, _ answers: [InternalAnswer], from connection: BackendConnection) {
        let read = answers.allSatisfy(\.isOK) ? answers.map { Capture.Answer(columns: $0.columns, rows: $0.rows) } : []
        if let values = capture.read(read, into: &ties.memory) {
            settings = worker.funnel.settings.table.read(settings, values)
            connection.settings = settings
        } else {
            connection.state.spoilt()
            ties.connectionLost()
            loss = "what this session has set (user variables, last insert id) could not be read from its connection"
        }
        captureEnded(on: connection)
    }

    /// The connection is the session's no more.
    func captureEnded(on connection: BackendConnection) {
        connection.state.left(by: ties)
        connection.belong(to: nil)
        if lastConnection === connection { lastConnection = nil }
    }

    /// Whether only the last connection knows something of the session.
    var needsCapture: Bool { Capture(ties.memory, settings) != nil }
}
