import EmbeddedSQL
import MySQLWire

/// CREATE, DROP, ALTER and TRUNCATE.
extension Dialect {
    func define(_ cursor: inout TokenCursor) throws(SQLError) -> [String] {
        let verb = cursor.next()?.text.uppercased() ?? ""
        switch verb {
        case "CREATE": return try create(&cursor)
        case "DROP": return try drop(&cursor)
        case "ALTER": return try alter(&cursor)
        case "TRUNCATE":
            _ = cursor.take("TABLE")
            return ["DELETE FROM " + Literal.name(try cursor.table(in: schema))]
        case _: return try rename(&cursor)
        }
    }

    /// `RENAME TABLE a TO b, …`.
    private func rename(_ cursor: inout TokenCursor) throws(SQLError) -> [String] {
        guard cursor.take("TABLE") else { throw SQLError.unsupported("this RENAME; it has RENAME TABLE … TO …") }
        var statements: [String] = []
        repeat {
            let old = try cursor.table(in: schema)
            guard cursor.take("TO") else { throw SQLError.syntax("expected TO behind table '\(old)'") }
            let new = try cursor.table(in: schema)
            statements.append("ALTER TABLE \(Literal.name(old)) RENAME TO \(Literal.name(new))")
        } while cursor.takeSymbol(",")
        return statements
    }

    private func create(_ cursor: inout TokenCursor) throws(SQLError) -> [String] {
        if cursor.take("OR", "REPLACE") { throw SQLError.unsupported("CREATE OR REPLACE") }
        let isTemporary = cursor.take("TEMPORARY")
        if cursor.take("TABLE") { return try createTable(&cursor, isTemporary: isTemporary) }
        let isUnique = cursor.take("UNIQUE")
        if cursor.take("INDEX") { return [try createIndex(&cursor, isUnique: isUnique)] }
        if cursor.take("VIEW") { return ["CREATE VIEW " + (try rewriter.rewrite(cursor.rest))] }
        if cursor.take("DATABASE") || cursor.take("SCHEMA") { return try createSchema(&cursor) }
        throw SQLError.unsupported("CREATE \(cursor.current?.text.uppercased() ?? "")")
    }

    private func createSchema(_ cursor: inout TokenCursor) throws(SQLError) -> [String] {
        let isGuarded = cursor.take("IF", "NOT", "EXISTS")
        let name = try cursor.name("a database's name")
        guard name.lowercased() == schema else {
            throw SQLError.unsupported("more databases than '\(schema)'; create tables there")
        }
        guard isGuarded else {
            throw SQLError(code: 1007, message: "Can't create database '\(name)'; database exists")
        }
        return []
    }

    /// `name ON table (columns)`; MySQL's index names belong to their table, SQLite's to the whole database.
    private func createIndex(_ cursor: inout TokenCursor, isUnique: Bool) throws(SQLError) -> String {
        let name = try cursor.name("an index's name")
        if cursor.take("USING") { cursor.index += 1 }
        guard cursor.take("ON") else { throw SQLError.syntax("expected ON behind index '\(name)'") }
        let table = try cursor.table(in: schema)
        return index(name, on: table, columns: try cursor.parenthesized(), isUnique: isUnique)
    }

    func index(_ name: String, on table: String, columns: ArraySlice<Token>, isUnique: Bool) -> String {
        "CREATE \(isUnique ? "UNIQUE " : "")INDEX \(Literal.name(table + "." + name)) ON \(Literal.name(table)) "
            + "(" + keyColumns(columns).joined(separator: ", ") + ")"
    }

    /// The columns of a key, without the lengths of prefixes.
    func keyColumns(_ tokens: ArraySlice<Token>) -> [String] {
        tokens.separated.compactMap { part in
            guard let name = part.first else { return nil }
            return Literal.name(name.text) + (part.last?.isWord("DESC") == true ? " DESC" : "")
        }
    }

    private func drop(_ cursor: inout TokenCursor) throws(SQLError) -> [String] {
        let kind = cursor.take("TEMPORARY") ? try cursor.name("TABLE") : try cursor.name("what to drop")
        switch kind.uppercased() {
        case "TABLE", "VIEW":
            let guardText = cursor.take("IF", "EXISTS") ? "IF EXISTS " : ""
            var statements: [String] = []
            repeat {
                let table = try cursor.table(in: schema)
                statements.append("DROP \(kind.uppercased()) \(guardText)" + Literal.name(table))
            } while cursor.takeSymbol(",")
            return statements
        case "INDEX":
            let name = try cursor.name("an index's name")
            guard cursor.take("ON") else { throw SQLError.syntax("expected ON behind index '\(name)'") }
            return ["DROP INDEX " + Literal.name(try cursor.table(in: schema) + "." + name)]
        case _: throw SQLError.unsupported("DROP \(kind.uppercased())")
        }
    }

    private func alter(_ cursor: inout TokenCursor) throws(SQLError) -> [String] {
        guard cursor.take("TABLE") else {
            throw SQLError.unsupported("ALTER \(cursor.current?.text.uppercased() ?? "")")
        }
        let table = try cursor.table(in: schema)
        // What dumps say around their rows; SQLite's keys are always kept.
        if cursor.take("DISABLE", "KEYS") || cursor.take("ENABLE", "KEYS") { return [] }
        var statements: [String] = []
        repeat { statements.append(try alteration(of: table, cursor.item())) } while cursor.takeSymbol(",")
        return statements
    }

    private func alteration(of table: String, _ part: ArraySlice<Token>) throws(SQLError) -> String {
        var cursor = TokenCursor(part)
        let isUnique = cursor.take("ADD", "UNIQUE")
        if isUnique
            ? (cursor.take("INDEX") || cursor.take("KEY") || true)
            : (cursor.take("ADD", "INDEX") || cursor.take("ADD", "KEY"))
        {
            let name = cursor.current?.isName == true ? try cursor.name("a name") : "key"
            return index(name, on: table, columns: try cursor.parenthesized(), isUnique: isUnique)
        }
        let target = "ALTER TABLE " + Literal.name(table) + " "
        if cursor.take("ADD", "COLUMN") || cursor.take("ADD") {
            return target + "ADD COLUMN " + (try columnDefinition(cursor.rest).sql)
        }
        if cursor.take("DROP", "INDEX") || cursor.take("DROP", "KEY") {
            return "DROP INDEX " + Literal.name(table + "." + (try cursor.name("an index's name")))
        }
        guard cursor.current?.isWord("RENAME") == true || cursor.current?.isWord("DROP") == true else {
            throw SQLError.unsupported(
                "ALTER TABLE … \(cursor.current?.text.uppercased() ?? ""); it has ADD, DROP and RENAME, "
                    + "for the rest make a new table and copy the rows")
        }
        return target + (try rewriter.rewrite(cursor.rest))
    }
}
