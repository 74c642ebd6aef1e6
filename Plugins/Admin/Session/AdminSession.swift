import Dispatch
import EmbeddedSQL
import GRDB
import Locking
import MySQLWire
import PluginAPI
import ServerSide

/// One client's session at the port: an own connection to the tables, used on an own queue.
///
/// Invariant for `@unchecked Sendable`: `connection`, `prepared`, `shapes`, `warnings` and `written` are used by the one
/// command that runs, on `work` or, for a quick INSERT, on the loop's thread; the next one begins after its end. Others
/// touch the connection in ``settle()`` only, where the lock of `pending` keeps quick INSERTs away.
final class AdminSession: CommandResponder, @unchecked Sendable {
    let id: UInt32
    let state: AdminSessionState
    let world: AdminWorld?
    let client: (any ServerConnection)?
    private let work: DispatchQueue
    var connection: AdminConnection?
    var prepared: [UInt32: PreparedText] = [:]
    var shapes: [[UInt8]: SQLStatement] = [:]
    /// The one of `shapes` that was used last: that of a file's next line.
    var lastShape: (template: [UInt8], statement: SQLStatement)?
    /// How many quick INSERTs came with nothing else between them.
    var quickInARow = 0
    var warnings: [String] = []
    /// The tables that were written so far.
    var written: Set<String> = []
    /// The connection as another thread may reach it, to interrupt a statement.
    private let running = Lock<AdminConnection?>(nil)
    private let closed = Lock<[UInt32]>([])
    /// How many rows quick INSERTs have written that aren't committed yet.
    let pending = Lock(0)

    /// A statement that was prepared.
    struct PreparedText {
        let text: StatementText
        /// Where it runs in SQLite.
        var compiled: SQLStatement?
        /// The tables made on demand that it reads.
        var reads: [ProvidedTable] = []
    }

    init(id: UInt32, world: AdminWorld?, peer: String = "", connection: (any ServerConnection)? = nil) {
        self.id = id
        self.world = world
        client = connection
        state = AdminSessionState(id: id, peer: peer)
        work = DispatchQueue(label: "millrace.admin.\(id)")
    }

    func admit(user: String, schema: String?, _ reply: CommandReply) {
        answer(reply) { session in
            let world = try session.requireWorld()
            guard let account = world.server.credentials.account(of: user) else {
                throw SQLError(code: 1045, state: "28000", message: "Access denied for user '\(user)'")
            }
            session.forget()
            session.state.with {
                $0.user = user
                $0.account = account
            }
            try session.useSchema(schema ?? (account == .administrator ? AdminStore.schema : "stats"))
            _ = try session.open()
            reply.ok(status: Output.status)
        }
    }

    func query(_ statement: [UInt8], _ reply: CommandReply) {
        if runQuickly(statement, reply) { return }
        answer(reply, of: statement) { session in
            if try session.runScript(statement, reply, session.output(reply).status) { return }
            let statements = StatementText.split(statement)
            // A text of comments only, as dumps have them, is no error in MySQL.
            guard !statements.isEmpty else {
                guard statement.contains(where: { $0 > 0x20 && $0 != UInt8(ascii: ";") }) else {
                    throw AdminError.empty
                }
                return reply.ok(status: session.output(reply).status)
            }
            if statements.count > 1, !reply.allowsSeveralStatements {
                throw AdminError.syntax("Several statements in one query, which the client hasn't asked for")
            }
            for (index, text) in statements.enumerated() where reply.isClientThere {
                let isLast = index == statements.count - 1
                try session.run(text, session.output(reply, more: isLast ? [] : .moreResults))
            }
        }
    }

    func prepare(_ statement: [UInt8], id: UInt32, _ reply: CommandReply) {
        answer(reply, of: statement) { session in
            let statements = StatementText.split(statement)
            guard statements.count == 1, let text = statements.first else {
                throw statements.isEmpty ? AdminError.empty : AdminError.syntax("Only one statement can be prepared")
            }
            let query = try session.prepare(text)
            session.prepared[id] = query
            let columns = try query.compiled.map { try session.open().rows(of: $0).declaredColumns } ?? []
            reply.prepared(parameters: query.compiled?.parameterCount ?? 0, columns: columns)
        }
    }

