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
        let options = try FunnelOptions.parse(["--funnel-auth-user=nobody"] + options)
        let accounts = try AccountDirectory(options: options)
        for user in users { accounts.looked(user, Account(user: user, verifier: .password([]))) }
        funnel = Funnel(host: host, settings: FunnelSettings(options), accounts: accounts)
        worker = FunnelWorker(funnel: funnel, loop: loopContext)
        funnel.loops.enter(worker)
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
        loop.listen(on: Self.proxy) { [unowned self] in accept($0) }
    }

    private func accept(_ stream: SimulatedStream) -> StreamHandler? {
        let timeouts = ProxyTimeouts(
            connect: .seconds(2), login: .seconds(30), read: .seconds(3600), write: .seconds(3600))
        let connection = context.makeConnection(for: stream, timeouts: timeouts)
        stream.handler = connection
        stream.tag = 0
        connection.begin(client: stream)
        return connection
    }

    /// Lets so much time pass, or less if it is done before.
    func settle(_ seconds: Double, until isDone: () -> Bool = { false }) {
        let limit = loop.now + .seconds(seconds)
        loop.schedule(at: limit) {}
        while loop.now < limit, !isDone(), loop.turn() {}
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
