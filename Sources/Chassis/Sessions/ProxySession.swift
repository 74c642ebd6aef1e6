import EventLoop
package import MySQLWire
package import PluginAPI
import ProxyCore

/// The session as hooks see it, with the way back to its connection.
package final class ProxySession: Session {
    /// The connection owns the session, and takes itself out at its end; a weak reference would make every retain of the
    /// connection a slow one.
    unowned var connection: ProxyConnection?

    /// The stream knows it, as long as there is one.
    override package var clientAddress: String { connection?.clientAddress ?? super.clientAddress }

    override package var backendLocalAddress: String? { connection?.backend?.localAddress }

    override package var capabilities: Capabilities { connection?.machine.capabilities ?? [] }

    override package func resume() {
        connection?.resumeRequested()
    }

    override package func closeAfterResult() {
        connection?.closesAfterResult = true
    }

    override package var resultSettings: [UInt8]? { (connection?.backend as? LocalStream)?.resultSettings }

    override package var backendSchemaBytes: [UInt8] { connection?.backendSchema ?? [] }

    override package func parkBackend() throws(ParkingObstacle) {
        guard let connection else { throw .ending }
        if connection.isServedLocally {
            route = nil
        } else {
            try connection.parkBackend()
        }
    }

    override package func takeBackend(_ backend: Backend) throws(ParkingObstacle) -> Bool {
        guard let connection else { throw .ending }
        guard connection.isServedLocally else { return try connection.takeBackend(backend) }
        route = backend
        return true
    }
}
