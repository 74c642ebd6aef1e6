import Locking
import PluginAPI
import Pooling
import Synchronization

/// What plugins may ask of the process, before the loops run.
final class HostServices: PluginHost {
    /// A listening endpoint that a plugin has asked for.
    struct Listener: Sendable {
        let endpoint: Endpoint
        let service: Service
    }

    private struct Requests {
        var listeners: [Listener] = []
        var offer: Endpoint?
        var servesSessions = false
    }

    let backends = BackendSet()
    let administration = Administration()
    private let processLog: ProcessLog
    private let requests = Lock(Requests())
    private let isEnding = Atomic(false)

    let scriptPaths: ScriptPaths
    let loopCount: Int

    init(log: ProcessLog, scriptPaths: ScriptPaths, loopCount: Int) {
        processLog = log
        self.loopCount = loopCount
        self.scriptPaths = scriptPaths
    }

    /// The listeners asked for, in order.
    var listeners: [Listener] { requests.withLock { $0.listeners } }

    func listen(on endpoint: Endpoint, for service: Service) {
        requests.withLock { $0.listeners.append(Listener(endpoint: endpoint, service: service)) }
    }

    func offerBackend(_ endpoint: Endpoint) {
        requests.withLock { $0.offer = $0.offer ?? endpoint }
    }

    var offeredBackend: Endpoint? { requests.withLock { $0.offer } }

    func serveSessions() {
        requests.withLock { $0.servesSessions = true }
    }

    var servesSessions: Bool { requests.withLock { $0.servesSessions } }

    func requestShutdown() {
        // A second signal would close the sessions that the first one drains.
        guard !isEnding.exchange(true, ordering: .relaxed) else { return }
        ProcessSignal.terminate.sendToProcess()
    }

    func log(_ level: LogLevel, _ message: @autoclosure () -> String) {
        processLog.log(level, message())
    }
}
