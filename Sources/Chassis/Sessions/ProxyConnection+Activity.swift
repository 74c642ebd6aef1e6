import EventLoop
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore

// What an administrator sees of a session, and may end.

/// A session in the list of all sessions.
struct ListedSession: Sendable {
    let loop: Int
    let id: UInt64
    let clientAddress: String
    let activity: SessionActivity
    /// For how long its command has been under way, or for how long it has had none.
    let time: TimeSpan
}

/// What came of an order to end a session or its statement.
enum KillOutcome: Sendable {
    case unknownID
    /// Nobody can end a statement of that session.
    case impossible
    case done
}

extension ProxyConnection {
    /// The session as it is listed.
    func listed(on loop: EventLoop) -> ListedSession {
        let activity = activity
        let since = activity.since ?? max(clientSpoke, backendSpoke)
        return ListedSession(
            loop: loop.index, id: session.id, clientAddress: session.clientAddress, activity: activity,
            time: loop.now.since(since))
    }

    private var activity: SessionActivity {
        if let known = (backend as? LocalStream)?.activity { return isCommandHeld ? held(known) : known }
        var activity = SessionActivity()
        let known = session.passage?.memory
        activity.user = session.login?.user ?? known.map { String(decoding: $0.user, as: UTF8.self) } ?? ""
        activity.schema =
            tracker?.hasLogin == true ? session.schemaBytes : session.login?.schemaBytes ?? known?.schema ?? []
        activity.isLoggingIn = !machine.isLoggedIn
        activity.status = machine.status
        activity.backend = session.backend
        activity.hostgroup = session.hostgroup
        activity.backendLocalAddress = backend.map(\.localAddress)
        activity.backendConnectionID = session.backendGreeting?.connectionID ?? known?.backendConnectionID
        guard machine.isLoggedIn, machine.state != .readQuery else { return activity }
        activity.command = machine.currentCommand
        activity.since = clientSpoke
        return activity
    }

    /// A hook has the command wait, of which the server knows nothing yet.
    private func held(_ known: SessionActivity) -> SessionActivity {
        var activity = known
        activity.command = statements?.original ?? .query
        activity.since = clientSpoke
        guard activity.command == .query, let packets = statements?.held, !packets.isEmpty else { return activity }
        activity.text = Array(packets.dropFirst(PacketHeader.size + 1).prefix(SessionActivity.longestText))
        return activity
    }

    /// Ends the statement under way, or the session.
    func kill(onlyStatement: Bool) -> KillOutcome {
        if let local = backend as? LocalStream, local.kill(onlyStatement: onlyStatement) { return .done }
        guard !onlyStatement else { return .impossible }
        endAtOnce()
        return .done
    }
}
