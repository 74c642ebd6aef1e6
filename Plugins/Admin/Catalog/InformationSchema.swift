import PluginAPI

/// The tables of information_schema that tools ask for: those of the catalog hold what there is, the others nothing.
enum InformationSchema {
    static let name = "information_schema"

    static var tables: [ProvidedTable] { [schemata, tableList, columns] + empty }

    private static func table(
        _ name: String, _ columns: [String], _ rows: @escaping @Sendable (AdminWorld) throws -> [[Cell]]
    ) -> ProvidedTable {
        let definition = TableDefinition(
            name: name, columns: columns, body: columns.map { $0 + " TEXT" }.joined(separator: ", "))
        return ProvidedTable(schema: self.name, definition: definition, isForEverybody: true, rows: rows)
    }

    private static var schemata: ProvidedTable {
        let columns = [
            "CATALOG_NAME", "SCHEMA_NAME", "DEFAULT_CHARACTER_SET_NAME", "DEFAULT_COLLATION_NAME", "SQL_PATH",
        ]
        return table("SCHEMATA", columns) { world in
            world.shownTables.map {
                [.text("def"), .text($0.schema), .text("utf8mb4"), .text("utf8mb4_general_ci"), .null]
            }
        }
    }

    private static var tableList: ProvidedTable {
        let columns = [
            "TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME", "TABLE_TYPE", "ENGINE", "VERSION", "ROW_FORMAT",
            "TABLE_ROWS", "AVG_ROW_LENGTH", "DATA_LENGTH", "MAX_DATA_LENGTH", "INDEX_LENGTH", "DATA_FREE",
            "AUTO_INCREMENT", "CREATE_TIME", "UPDATE_TIME", "CHECK_TIME", "TABLE_COLLATION", "CHECKSUM",
            "CREATE_OPTIONS", "TABLE_COMMENT",
        ]
        return table("TABLES", columns) { world in
            world.shownTables.flatMap { schema, tables in
                tables.map { table in
                    let front: [Cell] = [
                        .text("def"), .text(schema), .text(table.name), .text("BASE TABLE"), .text("SQLite"),
                    ]
                    let middle = Array(repeating: Cell.null, count: 12)
                    return front + middle + [.text("utf8mb4_general_ci"), .null, .text(""), .text("")]
                }
            }
        }
    }

    private static var columns: ProvidedTable {
        let columns = [
            "TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME", "ORDINAL_POSITION", "COLUMN_DEFAULT",
            "IS_NULLABLE", "DATA_TYPE", "CHARACTER_MAXIMUM_LENGTH", "NUMERIC_PRECISION", "NUMERIC_SCALE",
            "COLUMN_TYPE", "COLUMN_KEY", "EXTRA", "PRIVILEGES", "COLUMN_COMMENT",
        ]
        return table("COLUMNS", columns) { world in
            world.shownTables.flatMap { schema, tables in
                tables.flatMap { table in
                    table.columns.enumerated().map { index, column in
                        let front: [Cell] = [
                            .text("def"), .text(schema), .text(table.name), .text(column), Cell(index + 1),
                        ]
                        let type: [Cell] = [
                            .null, .text("YES"), .text("varchar"), .null, .null, .null, .text("varchar"),
                        ]
                        let key = Cell.text(table.key.contains(column) ? "PRI" : "")
                        return front + type + [key, .text(""), .text("select"), .text("")]
                    }
                }
            }
        }
    }

    private static var empty: [ProvidedTable] {
        let named: [(String, [String])] = [
            (
                "ROUTINES",
                [
                    "ROUTINE_CATALOG", "ROUTINE_SCHEMA", "ROUTINE_NAME", "ROUTINE_TYPE", "ROUTINE_COMMENT",
                    "DTD_IDENTIFIER",
                ]
            ),
            ("VIEWS", ["TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME", "VIEW_DEFINITION", "IS_UPDATABLE", "DEFINER"]),
            (
                "TRIGGERS",
                ["TRIGGER_SCHEMA", "TRIGGER_NAME", "EVENT_MANIPULATION", "EVENT_OBJECT_TABLE", "ACTION_STATEMENT"]
            ),
            ("EVENTS", ["EVENT_SCHEMA", "EVENT_NAME", "EVENT_DEFINITION", "STATUS"]),
            ("PARAMETERS", ["SPECIFIC_SCHEMA", "SPECIFIC_NAME", "PARAMETER_NAME", "PARAMETER_MODE", "DATA_TYPE"]),
            ("PARTITIONS", ["TABLE_SCHEMA", "TABLE_NAME", "PARTITION_NAME"]),
            ("STATISTICS", ["TABLE_SCHEMA", "TABLE_NAME", "NON_UNIQUE", "INDEX_NAME", "SEQ_IN_INDEX", "COLUMN_NAME"]),
            (
                "KEY_COLUMN_USAGE",
                [
                    "CONSTRAINT_SCHEMA", "CONSTRAINT_NAME", "TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME",
                    "ORDINAL_POSITION", "POSITION_IN_UNIQUE_CONSTRAINT", "REFERENCED_TABLE_SCHEMA",
                    "REFERENCED_TABLE_NAME", "REFERENCED_COLUMN_NAME",
                ]
            ),
            (
                "REFERENTIAL_CONSTRAINTS",
                [
                    "CONSTRAINT_SCHEMA", "CONSTRAINT_NAME", "TABLE_NAME", "REFERENCED_TABLE_NAME", "UPDATE_RULE",
                    "DELETE_RULE",
                ]
            ),
            (
                "TABLE_CONSTRAINTS",
                ["CONSTRAINT_SCHEMA", "CONSTRAINT_NAME", "TABLE_SCHEMA", "TABLE_NAME", "CONSTRAINT_TYPE"]
            ),
            ("CHECK_CONSTRAINTS", ["CONSTRAINT_SCHEMA", "CONSTRAINT_NAME", "CHECK_CLAUSE"]),
            ("USER_PRIVILEGES", ["GRANTEE", "PRIVILEGE_TYPE", "IS_GRANTABLE"]),
            ("SCHEMA_PRIVILEGES", ["GRANTEE", "TABLE_SCHEMA", "PRIVILEGE_TYPE", "IS_GRANTABLE"]),
            ("TABLE_PRIVILEGES", ["GRANTEE", "TABLE_SCHEMA", "TABLE_NAME", "PRIVILEGE_TYPE", "IS_GRANTABLE"]),
            ("ENGINES", ["ENGINE", "SUPPORT", "COMMENT", "TRANSACTIONS", "XA", "SAVEPOINTS"]),
            ("PLUGINS", ["PLUGIN_NAME", "PLUGIN_VERSION", "PLUGIN_STATUS", "PLUGIN_TYPE"]),
            ("CHARACTER_SETS", ["CHARACTER_SET_NAME", "DEFAULT_COLLATE_NAME", "DESCRIPTION", "MAXLEN"]),
            ("COLLATIONS", ["COLLATION_NAME", "CHARACTER_SET_NAME", "ID", "IS_DEFAULT", "IS_COMPILED", "SORTLEN"]),
        ]
        return named.map { table($0, $1) { _ in [] } }
    }
}
