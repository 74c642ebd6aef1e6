public import PluginAPI
import Pooling
import ServerSide

/// An embedded MySQL-protocol server over SQLite, so that the proxy runs with nothing else installed.
public final class SandboxPlugin: Plugin {
    /// The word that loads the plugin.
    public static let name = "sandbox"
    /// One sentence for `--help`.
    public static let summary = "An embedded SQL server (SQLite), so that everything runs with nothing else installed."

    private let endpoint: Endpoint
    private let server: SandboxServer
    private let host: any PluginHost

    /// Checks the options, makes the database and offers the server as a backend.
    public init(options: SandboxOptions, host: any PluginHost) throws {
        endpoint = try Endpoint(parsing: options.address, defaultPort: 4042)
        guard !options.password.isEmpty || endpoint.isLoopback else {
            throw SandboxError.openToTheWorld(endpoint)
        }
        let storage = try SandboxStorage(file: options.database)
        server = SandboxServer(storage: storage, user: options.user, password: options.password)
        self.host = host
        host.offerBackend(endpoint)
    }

    /// Asks for the listener.
    public func start() throws {
        host.listen(on: endpoint, for: .server(server))
        host.log(.info, "sandbox: database \(server.storage.path)")
    }

    /// The sandbox has no hooks.
    public func makeWorker(on loop: any LoopContext) -> (any PluginWorker)? { nil }

    /// Removes a database that was in memory.
    public func stop() {
        server.storage.remove()
    }
}

/// Why the sandbox can't start.
enum SandboxError: Error, CustomStringConvertible {
    case openToTheWorld(Endpoint)
    case database(path: String, problem: String)

    var description: String {
        switch self {
        case .openToTheWorld(let endpoint):
            "--sandbox-address=\(endpoint) can be reached by others while --sandbox-password is empty; "
                + "give a password, or listen on 127.0.0.1"
        case .database(let path, let problem):
            "--sandbox-database=\(path) can't be opened: \(problem); give a file in a folder that can be written"
        }
    }
}
