import Foundation
import LuaVM
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import TestSupport

@testable import ProxyPlugin

/// A session's walk through the hooks of a script.
final class LuaRig {
    let host = FakeHost()
    let loop = FakeLoop(index: 1)
    let worker: LuaProxyWorker
    let session: Session
    let shared = SharedDictionary(capacity: 1 << 20)
    let services: LuaServices

    /// Two read/write backends, and a client that isn't connected yet.
    init(
        _ source: String, onError: LuaFailurePolicy = .pass, instructions: Int64 = 2_000_000, session: Session? = nil
    ) throws {
        try host.backends.add(.tcp(host: "10.0.0.1", port: 3306), role: .readWrite)
        try host.backends.add(.tcp(host: "10.0.0.2", port: 3307), role: .readOnly)
        self.session = session ?? Self.newSession()
        services = LuaServices(host: host, shared: shared)
        worker = try LuaProxyWorker(
            source: ScriptSource(try Self.script(source), trial: ScriptTrial(services), host: host),
            limits: LuaLimits(instructions: instructions, memory: 1 << 20, onError: onError), services: services,
            host: host, loop: loop, fallback: ProxyWorker(host: host, readOnlyFallback: false, loop: loop))
    }

    private static func newSession() -> Session {
        Session(id: 1, slot: 0, generation: 1, clientAddress: "10.1.1.1:5000", listenerAddress: "/tmp/p.sock")
    }

    /// A script in a file that is gone again.
    static func script(_ source: String) throws -> LuaScript {
        let path = NSTemporaryDirectory() + "millrace-\(UInt64.random(in: 0 ... .max)).lua"
        try source.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try LuaScript(reading: path)
    }

    /// Goes through connect and login.
    func logIn() {
        if case .backend(let backend) = worker.connect(session) { session.backend = backend }
        session.greeting = Greeting(
            serverVersion: "5.5.5-10.11.6-MariaDB", connectionID: 77, scramble: Array("01234567890123456789".utf8),
            capabilities: [.protocol41, .deprecateEOF], collation: 45, status: .autocommit, authMethod: "native")
        session.login = LoginRequest(
            capabilities: [.protocol41], collation: 45, user: "ada", authResponse: [1, 0, 2], schema: "shop",
            authMethod: "ed25519")
        session.schemaBytes = Array("shop".utf8)
        session.isLoggedIn = true
    }

    /// What read_query makes of a COM_QUERY.
    func query(_ text: String) -> QueryVerdict {
        var writer = PacketWriter()
        writer.append([3] + Array(text.utf8))
        return worker.query(CommandView(packets: writer.bytes.span), in: session)
    }

    /// What read_query makes of a COM_STMT_EXECUTE.
    func execute(statement: UInt8) -> QueryVerdict {
        var writer = PacketWriter()
        writer.append([0x17, statement, 0, 0, 0, 0, 1, 0, 0, 0])
        return worker.query(CommandView(packets: writer.bytes.span), in: session)
    }

    /// What read_query_result makes of an answer to an injected query.
    func result(_ payloads: [[UInt8]], to injection: Injection, _ summary: ResultSummary = ResultSummary())
        -> ResultVerdict
    {
        var writer = PacketWriter(sequence: 1)
        for payload in payloads { writer.append(payload) }
        let packets = injection.needsResult ? writer.bytes : []
        return worker.result(
            ResultView(
                id: injection.id, packets: packets.span, query: injection.payload, summary: summary,
                sent: MonotonicTime(nanoseconds: 0), firstByte: MonotonicTime(nanoseconds: 5_000),
                lastByte: MonotonicTime(nanoseconds: 9_000)),
            in: session)
    }

    /// The payloads of a text result for this client.
    static func table(_ names: [String], _ rows: [[String?]]) -> [[UInt8]] {
        var payloads: [[UInt8]] = [[UInt8(names.count)]]
        payloads += names.map {
            ColumnDefinition(name: $0, type: .varString, table: "t").encode(capabilities: [.protocol41])
        }
        payloads.append(EOFPacket(status: .autocommit).encode())
        payloads += rows.map { TextRow(values: $0.map { $0.map { Array($0.utf8) } }).encode() }
        payloads.append(EOFPacket(status: .autocommit).encode())
        return payloads
    }

    /// Decodes an ERR.
    static func error(_ payload: [UInt8]) throws -> ErrorPacket { try ErrorPacket(decoding: payload.span) }

    /// Decodes a row of two columns.
    static func row(_ payload: [UInt8]) throws -> [[UInt8]?] { try TextRow(decoding: payload.span, columns: 2).values }

    /// Decodes a row of a prepared statement.
    static func binaryRow(_ payload: [UInt8], _ columns: [ColumnDefinition]) throws -> [BinaryValue] {
        try BinaryRow(decoding: payload.span, columns: columns).values
    }

    /// Decodes a column's name.
    static func columnName(_ payload: [UInt8]) throws -> String {
        try ColumnDefinition(decoding: payload.span, capabilities: [.protocol41]).name
    }

    /// What the script's hook answered as ERR; for scripts that report by error(…) or by errmsg.
    func errorMessage(_ text: String = "SELECT 1") -> String? {
        switch query(text) {
        case .answer(let payloads):
            guard let first = payloads.first else { return nil }
            return try? ErrorPacket(decoding: first.span).message
        case .refuse(let error): return error.message
        case .next, .inject, .hold: return nil
        }
    }

    /// The value of a Lua expression in read_query, as text.
    static func value(of expression: String) throws -> String? {
        let rig = try LuaRig(
            """
            function read_query(packet)
              proxy.response = { type = proxy.MYSQLD_PACKET_ERR, errmsg = tostring(\(expression)) }
              return proxy.PROXY_SEND_RESULT
            end
            """)
        rig.logIn()
        return rig.errorMessage() ?? rig.host.logged.last
    }
}

extension QueryVerdict {
    var isNext: Bool { if case .next = self { true } else { false } }
    var injections: [Injection] { if case .inject(let queries) = self { queries } else { [] } }
    var answer: [[UInt8]] { if case .answer(let payloads) = self { payloads } else { [] } }
}

extension ResultVerdict {
    var isNext: Bool { if case .next = self { true } else { false } }
    var isDrop: Bool { if case .drop = self { true } else { false } }
    var replacement: [[UInt8]] { if case .replace(let payloads) = self { payloads } else { [] } }
    var more: [Injection] { if case .injectMore(let queries, _) = self { queries } else { [] } }
    var isForwardedWithMore: Bool { if case .injectMore(_, true) = self { true } else { false } }
}
