import MySQLWire
import Testing

/// A recorded payload with its way through decoder and encoder.
struct Codec: Sendable, CustomTestStringConvertible {
    let name: String
    let payload: [UInt8]
    /// Shorter payloads than this must be refused; longer ones may end in an open field.
    let least: Int
    let roundtrip: @Sendable ([UInt8]) throws -> [UInt8]

    init(
        _ name: String, _ payload: [UInt8], least: Int? = nil,
        _ roundtrip: @escaping @Sendable ([UInt8]) throws -> [UInt8]
    ) {
        self.name = name
        self.payload = payload
        self.least = least ?? payload.count
        self.roundtrip = roundtrip
    }

    var testDescription: String { name }

    static let all = handshake + answers + results + commands

    static let handshake: [Codec] =
        [
            ("5.7", MySQL.greeting57), ("8.4", MySQL.greeting84), ("9.1", MySQL.greeting91),
            ("MariaDB", MariaDB.mariadbGreeting),
        ]
        .map { name, bytes in
            // "mysql_native_password" and "caching_sha2_password" have 21 letters, and a NUL that may be missing.
            Codec("greeting \(name)", bytes, least: bytes.count - 22) { try Greeting(decoding: $0).encode() }
        } + [
            login("login", MariaDB.plainLogin, head: 37), login("extended login", MariaDB.extendedLogin, head: 37),
            login("the mariadb client's login", MariaDB.mariadbClientLogin, head: 37),
            login("a MySQL login", MySQL.login, head: 69),
            Codec("TLS request", MySQL.tlsRequest) { try SSLRequest(decoding: $0).encode() },
            Codec("auth switch", MariaDB.changeUserAnswer, least: 23) {
                // A lone 0xFE is whole too: the switch to the oldest method, which has a test of its own.
                guard $0.count != 1 else { throw WireError(packet: "test", expected: "more", offset: 1) }
                return try AuthSwitchRequest(decoding: $0).encode()
            },
            Codec("auth data", AuthMoreData.fastAuthOK.encode(), least: 1) {
                try AuthMoreData(decoding: $0).encode()
            },
            Codec("change user", MariaDB.changeUser, least: 12) {
                try ChangeUserRequest(decoding: $0, capabilities: .plain).encode(capabilities: .plain)
            },
        ]

    private static func login(_ name: String, _ payload: [UInt8], head: Int) -> Codec {
        Codec(name, payload, least: head) { try LoginRequest(decoding: $0).encode() }
    }

    static let answers: [Codec] = [
        ok("login OK", MariaDB.loginOK, .plain), ok("insert OK", MariaDB.insertOK, .plain),
        ok("update OK", MariaDB.updateOKWithInfo, .plain), ok("tracked login OK", MariaDB.trackedLoginOK, .tracking),
        ok("tracked SET", MariaDB.trackedSet, .tracking), ok("tracked USE", MariaDB.trackedUse, .tracking),
        ok("tracked BEGIN", MariaDB.trackedBegin, .tracking), ok("tracked info", MariaDB.trackedUpdateInfo, .tracking),
        ok("result end", MariaDB.tracked4, .tracking),
        error("syntax error", MariaDB.syntaxError), error("access denied", MariaDB.accessDenied),
        error("too many connections", MariaDB.tooManyConnections),
        Codec("progress report", MariaDB.progressReport) { try ProgressReport(decoding: $0).encode() },
        Codec("EOF", MariaDB.text5) { try EOFPacket(decoding: $0).encode() },
    ]

    private static func ok(_ name: String, _ payload: [UInt8], _ capabilities: Capabilities) -> Codec {
        Codec(name, payload, least: 7) {
            try OKPacket(decoding: $0, capabilities: capabilities).encode(capabilities: capabilities)
        }
    }

    private static func error(_ name: String, _ payload: [UInt8]) -> Codec {
        Codec(name, payload, least: 3) { try ErrorPacket(decoding: $0).encode() }
    }

