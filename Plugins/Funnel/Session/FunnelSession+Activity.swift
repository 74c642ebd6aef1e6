import MySQLWire
import PluginAPI
import Pooling
import Streams

// What an administrator sees of the session, and may end.

extension FunnelSession {
    var activity: SessionActivity? {
        var activity = SessionActivity()
        activity.user = attempt?.userName ?? userName
        activity.isLoggingIn = phase == .login && attempt?.isChange != true
        activity.schema = settings.content.schema ?? []
        activity.status = status
        if session.route == nil { activity.hostgroup = session.hostgroup ?? session.defaultHostgroup }
        activity.isWaiting = phase == .waiting
        if let running, phase != .ready {
            activity.command = running.command
            activity.since = running.arrived
            activity.text = running.textBegin
        }
        if let connection {
            activity.backend = connection.pool.backend
            activity.backendLocalAddress = connection.stream?.localAddress
            activity.backendConnectionID = connection.serverID
            activity.pins = PinReason.allCases.filter { connection.pins.contains($0) }.map { "\($0)" }
        }
        return activity
    }

    func kill(onlyStatement: Bool) -> Bool {
        killed(isQuery: onlyStatement) {}
        return true
    }
}

extension RunningCommand {
    /// The begin of the text that it runs; nil for a command without a text.
    fileprivate var textBegin: [UInt8]? {
        switch command {
        case .query, .prepare, .execute, .bulkExecute, .fetch:
            withText { text in
                text.extracting(0..<min(text.count, SessionActivity.longestText))
                    .withUnsafeBufferPointer { Array($0) }
            }
        case _: nil
        }
    }
}
