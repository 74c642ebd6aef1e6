import Accounts
import Foundation
import Locking
import PluginAPI

/// The accounts that clients may log in to, and the secrets by which the funnel logs in to backends in their name.
///
/// Accounts come from the users file, whole, or from the backends, one by one as clients come; those are kept, and looked
/// up again when a login fails by what is kept.
final class AccountDirectory: Sendable {
    private struct State: Sendable {
        var listed: [String: Account] = [:]
        /// What a backend said last; nil for an account that it doesn't have.
        var looked: [String: Account?] = [:]
        var proofs: [String: Proof] = [:]
    }

    private let state = Lock(State())
    private let usersFile: String?
    private let authUser: String?
    /// The first account of the users file: whose connections are opened ahead.
    let warmUser: String?

    /// - Throws: ``OptionError`` where the users file can't be used.
    init(options: FunnelOptions) throws {
        usersFile = options.funnelUsersFile
        authUser = options.funnelAuthUser
        let listed = try usersFile.map { try Self.read($0) } ?? []
        warmUser = listed.first { $0.known.password != nil }?.user ?? options.funnelAuthUser
        state.withLock { state in
            state.listed = Dictionary(listed.map { ($0.user, $0) }) { first, _ in first }
            guard let authUser else { return }
            state.proofs[authUser] = Proof(password: Array((options.funnelAuthPassword ?? "").utf8))
        }
    }

    /// Whether accounts are looked up at the backends.
    var looksUp: Bool { authUser != nil }

    /// What is known of an account without asking a backend.
    enum Knowledge {
        /// From the users file: it is what it is.
        case listed(Account)
        /// From a backend, some time ago.
        case looked(Account?)
        /// Nobody has asked yet.
        case unknown
    }

    func knowledge(of user: String) -> Knowledge {
        state.withLock { state in
            if let account = state.listed[user] { return .listed(account) }
            if let looked = state.looked[user] { return .looked(looked) }
            return .unknown
        }
    }

    /// A backend has said what it knows of the account.
    func looked(_ user: String, _ account: Account?) {
        state.withLock { state in
            // Names that nobody has can be made up without end.
            if account == nil, state.looked.count > 10_000 { state.looked = state.looked.filter { $0.value != nil } }
            state.looked[user] = .some(account)
        }
    }

    /// A client has proved to be the user.
    func proved(_ user: String, _ proof: Proof) {
        state.withLock { state in
            guard user != authUser else { return }
            state.proofs[user] = proof.merged(with: state.proofs[user] ?? Proof())
        }
    }

    /// What logging in to a backend as the user can be done with.
    func proof(of user: String) -> Proof {
        state.withLock { state in
            state.proofs[user] ?? state.listed[user]?.known ?? Proof()
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
