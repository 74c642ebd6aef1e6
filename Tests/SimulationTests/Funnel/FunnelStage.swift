import Accounts
import ArgumentParser
import Chassis
import EventLoop
import PluginAPI
import Pooling
import TestSupport

@testable import FunnelPlugin

/// The production funnel on a simulated loop, listening at ``proxy``: what stands between a town's clients and servers.
final class FunnelStage {
    static let proxy = Endpoint.tcp(host: "proxy", port: 4040)

    let loop: SimulatedLoop
    let funnel: Funnel
    let worker: FunnelWorker
    let context: SessionContext
    private let loopContext: SimulatedLoopContext

    /// - Parameters:
    ///   - host: Knows the servers.
    ///   - options: The funnel's, as on the command line.
    ///   - users: Who may log in, without a password.
    ///   - hooks: What sees statements before the funnel does.
    init(
        loop: SimulatedLoop, host: FakeHost, options: [String], users: [String] = ["user"],
        hooks: [any PluginWorker] = []
    ) throws {
        self.loop = loop
        loopContext = SimulatedLoopContext(loop: loop)
        funnel = try Funnel(options: .parse(["--funnel-auth-user=nobody"] + options), host: host)
        for user in users { funnel.accounts.looked(user, Account(user: user, verifier: .password([]))) }
        worker = FunnelWorker(funnel: funnel, loop: loopContext)
        funnel.loops.enter(worker, on: loopContext)
        var sessions: UInt64 = 0
        context = SessionContext(
            loop: loop, workers: hooks + [worker],
            makeID: {
                sessions += 1
                return sessions
            }, log: { _, _ in })
    }

    deinit { funnel.loops.clear() }

    /// Lets clients in.
    func open() {
        loop.listen(on: Self.proxy) { [unowned self] in
            context.accept($0, timeouts: .simulated(silence: .seconds(3600)))
        }
    }

    /// Lets so much time pass, or less if it is done before.
    func settle(_ seconds: Double, until isDone: () -> Bool = { false }) {
        loop.settle(.seconds(seconds), until: isDone)
    }

    /// A client that has logged in.
    func client() -> StatementClient {
        let client = StatementClient(loop: loop)
        settle(10) { client.answer != nil }
        return client
    }

    /// What the client is answered, within a hundred seconds.
    func ask(_ client: StatementClient, _ payload: [UInt8]) -> StatementClient.Answer? {
        client.send(payload)
        settle(100) { client.answer != nil }
        return client.answer
    }
}
