import EmbeddedSQL
import MySQLWire
import PluginAPI

/// What each kind of statement does.
extension AdminSession {
    /// Runs a statement whose answer nobody wants.
    func perform(_ text: StatementText) throws { try run(text, Output()) }

    func run(_ text: StatementText, _ output: Output) throws {
        if text.word(0) != "SHOW" || !["WARNINGS", "ERRORS"].contains(text.word(1)) { warnings = [] }
        if try runOffered(text, output) { return }
        if try runTransaction(text, output) { return }
        if try runConfiguration(text, output) { return }
        switch text.word(0) {
        case "SELECT", "WITH", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE", "PRAGMA":
            try run(try prepare(text), [], output)
        case "EXPLAIN" where ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "QUERY"].contains(text.word(1)):
            try run(try prepare(text), [], output)
        case "SHOW": try show(text, output)
        case "DESCRIBE", "DESC", "EXPLAIN": try describe(text, at: 1, output)
        case "LOAD", "SAVE": try move(text, output)
        case "SET": try set(text, output)
        case "KILL": try kill(text, output)
        case "TRUNCATE": try truncate(text, output)
        case "USE": try use(text, output)
        case _: try runOther(text, output)
        }
    }

    private func runOther(_ text: StatementText, _ output: Output) throws {
        switch text.word(0) {
        case "LOCK", "UNLOCK": output.done()
        case "DO":
            let sql = "SELECT " + (try text.sqlite(from: 1, surroundings()))
            _ = try open().compile(sql)?.run()
            output.done()
        case "ATTACH", "DETACH", "VACUUM", "REINDEX", "ANALYZE", "CREATE", "DROP", "ALTER", "RENAME":
            throw SQLError(
                code: 1227, state: "42000",
                message: "Access denied: \(text.word(0)) isn't for clients, the tables of this port are fixed")
        case let word:
            let near = word.isEmpty ? String(text.source.prefix(40)) : word
            throw AdminError.syntax("near \"\(near)\": syntax error")
        }
    }

    /// Runs a command that a plugin offers; false where the statement is none.
    private func runOffered(_ text: StatementText, _ output: Output) throws -> Bool {
        guard let world else { return false }
        let words = text.words
        guard
            let command = world.catalog.commands.first(where: { command in
                let wanted = command.words.split(separator: " ")
                return words.count >= wanted.count && zip(words, wanted).allSatisfy { $0 == $1 }
            })
        else { return false }
        if command.words == "KILL", isOwn(text) { return false }
        guard command.isReadOnly || isAdministrator else { throw AdminError.administratorsOnly }
        guard command.isReadOnly || !isPortReadOnly else { throw AdminError.readOnly }
        if world.isScratch { return true }
        let count = command.words.split(separator: " ").count
        do {
            switch try command.run(text.source(from: count)) {
            case .done(let affected, let info): output.done(affected: affected, info: info)
            case .rows(let columns, let rows): try list(columns, rows, output)
            }
        } catch let fault as CommandFault {
            throw SQLError(code: fault.code, message: fault.reason)
        }
        return true
    }

    func surroundings() throws -> StatementText.Surroundings {
        StatementText.Surroundings(catalog: try requireWorld().catalog) { [self] in variable($0) }
    }

    private func use(_ text: StatementText, _ output: Output) throws {
        guard text.pieces.count == 2 else { throw AdminError.syntax("USE takes one name") }
        try useSchema(text.pieces[1].text)
        output.done()
    }
}

// MARK: SQL

/// A compiled statement with its rows.
struct RowsOfStatement {
    let statement: SQLStatement
    let rows: RowStream
}

