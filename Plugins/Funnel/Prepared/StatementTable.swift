import Locking
import SQLText

/// All texts that sessions and connections of the process hold prepared; nothing stays that nobody holds.
final class StatementTable: Sendable {
    static let shared = StatementTable()

    private struct Key: Hashable {
        let text: [UInt8]
        let mode: UInt8
    }

    private struct Entry {
        weak var statement: SharedStatement?
    }

    private let entries = Lock<[Key: Entry]>([:])

    /// Texts in the table.
    var count: Int { entries.withLock { $0.count } }

    /// The statement with that text, read by the rules of that mode.
    func statement(_ text: [UInt8], mode: SQLLexicalMode = []) -> SharedStatement {
        let key = Key(text: text, mode: mode.rawValue)
        if let known = entries.withLock({ $0[key]?.statement }) { return known }
        // Reading a long text takes a while, so it isn't done under the lock; of two threads the first one's stays.
        let new = SharedStatement(text, mode: mode, in: self)
        return entries.withLock { entries in
            if let known = entries[key]?.statement { return known }
            entries[key] = Entry(statement: new)
            return new
        }
    }

    /// Takes the text out, unless another statement has taken its place already.
    func forget(_ text: [UInt8], _ mode: SQLLexicalMode) {
        let key = Key(text: text, mode: mode.rawValue)
        // The successor leaves the closure: its last reference, if this is it, must not go under the lock.
        let successor: SharedStatement? = entries.withLock { entries in
            let successor = entries[key]?.statement
            if successor == nil { entries[key] = nil }
            return successor
        }
        withExtendedLifetime(successor) {}
    }
}
