import EmbeddedSQL
import MySQLWire

/// What a table looks like.
extension Dialect {
    /// `DESCRIBE table` and `EXPLAIN statement`.
    func describe(_ cursor: inout TokenCursor) throws(SQLError) -> String {
        let statements = ["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"]
        if let word = cursor.current, statements.contains(word.text.uppercased()) {
            switch try translate(cursor.rest) {
            case .run(let texts): return "EXPLAIN QUERY PLAN " + texts.joined(separator: "; ")
            case .lock(let text): return "EXPLAIN QUERY PLAN " + text
            case _: throw near(word)
            }
        }
        return columns(of: try cursor.table(in: schema)) + " ORDER BY cid"
    }

    func showColumns(_ cursor: inout TokenCursor) throws(SQLError) -> String {
        guard cursor.take("FROM") || cursor.take("IN") else { throw SQLError.syntax("expected FROM behind COLUMNS") }
        let table = try cursor.table(in: schema)
        if cursor.take("FROM") || cursor.take("IN") { _ = try cursor.name("a database's name") }
        guard cursor.take("LIKE") else { return columns(of: table) + " ORDER BY cid" }
        guard let pattern = cursor.next(), pattern.kind == .string else { throw SQLError.syntax("expected a pattern") }
        return columns(of: table) + " WHERE name LIKE \(Literal.text(bytes: pattern.bytes)) ESCAPE '\\' ORDER BY cid"
    }

    /// `sandbox_table` answers the name, or error 1146 where there is no such table.
    private func columns(of table: String) -> String {
        """
        SELECT name AS Field, lower(type) AS Type, CASE WHEN "notnull" OR pk THEN 'NO' ELSE 'YES' END AS "Null", \
        CASE WHEN pk THEN 'PRI' ELSE '' END AS "Key", dflt_value AS "Default", \
        CASE WHEN pk AND upper(type) = 'INTEGER' THEN 'auto_increment' ELSE '' END AS Extra \
        FROM pragma_table_info(\(existing(table)))
        """
    }

    func existing(_ table: String) -> String {
        "sandbox_table(\(Literal.text(table)), (SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') "
            + "AND lower(name) = lower(\(Literal.text(table)))))"
    }

    func showIndexes(_ cursor: inout TokenCursor) throws(SQLError) -> String {
        guard cursor.take("FROM") || cursor.take("IN") else { throw SQLError.syntax("expected FROM behind INDEX") }
        let table = try cursor.table(in: schema)
        return """
            SELECT \(Literal.text(table)) AS "Table", 1 - l."unique" AS Non_unique, \
            CASE l.origin WHEN 'pk' THEN 'PRIMARY' ELSE replace(l.name, \(Literal.text(table + ".")), '') END AS Key_name, \
            i.seqno + 1 AS Seq_in_index, i.name AS Column_name \
            FROM pragma_index_list(\(existing(table))) AS l, pragma_index_info(l.name) AS i ORDER BY l.seq, i.seqno
            """
    }

    func showCreate(_ cursor: inout TokenCursor) throws(SQLError) -> String {
        if cursor.take("DATABASE") || cursor.take("SCHEMA") {
            return "SELECT \(Literal.text(schema)) AS \"Database\", "
                + "\(Literal.text("CREATE DATABASE `\(schema)`")) AS \"Create Database\""
        }
        let kind = cursor.take("VIEW") ? "View" : cursor.take("TABLE") ? "Table" : ""
        guard !kind.isEmpty else { throw SQLError.unsupported("this SHOW CREATE") }
        let table = try cursor.table(in: schema)
        return
            "SELECT name AS \"\(kind)\", sql AS \"Create \(kind)\" FROM sqlite_schema WHERE name = \(existing(table))"
    }
}
