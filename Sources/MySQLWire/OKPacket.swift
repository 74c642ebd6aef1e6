/// The server's OK, at the end of a command or of a result.
///
/// Source: MySQL protocol, "OK_Packet".
public struct OKPacket: Hashable, Sendable {
    /// Whether it ends a result (header 0xFE, with CLIENT_DEPRECATE_EOF only).
    public var endsResult: Bool
    /// Rows that the statement changed.
    public var affectedRows: UInt64
    /// The first AUTO_INCREMENT value that the statement made; 0 for none.
    public var lastInsertID: UInt64
    /// The status flags.
    public var status: StatusFlags
    /// How many warnings the statement left.
    public var warnings: UInt16
    /// A text for people, for instance `Rows matched: 1  Changed: 1  Warnings: 0`.
    public var info: String
    /// What changed in the session's state.
    public var changes: [SessionStateChange]

    /// A packet with the given fields.
    public init(
        endsResult: Bool = false, affectedRows: UInt64 = 0, lastInsertID: UInt64 = 0,
        status: StatusFlags = .autocommit, warnings: UInt16 = 0, info: String = "", changes: [SessionStateChange] = []
    ) {
        self.endsResult = endsResult
        self.affectedRows = affectedRows
        self.lastInsertID = lastInsertID
        self.status = status
        self.warnings = warnings
        self.info = info
        self.changes = changes
    }

    /// Reads the payload of a packet sent to a client with `capabilities`.
    public init(decoding payload: Span<UInt8>, capabilities: Capabilities) throws(WireError) {
        var reader = ByteReader(payload, of: "OK")
        let header = try reader.uint8("the byte 0x00 or 0xFE")
        guard header == 0x00 || header == 0xFE else {
            throw WireError(packet: "OK", expected: "the byte 0x00 or 0xFE", offset: 0)
        }
        self.init(endsResult: header == 0xFE, status: [])
        affectedRows = try reader.lengthEncoded("the affected rows")
        lastInsertID = try reader.lengthEncoded("the insert id")
        if !capabilities.isDisjoint(with: [.protocol41, .transactions]) {
            status = StatusFlags(rawValue: try reader.uint16("the status flags"))
        }
        if capabilities.contains(.protocol41) { warnings = try reader.uint16("the warnings") }
        try decodeTail(&reader, capabilities)
    }

    @_lifetime(reader: copy reader)
    private mutating func decodeTail(_ reader: inout ByteReader, _ capabilities: Capabilities) throws(WireError) {
        guard !reader.isAtEnd else { return }
        guard capabilities.contains(.sessionTrack) else {
            info = reader.infoOrRest()
            return
        }
        info = try reader.lengthEncodedString("the info text")
        guard status.contains(.sessionStateChanged), !reader.isAtEnd else { return }
        let range = try reader.lengthEncodedRange("the session-state information")
        changes = try SessionStateChange.decodeAll(reader.bytes.extracting(range))
    }

    /// The payload for a client with `capabilities`; changes are left out for one that doesn't track its session.
    public func encode(capabilities: Capabilities) -> [UInt8] {
        let tracks = capabilities.contains(.sessionTrack) && !changes.isEmpty
        let flags = changes.isEmpty ? status : status.union(.sessionStateChanged)
        var writer = PayloadWriter(endsResult ? 0xFE : 0x00)
        writer.lengthEncoded(affectedRows)
        writer.lengthEncoded(lastInsertID)
        if !capabilities.isDisjoint(with: [.protocol41, .transactions]) {
            writer.uint16(tracks ? flags.rawValue : flags.subtracting(.sessionStateChanged).rawValue)
        }
        if capabilities.contains(.protocol41) { writer.uint16(warnings) }
        if tracks || !info.isEmpty { writer.lengthEncoded(info) }
        if tracks { encodeChanges(into: &writer) }
        return writer.bytes
    }

    private func encodeChanges(into writer: inout PayloadWriter) {
        var block = PayloadWriter()
        for change in changes { change.encode(into: &block) }
        writer.lengthEncoded(block.bytes)
    }
}

extension ByteReader {
    /// Reads the info text of a client that doesn't track its session.
    ///
    /// The manual makes it the rest of the packet, servers put a length in front; it is a length where it fits.
    @_lifetime(self: copy self)
    fileprivate mutating func infoOrRest() -> String {
        let start = offset
        if let text = try? lengthEncodedString("the info text"), isAtEnd { return text }
        return String(decoding: copy(start..<bytes.count), as: UTF8.self)
    }
}
