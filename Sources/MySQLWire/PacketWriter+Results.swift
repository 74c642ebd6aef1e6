/// What a server inside the process says to a client with given capabilities.
extension PacketWriter {
    /// Appends an OK.
    public mutating func append(_ ok: OKPacket, capabilities: Capabilities) {
        append(ok.encode(capabilities: capabilities))
    }

    /// Appends an ERR.
    public mutating func append(_ error: SQLError) {
        append(error.encode())
    }

    /// Appends the front of a result: number of columns, definitions and, for clients that want it, an EOF.
    ///
    /// - Precondition: there is at least one column.
    public mutating func append(columns: [ColumnDefinition], status: StatusFlags, capabilities: Capabilities) {
        assert(!columns.isEmpty, "a result without columns is an OK")
        let count = ResultHeader.columns(UInt64(columns.count), metadataFollows: true)
        append(count.encode(capabilities: capabilities))
        append(definitions: columns, status: status, capabilities: capabilities)
    }

    /// Appends a text row; nil is NULL.
    public mutating func append(textRow values: [[UInt8]?]) {
        append(TextRow(values: values).encode())
    }

    /// Appends a binary row.
    ///
    /// - Throws: where a value isn't of its column's type; nothing is appended then.
    public mutating func append(binaryRow values: [BinaryValue], columns: [ColumnDefinition]) throws(WireError) {
        append(try BinaryRow(values: values).encode(columns: columns))
    }

    /// Appends the end of a result: an OK with CLIENT_DEPRECATE_EOF, else an EOF.
    public mutating func appendResultEnd(
        status: StatusFlags, warnings: UInt16 = 0, changes: [SessionStateChange] = [], capabilities: Capabilities
    ) {
        guard capabilities.contains(.deprecateEOF) else {
            return append(EOFPacket(warnings: warnings, status: status).encode())
        }
        let ok = OKPacket(endsResult: true, status: status, warnings: warnings, changes: changes)
        append(ok, capabilities: capabilities)
    }

    /// Appends the answer to COM_STMT_PREPARE: its OK, then the parameters' and the columns' definitions.
    public mutating func append(
        preparedStatement id: UInt32, parameters: [ColumnDefinition], columns: [ColumnDefinition],
        status: StatusFlags, capabilities: Capabilities
    ) {
        let ok = PreparedStatementOK(
            statementID: id, columns: UInt16(clamping: columns.count), parameters: UInt16(clamping: parameters.count),
            metadataFollows: capabilities.contains(.optionalResultsetMetadata) ? true : nil)
        append(ok.encode())
        append(definitions: parameters, status: status, capabilities: capabilities)
        append(definitions: columns, status: status, capabilities: capabilities)
    }

    private mutating func append(
        definitions: [ColumnDefinition], status: StatusFlags, capabilities: Capabilities
    ) {
        guard !definitions.isEmpty else { return }
        for definition in definitions { append(definition.encode(capabilities: capabilities)) }
        guard !capabilities.contains(.deprecateEOF) else { return }
        append(EOFPacket(status: status).encode())
    }
}
