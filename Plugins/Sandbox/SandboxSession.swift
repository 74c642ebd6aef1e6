import Dispatch
import GRDB
import Locking
import MySQLWire
import ServerSide

/// One client's session in the sandbox: an own connection to the shared database, used on an own queue.
///
/// Invariant for `@unchecked Sendable`: `engine` and `prepared` are used on `work` only.
final class SandboxSession: CommandResponder, @unchecked Sendable {
    let state: SessionState
    private let storage: SandboxStorage
    private let activity: Activity
    private let work: DispatchQueue
    private var engine: Engine?
    private var prepared: [UInt32: PreparedQuery] = [:]
    /// Set once the connection is open; read by the loop's thread to interrupt a query.
    private let connection = Lock<DatabaseQueue?>(nil)

    init(storage: SandboxStorage, activity: Activity, state: SessionState) {
        self.storage = storage
        self.activity = activity
        self.state = state
        work = DispatchQueue(label: "millrace.sandbox.\(state.id)")
        activity.sessionBegan(state)
    }

    func admit(user: String, schema: String?, _ reply: CommandReply) {
        answer(reply) { session in
            try session.useSchema(schema ?? SandboxStorage.schema)
            try session.open().rollBack()
            session.forget()
            session.state.with { $0.user = user }
            reply.ok(status: session.status)
        }
    }

    func query(_ statement: [UInt8], _ reply: CommandReply) {
        answer(reply, of: statement) { session in
            let statements = try Dialect.split(statement)
            guard !statements.isEmpty else { throw SQLError.emptyQuery }
            if statements.count > 1, !reply.allowsSeveralStatements {
                throw SQLError.syntax("several statements in one query, which the client hasn't asked for")
            }
            for (index, tokens) in statements.enumerated() where reply.isClientThere {
                session.activity.questionCame()
                let translated = try session.dialect(of: statement).translate(tokens)
                try session.open().run(translated, reply, isLast: index == statements.count - 1)
            }
        }
    }

    func prepare(_ statement: [UInt8], id: UInt32, _ reply: CommandReply) {
        answer(reply) { session in
            let statements = try Dialect.split(statement)
            guard statements.count == 1, let tokens = statements.first else {
                throw statements.isEmpty ? SQLError.emptyQuery : SQLError.syntax("only one statement can be prepared")
            }
            let translated = try session.dialect(of: statement).translate(tokens)
            let query = try session.open().prepare(translated, text: Self.excerpt(statement))
            session.prepared[id] = query
            reply.prepared(parameters: query.parameters, columns: query.columns)
        }
    }

    func execute(id: UInt32, parameters: [BinaryValue], _ reply: CommandReply) {
        answer(reply) { session in
            guard let query = session.prepared[id] else {
                throw SQLError(code: 1243, message: "Unknown prepared statement handler (\(id)) given to EXECUTE")
            }
            session.activity.questionCame()
            session.state.statementBegan(query.text)
            try session.open().run(query, parameters: parameters, reply)
        }
    }

    func closeStatement(id: UInt32) {
        work.async { self.prepared[id] = nil }
    }

    func useSchema(_ name: String, _ reply: CommandReply) {
        answer(reply) { session in
            try session.useSchema(name)
            reply.ok(status: session.status)
        }
    }

    func listFields(table: String, pattern: String, _ reply: CommandReply) {
        answer(reply) { session in
            let columns = try session.open().columns(of: table)
            reply.fields(pattern.isEmpty ? columns : columns.filter { $0.name.lowercased() == pattern.lowercased() })
        }
    }

    func reset(_ reply: CommandReply) {
        answer(reply) { session in
            try session.open().rollBack()
            session.forget()
            reply.ok(status: session.status)
        }
    }

    func statistics() -> String { activity.line }

    func ended() {
        activity.sessionEnded(state)
        state.with { $0.isEnded = true }
        connection.withLock { $0?.interrupt() }
        work.async {
            self.prepared = [:]
            self.engine = nil
            let queue = self.connection.withLock { queue in
                defer { queue = nil }
                return queue
            }
            try? queue?.close()
        }
    }
}

extension SandboxSession {
    /// Runs `body` on the session's queue; what it throws is the answer.
    private func answer(
        _ reply: CommandReply, of statement: [UInt8]? = nil, _ body: @escaping @Sendable (SandboxSession) throws -> Void
    ) {
        work.async {
            if let statement { self.state.statementBegan(Self.excerpt(statement)) }
            defer {
                self.state.statementEnded()
                reply.end()
            }
            do {
                try body(self)
            } catch let error as SQLError {
                reply.error(error)
            } catch let error as DatabaseError {
                self.rollBackAfterDeadlock(error)
                reply.error(SQLError(error))
            } catch {
                reply.error(SQLError(code: 1105, message: "\(error)"))
            }
        }
    }

    /// What SHOW PROCESSLIST tells of a statement: a long one is not kept twice.
    private static func excerpt(_ statement: [UInt8]) -> String {
        String(decoding: statement.prefix(1024), as: UTF8.self)
    }

    /// As MySQL does: whoever loses a deadlock has lost the transaction.
    private func rollBackAfterDeadlock(_ error: DatabaseError) {
        guard error.extendedResultCode == .SQLITE_BUSY_SNAPSHOT else { return }
        try? engine?.rollBack()
    }

    private func open() throws -> Engine {
        if let engine { return engine }
        let queue = try storage.open(for: state)
        connection.withLock { $0 = queue }
        let engine = Engine(queue: queue, state: state)
        self.engine = engine
        return engine
    }

    private func forget() {
        prepared = [:]
        state.reset()
    }

    private var status: StatusFlags { engine?.status ?? .autocommit }

    private func useSchema(_ name: String) throws {
        guard name.lowercased() == SandboxStorage.schema else { throw SQLError.unknownSchema(name) }
    }

    private func dialect(of query: [UInt8]) -> Dialect {
        let rewriter = Rewriter(
            schema: SandboxStorage.schema, source: query, knowsVariable: { [state] in state.systemVariable($0) != nil })
        let listings = Listings(
            variables: { [state] in state.systemVariables }, status: { [activity] in activity.status },
            processes: { [activity] in activity.processes })
        return Dialect(rewriter: rewriter, listings: listings)
    }
}
