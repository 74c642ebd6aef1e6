import EmbeddedSQL
import GRDB
import GRDBSQLite
import MySQLWire
import ServerSide

/// Runs translated statements in SQLite; used on one session's queue only.
final class Engine {
    private let queue: DatabaseQueue
    let state: SessionState
    /// A transaction was begun that SQLite doesn't know of yet, since nothing was written.
    var isPending = false

    init(queue: DatabaseQueue, state: SessionState) {
        self.queue = queue
        self.state = state
    }

    /// Transaction and autocommit, as OK and EOF packets tell them.
    var status: StatusFlags { queue.inDatabase(status) }

    func rollBack() throws {
        try queue.inDatabase { database in
            try rollBack(database)
        }
    }

    func run(_ statement: Statement, _ reply: CommandReply, isLast: Bool) throws {
        try queue.inDatabase { database in
            try run(statement, in: database, reply, more: isLast ? [] : .moreResults)
        }
    }

    private func status(_ database: Database) -> StatusFlags {
        var status: StatusFlags = state.isAutocommit ? .autocommit : []
        if isPending || database.isInsideTransaction { status.insert(.inTransaction) }
        return status
    }

    private func run(
        _ statement: Statement, in database: Database, _ reply: CommandReply, more: StatusFlags
    ) throws {
        switch statement {
        case .run(let texts): return try runAll(texts, in: database, reply, more: more)
        case .define(let texts):
            try commit(database)
            return try runAll(texts, in: database, reply, more: more)
        case .lock(let text):
            beginUnlessAutocommit()
            try lock(database)
            return try runAll([text], in: database, reply, more: more)
        case .discard(let text): try discard(text, database)
        case .savepoint(let text): try savepoint(text, database)
        case .set(let assignments): try set(assignments, in: database)
        case .use(let name):
            guard name.lowercased() == SandboxStorage.schema else { throw SQLError.unknownSchema(name) }
        case .begin(let snapshot): try begin(snapshot: snapshot, database)
        case .commit: try commit(database)
        case .rollback: try rollBack(database)
        case .nothing: break
        }
        state.with { $0.rowCount = 0 }
        reply.ok(status: status(database).union(more))
    }

    /// The rows of a DO are made and dropped; a SAVEPOINT has none.
    private func discard(_ text: String, _ database: Database) throws {
        let statement = try database.makeStatement(sql: text)
        guard statement.columnCount > 0 else { return try statement.execute() }
        _ = try Row.fetchOne(statement)
    }

    private func runAll(
        _ texts: [String], in database: Database, _ reply: CommandReply, more: StatusFlags
    ) throws {
        guard let last = texts.last else { return reply.ok(status: status(database).union(more)) }
        for text in texts.dropLast() { try database.execute(sql: text) }
        // What is compiled may depend on what ran before.
        try answer(try database.makeStatement(sql: last), in: database, reply, more: more)
    }

    /// Runs one statement of SQLite and sends what it brings.
    private func answer(
        _ statement: GRDB.Statement, in database: Database, _ reply: CommandReply, more: StatusFlags
    ) throws {
        try prepareTransaction(for: statement, in: database)
        // A step that failed as busy keeps its statement, and with it an outdated snapshot, until the reset.
        defer { sqlite3_reset(statement.sqliteStatement) }
        guard statement.columnCount > 0 else {
            try statement.execute()
            return finishChange(statement, in: database, reply, more: more)
        }
        let rows = stream(statement, in: database)
        let count = try rows.send(to: reply, status: { self.status(database).union(more) })
        state.with { values in
            values.foundRows = count
            values.rowCount = -1
        }
    }

    private func stream(_ statement: GRDB.Statement, in database: Database) -> RowStream {
        RowStream(
            statement: statement.sqliteStatement, connection: database.sqliteConnection, schema: SandboxStorage.schema)
    }

