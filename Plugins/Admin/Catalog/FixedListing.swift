import PluginAPI

/// What SHOW lists of any server and tools ask for at their start: here it is always the same.
struct FixedListing {
    let columns: [String]
    let rows: [[Cell]]
    /// How many words name it.
    let words: Int

    /// Nil where the words name none.
    init?(_ words: ArraySlice<String>) {
        let two = words.prefix(2).joined(separator: " ")
        if let (columns, row) = Self.ofTwoWords[two] {
            (self.columns, self.words) = (columns, 2)
            rows = row.isEmpty ? [] : [row.map(Self.cell)]
        } else if let (columns, row) = Self.ofOneWord[words.first ?? ""] {
            // INDEX FROM table and its like are about no table in particular.
            let isAbout = ["INDEX", "INDEXES", "KEYS", "TRIGGERS", "EVENTS", "GRANTS"].contains(words.first)
            (self.columns, self.words) = (columns, isAbout ? 1000 : 1)
            rows = row.isEmpty ? [] : [row.map(Self.cell)]
        } else {
            return nil
        }
    }

    private static func cell(_ text: String) -> Cell { Int64(text).map { .integer($0) } ?? .text(text) }

    private static let charset = (
        ["Charset", "Description", "Default collation", "Maxlen"],
        ["utf8mb4", "UTF-8 Unicode", "utf8mb4_general_ci", "4"]
    )
    private static let index = (
        ["Table", "Non_unique", "Key_name", "Seq_in_index", "Column_name", "Index_type"], [String]()
    )
    private static let triggers = (["Trigger", "Event", "Table", "Statement", "Timing"], [String]())

    private static let ofTwoWords: [String: ([String], [String])] = [
        "CHARACTER SET": charset,
        "PROCEDURE STATUS": (["Db", "Name", "Type", "Definer", "Comment"], []),
        "FUNCTION STATUS": (["Db", "Name", "Type", "Definer", "Comment"], []),
        "TABLE STATUS": (["Name", "Engine", "Version", "Row_format", "Rows", "Collation", "Comment"], []),
        "MASTER STATUS": (["File", "Position", "Binlog_Do_DB", "Binlog_Ignore_DB"], []),
        "OPEN TABLES": (["Database", "Table", "In_use", "Name_locked"], []),
    ]

    private static let ofOneWord: [String: ([String], [String])] = [
        "CHARSET": charset,
        "COLLATION": (
            ["Collation", "Charset", "Id", "Default", "Compiled", "Sortlen"],
            ["utf8mb4_general_ci", "utf8mb4", "45", "Yes", "Yes", "1"]
        ),
        "ENGINES": (
            ["Engine", "Support", "Comment", "Transactions", "XA", "Savepoints"],
            ["SQLite", "DEFAULT", "SQLite, the only engine", "NO", "NO", "NO"]
        ),
        "INDEX": index, "INDEXES": index, "KEYS": index, "TRIGGERS": triggers,
        "EVENTS": (["Db", "Name", "Definer", "Status"], []),
        "PLUGINS": (["Name", "Status", "Type", "Library", "License"], []),
        "PRIVILEGES": (["Privilege", "Context", "Comment"], []),
        "PROFILES": (["Query_ID", "Duration", "Query"], []),
        "GRANTS": (["Grants"], []),
    ]
}
