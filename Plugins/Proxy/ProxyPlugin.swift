import LuaVM
package import PluginAPI
import Pooling

/// Listens for clients and connects each of them to one server: the process's plainest use.
///
/// One backend connection a client; the login is relayed end to end.
package final class ProxyPlugin: Plugin {
    package static let name = "proxy"
    package static let summary = "Listens for MySQL clients and connects each to a server."

    private let host: any PluginHost
    private let listens: Bool
    private let addresses: [Endpoint]
    private let readWrite: [Endpoint]
    private let readOnly: [Endpoint]
    private let readOnlyFallback: Bool
    private let timeouts: ProxyTimeouts
    private let source: ScriptSource?
    private let services: LuaServices
    private let limits: LuaLimits
    private let engines = LuaEngines()

    package init(options: ProxyOptions, host: any PluginHost) throws {
        self.host = host
        listens = !options.noProxy
        addresses = try Self.endpoints(options.proxyAddress, option: "--proxy-address", defaultPort: 4040)
        readWrite = try Self.endpoints(options.proxyBackendAddresses, option: "--proxy-backend-addresses")
        readOnly = try Self.endpoints(
            options.proxyReadOnlyBackendAddresses, option: "--proxy-read-only-backend-addresses")
        readOnlyFallback = options.proxyReadOnlyFallback
        timeouts = ProxyTimeouts(
            connect: .seconds(options.proxyConnectTimeout), login: .seconds(options.proxyLoginTimeout),
            read: .seconds(options.proxyReadTimeout), write: .seconds(options.proxyWriteTimeout))
        services = LuaServices(host: host, shared: SharedDictionary(capacity: options.proxyLuaSharedMemory))
        let trial = ScriptTrial(services)
        source = try options.proxyLuaScript.map { path in
            ScriptSource(try LuaScript(reading: path), trial: trial, host: host)
        }
        limits = LuaLimits(
            instructions: options.proxyLuaMaxInstructions, memory: options.proxyLuaMaxMemory,
            result: options.proxyLuaMaxResult,
            onError: options.proxyLuaOnError)
    }

    package func start() throws {
        guard listens else { return }
        for endpoint in readWriteOrDefault {
            try host.backends.add(endpoint, role: .readWrite)
            host.log(.message, "added read/write backend: \(endpoint)")
        }
        for endpoint in readOnly {
            try host.backends.add(endpoint, role: .readOnly)
            host.log(.message, "added read-only backend: \(endpoint)")
        }
        host.administration.add(ServersSection(host: host))
        host.administration.add(commands: ServerCommands(host: host).all)
        if let source {
            host.administration.add(statistics: [
                LuaTable(source: source, errors: services.errors, engines: engines).table
            ])
        }
        try source?.tryScript()
        for endpoint in addresses.isEmpty ? [.tcp(host: "", port: 4040)] : addresses {
            host.listen(on: endpoint, for: .proxy(timeouts))
        }
    }

    package func makeWorker(on loop: any LoopContext) -> (any PluginWorker)? {
        guard listens else { return nil }
        let plain = ProxyWorker(host: host, readOnlyFallback: readOnlyFallback, loop: loop)
        guard let source else { return plain }
        if loop.index == 0 { ScriptWatch(source, loop: loop).begin() }
        do {
            let worker = try LuaProxyWorker(
                source: source, limits: limits, services: services, host: host, loop: loop, fallback: plain)
            engines.enter(worker.engine, on: loop.mailbox)
            return worker
        } catch {
            host.log(.error, "\(source.script.path) can't be loaded on loop \(loop.index): \(error.message)")
            // Without a worker, nobody names a backend: clients are refused.
            return limits.onError == .pass ? plain : nil
        }
    }

    package func hangUp() { source?.reload() }

    package func stop() { engines.clear() }

    /// Without any backend given: the server that another plugin offers, or this machine's.
    private var readWriteOrDefault: [Endpoint] {
        guard readWrite.isEmpty, readOnly.isEmpty else { return readWrite }
        return [host.offeredBackend ?? .tcp(host: "127.0.0.1", port: 3306)]
    }

    private static func endpoints(
        _ texts: [String], option: String, defaultPort: UInt16 = 3306
    ) throws -> [Endpoint] {
        try texts.flatMap { $0.split(separator: ",") }.map { text in
            let trimmed = text.drop { $0 == " " }
            do {
                return try Endpoint(parsing: String(trimmed), defaultPort: defaultPort)
            } catch {
                throw OptionError(option: option, reason: "\(error)")
            }
        }
    }
}
