/// A command's first byte; a struct, because servers may know commands that this list doesn't.
///
/// Source: MySQL protocol, "Command Phase"; MariaDB knowledge base for 0xFA and 0xFE.
public struct Command: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
    /// The byte on the wire.
    public var rawValue: UInt8

    /// The command with the given first byte.
    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }
}

// Computed: a stored constant is fetched by a call wherever another module compares with it.
extension Command: CustomStringConvertible {
    /// COM_SLEEP.
    @inlinable public static var sleep: Self { Self(rawValue: 0) }
    /// COM_QUIT.
    @inlinable public static var quit: Self { Self(rawValue: 1) }
    /// COM_INIT_DB.
    @inlinable public static var initDB: Self { Self(rawValue: 2) }
    /// COM_QUERY.
    @inlinable public static var query: Self { Self(rawValue: 3) }
    /// COM_FIELD_LIST.
    @inlinable public static var fieldList: Self { Self(rawValue: 4) }
    /// COM_CREATE_DB.
    @inlinable public static var createDB: Self { Self(rawValue: 5) }
    /// COM_DROP_DB.
    @inlinable public static var dropDB: Self { Self(rawValue: 6) }
    /// COM_REFRESH.
    @inlinable public static var refresh: Self { Self(rawValue: 7) }
    /// COM_SHUTDOWN.
    @inlinable public static var shutdown: Self { Self(rawValue: 8) }
    /// COM_STATISTICS.
    @inlinable public static var statistics: Self { Self(rawValue: 9) }
    /// COM_PROCESS_INFO.
    @inlinable public static var processInfo: Self { Self(rawValue: 10) }
    /// COM_CONNECT.
    @inlinable public static var connect: Self { Self(rawValue: 11) }
    /// COM_PROCESS_KILL.
    @inlinable public static var processKill: Self { Self(rawValue: 12) }
    /// COM_DEBUG.
    @inlinable public static var debug: Self { Self(rawValue: 13) }
    /// COM_PING.
    @inlinable public static var ping: Self { Self(rawValue: 14) }
    /// COM_TIME.
    @inlinable public static var time: Self { Self(rawValue: 15) }
    /// COM_DELAYED_INSERT.
    @inlinable public static var delayedInsert: Self { Self(rawValue: 16) }
    /// COM_CHANGE_USER.
    @inlinable public static var changeUser: Self { Self(rawValue: 17) }
    /// COM_BINLOG_DUMP.
    @inlinable public static var binlogDump: Self { Self(rawValue: 18) }
    /// COM_TABLE_DUMP.
    @inlinable public static var tableDump: Self { Self(rawValue: 19) }
    /// COM_CONNECT_OUT.
    @inlinable public static var connectOut: Self { Self(rawValue: 20) }
    /// COM_REGISTER_SLAVE.
    @inlinable public static var registerReplica: Self { Self(rawValue: 21) }
    /// COM_STMT_PREPARE.
    @inlinable public static var prepare: Self { Self(rawValue: 22) }
    /// COM_STMT_EXECUTE.
    @inlinable public static var execute: Self { Self(rawValue: 23) }
    /// COM_STMT_SEND_LONG_DATA.
    @inlinable public static var sendLongData: Self { Self(rawValue: 24) }
    /// COM_STMT_CLOSE.
    @inlinable public static var closeStatement: Self { Self(rawValue: 25) }
    /// COM_STMT_RESET.
    @inlinable public static var resetStatement: Self { Self(rawValue: 26) }
    /// COM_SET_OPTION.
    @inlinable public static var setOption: Self { Self(rawValue: 27) }
    /// COM_STMT_FETCH.
    @inlinable public static var fetch: Self { Self(rawValue: 28) }
    /// COM_DAEMON.
    @inlinable public static var daemon: Self { Self(rawValue: 29) }
    /// COM_BINLOG_DUMP_GTID (MySQL).
    @inlinable public static var binlogDumpGTID: Self { Self(rawValue: 30) }
    /// COM_RESET_CONNECTION.
    @inlinable public static var resetConnection: Self { Self(rawValue: 31) }
    /// COM_STMT_BULK_EXECUTE (MariaDB).
    @inlinable public static var bulkExecute: Self { Self(rawValue: 0xFA) }

    /// The protocol's name of the command, or its number in hexadecimal.
    public var description: String {
        Self.names[rawValue] ?? "COM_0x" + String(rawValue, radix: 16)
    }

    /// Whether the server says nothing to it: COM_QUIT, COM_STMT_CLOSE and COM_STMT_SEND_LONG_DATA.
    public var hasNoAnswer: Bool {
        self == .quit || self == .closeStatement || self == .sendLongData
    }

    private static let names: [UInt8: String] = [
        0: "COM_SLEEP", 1: "COM_QUIT", 2: "COM_INIT_DB", 3: "COM_QUERY", 4: "COM_FIELD_LIST", 5: "COM_CREATE_DB",
        6: "COM_DROP_DB", 7: "COM_REFRESH", 8: "COM_SHUTDOWN", 9: "COM_STATISTICS", 10: "COM_PROCESS_INFO",
        11: "COM_CONNECT", 12: "COM_PROCESS_KILL", 13: "COM_DEBUG", 14: "COM_PING", 15: "COM_TIME",
        16: "COM_DELAYED_INSERT", 17: "COM_CHANGE_USER", 18: "COM_BINLOG_DUMP", 19: "COM_TABLE_DUMP",
        20: "COM_CONNECT_OUT", 21: "COM_REGISTER_SLAVE", 22: "COM_STMT_PREPARE", 23: "COM_STMT_EXECUTE",
        24: "COM_STMT_SEND_LONG_DATA", 25: "COM_STMT_CLOSE", 26: "COM_STMT_RESET", 27: "COM_SET_OPTION",
        28: "COM_STMT_FETCH", 29: "COM_DAEMON", 30: "COM_BINLOG_DUMP_GTID", 31: "COM_RESET_CONNECTION",
        0xFA: "COM_STMT_BULK_EXECUTE",
    ]
}
