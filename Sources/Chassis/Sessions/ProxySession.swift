package import PluginAPI

/// The session as hooks see it, with the way back to its connection.
package final class ProxySession: Session {
    /// The connection owns the session; nil after its end.
    weak var connection: ProxyConnection?

    override package func resume() {
        connection?.resumeRequested()
    }

    override package func closeAfterResult() {
        connection?.closesAfterResult = true
    }
}
