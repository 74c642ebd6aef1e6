import MySQLWire

/// Who may log in, and by which secret.
package struct Account: Hashable, Sendable {
    /// The user name.
    package var user: String
    /// What logins are checked against.
    package var verifier: Verifier
    /// What earlier logins have shown of the secret; part of the proof of every right login.
    package var known: Proof
    /// Why nobody may log in whatever the secret, for the log; nil where people may.
    package var denial: String?

    /// An account.
    package init(user: String, verifier: Verifier, known: Proof = Proof(), denial: String? = nil) {
        self.user = user
        self.verifier = verifier
        self.known = known
        self.denial = denial
    }

    /// What is known of the secret: where the password itself is stored, that is all.
    package var proof: Proof {
        guard case .password(let password) = verifier else { return known }
        return Proof(password: password).merged(with: known)
    }

    /// The account as it is best kept after a login: caching_sha2_password's next one takes the fast path.
    package func remembering(_ proof: Proof) -> Account {
        var account = self
        account.known = known.merged(with: proof)
        if case .cachingSHA2(let crypt, nil) = verifier, let password = proof.password {
            account.verifier = .cachingSHA2(crypt, fast: CachingSHA2Password<Digest>.stored(password))
        }
        return account
    }
}

// MARK: Caching

extension Account {
    /// This account, looked up anew, with what logins had shown of `older` where its stored secret is the same still.
    package func carryingOver(_ older: Account) -> Account {
        var account = self
        switch (verifier, older.verifier) {
        case (.cachingSHA2(let crypt?, nil), .cachingSHA2(let earlier?, let fast)) where crypt == earlier:
            account.verifier = .cachingSHA2(crypt, fast: fast)
        case _:
            guard verifier == older.verifier else { return self }
        }
        account.known = known.merged(with: older.known)
        return account
    }
}

// MARK: Accounts of nobody

extension Account {
    /// What a login is checked against that fails anyway, with the work of a real account's.
    static func decoy(user: String, method: LoginMethod, denial: String) -> Account {
        let verifier: Verifier =
            switch method {
            case .native: .native(Decoy.bytes)
            case .cachingSHA2: .cachingSHA2(Decoy.crypt, fast: nil)
            case .ed25519: .ed25519(Decoy.publicKey)
            }
        return Account(user: user, verifier: verifier, denial: denial)
    }

    private enum Decoy {
        // Without random bytes there are no challenges either; and a decoy admits nobody, right or not.
        static let bytes = Digest.scramble() ?? Array(repeating: 1, count: 20)
        static let crypt = SHA2Crypt(password: bytes, salt: bytes)
        static let publicKey = Ed25519.publicKey(password: bytes) ?? Digest.sha256(bytes)
    }
}
