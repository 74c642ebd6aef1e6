import MySQLWire

/// What becomes of a client's command for a prepared statement.
enum StatementPlan {
    /// Nothing to send and nothing to answer.
    case nothing
    /// An OK is the answer, and no connection is needed for it.
    case okay
    /// An error is the answer, and no connection is needed for it.
    case refuse(SQLError)
    /// A connection prepares the text; its answer goes to the client with another id.
    case prepare(SharedStatement)
    /// A connection runs it.
    case run(StatementRun)
    /// The client's statement of that id is gone, and its cursor must be closed on the session's connection.
    case closeCursor(UInt32)
}

/// A command for a prepared statement that needs a connection: COM_STMT_EXECUTE, COM_STMT_BULK_EXECUTE, COM_STMT_FETCH,
/// or COM_STMT_RESET where a cursor is open.
struct StatementRun: Sendable {
    let command: Command
    /// The client's id; never -1.
    let id: UInt32
    /// The id as the client sent it, which may be -1, for errors.
    let idAsSent: UInt32
    /// What the client has prepared.
    let original: SharedStatement
    /// What is executed: that, or a text in which values stand for functions that ask after the session.
    var shared: SharedStatement
    let settings: PrepareSettings?
    let parameterCount: Int
    /// The payload as the client sent it: with its id, and without types where ``missingTypes`` has them.
    let payload: [UInt8]
    /// The types that the client has left out, since it bound them before.
    let missingTypes: [UInt8]
    /// The types that the client binds by it, if it does and they are others than before.
    let newTypes: [UInt8]?
    /// Whether the server knew nothing of a statement that it should have, and it was prepared again.
    var isSecondTry = false

    init(
        _ command: Command, _ id: UInt32, asSent idAsSent: UInt32, _ statement: ClientStatement, _ payload: [UInt8],
        newTypes: [UInt8]? = nil, missingTypes: [UInt8] = []
    ) {
        self.command = command
        self.id = id
        self.idAsSent = idAsSent
        original = statement.shared
        shared = statement.shared
        settings = statement.settings
        parameterCount = statement.parameterCount
        self.payload = payload
        self.newTypes = newTypes
        self.missingTypes = missingTypes
    }

    /// Whether it executes the statement: with effects, types and long data.
    var isExecution: Bool { command == .execute || command == .bulkExecute }
}

extension StatementRun {
    /// Appends the payload that goes to a server which knows the statement by that id.
    func append(to bytes: inout [UInt8], id serverID: UInt32) {
        let start = bytes.count
        bytes += payload
        StatementPayload.setID(serverID, in: &bytes, at: start)
        guard !missingTypes.isEmpty else { return }
        if command == .bulkExecute {
            StatementPayload.insert(missingTypes, inBulkAt: start, of: &bytes)
        } else {
            StatementPayload.insert(missingTypes, inExecuteAt: start, of: &bytes, parameters: parameterCount)
        }
    }

    /// Appends the payload as packets.
    ///
    /// - Returns: the sequence id of the last one.
    func appendPackets(to bytes: inout [UInt8], id serverID: UInt32) -> UInt8 {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: PacketHeader.size))
        append(to: &bytes, id: serverID)
        let length = bytes.count - start - PacketHeader.size
        guard length < PacketHeader.maximumPayload else { return splitPackets(in: &bytes, from: start) }
        for index in 0..<3 { bytes[start + index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
        return 0
    }

    /// A payload that needs several packets, which may cost a copy.
    private func splitPackets(in bytes: inout [UInt8], from start: Int) -> UInt8 {
        var writer = PacketWriter()
        writer.append(Array(bytes[(start + PacketHeader.size)...]))
        let last = writer.sequence &- 1
        bytes.replaceSubrange(start..., with: writer.take())
        return last
    }
}

/// What a run needs next on the connection that it was given.
enum StatementStep {
    /// COM_STMT_PREPARE with the run's text, under the run's settings, behind these payloads; then ask again.
    case prepare(closing: [[UInt8]])
    /// These payloads, which are not answered, and the run with that id.
    case send(before: [[UInt8]], id: UInt32)
    /// There is nothing to do on this connection, and an OK is the answer.
    case okay
    /// An error is the answer.
    case refuse(SQLError)
}

/// What becomes of a server's ERR.
enum StatementRecovery: Equatable {
    /// The client gets it as it is.
    case relay
    /// The client gets this one.
    case replace(SQLError)
    /// The client gets nothing yet: ask the connection for its next step again, with this run's `isSecondTry` set.
    case prepareAgain
}
