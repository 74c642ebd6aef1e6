package import MySQLWire

/// The server's side of one client's login, at first and by COM_CHANGE_USER, without I/O.
///
/// The driver sends the greeting, looks accounts up and sends the OK or the ERR itself.
package struct ClientLogin: Sendable {
    /// What the driver has to do next.
    package enum Step: Hashable, Sendable {
        /// Send the payload and wait for the client's answer: ``ClientLogin/dataArrived(_:)``.
        case send([UInt8])
        /// Look the account up, in a cache first, and tell ``ClientLogin/accountFound(_:mayBeStale:)``.
        case lookUp(user: String)
        /// The login has failed by what a cache said: look the account up anew, and tell it as before.
        case refreshThenRetry(user: String)
        /// The client is who it says; where there is a payload, it goes out ahead of the OK.
        case accepted(Proof, sendFirst: [UInt8]?)
        /// Send the error and close; the reason is for the log only.
        case denied(SQLError, reason: String)
    }

    enum Phase: Hashable, Sendable {
        case idle
        case lookingUp
        /// An auth switch went out.
        case answering(LoginMethod)
        /// caching_sha2_password: the client was asked for its password, and may ask for the key.
        case awaitingPassword
        /// caching_sha2_password: the client has got the key.
        case awaitingEncryptedPassword
        case refreshing
    }

    private let host: String
    private let usualMethod: LoginMethod
    private let isSecure: Bool

    private var phase = Phase.idle
    /// The last challenge that the client was given.
    package private(set) var challenge: [UInt8]
    private var login = Attempt()

    /// The logins of the client that was greeted with `scramble`.
    ///
    /// - Parameters:
    ///   - host: the client's address as error 1045 names it, without port.
    ///   - usualMethod: the greeting's method; asked for where an account can be checked by any.
    ///   - isSecure: whether nobody can listen (a Unix socket): clients then send their password as it is.
    package init(scramble: [UInt8], host: String, usualMethod: LoginMethod = .native, isSecure: Bool = false) {
        challenge = scramble
        self.host = host
        self.usualMethod = usualMethod
        self.isSecure = isSecure
    }
}

/// What one login has brought so far.
private struct Attempt: Sendable {
    var user = ""
    var evidence = Evidence.response([], nil, challenge: [])
    var account = Account(user: "", verifier: .none)
    var gavePassword = false
    /// Whether the client can be asked for another method.
    var canSwitch = false
    var hasSwitched = false
    /// Whether the first answer may have been made for another challenge: drivers differ after COM_CHANGE_USER.
    var isDoubtful = false
    var mayBeStale = false
}

// MARK: Events

extension ClientLogin {
    /// The answer to the greeting has come.
    package mutating func loginArrived(_ request: LoginRequest) -> Step {
        login = Attempt(user: request.user, canSwitch: request.capabilities.contains(.pluginAuth))
        return begin(request.authResponse, methodName: request.authMethod)
    }

    /// COM_CHANGE_USER has come from a client that logged in with `capabilities`.
    package mutating func changeUserArrived(_ request: ChangeUserRequest, capabilities: Capabilities) -> Step {
        login = Attempt(user: request.user, canSwitch: capabilities.contains(.pluginAuth), isDoubtful: true)
        return begin(request.authResponse, methodName: request.authMethod)
    }

    /// The account was looked up; nil where nobody has that name.
    ///
    /// - Parameter mayBeStale: whether a cache said so, and looking it up anew may tell otherwise.
    package mutating func accountFound(_ account: Account?, mayBeStale: Bool = false) -> Step {
        switch phase {
        case .lookingUp: login.mayBeStale = mayBeStale
        case .refreshing: login.mayBeStale = false
        case .idle, .answering, .awaitingPassword, .awaitingEncryptedPassword: return outOfOrder()
        }
        login.account = account ?? decoy("the proxy knows no account of that name")
        if login.account.verifier == .none {
            login.account = decoy(login.account.denial ?? "the account has no method that the proxy can check")
        }
        return judge()
    }

    /// A packet of the client's has come in answer to ``Step/send(_:)``.
    package mutating func dataArrived(_ payload: [UInt8]) -> Step {
        switch phase {
        case .answering(let method):
            login.gavePassword = payload.count > 1
            login.evidence = .response(payload, method, challenge: challenge)
            return judge()
        case .awaitingPassword: return passwordArrived(payload)
        case .awaitingEncryptedPassword: return encryptedPasswordArrived(payload)
        case .idle, .lookingUp, .refreshing: return outOfOrder()
        }
    }
}

