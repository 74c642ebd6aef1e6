import EmbeddedSQL
import MySQLWire

/// CREATE TABLE: columns, keys and options.
extension Dialect {
    /// A column, as SQLite gets it.
    struct ColumnText {
        var sql: String
        var name: String
        var isAutoIncrement: Bool
    }

    func createTable(_ cursor: inout TokenCursor, isTemporary: Bool) throws(SQLError) -> [String] {
        let guardText = cursor.take("IF", "NOT", "EXISTS") ? "IF NOT EXISTS " : ""
        let table = try cursor.table(in: schema)
        let head = "CREATE \(isTemporary ? "TEMP " : "")TABLE \(guardText)\(Literal.name(table)) "
        if cursor.take("LIKE") { throw SQLError.unsupported("CREATE TABLE … LIKE; use CREATE TABLE … AS SELECT") }
        guard cursor.current?.isSymbol("(") == true, cursor.peek()?.isWord("SELECT") != true,
            cursor.peek()?.isWord("LIKE") != true
        else {
            _ = cursor.take("AS")
            return [head + "AS " + (try rewriter.rewrite(cursor.rest))]
        }
        var body = TableBody(dialect: self, table: table)
        for part in try cursor.parenthesized().separated { try body.add(part) }
        // What follows are engine, character set and their like; only a SELECT would matter.
        if cursor.rest.contains(where: { $0.isWord("SELECT") }) {
            throw SQLError.unsupported("columns together with SELECT")
        }
        return [head + "(" + body.sql + ")"] + body.indexes(isGuarded: !guardText.isEmpty)
    }

    func columnDefinition(_ tokens: ArraySlice<Token>) throws(SQLError) -> ColumnText {
        var cursor = TokenCursor(tokens)
        let name = try cursor.name("a column's name")
        let type = try type(&cursor)
        var parts = [Literal.name(name), type]
        // MySQL's default collation knows no capitals.
        if ignoresCase(type, tokens) { parts.append("COLLATE NOCASE") }
        var isAutoIncrement = false
        while let token = cursor.current {
            if cursor.take("AUTO_INCREMENT") {
                isAutoIncrement = true
            } else if !skipAttribute(&cursor) {
                parts.append(try attribute(token, &cursor))
            }
        }
        if isAutoIncrement {
            return ColumnText(
                sql: Literal.name(name) + " INTEGER PRIMARY KEY AUTOINCREMENT", name: name, isAutoIncrement: true)
        }
        return ColumnText(sql: parts.joined(separator: " "), name: name, isAutoIncrement: false)
    }

    private func ignoresCase(_ type: String, _ tokens: ArraySlice<Token>) -> Bool {
        guard type.contains("CHAR") || type.contains("TEXT") else { return false }
        return !tokens.contains { $0.isWord("BINARY") || $0.text.lowercased().hasSuffix("_bin") }
    }

    private func type(_ cursor: inout TokenCursor) throws(SQLError) -> String {
        var name = try cursor.name("a column's type").uppercased()
        if name == "DOUBLE" { _ = cursor.take("PRECISION") }
        guard cursor.current?.isSymbol("(") == true else { return name == "SERIAL" ? "INTEGER" : name }
        let arguments = try cursor.parenthesized()
        if name == "ENUM" || name == "SET" { return "TEXT" }
        name += "(" + arguments.map(\.text).joined() + ")"
        return name
    }

    /// Attributes that change nothing in SQLite.
    private func skipAttribute(_ cursor: inout TokenCursor) -> Bool {
        if cursor.take("UNSIGNED") || cursor.take("SIGNED") || cursor.take("ZEROFILL") || cursor.take("BINARY") {
            return true
        }
        if cursor.take("CHARACTER", "SET") || cursor.take("CHARSET") || cursor.take("COLLATE") || cursor.take("COMMENT")
            || cursor.take("AFTER") || cursor.take("COLUMN_FORMAT") || cursor.take("STORAGE")
        {
            cursor.index += 1
            return true
        }
        if cursor.take("FIRST") || cursor.take("VISIBLE") || cursor.take("INVISIBLE") { return true }
        guard cursor.take("ON", "UPDATE") else { return false }
        cursor.index += 1
        if cursor.current?.isSymbol("(") == true { _ = try? cursor.parenthesized() }
        return true
    }

