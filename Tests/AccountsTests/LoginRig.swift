import MySQLWire

@testable import Accounts

/// What came of a client and a server machine that talked to each other.
enum Outcome: Equatable {
    case loggedIn(Proof)
    case denied(reason: String)
    /// The client's side gave up.
    case gaveUp(String)
}

/// A ``BackendLogin`` logs in at a ``ClientLogin``, packet by packet; the transcript is in the field's words.
struct LoginRig {
    /// What the proxy finds, one look-up after the other; the last one again and again.
    var lookUps: [Account?]
    var mayBeStale = false
    var isSecure = false
    var greetingMethod = LoginMethod.native
    var user = "alice"
    private(set) var transcript: [String] = []

    init(_ lookUps: Account?...) {
        self.lookUps = lookUps
    }

    init(_ verifier: Verifier) {
        lookUps = [Account(user: "alice", verifier: verifier)]
    }

    static let capabilities: Capabilities = [.protocol41, .secureConnection, .pluginAuth, .longPassword, .sessionTrack]

    func greeting(_ scramble: [UInt8]) -> Greeting {
        Greeting(
            serverVersion: "8.0.40", connectionID: 1, scramble: scramble, capabilities: Self.capabilities,
            collation: 45, status: .autocommit, authMethod: greetingMethod.name)
    }

    /// One whole login of a client that knows `proof`.
    mutating func logIn(_ proof: Proof) throws -> Outcome {
        let scramble = Digest.scramble() ?? []
        var server = ClientLogin(
            scramble: scramble, host: "10.0.0.9", usualMethod: greetingMethod, isSecure: isSecure)
        var client = BackendLogin(
            user: user, proof: proof, wishes: .init(capabilities: Self.capabilities, collation: 45),
            isSecure: isSecure)
        guard case .send(let payload) = client.greetingArrived(greeting(scramble)) else { return .gaveUp("greeting") }
        let request = try LoginRequest(decoding: payload.span)
        transcript = [request.authMethod ?? "no method"]
        return run(&server, &client, server.loginArrived(request))
    }

    private mutating func run(
        _ server: inout ClientLogin, _ client: inout BackendLogin, _ first: ClientLogin.Step
    ) -> Outcome {
        var step = first
        while transcript.count < 20 {
            switch step {
            case .lookUp(let user): step = lookUp(user, "look up", &server)
            case .refreshThenRetry(let user): step = lookUp(user, "refresh", &server)
            case .send(let payload):
                note(payload)
                guard case .send(let answer) = client.packetArrived(payload) else {
                    return .gaveUp(failure(client.packetArrived(payload)))
                }
                transcript.append(answer == [2] ? "key, please" : "\(answer.count) bytes")
                step = server.dataArrived(answer)
            case .accepted(let proof, let payload):
                if let payload {
                    note(payload)
                    guard client.packetArrived(payload) == .wait else { return .gaveUp("didn't wait") }
                }
                let ok = OKPacket(status: .autocommit)
                guard client.packetArrived(ok.encode(capabilities: Self.capabilities)) == .loggedIn(ok) else {
                    return .gaveUp("didn't take the OK")
                }
                return .loggedIn(proof)
            case .denied(let error, let reason):
                transcript.append("\(error.code): \(error.message)")
                guard client.packetArrived(error.encode()) == .failed(error) else { return .gaveUp("took no ERR") }
                return .denied(reason: reason)
            }
        }
        return .gaveUp("it never ends")
    }

    private mutating func lookUp(_ user: String, _ word: String, _ server: inout ClientLogin) -> ClientLogin.Step {
        transcript.append("\(word) \(user)")
        let account = lookUps.count > 1 ? lookUps.removeFirst() : lookUps[0]
        return server.accountFound(account, mayBeStale: mayBeStale)
    }

    private mutating func note(_ payload: [UInt8]) {
        switch payload.first {
        case 0xFE:
            let request = try? AuthSwitchRequest(decoding: payload.span)
            transcript.append("switch to \(request?.method ?? "nothing"), \(request?.data.count ?? 0) bytes")
        case 1: transcript.append(payload.count == 2 ? "more data \(payload[1])" : "key")
        case _: transcript.append("\(payload)")
        }
    }

    private func failure(_ step: BackendLogin.Step) -> String {
        if case .failed(let error) = step { "\(error.code): \(error.message)" } else { "\(step)" }
    }
}

/// The secrets of one password in every form.
struct Secrets {
    let password: [UInt8]

    init(_ password: String) {
        self.password = bytes(password)
    }

    var native: Verifier { .native(NativePassword<Digest>.stored(password)) }
    var crypt: Verifier { .cachingSHA2(SHA2Crypt(password: password, salt: bytes("abcdefghijklmnopqrst")), fast: nil) }
    var fast: Verifier { .cachingSHA2(nil, fast: CachingSHA2Password<Digest>.stored(password)) }
    var ed25519: Verifier { .ed25519(Ed25519.publicKey(password: password) ?? []) }
    var proof: Proof { Proof(password: password) }
    var sha1: Proof { Proof(sha1: Digest.sha1(password)) }
    var sha256: Proof { Proof(sha256: Digest.sha256(password)) }
}
