import ArgumentParser
import Benchmark
import Foundation
import LuaVM
import PluginAPI
import ProxyPlugin

/// What a script costs a query.
func scripts() {
    measure("lua.empty") {
        try Scripted("function read_query(packet) end").query
    }
    measure("lua.packet") {
        try Scripted("function read_query(packet) if packet:byte() ~= proxy.COM_QUERY then return end end").query
    }
    measure("lua.user") {
        try Scripted("function read_query() if proxy.connection.client.username == 'eve' then return end end").query
    }
    measure("lua.injection") {
        try Scripted(
            """
            function read_query(packet)
              proxy.queries:append(1, packet)
              return proxy.PROXY_SEND_QUERY
            end
            """
        ).query
    }
}

/// A script on one loop, and a session that sends a point select again and again.
private final class Scripted {
    private let plugin: ProxyPlugin
    private let loop = StillLoop()
    private let host = Surroundings()
    private let session = LoggedInSession(schema: "shop")
    private let hook: any QueryHook

    struct NoWorker: Error {}

    init(_ source: String) throws {
        let path = NSTemporaryDirectory() + "millrace-micro-\(UInt64.random(in: 0 ... .max)).lua"
        try source.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let options = try ProxyOptions.parse(["--proxy-backend-addresses=10.0.0.1:3306", "--proxy-lua-script=\(path)"])
        plugin = try ProxyPlugin(options: options, host: host)
        try plugin.start()
        let worker = plugin.makeWorker(on: loop)
        guard let hook = worker as? any QueryHook, let connect = worker as? any ConnectHook else { throw NoWorker() }
        self.hook = hook
        if case .backend(let backend) = connect.connect(session) { session.backend = backend }
    }

    func query() {
        blackHole(hook.query(CommandView(packets: Packets.pointSelect.span), in: session))
    }
}
