import Accounts
import MySQLWire
import PluginAPI
import Pooling

// The client's login: it is checked here, and no backend needs to be there for it.

/// A login under way.
struct LoginAttempt {
    /// The sequence id of the next packet to the client.
    var sequence: UInt8
    /// Whether the account is being looked up.
    var isLookingUp = false
    /// The user that wants to log in, and how.
    var userName = ""
    var capabilities: Capabilities = []
    var collation: UInt16 = 0
    var schema: [UInt8] = []
    /// Whether the client is logged in already, and changes its user.
    var isChange = false

    /// Whether the client hasn't said yet who it is.
    var isAwaited: Bool { userName.isEmpty && !isChange && capabilities.isEmpty }

    /// The client has said who it is.
    mutating func arrived(_ request: LoginRequest) {
        userName = request.user
        capabilities = request.capabilities
        collation = UInt16(request.collation)
        schema = request.schemaBytes ?? []
    }
}

extension FunnelSession {
    /// The id that the client has of its connection, which KILL wants.
    var connectionID: UInt32 { UInt32(truncatingIfNeeded: session.id) }

    /// What the funnel offers to clients.
    static let offered: Capabilities = [
        .foundRows, .longFlag, .connectWithSchema, .noSchema, .odbc, .localFiles, .ignoreSpace, .protocol41,
        .interactive, .ignoreSigpipe, .transactions, .secureConnection, .multiStatements, .multiResults,
        .preparedMultiResults, .pluginAuth, .connectAttributes, .pluginAuthLengthEncoded, .expiredPasswords,
        .sessionTrack, .deprecateEOF, .rememberOptions,
    ]
    /// What only MariaDB's clients know.
    private static let offeredByMariaDB: Capabilities = [.mariadbBulkOperations, .mariadbExtendedMetadata]

    func greet() {
        guard let scramble = worker.challenges.next() else {
            return refuseLogin(SQLError(code: 1105, message: "(funnel) no random bytes for a challenge"))
        }
        let server = worker.funnel.serverGreeting
        let isMariaDB = server.isMariaDB
        let method: LoginMethod = isMariaDB ? .native : .cachingSHA2
        let greeting = Greeting(
            serverVersion: server.serverVersion, connectionID: connectionID, scramble: scramble,
            capabilities: isMariaDB
                ? Self.offered.union(Self.offeredByMariaDB) : Self.offered.union(.longPassword),
            collation: server.collation, status: .autocommit, authMethod: method.name)
        dialogue = LoginDialogue(login: makeLogin(scramble, method), attempt: LoginAttempt(sequence: 1))
        deliver(greeting.encode(), sequence: 0)
    }

    private func makeLogin(_ challenge: [UInt8], _ usualMethod: LoginMethod) -> ClientLogin {
        ClientLogin(
            scramble: challenge, host: clientHost, usualMethod: usualMethod,
            isSecure: session.listenerAddress.hasPrefix("/"))
    }

    private var usualMethod: LoginMethod { worker.funnel.serverGreeting.isMariaDB ? .native : .cachingSHA2 }

    private var clientHost: String {
        let address = session.clientAddress
        if address.hasPrefix("/") { return "localhost" }
        return String(address[..<(address.utf8.lastIndex(of: UInt8(ascii: ":")) ?? address.endIndex)])
    }

    /// A packet of the client's login has come, whole.
    func loginPacketArrived(_ packet: Span<UInt8>) {
        guard dialogue != nil else { return }
        dialogue?.attempt.sequence = packet[3] &+ 1
        let payload = packet.joinedPayload
        guard dialogue?.attempt.isAwaited == true else { return take { $0.dataArrived(payload) } }
        do {
            let request = try LoginRequest(decoding: payload.span)
            guard request.capabilities.contains(.protocol41) else {
                return refuseLogin(
                    SQLError(code: 1043, state: "08S01", message: "(funnel) clients must speak protocol 4.1"))
            }
            dialogue?.attempt.arrived(request)
            take { $0.loginArrived(request) }
        } catch {
            refuseLogin(SQLError(code: 1043, state: "08S01", message: "Bad handshake: \(error)"))
        }
    }

    /// COM_CHANGE_USER.
    func changeUser(_ payload: [UInt8], lastSequence: UInt8) {
        do {
            let request = try ChangeUserRequest(decoding: payload.span, capabilities: capabilities)
            let attempt = LoginAttempt(
                sequence: lastSequence &+ 1, userName: request.user, capabilities: capabilities,
                collation: request.collation ?? 45, schema: request.schemaBytes, isChange: true)
            dialogue = LoginDialogue(login: makeLogin(lastChallenge, usualMethod), attempt: attempt)
            phase = .login
            take { [capabilities] in $0.changeUserArrived(request, capabilities: capabilities) }
        } catch {
            dismiss(SQLError(code: 1047, state: "08S01", message: "Malformed COM_CHANGE_USER: \(error)"))
        }
    }