    func execute(id: UInt32, parameters: [BinaryValue], _ reply: CommandReply) {
        answer(reply) { session in
            guard let query = session.prepared[id] else {
                throw SQLError(code: 1243, message: "Unknown prepared statement handler (\(id)) given to EXECUTE")
            }
            session.state.began(query.text.source)
            try session.run(query, parameters, session.output(reply))
        }
    }

    /// The statement goes with the session's next command: another thread may use the connection now.
    func closeStatement(id: UInt32) { closed.withLock { $0.append(id) } }

    func useSchema(_ name: String, _ reply: CommandReply) {
        answer(reply) { session in
            try session.useSchema(name)
            reply.ok(status: Output.status)
        }
    }

    func listFields(table: String, pattern: String, _ reply: CommandReply) {
        answer(reply) { session in
            let text = StatementText.split(Array(("SELECT * FROM " + Literal.name(table)).utf8))
            let columns = try text.first.flatMap { try session.prepare($0).compiled }.map {
                try session.open().rows(of: $0).declaredColumns
            }
            reply.fields((columns ?? []).filter { pattern.isEmpty || $0.name.lowercased() == pattern.lowercased() })
        }
    }

    func reset(_ reply: CommandReply) {
        answer(reply) { session in
            session.forget()
            reply.ok(status: Output.status)
        }
    }

    func statistics() -> String {
        let open = world?.server.openSessions.count ?? 0
        return "Uptime: \(world?.server.uptime ?? 0)  Threads: \(open)"
    }

    func ended() {
        world?.server.ended(id)
        world?.server.script?.forget(id)
        interrupt()
        work.async {
            self.settle()
            self.forget()
            (self.shapes, self.lastShape) = ([:], nil)
            self.running.withLock { $0 = nil }
            self.connection?.close()
            self.connection = nil
        }
    }
}

extension AdminSession {
    /// Runs `body` on the session's queue; what it throws is the answer.
    private func answer(
        _ reply: CommandReply, of statement: [UInt8]? = nil, _ body: @escaping @Sendable (AdminSession) throws -> Void
    ) {
        quickInARow = 0
        work.async {
            if let statement { self.state.began(String(decoding: statement.prefix(1024), as: UTF8.self)) }
            defer {
                self.state.ended()
                reply.end()
            }
            self.world?.store.settle()
            for id in self.closed.withLock({ closed in
                defer { closed = [] }
                return closed
            }) { self.prepared[id] = nil }
            do {
                try body(self)
            } catch {
                reply.error(AdminError.told(error))
            }
        }
    }

    private func output(_ reply: CommandReply, more: StatusFlags = []) -> Output {
        Output(reply: reply, more: more) { [unowned self] in isInTransaction }
    }

    private func forget() {
        rollbackOpen()
        prepared = [:]
        warnings = []
    }

    /// Ends the statement that runs.
    func interrupt() { running.withLock { $0?.interrupt() } }

    /// Ends the session.
    func kill() {
        interrupt()
        client?.close(reason: "the session was killed")
    }

    func requireWorld() throws -> AdminWorld {
        guard let world else { throw SQLError(code: 1053, state: "08S01", message: "Server shutdown in progress") }
        return world
    }

    /// The session's connection, with the rights that it has now.
    func open() throws -> AdminConnection {
        let world = try requireWorld()
        if let connection {
            connection.authorizer.mode = mode
            return connection
        }
        let opened = try world.store.open(catalog: world.catalog, mode: mode, functions: state.functions)
        connection = opened
        running.withLock { $0 = opened }
        return opened
    }

    private var mode: Authorizer.Mode {
        guard isAdministrator else { return .statistics }
        return isPortReadOnly ? .reader : .administrator
    }

    var isAdministrator: Bool { state.with { $0.account } == .administrator }

    /// Whether admin-read_only is in the way.
    var isPortReadOnly: Bool { world?.server.isReadOnly.load(ordering: .relaxed) ?? false }

    func useSchema(_ name: String) throws {
        let schemas = try requireWorld().shownTables.map(\.schema)
        guard let schema = schemas.first(where: { $0 == name.lowercased() }) else {
            throw AdminError.unknownSchema(name)
        }
        state.with { $0.schema = schema }
    }
}
