import EmbeddedSQL
import MySQLWire

/// The tables of information_schema that tools ask for, as queries of SQLite's own catalog.
extension Rewriter {
    /// The subquery for `information_schema.…` at the cursor, which steps over it; nil where something else stands there.
    func catalog(_ token: Token, _ cursor: inout TokenCursor) throws(SQLError) -> String? {
        guard token.text.lowercased() == "information_schema", cursor.peek()?.isSymbol(".") == true,
            let table = cursor.peek(2), table.isName
        else { return nil }
        let name = table.text.lowercased()
        guard let query = catalogQuery(name) else {
            throw SQLError.unsupported(
                "information_schema.\(name); it has SCHEMATA, TABLES and COLUMNS, for the rest use SHOW")
        }
        cursor.index += 3
        return "(" + query + ")" + (hasAlias(cursor) ? "" : " AS " + Literal.name(name))
    }

    private func catalogQuery(_ name: String) -> String? {
        let tables = "sqlite_schema AS s WHERE s.type IN ('table', 'view') AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        let place = "'def' AS TABLE_CATALOG, \(Literal.text(schema)) AS TABLE_SCHEMA, s.name AS TABLE_NAME"
        switch name {
        case "schemata":
            return "SELECT 'def' AS CATALOG_NAME, \(Literal.text(schema)) AS SCHEMA_NAME, "
                + "'utf8mb4' AS DEFAULT_CHARACTER_SET_NAME, 'utf8mb4_general_ci' AS DEFAULT_COLLATION_NAME"
        case "tables":
            return "SELECT \(place), iif(s.type = 'table', 'BASE TABLE', 'VIEW') AS TABLE_TYPE, 'SQLite' AS ENGINE, "
                + "NULL AS TABLE_ROWS, '' AS TABLE_COMMENT FROM \(tables)"
        case "columns":
            return """
                SELECT \(place), c.name AS COLUMN_NAME, c.cid + 1 AS ORDINAL_POSITION, c.dflt_value AS COLUMN_DEFAULT, \
                iif(c."notnull" OR c.pk, 'NO', 'YES') AS IS_NULLABLE, \
                lower(CASE WHEN instr(c.type, '(') > 0 THEN substr(c.type, 1, instr(c.type, '(') - 1) ELSE c.type END) \
                AS DATA_TYPE, lower(c.type) AS COLUMN_TYPE, iif(c.pk, 'PRI', '') AS COLUMN_KEY \
                FROM sqlite_schema AS s, pragma_table_info(s.name) AS c \
                WHERE s.type IN ('table', 'view') AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
                """
        case _: return nil
        }
    }

    private func hasAlias(_ cursor: TokenCursor) -> Bool {
        guard let next = cursor.current, next.isName else { return false }
        let clauses = [
            "WHERE", "ORDER", "GROUP", "LIMIT", "JOIN", "LEFT", "RIGHT", "INNER", "CROSS", "NATURAL", "ON", "USING",
            "UNION", "HAVING",
        ]
        return next.kind == .quotedName || !clauses.contains(next.text.uppercased())
    }
}
