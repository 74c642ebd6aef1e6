/// The server's ERR.
///
/// Source: MySQL protocol, "ERR_Packet".
public struct ErrorPacket: Hashable, Sendable {
    /// The error number, for instance 1045.
    public var code: UInt16
    /// The SQLSTATE; nil where the packet has none, as before a login.
    public var state: String?
    /// What went wrong, for people, in the client's character set.
    public var messageBytes: [UInt8]

    /// What went wrong; what isn't UTF-8 in ``messageBytes`` is replaced.
    public var message: String {
        get { String(decoding: messageBytes, as: UTF8.self) }
        set { messageBytes = Array(newValue.utf8) }
    }

    /// A packet with the given fields.
    public init(code: UInt16, state: String?, message: String) {
        self.code = code
        self.state = state
        messageBytes = Array(message.utf8)
    }

    /// The packet that tells `error`.
    public init(_ error: SQLError) {
        self.init(code: error.code, state: error.wireState, message: error.message)
    }

    /// The error that the packet tells; without a SQLSTATE it is the general one.
    public var error: SQLError { SQLError(code: code, state: state ?? "HY000", message: message) }

    /// Reads the payload.
    ///
    /// - Throws: for a ``ProgressReport`` too, which is no error.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        var reader = ByteReader(payload, of: "ERR")
        try reader.expect(0xFF, "the byte 0xFF")
        code = try reader.uint16("the error number")
        guard code != 0xFFFF else { throw reader.error(expecting: "an error, not a progress report") }
        if reader.peeked == UInt8(ascii: "#") {
            try reader.skip(1, "the mark of the SQLSTATE")
            state = String(decoding: try reader.take(5, "the SQLSTATE"), as: UTF8.self)
        }
        messageBytes = reader.rest()
    }

    /// The payload.
    public func encode() -> [UInt8] {
        var writer = PayloadWriter(0xFF)
        writer.uint16(code)
        if let state {
            writer.uint8(UInt8(ascii: "#"))
            writer.raw(SQLError(code: code, state: state, message: "").wireState.utf8)
        }
        writer.raw(messageBytes)
        return writer.bytes
    }
}

extension SQLError {
    /// The error's ERR payload, with a SQLSTATE.
    public func encode() -> [UInt8] { ErrorPacket(self).encode() }

    /// The SQLSTATE as five ASCII bytes: filled up with zeros, or cut; what isn't ASCII becomes a zero.
    var wireState: String {
        let letters = state.unicodeScalars.prefix(5).map { $0.isASCII ? Character($0) : "0" }
        return String(letters) + String(repeating: "0", count: 5 - letters.count)
    }
}

/// MariaDB's word on how far a long statement is, an ERR packet with the number 0xFFFF.
///
/// Source: MariaDB knowledge base, "Progress Reporting".
public struct ProgressReport: Hashable, Sendable {
    /// The stage, from 1.
    public var stage: UInt8
    /// How many stages there are.
    public var stages: UInt8
    /// The stage's progress in thousandths of a percent, 0 to 100 000.
    public var progress: UInt32
    /// What the server does.
    public var info: String

    /// A report with the given fields.
    public init(stage: UInt8, stages: UInt8, progress: UInt32, info: String) {
        self.stage = stage
        self.stages = stages
        self.progress = progress
        self.info = info
    }

    /// Whether an ERR's payload is a report.
    public static func matches(_ payload: Span<UInt8>) -> Bool {
        payload.count > 3 && payload[0] == 0xFF && payload[1] == 0xFF && payload[2] == 0xFF
    }

    /// Reads the payload.
    public init(decoding payload: Span<UInt8>) throws(WireError) {
        var reader = ByteReader(payload, of: "progress report")
        guard Self.matches(payload) else { throw reader.error(expecting: "an ERR with the number 0xFFFF") }
        try reader.skip(4, "the header and the number of strings")
        stage = try reader.uint8("the stage")
        stages = try reader.uint8("the number of stages")
        progress = try reader.uint24("the progress")
        info = try reader.lengthEncodedString("the info text")
    }

    /// The payload.
    public func encode() -> [UInt8] {
        var writer = PayloadWriter(0xFF)
        writer.uint16(0xFFFF)
        writer.uint8(1)
        writer.uint8(stage)
        writer.uint8(stages)
        writer.uint24(progress)
        writer.lengthEncoded(info)
        return writer.bytes
    }
}
