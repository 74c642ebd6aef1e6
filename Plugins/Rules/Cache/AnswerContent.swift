import MySQLWire
import ProxyCore

/// A result set as it is kept: framed packets from sequence id 1 on, for a client with DEPRECATE_EOF; without its end,
/// which is made anew for every reader.
struct AnswerContent: Equatable, Sendable {
    /// The number of columns, their definitions, and the rows.
    var bytes: [UInt8]
    /// The sequence id of the packet that ends the result.
    var endSequence: UInt8
    /// Whether definitions carry MariaDB's extended metadata.
    var hasExtendedMetadata: Bool
    /// How many warnings the statement left.
    var warnings: UInt16
    /// What the end says of the statement; nothing of the session.
    var status: StatusFlags

    /// What the packets are negotiated for.
    static func form(hasExtendedMetadata: Bool) -> Capabilities {
        let form: Capabilities = [.protocol41, .transactions, .deprecateEOF]
        return hasExtendedMetadata ? form.union(.mariadbExtendedMetadata) : form
    }

    /// Flags that tell how the statement was executed.
    static let statementFlags: StatusFlags = [.noIndexUsed, .noGoodIndexUsed]
}