    private func finishChange(
        _ statement: GRDB.Statement, in database: Database, _ reply: CommandReply, more: StatusFlags
    ) {
        let isInsert = statement.sql.hasPrefix("INSERT") || statement.sql.hasPrefix("REPLACE")
        let isChange = isInsert || statement.sql.hasPrefix("UPDATE") || statement.sql.hasPrefix("DELETE")
        let affected = isChange ? database.changesCount : 0
        // MySQL tells the first id of several rows; SQLite the last, and its ids are consecutive.
        let id = isInsert && affected > 0 ? max(0, database.lastInsertedRowID - Int64(affected) + 1) : 0
        state.with { values in
            values.rowCount = Int64(affected)
            if id > 0 { values.lastInsertID = id }
        }
        reply.ok(
            affectedRows: UInt64(affected), insertID: UInt64(id), status: status(database).union(more))
    }
}

// MARK: Prepared statements

/// A prepared statement: translated once, and compiled where it runs in SQLite.
struct PreparedQuery {
    let text: String
    let statement: Statement
    var compiled: GRDB.Statement?
    var parameters = 0
    var columns: [ResultColumn] = []
}

extension Engine {
    func prepare(_ statement: Statement, text: String) throws -> PreparedQuery {
        guard let sql = statement.sql else { return PreparedQuery(text: text, statement: statement) }
        return try queue.inDatabase { database in
            let compiled = try database.makeStatement(sql: sql)
            let rows = stream(compiled, in: database)
            return PreparedQuery(
                text: text, statement: statement, compiled: compiled,
                parameters: Int(sqlite3_bind_parameter_count(compiled.sqliteStatement)), columns: rows.declaredColumns)
        }
    }

    func run(_ query: PreparedQuery, parameters: [BinaryValue], _ reply: CommandReply) throws {
        try queue.inDatabase { database in
            guard let compiled = query.compiled else {
                return try run(query.statement, in: database, reply, more: [])
            }
            if case .lock = query.statement {
                beginUnlessAutocommit()
                try lock(database)
            }
            try compiled.setArguments(StatementArguments(parameters.map(\.databaseValue)))
            try answer(compiled, in: database, reply, more: [])
        }
    }

    func columns(of table: String) throws -> [ResultColumn] {
        try queue.inDatabase { database in
            let statement = try database.makeStatement(sql: "SELECT * FROM " + Literal.name(table))
            return stream(statement, in: database).declaredColumns
        }
    }
}

// MARK: SET

extension Engine {
    private func set(_ assignments: [Assignment], in database: Database) throws {
        for assignment in assignments {
            let value = try self.value(of: assignment, in: database)
            if assignment.isUserVariable {
                state.with { $0.userVariables[assignment.name] = value }
                continue
            }
            guard state.systemVariable(assignment.name) != nil || Self.charsets.contains(assignment.name) else {
                throw SQLError.unknownVariable(assignment.name)
            }
            try setSystem(assignment.name, to: value, in: database)
        }
    }

    private static let charsets: Set<String> = ["character_set_client", "net_write_timeout", "optimizer_switch"]

    private func setSystem(_ name: String, to value: DatabaseValue, in database: Database) throws {
        let text = value.isNull ? "" : String.fromDatabaseValue(value) ?? "\(value)"
        if name == "autocommit" {
            guard
                let isOn = ["1": true, "ON": true, "TRUE": true, "0": false, "OFF": false, "FALSE": false][
                    text.uppercased()]
            else {
                throw SQLError(code: 1231, state: "42000", message: "Variable 'autocommit' can't be set to '\(text)'")
            }
            if isOn { try commit(database) }
            state.with { $0.system[name] = isOn ? "1" : "0" }
            return
        }
        state.with { $0.system[name] = text }
    }

    private func value(of assignment: Assignment, in database: Database) throws -> DatabaseValue {
        switch assignment.value {
        case .word(let word) where word.uppercased() == "DEFAULT":
            state.with { $0.system[assignment.name] = nil }
            return (state.systemVariable(assignment.name) ?? "").databaseValue
        case .word(let word):
            return word.databaseValue
        case .expression(let text):
            return try DatabaseValue.fetchOne(database, sql: "SELECT " + text) ?? .null
        }
    }
}
