/// The file of `--funnel-users-file`: a line `user:secret` for each account, blank lines and comments (`#` first).
///
/// In the user name `\:` is a colon, `\\` a backslash, `\#` a `#`. Blanks before it don't count. Everything behind the first
/// plain colon is the secret, blanks included; nothing there is the empty password. A secret is one of
///
///     *0123…                  mysql_native_password: `*` and 40 hexadecimal digits, as PASSWORD() and mysql.user have it
///     $A$005$…                caching_sha2_password: the 70 bytes of mysql.user, where they are all printable
///     0x244124303035…         the same as `SELECT HEX(authentication_string)` shows it, behind 0x: 140 digits
///     ed25519:BASE64          MariaDB's ed25519: the 43 characters of mysql.global_priv
///     plain:password          the password, whatever it looks like
///     password                the password
///
/// With a password clients may use any method, and so may the proxy at any server; a hash says which.
package enum UsersFile {
    /// Reads a file's bytes; `path` is for messages.
    package static func parse(_ bytes: [UInt8], path: String) throws(UsersFileError) -> [Account] {
        var accounts: [Account] = []
        var lines: [String: Int] = [:]
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let number = index + 1
            let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            let start = text.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard let first = start.first, first != UInt8(ascii: "#") else { continue }
            let account: Account
            do throws(SecretProblem) { account = try parse(line: start) } catch {
                throw UsersFileError(path: path, line: number, problem: error.text)
            }
            if let earlier = lines.updateValue(number, forKey: account.user) {
                let problem = "the user '\(account.user)' stands in line \(earlier) already; remove one of the two"
                throw UsersFileError(path: path, line: number, problem: problem)
            }
            accounts.append(account)
        }
        return accounts
    }

    /// What a secret means that is written as behind a user's name.
    ///
    /// - Throws: ``SecretProblem`` where it looks like a hash and isn't one.
    package static func verifier(ofSecret secret: [UInt8]) throws(SecretProblem) -> Verifier {
        try verifier(secret)
    }

    /// Refuses a file that others can read or write, or its group can write; `mode` as `stat` tells it.
    package static func check(mode: UInt32, path: String) throws(UsersFileError) {
        guard mode & 0o027 != 0 else { return }
        let who = mode & 0o007 != 0 ? "everybody on this machine may use the file" : "the file's group may write it"
        throw UsersFileError(
            path: path, line: nil, problem: "\(who), which holds secrets; run: chmod 640 \(path)")
    }
}

/// What is wrong with a users file, where, and what to do about it.
package struct UsersFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file as it was named.
    package let path: String
    /// The line, from 1; nil where it is the whole file.
    package let line: Int?
    /// What is wrong and what to do.
    package let problem: String

    /// `FILE:LINE: problem`.
    package var description: String { "\(path):\(line.map { "\($0):" } ?? "") \(problem)" }
}

/// What is wrong with a stored secret or its line, and what to do.
package struct SecretProblem: Error, Hashable, Sendable {
    /// The problem in words.
    package let text: String
}

// MARK: Lines

extension UsersFile {
    private static func parse(line: ArraySlice<UInt8>) throws(SecretProblem) -> Account {
        var name: [UInt8] = []
        var index = line.startIndex
        while index < line.endIndex, line[index] != UInt8(ascii: ":") {
            if line[index] == UInt8(ascii: "\\") {
                index += 1
                guard index < line.endIndex, ":\\#".utf8.contains(line[index]) else {
                    throw SecretProblem(
                        text: #"a backslash in a user name stands before ':', '#' or '\' only; write '\\'"#)
                }
            }
            name.append(line[index])
            index += 1
        }
        guard index < line.endIndex else {
            throw SecretProblem(
                text: "there is no ':' between user and secret; write 'user:secret', or '#' before a comment")
        }
        guard let user = String(validating: name, as: UTF8.self) else {
            throw SecretProblem(text: "the user name isn't UTF-8; save the file as UTF-8")
        }
        return Account(user: user, verifier: try verifier(Array(line[(index + 1)...])))
    }

    private static func verifier(_ secret: [UInt8]) throws(SecretProblem) -> Verifier {
        if let password = secret.behind("plain:") { return .password(password) }
        if let key = secret.behind("ed25519:") {
            guard let bytes = StoredSecret.ed25519Key(key) else {
                throw SecretProblem(text: "behind 'ed25519:' stand 43 characters of base 64; \(plainHint)")
            }
            return .ed25519(bytes)
        }
        if let hash = StoredSecret.nativeHash(secret) { return .native(hash) }
        if secret.starts(with: Array("$A$".utf8)) { return try crypt(secret) }
        guard let digits = secret.behind("0x24412430") else { return .password(secret) }
        guard let text = Hexadecimal.decode(Array("24412430".utf8) + digits) else {
            throw SecretProblem(text: "behind '0x' stands what isn't hexadecimal; \(plainHint)")
        }
        return try crypt(text)
    }

    private static func crypt(_ text: [UInt8]) throws(SecretProblem) -> Verifier {
        guard let crypt = SHA2Crypt(text) else {
            let count = "a hash of caching_sha2_password has 70 bytes and begins with '$A$005$', this has \(text.count)"
            throw SecretProblem(text: "\(count); give it as 0x and SELECT HEX(authentication_string); \(plainHint)")
        }
        return .cachingSHA2(crypt, fast: nil)
    }

    private static var plainHint: String { "a password that only looks like that is written 'plain:password'" }
}

extension [UInt8] {
    /// What stands behind the prefix; nil where it isn't there.
    fileprivate func behind(_ prefix: String) -> [UInt8]? {
        starts(with: Array(prefix.utf8)) ? Array(dropFirst(prefix.utf8.count)) : nil
    }
}
