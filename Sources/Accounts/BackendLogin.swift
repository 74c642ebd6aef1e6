package import MySQLWire

/// The client's side of a login to a server, without I/O.
///
/// Never sends the password in the clear but to a server that nobody can listen to.
package struct BackendLogin: Sendable {
    /// What the driver has to do next.
    package enum Step: Hashable, Sendable {
        /// Send the payload; the next packet goes to ``BackendLogin/packetArrived(_:)``.
        case send([UInt8])
        /// Nothing; another packet follows.
        case wait
        /// The server has taken the login; the OK tells its state.
        case loggedIn(OKPacket)
        /// The server has refused, or asks for what isn't known; the connection is of no use.
        case failed(SQLError)
    }

    /// What the driver wants of the connection.
    package struct Wishes: Hashable, Sendable {
        /// The capabilities to ask for where the server offers them.
        package var capabilities: Capabilities
        /// The collation's number, low byte.
        package var collation: UInt8
        /// The schema to begin in.
        package var schema: String?
        /// The connection attributes; sent where `capabilities` has them.
        package var attributes: [LoginRequest.Attribute]

        /// Wishes; CLIENT_CONNECT_WITH_DB follows from the schema.
        package init(
            capabilities: Capabilities, collation: UInt8, schema: String? = nil,
            attributes: [LoginRequest.Attribute] = []
        ) {
            self.capabilities = capabilities
            self.collation = collation
            self.schema = schema
            self.attributes = attributes
        }
    }

    /// What was agreed on; meaningful after ``greetingArrived(_:)``.
    package private(set) var capabilities: Capabilities = []

    private let user: String
    private let proof: Proof
    private let wishes: Wishes
    private let isSecure: Bool
    private var challenge: [UInt8] = []
    private var method: LoginMethod?
    private var hasAskedForKey = false
    private var flavour = ServerFlavour.mysql
    /// What the login has failed by, unless the server has another method for the account.
    private var missing: SQLError?

    /// A login as `user`.
    ///
    /// - Parameter isSecure: whether nobody can listen (a Unix socket): caching_sha2_password then sends the password as
    ///   it is, which such servers expect.
    package init(user: String, proof: Proof, wishes: Wishes, isSecure: Bool = false) {
        self.user = user
        self.proof = proof
        self.wishes = wishes
        self.isSecure = isSecure
    }
}

// MARK: Events

extension BackendLogin {
    /// The server's greeting has come.
    package mutating func greetingArrived(_ greeting: Greeting) -> Step {
        guard greeting.capabilities.isSuperset(of: [.protocol41, .secureConnection]) else {
            return .failed(.login("The server \(greeting.serverVersion) doesn't speak the protocol of MySQL 4.1"))
        }
        var wanted = wishes.capabilities.union([.protocol41, .secureConnection, .pluginAuth])
        // Both sides of the protocol would change under the driver.
        wanted.subtract([.ssl, .connectWithSchema])
        if wishes.schema != nil { wanted.insert(.connectWithSchema) }
        capabilities = wanted.intersection(greeting.capabilities)
        challenge = greeting.scramble
        flavour = greeting.flavour
        // With another method than the account's the server asks again; with native it may be right at once.
        let fast = greeting.authMethod == LoginMethod.cachingSHA2.name ? proof.cachingSHA2Response(challenge) : nil
        let first: LoginMethod = fast == nil ? .native : .cachingSHA2
        method = first
        let response = fast ?? proof.nativeResponse(challenge)
        let request = LoginRequest(
            capabilities: capabilities, maximumPacketSize: 1 << 30, collation: wishes.collation, user: user,
            authResponse: response ?? [], schema: wishes.schema, authMethod: first.name,
            attributes: wishes.attributes)
        return .send(request.encode())
    }

    /// The session is to begin anew on the connection, as the same user and without a schema: COM_CHANGE_USER.
    ///
    /// To be called after the login, and again after each such command.
    package mutating func changeUserBegins() -> Step {
        hasAskedForKey = false
        missing = nil
        let first: LoginMethod = method == .cachingSHA2 ? .cachingSHA2 : .native
        // Servers mostly answer with a new challenge, whatever this one's answer is.
        let response =
            first == .cachingSHA2 ? proof.cachingSHA2Response(challenge) : proof.nativeResponse(challenge)
        method = first
        let request = ChangeUserRequest(
            user: user, authResponse: response ?? [], collation: UInt16(wishes.collation), authMethod: first.name,
            attributes: capabilities.contains(.connectAttributes) ? wishes.attributes : nil)
        return .send(request.encode(capabilities: capabilities))
    }

