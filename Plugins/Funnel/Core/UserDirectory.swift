import Locking
import MySQLWire
import Pooling

/// As whom and how a backend connection is logged in: sessions may share one only if all of it is the same.
struct BackendIdentity: Hashable, Sendable {
    /// The account's name.
    var user: String
    /// What the client negotiated of what makes a server act differently.
    var traits: Capabilities

    /// Flags that change what a server does, and that can't be changed after the login.
    static let traits: Capabilities = [
        .foundRows, .noSchema, .odbc, .localFiles, .ignoreSpace, .multiResults, .preparedMultiResults,
    ]

    /// What most clients negotiate of them.
    static let usualTraits: Capabilities = [.multiResults, .preparedMultiResults]
}

/// The numbers that lease books know users by.
final class UserDirectory: Sendable {
    private struct Entry: Sendable {
        let identity: BackendIdentity
        /// Why a backend refused the last login.
        var refusal: SQLError?
    }

    private struct State: Sendable {
        var entries: [Entry] = []
        var numbers: [BackendIdentity: Int] = [:]
    }

    private let state = Lock(State())

    /// The identity's number; a new one where it has none.
    func number(of identity: BackendIdentity) -> UserID {
        state.withLock { state in
            if let number = state.numbers[identity] { return UserID(number) }
            let number = state.entries.count
            state.entries.append(Entry(identity: identity))
            state.numbers[identity] = number
            return UserID(number)
        }
    }

    func identity(of user: UserID) -> BackendIdentity {
        state.withLock { $0.entries[user.number].identity }
    }

    /// Why a backend refused the user's last login.
    func refusal(of user: UserID) -> SQLError? {
        state.withLock { $0.entries[user.number].refusal }
    }

    func refused(_ user: UserID, _ error: SQLError?) {
        state.withLock { $0.entries[user.number].refusal = error }
    }

    /// All users so far.
    var all: [BackendIdentity] { state.withLock { $0.entries.map(\.identity) } }
}