extension AdminSession {
    /// Compiles what runs in SQLite; other statements are kept as they are.
    func prepare(_ text: StatementText) throws -> PreparedText {
        let inSQLite = ["SELECT", "WITH", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE", "PRAGMA", "EXPLAIN"]
        guard inSQLite.contains(text.word(0)), !(text.word(0) == "EXPLAIN" && text.pieces.count == 2) else {
            return PreparedText(text: text)
        }
        let world = try requireWorld()
        let connection = try open()
        for table in text.mentioned(in: world.catalog) { try make(table, on: connection) }
        let sql = try text.sqlite(surroundings())
        let compiled = try connection.compile(sql)
        let reads = connection.authorizer.reads.compactMap { name in
            let parts = name.split(separator: ".", maxSplits: 1)
            return world.catalog.provided(String(parts[1]), in: String(parts[0]))
        }
        written.formUnion(connection.authorizer.writes)
        return PreparedText(text: text, compiled: compiled, reads: reads)
    }

    func run(_ query: PreparedText, _ parameters: [BinaryValue], _ output: Output) throws {
        guard let compiled = query.compiled else { return try run(query.text, output) }
        guard compiled.parameterCount == parameters.count else {
            throw AdminError.syntax("A ? is for prepared statements")
        }
        let world = try requireWorld()
        let connection = try open()
        for table in query.reads { try fill(table, on: connection) }
        defer { for table in query.reads { try? empty(table, on: connection) } }
        for (index, value) in parameters.enumerated() { compiled.bind(index + 1, value) }
        guard compiled.columnCount > 0 else {
            try compiled.run()
            world.store.noteChanges(connection.changes)
            let isInsert = ["INSERT", "REPLACE"].contains(query.text.word(0))
            return output.done(affected: connection.changes, id: isInsert ? connection.firstInsertedID : 0)
        }
        try output.send(RowsOfStatement(statement: compiled, rows: connection.rows(of: compiled)))
    }

    /// Makes sure that a table made on demand is there.
    func make(_ table: ProvidedTable, on connection: AdminConnection) throws {
        try connection.execute(
            "CREATE TABLE IF NOT EXISTS \(table.schema).\(Literal.name(table.name)) (\(table.definition.body))")
    }

    private func fill(_ table: ProvidedTable, on connection: AdminConnection) throws {
        let world = try requireWorld()
        // A run for LOAD … FROM CONFIG has nothing in use, and the layers wait for its end.
        let rows = world.isScratch ? [] : try table.rows(world)
        let name = table.schema + "." + Literal.name(table.name)
        try connection.atomically {
            try connection.execute("DELETE FROM \(name)")
            try connection.insert(rows, into: name, columns: table.definition.columns.count)
        }
    }

    private func empty(_ table: ProvidedTable, on connection: AdminConnection) throws {
        try connection.execute("DELETE FROM \(table.schema).\(Literal.name(table.name))")
    }

    /// Answers with rows that are made here, those that the filter lets through: a LIKE on the first column, or a WHERE.
    func list(
        _ columns: [String], _ rows: [[Cell]], filter: ListFilter = .none, _ output: Output, warnings: Int = 0
    ) throws {
        let names = columns.enumerated().map { "column\($0 + 1) AS \(Literal.name($1))" }.joined(separator: ", ")
        let none = [Array(repeating: Cell.null, count: columns.count)]
        let values = (rows.isEmpty ? none : rows).map { "(" + $0.map(\.literal).joined(separator: ", ") + ")" }
        var sql = "SELECT * FROM (SELECT \(names) FROM (VALUES \(values.joined(separator: ", "))"
        sql += rows.isEmpty ? ") LIMIT 0)" : "))"
        switch filter {
        case .none: break
        case .like(let pattern): sql += " WHERE \(Literal.name(columns[0])) LIKE \(Literal.text(pattern)) ESCAPE '\\'"
        case .where(let condition): sql += " WHERE " + condition
        }
        let connection = try open()
        guard let compiled = try connection.compile(sql) else { return }
        try output.send(
            RowsOfStatement(statement: compiled, rows: connection.rows(of: compiled)), warnings: warnings)
    }

    private func truncate(_ text: StatementText, _ output: Output) throws {
        guard isAdministrator else { throw AdminError.administratorsOnly }
        var index = text.word(1) == "TABLE" ? 2 : 1
        var schema: String?
        if index + 2 < text.pieces.count, text.pieces[index + 1].isSymbol(".") {
            schema = text.pieces[index].text
            index += 2
        }
        guard index == text.pieces.count - 1 else { throw AdminError.syntax("TRUNCATE takes one table") }
        let name = text.pieces[index].text.lowercased()
        let world = try requireWorld()
        if let table = world.catalog.named(name, schema: schema) {
            let twin = table.isReset ? table : world.catalog.provided(name + "_reset", in: table.schema)
            guard let twin else { throw AdminError.syntax("\(name) can't be set back") }
            guard !isPortReadOnly else { throw AdminError.readOnly }
            return output.done(affected: try twin.rows(world).count)
        }
        let sql = "DELETE FROM " + (schema.map { Literal.name($0) + "." } ?? "") + Literal.name(name)
        guard let statement = StatementText.split(Array(sql.utf8)).first else { return }
        try run(try prepare(statement), [], output)
    }
}

/// Which rows of a listing are wanted.
enum ListFilter {
    case none
    /// A LIKE on the first column.
    case like(String)
    /// A condition in SQL.
    case `where`(String)
}

extension Cell {
    /// The value as SQLite's SQL writes it.
    var literal: String {
        switch self {
        case .null: "NULL"
        case .integer(let number): String(number)
        case .real(let number): number.isFinite ? String(number) : "NULL"
        case .text(let text): Literal.text(text)
        }
    }
}
