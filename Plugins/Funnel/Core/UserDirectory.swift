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

/// Who clients are logged in as: one object for all of them, who may be many.
final class ClientUser: Sendable {
    let name: String
    /// The number that lease books know it by.
    let number: UserID
    /// What stands for all identities with the name; see ``UserDirectory/account(of:)``.
    let account: UserID

    /// Nobody has logged in yet.
    static let nobody = ClientUser(name: "", number: UserID(0), account: UserID(0))

    init(name: String, number: UserID, account: UserID) {
        (self.name, self.number, self.account) = (name, number, account)
    }
}

/// The numbers that lease books know users by.
final class UserDirectory: Sendable {
    private struct Entry: Sendable {
        let identity: BackendIdentity
        /// The number of the first identity with the same name.
        let account: Int
        let client: ClientUser
        /// Why a backend refused the last login.
        var refusal: SQLError?
    }

    private struct State: Sendable {
        var entries: [Entry] = []
        var numbers: [BackendIdentity: Int] = [:]
        /// The number of the first identity with that name.
        var accounts: [String: Int] = [:]
    }

    private let state = Lock(State())

    /// The identity's number; a new one where it has none.
    func number(of identity: BackendIdentity) -> UserID {
        state.withLock { state in
            if let number = state.numbers[identity] { return UserID(number) }
            let number = state.entries.count
            let account = state.accounts[identity.user] ?? number
            let client = ClientUser(name: identity.user, number: UserID(number), account: UserID(account))
            state.entries.append(Entry(identity: identity, account: account, client: client))
            state.numbers[identity] = number
            state.accounts[identity.user] = account
            return UserID(number)
        }
    }

    /// What stands for all identities with the user's name: the limit of a user holds for them together.
    func account(of user: UserID) -> UserID {
        state.withLock { UserID($0.entries[user.number].account) }
    }

    /// What clients with that identity share.
    func client(_ user: UserID) -> ClientUser {
        state.withLock { $0.entries[user.number].client }
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
