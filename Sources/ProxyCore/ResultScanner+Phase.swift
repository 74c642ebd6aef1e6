internal import MySQLWire

extension ResultScanner {
    /// What the next packet is taken for.
    enum Phase: BitwiseCopyable, Equatable, Sendable {
        case idle
        case login
        case result
        case columns
        case columnsEnd
        case rows
        case prepared
        case parameters
        case parametersEnd
        case preparedColumns
        case preparedColumnsEnd
        case fieldList
        case status
        case single
        case binlog
    }

    /// What to report at the end of the present packet.
    enum Pending: BitwiseCopyable, Equatable, Sendable {
        case nothing
        case localInfile
        case authContinues
        case ended
        case endless
    }

    /// A packet's payload, of which the first bytes are at hand.
    struct Front: BitwiseCopyable {
        /// The payload's first byte, among the bytes presented.
        let start: Int
        /// Bytes of the payload, at hand or not.
        let length: Int
        /// The end of the bytes presented.
        let count: Int

        /// Whether the payload's first `size` bytes, or all if there are fewer, are at hand.
        func holds(_ size: Int) -> Bool { count - start >= min(size, length) }
    }
}

extension ResultScanner.Phase {
    /// What the answer to a command begins with.
    init(answering command: Command) {
        switch command {
        case .query, .execute, .bulkExecute, .processInfo: self = .result
        case .prepare: self = .prepared
        case .fetch: self = .rows
        case .fieldList: self = .fieldList
        case .changeUser: self = .login
        case .binlogDump, .binlogDumpGTID: self = .binlog
        case .initDB, .createDB, .dropDB, .refresh, .shutdown, .processKill, .debug, .ping, .registerReplica,
            .resetStatement, .setOption, .resetConnection:
            self = .status
        // Open set: COM_STATISTICS' text and an unknown command's ERR are one packet of any contents.
        default: self = .single
        }
    }

    /// Whether an ERR that the server sent before it saw the command may stand here.
    var isFirstPacket: Bool {
        switch self {
        case .login, .result, .prepared, .rows, .fieldList, .status, .single, .binlog: true
        case .idle, .columns, .columnsEnd, .parameters, .parametersEnd, .preparedColumns, .preparedColumnsEnd: false
        }
    }

    /// The phase in a log line's words.
    var place: ScanPlace {
        switch self {
        case .idle, .status: .status
        case .login: .login
        case .result: .result
        case .columns, .parameters, .preparedColumns, .fieldList: .definitions
        case .columnsEnd, .parametersEnd, .preparedColumnsEnd: .definitionsEnd
        case .rows: .rows
        case .prepared: .prepare
        case .single: .single
        case .binlog: .binlog
        }
    }
}
