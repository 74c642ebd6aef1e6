import MySQLWire

/// What a login is checked against.
package enum Verifier: Hashable, Sendable {
    /// The password itself, which any method can be checked by; empty where the account has none.
    case password([UInt8])
    /// mysql_native_password: SHA1(SHA1(password)), 20 bytes.
    case native([UInt8])
    /// caching_sha2_password: what MySQL stores, SHA256(SHA256(password)) of 32 bytes, or both; the second alone spares
    /// the client the full exchange.
    case cachingSHA2(SHA2Crypt?, fast: [UInt8]?)
    /// client_ed25519: the public key, 32 bytes.
    case ed25519([UInt8])
    /// Nothing that can be checked here: nobody is let in.
    case none

    /// The only method that can be checked; nil where it may be any or none.
    package var method: LoginMethod? {
        switch self {
        case .password, .none: nil
        case .native: .native
        case .cachingSHA2: .cachingSHA2
        case .ed25519: .ed25519
        }
    }
}

/// What a client has given to prove who it is.
enum Evidence: Hashable, Sendable {
    /// The answer to a challenge by a method; nil for a method that isn't spoken here.
    case response([UInt8], LoginMethod?, challenge: [UInt8])
    /// The password itself.
    case password([UInt8])
}

/// What evidence comes to.
enum Finding: Hashable, Sendable {
    case right(Proof)
    case wrong
    /// The password itself is needed: caching_sha2_password's full exchange.
    case needsPassword
    /// Evidence by another method is needed.
    case needsMethod(LoginMethod)
}

extension Verifier {
    /// Weighs the evidence; `usual` is the method to ask for where every method will do.
    func check(_ evidence: Evidence, usual: LoginMethod) -> Finding {
        switch evidence {
        case .password(let password): accepts(password) ? .right(Proof(password: password)) : .wrong
        case .response(let response, let named, let challenge):
            check(response, named: named, challenge: challenge, usual: usual)
        }
    }

    private func check(
        _ response: [UInt8], named: LoginMethod?, challenge: [UInt8], usual: LoginMethod
    ) -> Finding {
        let isEmpty = response.isEmpty || response == [0]
        if isEmpty, self == .password([]) { return .right(Proof(password: [])) }
        let wanted = method ?? named ?? usual
        // A signature needs a challenge of its own length, which no greeting has.
        guard named == wanted, wanted != .ed25519 || challenge.count == 32 else { return .needsMethod(wanted) }
        switch wanted {
        case .native: return checkNative(response, challenge)
        case .cachingSHA2: return isEmpty ? .wrong : checkCachingSHA2(response, challenge)
        case .ed25519: return checkEd25519(response, challenge)
        }
    }

    private func checkNative(_ response: [UInt8], _ challenge: [UInt8]) -> Finding {
        guard let stored = nativeHash,
            let hash = NativePassword<Digest>.checkedHash(response: response, scramble: challenge, stored: stored)
        else { return .wrong }
        return .right(Proof(password: password, sha1: hash))
    }

    private func checkCachingSHA2(_ response: [UInt8], _ challenge: [UInt8]) -> Finding {
        guard let stored = fastHash,
            let hash = CachingSHA2Password<Digest>.checkedHash(response: response, scramble: challenge, stored: stored)
        else { return .needsPassword }
        return .right(Proof(password: password, sha256: hash))
    }

    private func checkEd25519(_ response: [UInt8], _ challenge: [UInt8]) -> Finding {
        guard let key = publicKey, Ed25519.verify(response, of: challenge, publicKey: key) else { return .wrong }
        return .right(Proof(password: password))
    }

    /// MySQL takes no longer passwords for caching_sha2_password, and SHA-crypt's work grows with the square.
    private static var longestPassword: Int { 256 }

    /// Whether the password itself is the right one.
    private func accepts(_ given: [UInt8]) -> Bool {
        guard given.count <= Self.longestPassword else { return false }
        switch self {
        // By their hashes: the time tells nothing of the right one's length.
        case .password(let password): return constantTimeEqual(Digest.sha256(password), Digest.sha256(given))
        case .native(let stored): return constantTimeEqual(NativePassword<Digest>.stored(given), stored)
        case .cachingSHA2(let crypt, let fast):
            if let fast, constantTimeEqual(CachingSHA2Password<Digest>.stored(given), fast) { return true }
            // Of a wrong password the time tells not whether the right one was there before.
            return crypt?.accepts(given) ?? false
        case .ed25519(let key): return Ed25519.publicKey(password: given).map { constantTimeEqual($0, key) } ?? false
        case .none: return false
        }
    }
}

extension Verifier: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What kind it is, never what it holds: this may get into a log.
    package var description: String {
        switch self {
        case .password(let password): password.isEmpty ? "no password" : "password"
        case .native, .cachingSHA2, .ed25519: method?.name ?? ""
        case .none: "none"
        }
    }

    /// The same as ``description``.
    package var debugDescription: String { description }

    /// Shows no secret either.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

// MARK: As text

extension Verifier {
    /// The hash that stands for it where people read it, as mysql_native_password writes one; nil where that isn't it.
    package var nativeText: String? {
        switch self {
        case .password([]): ""
        case .password(let password): "*" + Hexadecimal.encode(NativePassword<Digest>.stored(password))
        case .native(let hash): "*" + Hexadecimal.encode(hash)
        case .cachingSHA2, .ed25519, .none: nil
        }
    }
}

// MARK: What each method checks against

extension Verifier {
    private var password: [UInt8]? {
        if case .password(let password) = self { password } else { nil }
    }

    private var nativeHash: [UInt8]? {
        if case .native(let stored) = self { stored } else { password.map(NativePassword<Digest>.stored) }
    }

    private var fastHash: [UInt8]? {
        if case .cachingSHA2(_, let fast) = self { fast } else { password.map(CachingSHA2Password<Digest>.stored) }
    }

    private var publicKey: [UInt8]? {
        if case .ed25519(let key) = self { key } else { password.flatMap(Ed25519.publicKey) }
    }
}