    private func attribute(_ token: Token, _ cursor: inout TokenCursor) throws(SQLError) -> String {
        if cursor.take("UNIQUE", "KEY") { return "UNIQUE" }
        if cursor.take("PRIMARY", "KEY") || cursor.take("KEY") { return "PRIMARY KEY" }
        let start = cursor.index
        if cursor.take("DEFAULT") {
            if cursor.current?.isSymbol("-") == true || cursor.current?.isSymbol("+") == true { cursor.index += 1 }
            cursor.index += 1
            if cursor.current?.isSymbol("(") == true { _ = try cursor.parenthesized() }
            return try rewriter.rewrite(cursor.tokens[start..<min(cursor.index, cursor.tokens.endIndex)])
        }
        cursor.index += 1
        if token.isSymbol("(") {
            cursor.index = start
            return "(" + (try rewriter.rewrite(try cursor.parenthesized())) + ")"
        }
        return try rewriter.rewrite(cursor.tokens[start..<cursor.index])
    }
}

/// The columns and keys of a table that is being made.
struct TableBody {
    let dialect: Dialect
    let table: String
    private var columns: [Dialect.ColumnText] = []
    private var constraints: [String] = []
    private var primaryKey: [String] = []
    private var keys: [(name: String, columns: ArraySlice<Token>)] = []

    init(dialect: Dialect, table: String) {
        self.dialect = dialect
        self.table = table
    }

    mutating func add(_ part: ArraySlice<Token>) throws(SQLError) {
        var cursor = TokenCursor(part)
        if cursor.take("CONSTRAINT"), cursor.current?.isWord("PRIMARY") != true,
            cursor.current?.isWord("UNIQUE") != true
        {
            if cursor.current?.isWord("FOREIGN") != true, cursor.current?.isWord("CHECK") != true { cursor.index += 1 }
        }
        if cursor.take("PRIMARY", "KEY") {
            while cursor.current?.isSymbol("(") == false { cursor.index += 1 }
            primaryKey = dialect.keyColumns(try cursor.parenthesized())
        } else if cursor.take("UNIQUE") {
            while cursor.current?.isSymbol("(") == false { cursor.index += 1 }
            constraints.append(
                "UNIQUE (" + dialect.keyColumns(try cursor.parenthesized()).joined(separator: ", ") + ")")
        } else if cursor.take("KEY") || cursor.take("INDEX") {
            try addKey(&cursor)
        } else if cursor.current?.isWord("FOREIGN") == true || cursor.current?.isWord("CHECK") == true {
            constraints.append(try dialect.rewriter.rewrite(cursor.rest))
        } else if cursor.current?.isWord("FULLTEXT") == true || cursor.current?.isWord("SPATIAL") == true {
            throw SQLError.unsupported("\(cursor.current?.text.uppercased() ?? "") keys")
        } else {
            columns.append(try dialect.columnDefinition(part))
        }
    }

    private mutating func addKey(_ cursor: inout TokenCursor) throws(SQLError) {
        let name = cursor.current?.isName == true ? try cursor.name("a key's name") : "key_\(keys.count + 1)"
        while cursor.current?.isSymbol("(") == false { cursor.index += 1 }
        keys.append((name, try cursor.parenthesized()))
    }

    /// An AUTO_INCREMENT column is SQLite's primary key, whatever key MySQL's table declares for it.
    var sql: String {
        var parts = columns.map(\.sql) + constraints
        if let counter = columns.first(where: \.isAutoIncrement) {
            if !primaryKey.isEmpty, primaryKey != [Literal.name(counter.name)] {
                parts.append("UNIQUE (" + primaryKey.joined(separator: ", ") + ")")
            }
        } else if !primaryKey.isEmpty {
            parts.append("PRIMARY KEY (" + primaryKey.joined(separator: ", ") + ")")
        }
        return parts.joined(separator: ", ")
    }

    func indexes(isGuarded: Bool) -> [String] {
        keys.map { key in
            let sql = dialect.index(key.name, on: table, columns: key.columns, isUnique: false)
            return isGuarded ? "CREATE INDEX IF NOT EXISTS" + sql.dropFirst("CREATE INDEX".count) : sql
        }
    }
}