    static let results: [Codec] = [
        Codec("column count", MariaDB.text0) { try header($0, .plain) },
        Codec("column count with cache flag", MariaDB.extendedHeader, least: 1) { try header($0, .extended) },
        Codec("LOCAL INFILE request", MariaDB.localInfile, least: 1) { try header($0, .plain) },
        column("column", MariaDB.text3, .plain), column("extended column", MariaDB.extendedColumn, .extended),
        column("field with default", MariaDB.fieldList0, .plain, least: 32),
        column("field with NULL default", MariaDB.fieldListDA, .plain, least: 32),
        Codec("text row", MariaDB.text6) { try TextRow(decoding: $0, columns: 4).encode() },
        Codec("text row of NULLs", MariaDB.text7) { try TextRow(decoding: $0, columns: 4).encode() },
        Codec("binary row", MariaDB.binary17, binaryRow), Codec("binary row of NULLs", MariaDB.binary18, binaryRow),
        Codec("prepare OK", MariaDB.prepareOK, least: 10) { try PreparedStatementOK(decoding: $0).encode() },
    ]

    private static func header(_ payload: [UInt8], _ capabilities: Capabilities) throws -> [UInt8] {
        try ResultHeader(decoding: payload, capabilities: capabilities).encode(capabilities: capabilities)
    }

    private static func column(
        _ name: String, _ payload: [UInt8], _ capabilities: Capabilities, least: Int? = nil
    ) -> Codec {
        Codec(name, payload, least: least) {
            try ColumnDefinition(decoding: $0, capabilities: capabilities).encode(capabilities: capabilities)
        }
    }

    @Sendable private static func binaryRow(_ payload: [UInt8]) throws -> [UInt8] {
        let columns = try MariaDB.binaryColumns()
        return try BinaryRow(decoding: payload, columns: columns).encode(columns: columns)
    }

    static let commands: [Codec] = [
        Codec("query with attributes", MySQL.queryWithAttributes, least: 20) {
            try QueryCommand(decoding: $0, capabilities: .queryAttributes).encode(capabilities: .queryAttributes)
        },
        Codec("plain query", QueryCommand.selectOne, least: 1) {
            try QueryCommand(decoding: $0, capabilities: .plain).encode(capabilities: .plain)
        },
        Codec("execute", MariaDB.execute) {
            let context = ExecuteCommand.Context(parameterCount: 2)
            return try ExecuteCommand(decoding: $0, context: context, capabilities: .plain).encode()
        },
        Codec("execute with attributes", MySQL.executeWithAttributes) {
            let context = ExecuteCommand.Context(parameterCount: 1)
            return try ExecuteCommand(decoding: $0, context: context, capabilities: .queryAttributes)
                .encode(capabilities: .queryAttributes)
        },
        Codec("long data", [0x18, 1, 0, 0, 0, 2, 0, 0x61], least: 7) {
            try LongDataCommand(decoding: $0).encode()
        },
        Codec("fetch", [0x1C, 1, 0, 0, 0, 10, 0, 0, 0]) { try FetchCommand(decoding: $0).encode() },
        Codec("bulk execute", [0xFA, 1, 0, 0, 0, 128, 0, 3, 0x80, 253, 0]) {
            try BulkExecuteHeader(decoding: $0, parameterCount: 2).encode()
        },
        Codec("kill", [0x0C, 1, 2, 3, 4]) {
            Command.processKill.payload(number: try Command.processKill.decodeNumber($0))
        },
        Codec("init DB", [0x02, 0x61], least: 1) {
            Command.initDB.payload(text: try Command.initDB.decodeText($0))
        },
        Codec("set option", [0x1B, 1, 0]) { try SetOptionCommand(decoding: $0).encode() },
        Codec("field list", [0x04, 0x74, 0, 0x25], least: 3) { try FieldListCommand(decoding: $0).encode() },
    ]
}

extension QueryCommand {
    static let selectOne: [UInt8] = [3] + Array("SELECT 1".utf8)
}

extension MariaDB {
    /// The columns of the recorded binary result.
    static func binaryColumns() throws -> [ColumnDefinition] {
        let payloads = [
            binary1, binary2, binary3, binary4, binary5, binary6, binary7, binary8, binary9, binary10, binary11,
            binary12, binary13, binary14, binary15,
        ]
        return try payloads.map { try ColumnDefinition(decoding: $0, capabilities: .plain) }
    }
}