// MARK: Steps

extension ClientLogin {
    private mutating func begin(_ response: [UInt8], methodName: String?) -> Step {
        let method = methodName.map(LoginMethod.init(name:)) ?? .native
        login.gavePassword = response.count > 1
        login.evidence = .response(response, method, challenge: challenge)
        phase = .lookingUp
        return .lookUp(user: login.user)
    }

    private mutating func judge() -> Step {
        switch login.account.verifier.check(login.evidence, usual: usualMethod) {
        case .right(let proof): return accept(proof)
        case .needsMethod(let method): return switchMethod(to: method)
        case .wrong: return askAgainIfDoubtful() ?? fail("the password is wrong")
        case .needsPassword:
            if let step = askAgainIfDoubtful() { return step }
            phase = .awaitingPassword
            return .send(AuthMoreData.fullAuthNeeded.encode())
        }
    }

    private mutating func askAgainIfDoubtful() -> Step? {
        guard login.isDoubtful, login.canSwitch, !login.hasSwitched,
            case .response(_, let method?, _) = login.evidence
        else { return nil }
        return switchMethod(to: method)
    }

    private mutating func switchMethod(to method: LoginMethod) -> Step {
        guard login.canSwitch else { return fail("the client can't change to the account's \(method.name)") }
        guard !login.hasSwitched else {
            return denyAccess("the account has changed to \(method.name) during the login")
        }
        guard let (challenge, data) = method.newChallenge() else {
            return deny(SQLError(code: 1105, message: "No random bytes for a challenge"), "RAND_bytes failed")
        }
        login.hasSwitched = true
        self.challenge = challenge
        phase = .answering(method)
        return .send(AuthSwitchRequest(method: method.name, data: data).encode())
    }

    private mutating func accept(_ proof: Proof) -> Step {
        if let denial = login.account.denial { return fail(denial) }
        phase = .idle
        // Clients of caching_sha2_password wait for this word after their fast answer, unless it was an empty one.
        if case .response(let response, .cachingSHA2, _) = login.evidence, response.count > 1 {
            return .accepted(proof.merged(with: login.account.known), sendFirst: AuthMoreData.fastAuthOK.encode())
        }
        return .accepted(proof.merged(with: login.account.known), sendFirst: nil)
    }

    private mutating func fail(_ reason: String) -> Step {
        guard !login.mayBeStale else {
            phase = .refreshing
            return .refreshThenRetry(user: login.user)
        }
        return denyAccess(reason)
    }

    /// For where a look at the account couldn't help.
    private mutating func denyAccess(_ reason: String) -> Step {
        let password = login.gavePassword ? "YES" : "NO"
        let text = "Access denied for user '\(login.user)'@'\(host)' (using password: \(password))"
        return deny(SQLError(code: 1045, state: "28000", message: text), login.account.denial ?? reason)
    }

    private mutating func deny(_ error: SQLError, _ reason: String) -> Step {
        phase = .idle
        return .denied(error, reason: reason)
    }

    private mutating func outOfOrder() -> Step {
        deny(SQLError(code: 1156, state: "08S01", message: "Got packets out of order"), "a packet nobody asked for")
    }

    private func decoy(_ denial: String) -> Account {
        .decoy(user: login.user, method: usualMethod, denial: denial)
    }
}

// MARK: The full exchange of caching_sha2_password

extension ClientLogin {
    private mutating func passwordArrived(_ payload: [UInt8]) -> Step {
        if payload == [2] {
            guard let key = ServerKey.ofProcess else { return denyAccess("OpenSSL made no RSA key") }
            phase = .awaitingEncryptedPassword
            return .send(AuthMoreData(data: key.publicPEM).encode())
        }
        // A client that has kept the key encrypts without asking.
        guard isSecure else { return encryptedPasswordArrived(payload) }
        guard payload.last == 0 else { return denyAccess("the client's password has no end") }
        login.evidence = .password(payload.dropLast())
        return judge()
    }

    private mutating func encryptedPasswordArrived(_ payload: [UInt8]) -> Step {
        guard let password = ServerKey.ofProcess?.decrypt(payload, challenge: challenge) else {
            return denyAccess("the client's password isn't encrypted with the proxy's key")
        }
        login.evidence = .password(password)
        return judge()
    }
}