    /// The server's next packet has come.
    package mutating func packetArrived(_ payload: [UInt8]) -> Step {
        do {
            switch payload.first {
            case 0x00: return .loggedIn(try OKPacket(decoding: payload.span, capabilities: capabilities))
            case 0x01: return moreDataArrived(try AuthMoreData(decoding: payload.span).data)
            case 0xFE: return switchArrived(try AuthSwitchRequest(decoding: payload.span))
            case 0xFF:
                let error = try ErrorPacket(decoding: payload.span).error
                return .failed(missing ?? error)
            case let byte:
                let head = byte.map(String.init) ?? "no bytes"
                return .failed(.login("The server's answer to the login can't be understood: it begins with \(head)"))
            }
        } catch {
            return .failed(.login("The server's answer to the login can't be understood: \(error)"))
        }
    }
}

// MARK: Answers

extension BackendLogin {
    private mutating func switchArrived(_ request: AuthSwitchRequest) -> Step {
        guard let name = request.method, let wanted = LoginMethod(name: name) else {
            return .failed(missing ?? .unspokenMethod(request.method ?? "mysql_old_password", user: user))
        }
        method = wanted
        hasAskedForKey = false
        // A signature's challenge may end in any byte, a NUL too.
        challenge = wanted == .ed25519 ? Array(request.data.prefix(32)) : request.scramble
        if let response = response(wanted) { return .send(response) }
        let error = SQLError.missingSecret(wanted, user: user)
        // MariaDB's accounts may have methods one after the other ("ed25519 OR mysql_native_password"): a signature that
        // is wrong gets the next one asked for.
        guard flavour == .mariadb, wanted == .ed25519, missing == nil, proof.nativeResponse(challenge) != nil else {
            return .failed(missing ?? error)
        }
        missing = error
        return .send(Array(repeating: 0, count: 64))
    }

    private func response(_ method: LoginMethod) -> [UInt8]? {
        switch method {
        case .native: proof.nativeResponse(challenge)
        // One NUL tells the empty password, where silence would.
        case .cachingSHA2: proof.cachingSHA2Response(challenge).map { $0.isEmpty ? [0] : $0 }
        case .ed25519: proof.password.flatMap { Ed25519.sign(challenge, password: $0) }
        }
    }

    private mutating func moreDataArrived(_ data: [UInt8]) -> Step {
        guard method == .cachingSHA2 else {
            return .failed(.login("The server says more than \(method?.name ?? "its method") has"))
        }
        if hasAskedForKey { return keyArrived(data) }
        switch data {
        case [3]: return .wait
        case [4]: return fullExchange()
        case _: return .failed(.login("The server says what caching_sha2_password doesn't have"))
        }
    }

    private mutating func fullExchange() -> Step {
        guard let password = proof.password else { return .failed(.missingSecret(.cachingSHA2, user: user)) }
        if isSecure { return .send(password + [0]) }
        hasAskedForKey = true
        return .send([2])
    }

    private func keyArrived(_ pem: [UInt8]) -> Step {
        guard let password = proof.password,
            let message = PublicKey.encrypt(password, challenge: challenge, pem: pem)
        else {
            return .failed(.login("The password of '\(user)' can't be encrypted with the key that the server has sent"))
        }
        return .send(message)
    }
}

extension SQLError {
    /// The login at the server came to nothing through no fault of the client's.
    fileprivate static func login(_ message: String) -> SQLError {
        SQLError(code: 1835, state: "08S01", message: message)
    }

    fileprivate static func unspokenMethod(_ method: String, user: String) -> SQLError {
        let text =
            "The server wants user '\(user)' to log in by \(method), which the proxy doesn't speak; give the account"
            + " mysql_native_password, caching_sha2_password or ed25519"
        return SQLError(code: 1045, state: "28000", message: text)
    }

    fileprivate static func missingSecret(_ method: LoginMethod, user: String) -> SQLError {
        let what = method == .native ? "the password or its SHA1 hash" : "the password"
        let text =
            "The server wants user '\(user)' to log in by \(method.name), for which the proxy lacks \(what); give it as"
            + " '\(user):password' in the file of --funnel-users-file"
        return SQLError(code: 1045, state: "28000", message: text)
    }
}
