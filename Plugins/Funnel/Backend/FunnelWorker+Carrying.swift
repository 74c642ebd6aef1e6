import PluginAPI
import Pooling
import Streams

// A connection that is granted to a session of another loop moves there with its socket.

extension FunnelWorker {
    /// A connection between two loops.
    ///
    /// Invariant of the unchecked sendability: the loop that sends it holds no reference to the connection any more, and
    /// has cut what ties it to its sessions.
    private struct Carried: @unchecked Sendable {
        let connection: BackendConnection
        let stream: any DetachedStream
        let grant: LeaseGrant
    }

    /// Sends the connection to the loop of the session that it is granted to.
    func carry(_ connection: BackendConnection, _ grant: LeaseGrant) {
        let pool = connection.pool
        guard let stream = connection.stream, let detached = loop.detach(stream) else {
            connection.gone("it has spoken unasked, or ended", couldConnect: true)
            return arrive(grant, nil, of: pool)
        }
        connection.leaveLoop()
        forget(connection)
        let carried = Carried(connection: connection, stream: detached, grant: grant)
        funnel.loops.post(to: grant.loop.number) { $0.takeIn(carried) }
    }

    private func takeIn(_ carried: Carried) {
        let connection = carried.connection
        connection.worker = self
        keep(connection)
        connection.stream = loop.adopt(carried.stream, handler: connection, tag: 0)
        guard connection.stream != nil else {
            connection.gone("this process is short of means", couldConnect: true)
            return arrive(carried.grant, nil, of: connection.pool)
        }
        arrive(carried.grant, connection, of: connection.pool)
    }
}

extension BackendConnection {
    /// Cuts what ties the connection to sessions of the loop that it leaves.
    fileprivate func leaveLoop() {
        belong(to: nil)
        session = nil
        stream = nil
        worker.loop.setDeadline(nil, for: self)
    }
}
