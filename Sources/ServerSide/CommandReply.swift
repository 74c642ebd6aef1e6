import Locking
public import MySQLWire
import PluginAPI

/// The answer to one command, sent while it is made; results beyond 64 KiB go out in pieces.
///
/// Invariant for `@unchecked Sendable`: the session makes it on the loop's thread and hands it to the responder, which
/// uses it from one thread at a time; after ``end()`` nobody touches it.
public final class CommandReply: @unchecked Sendable {
    /// What client and server agreed on.
    public let capabilities: Capabilities
    /// Whether a query may hold several statements.
    public let allowsSeveralStatements: Bool
    /// Whether the client is still there, as far as known.
    public private(set) var isClientThere = true

    let isBinary: Bool
    private let connection: any ServerConnection
    private let outcome: OutcomeBox
    private let closesOnError: Bool
    private var writer: PacketWriter
    private var result = OutcomeBox.Outcome()
    private var columns: [ColumnDefinition] = []
    private var hasEnded = false

    private static let chunk = 64 << 10

    init(
        sequence: UInt8, capabilities: Capabilities, isBinary: Bool, closesOnError: Bool,
        connection: any ServerConnection, outcome: OutcomeBox
    ) {
        writer = PacketWriter(sequence: sequence)
        self.capabilities = capabilities
        allowsSeveralStatements = capabilities.contains(.multiStatements)
        self.isBinary = isBinary
        self.closesOnError = closesOnError
        self.connection = connection
        self.outcome = outcome
    }

    deinit {
        guard !hasEnded else { return }
        error(SQLError(code: 1105, message: "The server gave no complete answer"))
        end()
    }
}

// MARK: Answers

extension CommandReply {
    /// A statement without rows has succeeded; `status` holds `moreResults` where another result follows.
    public func ok(
        affectedRows: UInt64 = 0, insertID: UInt64 = 0, status: StatusFlags, warnings: UInt16 = 0, info: String = ""
    ) {
        result.status = status
        let ok = OKPacket(
            affectedRows: affectedRows, lastInsertID: insertID, status: status, warnings: warnings, info: info)
        writer.append(ok, capabilities: capabilities)
        flushIfLong()
    }

    /// The statement has failed; rows may have been sent before. Nothing follows.
    public func error(_ error: SQLError) {
        result.isError = true
        writer.append(error)
    }

    /// A result begins; there is at least one column.
    public func begin(columns: [ColumnDefinition], status: StatusFlags) {
        self.columns = columns
        writer.append(columns: columns, status: status, capabilities: capabilities)
        flushIfLong()
    }

    /// A row of the result: as many values as columns, each of its column's type.
    ///
    /// - Returns: whether the client is still there; where not, the statement can be given up.
    /// - Throws: where a value isn't of its column's type.
    public func row(_ values: [BinaryValue]) throws(WireError) -> Bool {
        if isBinary {
            try writer.append(binaryRow: values, columns: columns)
        } else {
            writer.append(textRow: values.map(\.text))
        }
        flushIfLong()
        return isClientThere
    }

    /// The result is complete; `status` holds `moreResults` where another result follows.
    public func endRows(status: StatusFlags, warnings: UInt16 = 0) {
        result.status = status
        writer.appendResultEnd(status: status, warnings: warnings, capabilities: capabilities)
        flushIfLong()
    }

    /// A statement was prepared; no columns where it brings no rows.
    public func prepared(parameters: Int, columns: [ColumnDefinition]) {
        result.parameterCount = parameters
        let parameter = ColumnDefinition(name: "?", type: .varString, flags: .binary, collation: 63)
        writer.append(
            preparedStatement: result.statementID, parameters: Array(repeating: parameter, count: parameters),
            columns: columns, status: result.status, capabilities: capabilities)
    }

    /// The columns that COM_FIELD_LIST asked for.
    public func fields(_ columns: [ColumnDefinition]) {
        for var column in columns {
            if column.defaultValue == .absent { column.defaultValue = .null }
            writer.append(column.encode(capabilities: capabilities))
        }
        writer.appendResultEnd(status: result.status, capabilities: capabilities)
    }

    /// The answer is complete: what is left goes out, and the next command may come.
    public func end() {
        guard !hasEnded else { return }
        hasEnded = true
        connection.send(writer.take())
        if result.isError, closesOnError {
            connection.close(reason: "the login was refused")
        }
        outcome.put(result)
        connection.resume()
    }

    /// The status before the command, for answers that don't change it.
    public var priorStatus: StatusFlags { result.status }

    func begin(statementID: UInt32, status: StatusFlags) {
        result.statementID = statementID
        result.status = status
    }

    /// Appends a payload of the session's own.
    func raw(_ payload: [UInt8]) { writer.append(payload) }

    private func flushIfLong() {
        guard writer.bytes.count >= Self.chunk else { return }
        let bytes = writer.take()
        if isClientThere { isClientThere = connection.sendWaiting(bytes) }
    }
}

/// Where a command's end is left for the loop's thread to find.
final class OutcomeBox: Sendable {
    struct Outcome: Sendable {
        var isError = false
        var status: StatusFlags = .autocommit
        var statementID: UInt32 = 0
        /// The parameters of a statement that was prepared.
        var parameterCount: Int?
    }

    private let content = Lock<Outcome?>(nil)

    func put(_ outcome: Outcome) {
        content.withLock { $0 = outcome }
    }

    func take() -> Outcome? {
        content.withLock { content in
            defer { content = nil }
            return content
        }
    }
}
