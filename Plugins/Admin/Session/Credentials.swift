import Accounts
import Locking
import PluginAPI
import ServerSide

/// What somebody at the port may do.
enum Account: Hashable, Sendable {
    /// Everything.
    case administrator
    /// Read statistics.
    case statistics
}

/// Who may log in at the port; settings change it while the process runs.
final class Credentials: Sendable {
    private let accounts: Lock<[Account: [String: StoredPassword]]>

    init(_ accounts: [Account: [String: StoredPassword]]) {
        self.accounts = Lock(accounts)
    }

    /// The passwords of all users.
    var passwords: [String: StoredPassword] {
        accounts.withLock { $0.values.reduce(into: [:]) { $0.merge($1) { first, _ in first } } }
    }

    /// What the user may do; nil where nobody has that name any more.
    func account(of user: String) -> Account? {
        accounts.withLock { accounts in
            accounts[.administrator]?[user] != nil
                ? .administrator : accounts[.statistics]?[user] != nil ? .statistics : nil
        }
    }
}

/// Accounts as text: `user:password;user:password`, passwords as their hashes where they are shown.
extension Credentials {
    /// The setting that holds the accounts of one kind.
    func variable(_ name: String, of account: Account) -> RuntimeVariable {
        RuntimeVariable(name: name) { [self] in
            accounts.withLock { ($0[account] ?? [:]).sorted { $0.key < $1.key }.map(Self.text).joined(separator: ";") }
        } check: { [self] text throws(VariableFault) in
            let users = try Self.users(in: text)
            guard account == .statistics || !users.isEmpty else {
                throw VariableFault("nobody could administrate; name at least one user:password")
            }
            let others = accounts.withLock { $0.filter { $0.key != account }.values.flatMap(\.keys) }
            if let user = users.keys.first(where: { others.contains($0) }) {
                throw VariableFault("'\(user)' is an account of the other kind already")
            }
            return users.sorted { $0.key < $1.key }.map(Self.text).joined(separator: ";")
        } apply: { [self] text in
            guard let users = try? Self.users(in: text) else { return }
            accounts.withLock { $0[account] = users }
        }
    }

    private static func text(_ user: String, _ password: StoredPassword) -> String {
        "\(user):*\(Hexadecimal.encode(password.nativeHash))$\(Hexadecimal.encode(password.sha2Hash))"
    }

    private static func users(in text: String) throws(VariableFault) -> [String: StoredPassword] {
        var users: [String: StoredPassword] = [:]
        for part in text.split(separator: ";") {
            guard let colon = part.firstIndex(of: ":"), colon != part.startIndex else {
                throw VariableFault("accounts are written user:password;user:password")
            }
            let secret = String(part[part.index(after: colon)...])
            guard !secret.isEmpty else { throw VariableFault("the password of '\(part[..<colon])' is empty") }
            users[String(part[..<colon])] = stored(secret) ?? StoredPassword(secret)
        }
        return users
    }

    /// The hashes that ``text(_:_:)`` has written.
    private static func stored(_ secret: String) -> StoredPassword? {
        guard secret.utf8.count == 106, secret.hasPrefix("*") else { return nil }
        let halves = secret.dropFirst().split(separator: "$")
        guard halves.count == 2, let native = Hexadecimal.decode(halves[0].utf8),
            let sha2 = Hexadecimal.decode(halves[1].utf8)
        else { return nil }
        return StoredPassword(nativeHash: native, sha2Hash: sha2)
    }
}
