import Accounts
import Foundation
import Locking
import PluginAPI
import Pooling

/// The accounts that clients may log in to, and the secrets by which the funnel logs in to backends in their name.
///
/// Accounts come from the table `mysql_users`, else from the users file, else from the backends, one by one as clients
/// come; those are kept, and looked up again when a login fails by what is kept.
final class AccountDirectory: Sendable {
    struct State: Sendable {
        /// The users of the table `mysql_users`, who come before all others.
        var table: [String: TableUser] = [:]
        /// What the table's rows for servers only say of secrets there.
        var serverProofs: [String: Proof] = [:]
        /// The table as it was loaded.
        var rows: [UserRow] = []
        /// Logged-in clients by user.
        var clients: [String: Int] = [:]
        var denials = Denials()
        var listed: [String: Account] = [:]
        /// What a backend said last; nil for an account that it doesn't have.
        var looked: [String: Account?] = [:]
        var proofs: [String: Proof] = [:]
        /// When an account was last looked up again because of a login that had failed.
        var refreshes: [String: MonotonicTime] = [:]
    }

    /// Accounts are looked up again so often at most: somebody who tries passwords shall not keep the backends busy.
    private static let refreshInterval = TimeSpan.seconds(1)
    /// Names whose logins have failed are kept up to this number; those of less than the interval ago always.
    private static let mostNames = 10_000

    let state = Lock(State())
    private let usersFile: String?
    let authUser: String?
    /// The first account of the users file with a password.
    private let firstListed: String?

    /// - Throws: ``OptionError`` where the users file can't be used.
    init(options: FunnelOptions) throws {
        usersFile = options.funnelUsersFile
        authUser = options.funnelAuthUser
        let listed = try usersFile.map { try Self.read($0) } ?? []
        firstListed = listed.first { $0.proof.password != nil }?.user
        state.withLock { state in
            state.listed = Dictionary(listed.map { ($0.user, $0) }) { first, _ in first }
            guard let authUser else { return }
            state.proofs[authUser] = Proof(password: Array((options.funnelAuthPassword ?? "").utf8))
        }
    }

    /// Whether there is a users file, or a server to ask.
    var hasSource: Bool { usersFile != nil || looksUp }

    /// The user whose connections are opened ahead: the first of the users file with a password, else of the table.
    var warmUser: String? {
        firstListed ?? state.withLock { $0.rows.first { $0.isActive && $0.account.proof.password != nil }?.username }
            ?? authUser
    }

    /// Whether accounts are looked up at the backends.
    var looksUp: Bool { authUser != nil }

    /// What is known of an account without asking a backend.
    enum Knowledge {
        /// From the table or the users file: it is what it is.
        case listed(Account)
        /// From a backend, some time ago.
        case looked(Account?)
        /// Nobody has asked yet.
        case unknown
    }

    func knowledge(of user: String) -> Knowledge {
        state.withLock { state in
            if let user = state.table[user] { return .listed(user.account) }
            if let account = state.listed[user] { return .listed(account) }
            if let looked = state.looked[user] { return .looked(looked) }
            return .unknown
        }
    }

    /// A backend has said what it knows of the account.
    func looked(_ user: String, _ account: Account?) {
        state.withLock { state in
            // Names that nobody has can be made up without end.
            if account == nil, state.looked.count > Self.mostNames {
                state.looked = state.looked.filter { $0.value != nil }
            }
            state.looked[user] = .some(account)
        }
    }

    /// A login has failed by what is kept of the account: whether it is to be looked up again for that.
    func mayRefresh(_ user: String, now: MonotonicTime) -> Bool {
        state.withLock { state in
            if let last = state.refreshes[user], now < last + Self.refreshInterval { return false }
            if state.refreshes.count > Self.mostNames {
                state.refreshes = state.refreshes.filter { now < $0.value + Self.refreshInterval }
            }
            state.refreshes[user] = now
            return true
        }
    }

    /// A client has proved to be the user.
    func proved(_ user: String, _ proof: Proof) {
        state.withLock { state in
            if state.refreshes[user] != nil { state.refreshes[user] = nil }
            guard user != authUser else { return }
            state.proofs[user] = proof.merged(with: state.proofs[user] ?? Proof())
        }
    }

    /// What logging in to a backend as the user can be done with.
    func proof(of user: String) -> Proof {
        state.withLock { state in
            state.serverProofs[user] ?? state.proofs[user]
                ?? (state.table[user]?.account ?? state.listed[user])?.proof ?? Proof()
        }
    }

    // MARK: The file

    /// Reads the users file again; what was looked up at backends is forgotten.
    ///
    /// - Throws: ``OptionError`` where the file can't be used; nothing has changed then.
    func reload() throws {
        guard let usersFile else { return state.withLock { $0.looked = [:] } }
        let accounts = try Self.read(usersFile)
        state.withLock { state in
            state.listed = Dictionary(accounts.map { ($0.user, $0) }) { first, _ in first }
            state.looked = [:]
        }
    }

    private static func read(_ path: String) throws -> [Account] {
        let option = "--funnel-users-file=\(path)"
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            let mode = (attributes[.posixPermissions] as? NSNumber)?.uint32Value ?? 0
            try UsersFile.check(mode: mode, path: path)
            return try UsersFile.parse([UInt8](Data(contentsOf: URL(filePath: path))), path: path)
        } catch let error as UsersFileError {
            throw OptionError(option: option, reason: "\(error)")
        } catch {
            throw OptionError(option: option, reason: "it can't be read: \(error.localizedDescription)")
        }
    }
}
