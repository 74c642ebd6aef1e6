package import SQLText

/// A normalised text with its digest: one object for all statements alike that a loop knows.
///
/// A session keeps the one of the statement that it waits for, so that the text is there when the statement has ended,
/// whatever became of the table meanwhile.
package final class DigestText: Sendable {
    package let digest: UInt64
    /// The normalised text in the statement's character set.
    package let bytes: [UInt8]
    /// The name that the statement is counted under.
    package let command: StatementCommand

    package init(digest: UInt64, bytes: [UInt8], command: StatementCommand) {
        self.digest = digest
        self.bytes = bytes
        self.command = command
    }

    /// The bytes that it takes: itself, and the array's header and elements.
    var memory: Int { 48 + 32 + bytes.count }
}
