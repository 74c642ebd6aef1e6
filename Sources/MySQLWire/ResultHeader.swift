/// The first packet of a result with columns, or the server's wish for a file.
///
/// Source: MySQL protocol, "COM_QUERY Response", "LOCAL INFILE Request"; MariaDB knowledge base, "Result Set Packets".
public enum ResultHeader: Hashable, Sendable {
    /// So many columns follow; `metadataFollows` is nil where the packet doesn't tell.
    case columns(UInt64, metadataFollows: Bool?)
    /// The server wants the client's file of that name (LOAD DATA LOCAL INFILE).
    case localInfile([UInt8])

    /// Reads the payload of a packet sent to a client with `capabilities`.
    ///
    /// - Throws: for OK and ERR too, which have types of their own.
    public init(decoding payload: Span<UInt8>, capabilities: Capabilities) throws(WireError) {
        var reader = ByteReader(payload, of: "result header")
        if reader.peeked == 0xFB {
            try reader.skip(1, "the byte 0xFB")
            self = .localInfile(reader.rest())
            return
        }
        // MySQL puts its flag in front of the count, MariaDB behind it.
        let flagInFront =
            capabilities.contains(.optionalResultsetMetadata) && payload.count > 1
            ? try reader.uint8("whether columns follow") : nil
        let count = try reader.lengthEncoded("the number of columns")
        guard count > 0 else { throw WireError(packet: "result header", expected: "one column or more", offset: 0) }
        let caches = capabilities.contains(.mariadbCacheMetadata) && !reader.isAtEnd
        let flag = caches ? try reader.uint8("whether columns follow") : flagInFront
        self = .columns(count, metadataFollows: flag.map { $0 != 0 })
    }

    /// The payload for a client with `capabilities`.
    public func encode(capabilities: Capabilities) -> [UInt8] {
        var writer = PayloadWriter()
        switch self {
        case .localInfile(let name):
            writer.uint8(0xFB)
            writer.raw(name)
        case .columns(let count, let metadataFollows):
            let flag: UInt8 = metadataFollows ?? true ? 1 : 0
            if capabilities.contains(.optionalResultsetMetadata) { writer.uint8(flag) }
            writer.lengthEncoded(count)
            if capabilities.contains(.mariadbCacheMetadata) { writer.uint8(flag) }
        }
        return writer.bytes
    }
}

/// The OK of COM_STMT_PREPARE.
///
/// Source: MySQL protocol, "COM_STMT_PREPARE Response".
public struct PreparedStatementOK: BitwiseCopyable, Hashable, Sendable {
    /// The statement's number on its connection.
    public var statementID: UInt32
    /// Columns of its result; 0 without one.
    public var columns: UInt16
    /// Its parameters.
    public var parameters: UInt16
    /// How many warnings the preparation left; nil where the packet ends before it.
    public var warnings: UInt16?
    /// Whether definitions follow; nil where the packet doesn't tell (MySQL 8 with optional metadata does).
    public var metadataFollows: Bool?

    /// A packet with the given fields.
    public init(
        statementID: UInt32, columns: UInt16, parameters: UInt16, warnings: UInt16? = 0, metadataFollows: Bool? = nil
    ) {
        (self.statementID, self.columns, self.parameters) = (statementID, columns, parameters)
        (self.warnings, self.metadataFollows) = (warnings, metadataFollows)
    }

    /// Reads the payload.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        var reader = ByteReader(payload, of: "COM_STMT_PREPARE OK")
        try reader.expect(0, "the byte 0x00")
        statementID = try reader.uint32("the statement id")
        columns = try reader.uint16("the number of columns")
        parameters = try reader.uint16("the number of parameters")
        try reader.skip(1, "a filler byte")
        warnings = reader.isAtEnd ? nil : try reader.uint16("the warnings")
        metadataFollows = reader.isAtEnd ? nil : try reader.uint8("whether definitions follow") != 0
    }

    /// The payload.
    public func encode() -> [UInt8] {
        var writer = PayloadWriter(0)
        writer.uint32(statementID)
        writer.uint16(columns)
        writer.uint16(parameters)
        writer.uint8(0)
        if let warnings { writer.uint16(warnings) }
        if warnings != nil, let metadataFollows { writer.uint8(metadataFollows ? 1 : 0) }
        return writer.bytes
    }
}
