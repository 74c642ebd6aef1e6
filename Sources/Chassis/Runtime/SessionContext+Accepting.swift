package import EventLoop
package import PluginAPI

extension SessionContext {
    /// Begins the session of a client whose stream was just accepted; its connection handles the stream from now on.
    ///
    /// - Parameter address: where the client came in; nil where the stream has to be asked.
    package func accept(
        _ stream: ByteStream, at address: String? = nil, timeouts: ProxyTimeouts
    ) -> StreamHandler {
        let connection = makeConnection(for: stream, at: address, timeouts: timeouts)
        stream.handler = connection
        stream.tag = ProxyConnection.clientTag
        connection.begin(client: stream)
        return connection
    }
}
