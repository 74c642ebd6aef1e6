/// The constants in the table `proxy`: mysql-proxy's, and MYSQLD_PACKET_EOF, which its library scripts use.
package enum ScriptConstants {
    /// Names and values.
    package static var all: [(String, Int)] {
        own + commands.map { ("COM_" + $0.0, $0.1) } + types.map { ("MYSQL_TYPE_" + $0.0, $0.1) }
    }

    private static let own: [(String, Int)] = [
        ("PROXY_SEND_QUERY", 1), ("PROXY_SEND_RESULT", 2), ("PROXY_IGNORE_RESULT", 4), ("PROXY_VERSION", 2053),
        ("MYSQLD_PACKET_OK", 0), ("MYSQLD_PACKET_RAW", 250), ("MYSQLD_PACKET_EOF", 254),
        ("MYSQLD_PACKET_ERR", 255), ("BACKEND_STATE_UNKNOWN", 0), ("BACKEND_STATE_UP", 1),
        ("BACKEND_STATE_DOWN", 2), ("BACKEND_TYPE_UNKNOWN", 0), ("BACKEND_TYPE_RW", 1), ("BACKEND_TYPE_RO", 2),
    ]

    private static let commands: [(String, Int)] = [
        ("SLEEP", 0), ("QUIT", 1), ("INIT_DB", 2), ("QUERY", 3), ("FIELD_LIST", 4), ("CREATE_DB", 5),
        ("DROP_DB", 6), ("REFRESH", 7), ("SHUTDOWN", 8), ("STATISTICS", 9), ("PROCESS_INFO", 10),
        ("CONNECT", 11), ("PROCESS_KILL", 12), ("DEBUG", 13), ("PING", 14), ("TIME", 15),
        ("DELAYED_INSERT", 16), ("CHANGE_USER", 17), ("BINLOG_DUMP", 18), ("TABLE_DUMP", 19),
        ("CONNECT_OUT", 20), ("REGISTER_SLAVE", 21), ("STMT_PREPARE", 22), ("STMT_EXECUTE", 23),
        ("STMT_SEND_LONG_DATA", 24), ("STMT_CLOSE", 25), ("STMT_RESET", 26), ("SET_OPTION", 27),
        ("STMT_FETCH", 28), ("DAEMON", 29),
    ]

    private static let types: [(String, Int)] = [
        ("DECIMAL", 0), ("TINY", 1), ("SHORT", 2), ("LONG", 3), ("FLOAT", 4), ("DOUBLE", 5), ("NULL", 6),
        ("TIMESTAMP", 7), ("LONGLONG", 8), ("INT24", 9), ("DATE", 10), ("TIME", 11), ("DATETIME", 12),
        ("YEAR", 13), ("NEWDATE", 14), ("BIT", 16), ("NEWDECIMAL", 246), ("ENUM", 247), ("SET", 248),
        ("TINY_BLOB", 249), ("MEDIUM_BLOB", 250), ("LONG_BLOB", 251), ("BLOB", 252), ("VAR_STRING", 253),
        ("STRING", 254), ("GEOMETRY", 255),
    ]
}
