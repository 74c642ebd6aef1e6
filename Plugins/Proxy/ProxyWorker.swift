import MySQLWire
import PluginAPI
import Pooling
import ProxyCore

/// The proxy plugin on one loop: chooses backends; on loop 0 it also watches the failed ones.
final class ProxyWorker: ConnectHook {
    private let host: any PluginHost
    private let readOnlyFallback: Bool
    private var monitor: BackendMonitor?

    init(host: any PluginHost, readOnlyFallback: Bool, loop: any LoopContext) {
        self.host = host
        self.readOnlyFallback = readOnlyFallback
        guard loop.index == 0 else { return }
        monitor = BackendMonitor(host: host, loop: loop)
        monitor?.begin()
    }

    func connect(_ session: Session) -> ConnectVerdict {
        guard !host.servesSessions else { return .next }
        let backends = host.backends.all
        let choice = LeastConnections(readOnlyFallback: readOnlyFallback)
        // Every failed connect marks its backend; the bound only matters when one is taken back and fails meanwhile.
        guard session.failedConnects <= backends.count, let backend = choice.choose(among: backends) else {
            return .refuse(Self.allDown(backends))
        }
        return .backend(backend)
    }

    private static func allDown(_ backends: [Backend]) -> SQLError {
        let names = backends.map { "\($0.endpoint)" }.joined(separator: ", ")
        return SQLError(code: 1105, state: "08S01", message: "(proxy) all backends are down: \(names)")
    }
}

/// Chooses the usable backend with the fewest clients; the first one of the list wins a tie.
struct LeastConnections {
    /// Whether read-only backends are used when no read/write one is left.
    let readOnlyFallback: Bool

    func choose(among backends: [Backend]) -> Backend? {
        fewestClients(backends, .readWrite) ?? (readOnlyFallback ? fewestClients(backends, .readOnly) : nil)
    }

    private func fewestClients(_ backends: [Backend], _ role: Backend.Role) -> Backend? {
        backends
            .filter { $0.role == role && $0.state != .down }
            .min { $0.connectedClients < $1.connectedClients }
    }
}
