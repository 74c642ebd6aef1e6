import Accounts
package import PluginAPI
import Pooling

/// Multiplexes: many clients share few backend connections, and whoever finds none free waits its turn.
package final class FunnelPlugin: Plugin {
    package static let name = "funnel"
    package static let summary = "Lets many clients share few connections to the servers, with a backlog."

    private let funnel: Funnel

    package init(options: FunnelOptions, host: any PluginHost) throws {
        funnel = try Funnel(options: options, host: host)
    }

    package func start() throws {
        guard funnel.accounts.hasSource || funnel.host.administration.isServed else { throw NoAccounts() }
        // Made here, since the first login to need it would wait for it, and all others of its loop with it.
        if ServerKey.ofProcess == nil {
            funnel.host.log(.warning, "(funnel) OpenSSL makes no RSA key: no full login by caching_sha2_password")
        }
        funnel.host.serveSessions()
        funnel.host.backends.usualMaxConnections = funnel.settings.lease.maximum
        offer()
    }

    private func offer() {
        let administration = funnel.host.administration
        administration.add(UsersSection(funnel: funnel))
        administration.add(statistics: [funnel.connectionPoolTable, funnel.accounts.usersTable])
        administration.add(statistics: FunnelTables(funnel: funnel).all)
        administration.add(globals: { [funnel] in funnel.globals() })
        administration.add(variables: funnel.mirrorVariables + [funnel.gtidWaitVariable])
    }

    package func makeWorker(on loop: any LoopContext) -> (any PluginWorker)? {
        let worker = FunnelWorker(funnel: funnel, loop: loop)
        funnel.loops.enter(worker, on: loop)
        return worker
    }

    package func hangUp() {
        do {
            try funnel.accounts.reload()
        } catch {
            funnel.host.log(.error, "\(error); the accounts stay as they were")
        }
    }

    package func report(_ completion: @escaping @Sendable (String?) -> Void) {
        funnel.report(completion)
    }

    package func stop() {
        funnel.loops.clear()
    }
}

/// Nobody could ever log in.
package struct NoAccounts: Error, Equatable, CustomStringConvertible {
    package var description: String {
        """
        The funnel logs clients in itself and knows no account: give --funnel-users-file=FILE, or \
        --funnel-auth-user and --funnel-auth-password to look accounts up on the server, or load plugin admin \
        and fill its table mysql_users.
        """
    }
}
