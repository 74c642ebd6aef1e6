/// What one look at the server's bytes came to.
public struct ScanStep: BitwiseCopyable, Equatable, Sendable {
    /// Bytes, from the first one presented, that belong to the answer.
    public var consumed: Int
    /// What follows them.
    public var event: ScanEvent

    /// A step over so many bytes, with what follows them.
    public init(consumed: Int, event: ScanEvent) {
        self.consumed = consumed
        self.event = event
    }
}

/// Where an answer stands after the bytes consumed so far.
public enum ScanEvent: BitwiseCopyable, Equatable, Sendable {
    /// The answer goes on with more of the server's bytes.
    case more
    /// The server waits for the contents of a file: the client's packets up to and with an empty one.
    case localInfile
    /// The server waits for the client's next authentication data; should it go on by itself, that is taken too.
    case authContinues
    /// The last consumed byte was the answer's last.
    case ended
    /// A replication stream without an end: both directions are to be relayed without a look from here on.
    case endless
    /// The server broke the protocol; the connection is of no more use.
    case violation(ScanViolation)
}

/// How a server's packet broke the protocol.
public enum ScanViolation: Error, BitwiseCopyable, Equatable, Sendable {
    /// The packet's sequence id isn't the next one.
    case outOfSequence(expected: UInt8, found: UInt8)
    /// A length-encoded integer begins with 0xFB or 0xFF, or is of no use at its place.
    case malformedInteger(firstByte: UInt8, ScanPlace)
    /// The packet has no payload.
    case emptyPacket(ScanPlace)
    /// The payload ends before the fields that it must have.
    case truncatedPacket(firstByte: UInt8, ScanPlace)
    /// A packet that begins like this one may not stand here.
    case unexpectedPacket(firstByte: UInt8, payloadLength: Int, ScanPlace)
    /// The server sent a packet although no answer was due.
    case unasked(sequence: UInt8)
}

/// The part of an answer that a packet was taken for.
public enum ScanPlace: BitwiseCopyable, Equatable, Sendable {
    /// The answer to a login, or to authentication data.
    case login
    /// The first packet of a result.
    case result
    /// Column or parameter definitions.
    case definitions
    /// The EOF behind definitions.
    case definitionsEnd
    /// Rows and what ends them.
    case rows
    /// The answer to COM_STMT_PREPARE.
    case prepare
    /// An OK, EOF or ERR.
    case status
    /// A packet of any contents.
    case single
    /// The begin of a replication stream.
    case binlog
}

extension ScanPlace: CustomStringConvertible {
    /// The place in words that complete "in …".
    public var description: String {
        switch self {
        case .login: "the answer to the login"
        case .result: "the first packet of a result"
        case .definitions: "the column or parameter definitions"
        case .definitionsEnd: "the EOF after the definitions"
        case .rows: "the rows"
        case .prepare: "the answer to COM_STMT_PREPARE"
        case .status: "an OK, EOF or ERR"
        case .single: "a one-packet answer"
        case .binlog: "the begin of a replication stream"
        }
    }
}

extension ScanViolation: CustomStringConvertible {
    /// The violation as a sentence's predicate: "the server …" goes in front.
    public var description: String {
        switch self {
        case .outOfSequence(let expected, let found):
            "sent a packet out of sequence: expected \(expected), found \(found)"
        case .malformedInteger(let first, let place):
            "sent a malformed length-encoded integer, first byte \(hexadecimal(first)), in \(place)"
        case .emptyPacket(let place):
            "sent an empty packet in \(place)"
        case .truncatedPacket(let first, let place):
            "sent a packet without all its fields, first byte \(hexadecimal(first)), in \(place)"
        case .unexpectedPacket(let first, let length, let place):
            "sent an unexpected packet of \(length) bytes, first byte \(hexadecimal(first)), in \(place)"
        case .unasked(let sequence):
            "sent a packet, sequence id \(sequence), although no answer was due"
        }
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0x0" : "0x") + String(byte, radix: 16, uppercase: true)
    }
}
