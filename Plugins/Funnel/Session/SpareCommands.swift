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

    mutating func giveBack(_ command: RunningCommand) {
        command.end()
        if spare.count < Self.limit { spare.append(command) }
    }
}

extension [UInt8] {
    /// Empties it; memory for a short text stays.
    mutating func removeForReuse() {
        removeAll(keepingCapacity: capacity <= 4096)
    }
}
