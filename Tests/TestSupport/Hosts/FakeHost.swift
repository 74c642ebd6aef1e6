package import PluginAPI
package import Pooling
import Synchronization

/// A host without ports that remembers what it was asked for.
package final class FakeHost: PluginHost {
    private struct Requests {
        var listeners: [Endpoint] = []
        var offered: Endpoint?
        var log: [(level: LogLevel, text: String)] = []
        var shutdowns = 0
    }

    package let administration = Administration()
    package let backends = BackendSet()
    package let scriptPaths: ScriptPaths
    package let servesSessions: Bool
    package let loopCount: Int
    private let requests: Mutex<Requests>

    /// - Parameter servesSessions: whether something like the funnel is there.
    package init(
        offeredBackend: Endpoint? = nil, scriptPaths: ScriptPaths = ScriptPaths(), servesSessions: Bool = false,
        loopCount: Int = 1
    ) {
        self.scriptPaths = scriptPaths
        self.servesSessions = servesSessions
        self.loopCount = loopCount
        requests = Mutex(Requests(offered: offeredBackend))
    }

    package var listeners: [Endpoint] { requests.withLock { $0.listeners } }
    package var offeredBackend: Endpoint? { requests.withLock { $0.offered } }
    package var logged: [String] { requests.withLock { $0.log.map(\.text) } }
    /// The levels of ``logged``, line by line.
    package var levels: [LogLevel] { requests.withLock { $0.log.map(\.level) } }
    /// How often the end of the process was asked for.
    package var shutdowns: Int { requests.withLock { $0.shutdowns } }

    package func listen(on endpoint: Endpoint, for service: Service) {
        requests.withLock { $0.listeners.append(endpoint) }
    }

    package func offerBackend(_ endpoint: Endpoint) { requests.withLock { $0.offered = endpoint } }

    package func log(_ level: LogLevel, _ message: @autoclosure () -> String) {
        let text = message()
        requests.withLock { $0.log.append((level, text)) }
    }

    package func requestShutdown() { requests.withLock { $0.shutdowns += 1 } }
}
