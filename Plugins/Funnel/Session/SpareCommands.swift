import MySQLWire
import Pooling

/// The objects of commands that are done, which serve those to come: a statement needs no memory anew.
struct SpareCommands {
    private var spare: [RunningCommand] = []

    /// More are seldom under way on one loop at a time.
    private static let limit = 64

    /// The command in the packets.
    mutating func command(_ packets: Span<UInt8>, arrived: MonotonicTime, ticket: UInt64) -> RunningCommand {
        let command = unheld() ?? RunningCommand()
        command.begin(packets, arrived: arrived, ticket: ticket)
        return command
    }

    /// One that nobody knows any more: what waits for something else may come back to a command that is over by then.
    private mutating func unheld() -> RunningCommand? {
        while var command = spare.popLast() {
            if isKnownUniquelyReferenced(&command) { return command }
        }
        return nil
    }

    mutating func giveBack(_ command: consuming RunningCommand) {
        command.end()
        if spare.count < Self.limit { spare.append(command) }
    }
}

extension [UInt8] {
    /// Makes it these bytes, in its own memory where there is enough.
    mutating func replaceAll(by bytes: Span<UInt8>) {
        guard count == bytes.count else {
            removeAll(keepingCapacity: true)
            bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
            return
        }
        // Statements that differ in a number only are mostly as long as the one before, and this is a third of the work.
        bytes.withUnsafeBytes { source in withUnsafeMutableBytes { $0.copyMemory(from: source) } }
    }
}
