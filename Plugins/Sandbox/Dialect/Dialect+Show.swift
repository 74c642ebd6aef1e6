import EmbeddedSQL
import MySQLWire

/// SHOW, DESCRIBE and EXPLAIN, all as queries of SQLite.
extension Dialect {
    func show(_ cursor: inout TokenCursor) throws(SQLError) -> String {
        let verb = cursor.next()
        guard verb?.isWord("SHOW") == true else { return try describe(&cursor) }
        while cursor.take("FULL") || cursor.take("GLOBAL") || cursor.take("SESSION") || cursor.take("EXTENDED") {}
        let what = try cursor.name("what to show").uppercased()
        switch what {
        case "DATABASES", "SCHEMAS": return try list(["Database"], [[schema]], &cursor)
        case "TABLES": return try showTables(&cursor, isFull: cursor.tokens.contains { $0.isWord("FULL") })
        case "VARIABLES":
            return try list(["Variable_name", "Value"], listings.variables().map { [$0.name, $0.value] }, &cursor)
        case "STATUS": return try list(["Variable_name", "Value"], listings.status(), &cursor)
        case "COLUMNS", "FIELDS": return try showColumns(&cursor)
        case "INDEX", "INDEXES", "KEYS": return try showIndexes(&cursor)
        case "CREATE": return try showCreate(&cursor)
        case "WARNINGS", "ERRORS": return "SELECT '' AS Level, 0 AS Code, '' AS Message WHERE 0"
        case _: return try showFixed(what, &cursor)
        }
    }

    private func showFixed(_ what: String, _ cursor: inout TokenCursor) throws(SQLError) -> String {
        switch what {
        case "COLLATION":
            let columns = ["Collation", "Charset", "Id", "Default", "Compiled", "Sortlen"]
            return try list(columns, [["utf8mb4_general_ci", "utf8mb4", "45", "Yes", "Yes", "1"]], &cursor)
        case "CHARACTER", "CHARSET":
            _ = cursor.take("SET")
            let columns = ["Charset", "Description", "Default collation", "Maxlen"]
            return try list(columns, [["utf8mb4", "UTF-8 Unicode", "utf8mb4_general_ci", "4"]], &cursor)
        case "ENGINES":
            let row = ["SQLite", "DEFAULT", "SQLite, the sandbox's only engine", "YES", "NO", "YES"]
            return try list(["Engine", "Support", "Comment", "Transactions", "XA", "Savepoints"], [row], &cursor)
        case "PROCESSLIST":
            let columns = ["Id", "User", "Host", "db", "Command", "Time", "State", "Info"]
            return try list(columns, listings.processes(), &cursor)
        case "TABLE":
            return "SELECT name AS Name, 'SQLite' AS Engine, NULL AS Rows FROM sqlite_schema WHERE type = 'table' "
                + "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        case "PLUGINS", "PRIVILEGES", "TRIGGERS", "EVENTS", "PROCEDURE", "FUNCTION":
            return "SELECT '' AS Name, '' AS Status WHERE 0"
        case _: throw SQLError.unsupported("SHOW \(what)")
        }
    }

    /// A SELECT over fixed rows, with the LIKE or WHERE that stands at the cursor.
    private func list(
        _ columns: [String], _ rows: [[String]], _ cursor: inout TokenCursor
    ) throws(SQLError) -> String {
        let names = columns.enumerated().map { "column\($0 + 1) AS \(Literal.name($1))" }.joined(separator: ", ")
        let values = rows.map { "(" + $0.map { Literal.text($0) }.joined(separator: ", ") + ")" }.joined(
            separator: ", ")
        let noRow = "(" + columns.map { _ in "''" }.joined(separator: ", ") + ")"
        let table =
            "SELECT * FROM (SELECT \(names) FROM (VALUES \(rows.isEmpty ? noRow + ") LIMIT 0" : values + ")"))"
        return table + (try filter(&cursor, on: columns[0], joinedBy: " WHERE "))
    }

    private func filter(
        _ cursor: inout TokenCursor, on column: String, joinedBy joint: String
    ) throws(SQLError) -> String {
        if cursor.take("LIKE") {
            guard let pattern = cursor.next(), pattern.kind == .string else {
                throw SQLError.syntax("expected a pattern")
            }
            return joint + Literal.name(column) + " LIKE " + Literal.text(bytes: pattern.bytes) + " ESCAPE '\\'"
        }
        if cursor.take("WHERE") { return joint + "(" + (try rewriter.rewrite(cursor.rest)) + ")" }
        if let token = cursor.current { throw near(token) }
        return ""
    }

    private func skipSchema(_ cursor: inout TokenCursor) throws(SQLError) {
        guard cursor.take("FROM") || cursor.take("IN") else { return }
        let name = try cursor.name("a database's name")
        guard name.lowercased() == schema else { throw SQLError.unknownSchema(name) }
    }

    private func showTables(_ cursor: inout TokenCursor, isFull: Bool) throws(SQLError) -> String {
        try skipSchema(&cursor)
        let column = "Tables_in_" + schema
        let type = isFull ? ", CASE type WHEN 'table' THEN 'BASE TABLE' ELSE 'VIEW' END AS Table_type" : ""
        let tables =
            "SELECT * FROM (SELECT name AS \(Literal.name(column))\(type) FROM sqlite_schema "
            + "WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\')"
        return tables + (try filter(&cursor, on: column, joinedBy: " WHERE ")) + " ORDER BY 1"
    }
}
