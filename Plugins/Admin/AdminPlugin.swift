import Foundation
import GRDBSQLite
package import PluginAPI
import Pooling
import ServerSide

/// The administrator's port: SQL over the MySQL protocol, over tables that the other plugins offer.
package final class AdminPlugin: Plugin {
    package static let name = "admin"
    package static let summary = "SQL over the MySQL protocol to configure and to see what goes on."

    private let endpoints: [Endpoint]
    private let server: AdminServer
    private let host: any PluginHost

    package init(options: AdminOptions, host: any PluginHost) throws {
        let addresses = options.adminAddress.isEmpty ? ["127.0.0.1:4041"] : options.adminAddress
        endpoints = try addresses.map { try Self.endpoint($0) }
        let credentials = Credentials(try options.accounts())
        server = AdminServer(
            host: host, credentials: credentials, database: options.adminDatabase, file: options.adminConfigFile,
            script: try options.adminLuaScript.map { try AdminScript(path: $0, host: host) })
        self.host = host
        host.administration.serve()
    }

    private static func endpoint(_ address: String) throws(OptionError) -> Endpoint {
        do {
            return try Endpoint(parsing: address, defaultPort: 4041)
        } catch {
            throw OptionError(option: "--admin-address=\(address)", reason: error.problem)
        }
    }

    /// Offers the port's own settings and asks for the listeners.
    package func start() throws {
        host.administration.add(variables: server.variables)
        host.administration.add(globals: Self.memory)
        host.administration.add(memoryMetrics: Self.memory)
        for endpoint in endpoints { host.listen(on: endpoint, for: .server(server)) }
    }

    /// Everything is offered: makes the tables, and configures the process as the disk and the file say.
    package func allStarted() throws { try server.open() }

    /// Bytes that SQLite has, in ProxySQL's word for it.
    @Sendable
    private static func memory() -> [NamedNumber] {
        [NamedNumber("SQLite3_memory_bytes", sqlite3_memory_used())]
    }

    /// The port has no hooks.
    package func makeWorker(on loop: any LoopContext) -> (any PluginWorker)? { nil }

    package func stop() { server.close() }
}

extension AdminOptions {
    /// The accounts that the options name.
    func accounts() throws(OptionError) -> [Account: [String: StoredPassword]] {
        var accounts: [Account: [String: StoredPassword]] = [
            .administrator: [adminUsername ?? "": StoredPassword(try password())]
        ]
        if let user = adminStatsUsername {
            accounts[.statistics] = [user: StoredPassword(adminStatsPassword ?? "")]
        }
        return accounts
    }

    private func password() throws(OptionError) -> String {
        guard let path = adminPasswordFile else { return adminPassword ?? "" }
        let option = "--admin-password-file=\(path)"
        let mode = try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        guard let mode, let data = FileManager.default.contents(atPath: path) else {
            throw OptionError(option: option, reason: "the file can't be read")
        }
        guard mode & 0o007 == 0 else {
            throw OptionError(option: option, reason: "others can read the file; chmod 600 it")
        }
        let line = data.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !line.isEmpty else { throw OptionError(option: option, reason: "its first line is empty") }
        return String(decoding: line, as: UTF8.self)
    }
}