    // MARK: Steps

    /// Tells the login what has come, and does what it says.
    private func take(_ event: (inout ClientLogin) -> ClientLogin.Step) {
        guard dialogue != nil, let step = dialogue?.take(event) else { return }
        perform(step)
    }

    private func perform(_ step: ClientLogin.Step) {
        switch step {
        case .send(let payload): deliver(payload)
        case .lookUp(let user): lookUp(user)
        case .refreshThenRetry(let user): lookUpAgain(user)
        case .accepted(let proof, let first):
            if let first { deliver(first) }
            accept(proof)
        case .denied(let error, let reason):
            worker.funnel.accounts.loginDenied()
            worker.log(.info) {
                "login of '\(self.attempt?.userName ?? "")' from \(self.session.clientAddress) is denied: \(reason)"
            }
            refuseLogin(error)
        }
    }

    private func lookUp(_ user: String) {
        switch worker.funnel.accounts.knowledge(of: user) {
        case .listed(let account): take { $0.accountFound(account) }
        case .looked(let account): take { $0.accountFound(account, mayBeStale: true) }
        case .unknown: refresh(user)
        }
    }

    /// The login has failed by what is kept of the account, which may be out of date.
    private func lookUpAgain(_ user: String) {
        let accounts = worker.funnel.accounts
        if case .looked(let account) = accounts.knowledge(of: user), !accounts.mayRefresh(user, now: worker.loop.now) {
            return take { $0.accountFound(account) }
        }
        refresh(user)
    }

    private func refresh(_ user: String) {
        guard worker.funnel.accounts.looksUp else { return take { $0.accountFound(nil) } }
        dialogue?.attempt.isLookingUp = true
        worker.lookups.find(user) { [self] result in lookedUp(result) }
    }

    private func lookedUp(_ result: Result<Account?, SQLError>) {
        guard phase == .login, attempt?.isLookingUp == true else { return }
        dialogue?.attempt.isLookingUp = false
        switch result {
        case .success(let account): take { $0.accountFound(account) }
        case .failure(let error): refuseLogin(error)
        }
        takeIncoming()
    }

    /// The client is who it says.
    private func accept(_ proof: Proof) {
        guard let attempt else { return }
        let funnel = worker.funnel
        funnel.accounts.proved(attempt.userName, proof)
        leaveAccount()
        if let refusal = funnel.accounts.clientEnters(attempt.userName) { return refuseLogin(refusal) }
        let schema = takeProfile(of: attempt)
        if attempt.isChange { forgetState() }
        capabilities = attempt.capabilities.intersection(Self.offered.union(Self.offeredByMariaDB))
        let number = funnel.users.number(
            of: BackendIdentity(user: attempt.userName, traits: capabilities.intersection(BackendIdentity.traits)))
        who = funnel.users.client(number)
        isCounted = true
        loginSettings = worker.loginSettings.settings(
            LoginSettings.Question(
                collation: UInt8(truncatingIfNeeded: attempt.collation), schema: schema,
                takesSeveralStatements: capabilities.contains(.multiStatements)),
            in: funnel.settings.table)
        settings = loginSettings
        status = .autocommit
        let sequence = attempt.sequence
        endDialogue()
        phase = .ready
        deliver(OKPacket(status: status).encode(capabilities: capabilities), sequence: sequence)
        takeIncoming()
    }

    /// The login is over; the next one may answer the same challenge.
    private func endDialogue() {
        guard let challenge = dialogue?.login.challenge else { return }
        lastChallenge = challenge
        dialogue = nil
        dropRarities()
    }

    /// What the account's row in `mysql_users` gives the session.
    ///
    /// - Returns: the schema that it begins with.
    private func takeProfile(of attempt: LoginAttempt) -> [UInt8] {
        let profile = worker.funnel.accounts.profile(of: attempt.userName)
        session.defaultHostgroup = profile.hostgroup
        session.defaultSchemaBytes = profile.schema
        return attempt.schema.isEmpty ? profile.schema : attempt.schema
    }

    /// The client isn't one of its user's any more.
    func leaveAccount() {
        guard isCounted else { return }
        isCounted = false
        worker.funnel.accounts.clientLeaves(userName)
    }

    private func refuseLogin(_ error: SQLError) {
        deliver(error.encode())
        phase = .ended
        leaveAccount()
        worker.leave(self)
        leaveConnection(wasRunning: false)
        client?.hangUp()
    }

    private func deliver(_ payload: [UInt8]) {
        let sequence = dialogue?.attempt.sequence ?? 0
        if dialogue != nil { dialogue?.attempt.sequence = sequence &+ 1 }
        deliver(payload, sequence: sequence)
    }

    private func deliver(_ payload: [UInt8], sequence: UInt8) {
        var writer = PacketWriter(sequence: sequence)
        writer.append(payload)
        let bytes = writer.take()
        client?.deliver(bytes.span)
    }
}
