/// A command's first byte; a struct, because servers may know commands that this list doesn't.
///
/// Source: MySQL protocol, "Command Phase"; MariaDB knowledge base for 0xFA and 0xFE.
public struct Command: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
    /// The byte on the wire.
    public var rawValue: UInt8

    /// The command with the given first byte.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }
}

extension Command: CustomStringConvertible {
    /// COM_SLEEP.
    public static let sleep = Self(rawValue: 0)
    /// COM_QUIT.
    public static let quit = Self(rawValue: 1)
    /// COM_INIT_DB.
    public static let initDB = Self(rawValue: 2)
    /// COM_QUERY.
    public static let query = Self(rawValue: 3)
    /// COM_FIELD_LIST.
    public static let fieldList = Self(rawValue: 4)
    /// COM_CREATE_DB.
    public static let createDB = Self(rawValue: 5)
    /// COM_DROP_DB.
    public static let dropDB = Self(rawValue: 6)
    /// COM_REFRESH.
    public static let refresh = Self(rawValue: 7)
    /// COM_SHUTDOWN.
    public static let shutdown = Self(rawValue: 8)
    /// COM_STATISTICS.
    public static let statistics = Self(rawValue: 9)
    /// COM_PROCESS_INFO.
    public static let processInfo = Self(rawValue: 10)
    /// COM_CONNECT.
    public static let connect = Self(rawValue: 11)
    /// COM_PROCESS_KILL.
    public static let processKill = Self(rawValue: 12)
    /// COM_DEBUG.
    public static let debug = Self(rawValue: 13)
    /// COM_PING.
    public static let ping = Self(rawValue: 14)
    /// COM_TIME.
    public static let time = Self(rawValue: 15)
    /// COM_DELAYED_INSERT.
    public static let delayedInsert = Self(rawValue: 16)
    /// COM_CHANGE_USER.
    public static let changeUser = Self(rawValue: 17)
    /// COM_BINLOG_DUMP.
    public static let binlogDump = Self(rawValue: 18)
    /// COM_TABLE_DUMP.
    public static let tableDump = Self(rawValue: 19)
    /// COM_CONNECT_OUT.
    public static let connectOut = Self(rawValue: 20)
    /// COM_REGISTER_SLAVE.
    public static let registerReplica = Self(rawValue: 21)
    /// COM_STMT_PREPARE.
    public static let prepare = Self(rawValue: 22)
    /// COM_STMT_EXECUTE.
    public static let execute = Self(rawValue: 23)
    /// COM_STMT_SEND_LONG_DATA.
    public static let sendLongData = Self(rawValue: 24)
    /// COM_STMT_CLOSE.
    public static let closeStatement = Self(rawValue: 25)
    /// COM_STMT_RESET.
    public static let resetStatement = Self(rawValue: 26)
    /// COM_SET_OPTION.
    public static let setOption = Self(rawValue: 27)
    /// COM_STMT_FETCH.
    public static let fetch = Self(rawValue: 28)
    /// COM_DAEMON.
    public static let daemon = Self(rawValue: 29)
    /// COM_BINLOG_DUMP_GTID (MySQL).
    public static let binlogDumpGTID = Self(rawValue: 30)
    /// COM_RESET_CONNECTION.
    public static let resetConnection = Self(rawValue: 31)
    /// COM_STMT_BULK_EXECUTE (MariaDB).
    public static let bulkExecute = Self(rawValue: 0xFA)

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
