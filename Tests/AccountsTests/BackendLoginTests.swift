import MySQLWire
import Testing

@testable import Accounts

@Suite("A login at a server, packet by packet")
struct BackendLoginTests {
    let scramble = bytes("abcdefghijklmnopqrst")
    let secrets = Secrets("s3cret")
    let wanted: Capabilities = [
        .transactions, .multiStatements, .deprecateEOF, .mariadbBulkOperations, .ssl, .connectWithSchema,
    ]
    static let offered: Capabilities = [
        .longPassword, .protocol41, .secureConnection, .pluginAuth, .transactions, .multiStatements, .ssl, .compress,
        .connectWithSchema, .connectAttributes,
    ]

    func greeting(
        _ capabilities: Capabilities = offered, method: LoginMethod = .native, version: String = "8.4.2"
    ) -> Greeting {
        Greeting(
            serverVersion: version, connectionID: 1, scramble: scramble, capabilities: capabilities, collation: 45,
            status: .autocommit, authMethod: method.name)
    }

    func login(_ proof: Proof, schema: String? = nil, isSecure: Bool = false) -> BackendLogin {
        let wishes = BackendLogin.Wishes(capabilities: wanted, collation: 33, schema: schema)
        return BackendLogin(user: "bob", proof: proof, wishes: wishes, isSecure: isSecure)
    }

    /// A login that has answered the greeting.
    func begun(_ proof: Proof, _ greeting: Greeting? = nil, isSecure: Bool = false) -> BackendLogin {
        var login = login(proof, isSecure: isSecure)
        guard case .send = login.greetingArrived(greeting ?? self.greeting()) else {
            Issue.record("no answer to the greeting")
            return login
        }
        return login
    }

    func request(_ step: BackendLogin.Step) throws -> LoginRequest {
        guard case .send(let payload) = step else { throw WireError(packet: "login", expected: "\(step)", offset: 0) }
        return try LoginRequest(decoding: payload.span)
    }

    func failure(_ step: BackendLogin.Step) -> String {
        if case .failed(let error) = step { error.message } else { "\(step)" }
    }

    @Test("asked for is what is wanted and offered, and never TLS, nor a schema where none is named")
    func capabilities() throws {
        var login = login(secrets.proof)
        let request = try request(login.greetingArrived(greeting()))
        #expect(request.capabilities == [.protocol41, .secureConnection, .pluginAuth, .transactions, .multiStatements])
        #expect(request.capabilities == login.capabilities)
        #expect(request.user == "bob" && request.collation == 33 && request.schema == nil)
        #expect(request.authMethod == "mysql_native_password")
    }

    @Test("MariaDB's extended capabilities and a schema travel too")
    func mariadb() throws {
        var login = login(secrets.proof, schema: "shop")
        let server = Self.offered.subtracting(.longPassword).union([.mariadbBulkOperations, .mariadbProgress])
        let request = try request(login.greetingArrived(greeting(server, version: "5.5.5-10.11.6-MariaDB")))
        #expect(request.capabilities.contains([.mariadbBulkOperations, .connectWithSchema]))
        #expect(!request.capabilities.contains(.mariadbProgress))
        #expect(request.schema == "shop")
    }

    @Test("a server of before MySQL 4.1 is refused")
    func oldServer() {
        var login = login(secrets.proof)
        #expect(failure(login.greetingArrived(greeting([.protocol41]))).contains("the protocol of MySQL 4.1"))
    }

    @Test("who knows SHA1(password) only begins with native, whatever the greeting says")
    func nativeFirst() throws {
        var login = login(secrets.sha1)
        let request = try request(login.greetingArrived(greeting(method: .cachingSHA2)))
        #expect(request.authMethod == "mysql_native_password")
        #expect(request.authResponse == secrets.proof.nativeResponse(scramble))
    }

    @Test("an empty password is told by one NUL after a switch to caching_sha2")
    func emptyPassword() {
        var login = begun(Proof(password: []))
        let request = AuthSwitchRequest(method: "caching_sha2_password", data: scramble + [0])
        #expect(login.packetArrived(request.encode()) == .send([0]))
    }

    @Test("a challenge of ed25519 is signed whole, also where it ends in NUL")
    func ed25519Challenge() throws {
        let challenge = Array(repeating: UInt8(9), count: 31) + [0]
        var login = begun(secrets.proof)
        let request = AuthSwitchRequest(method: "client_ed25519", data: challenge)
        guard case .send(let signature) = login.packetArrived(request.encode()) else { Issue.record("none"); return }
        let key = try #require(Ed25519.publicKey(password: secrets.password))
        #expect(Ed25519.verify(signature, of: challenge, publicKey: key))
    }

    @Test("without the secret of a first method MariaDB is asked for the account's next one")
    func alternatives() throws {
        let mariadb = greeting(version: "5.5.5-10.11.6-MariaDB")
        let first = AuthSwitchRequest(method: "client_ed25519", data: Array(repeating: 1, count: 32))
        let second = AuthSwitchRequest(method: "mysql_native_password", data: scramble + [0])
        let denied = SQLError(code: 1045, state: "28000", message: "Access denied")
        var login = begun(secrets.sha1, mariadb)
        #expect(login.packetArrived(first.encode()) == .send(Array(repeating: 0, count: 64)))
        #expect(login.packetArrived(second.encode()) == .send(secrets.proof.nativeResponse(scramble) ?? []))
        #expect(failure(login.packetArrived(denied.encode())).contains("lacks the password; give it as 'bob:password'"))
        login = begun(secrets.sha1)
        #expect(failure(login.packetArrived(first.encode())).contains("lacks the password"), "MySQL has none")
        login = begun(Proof(sha256: [1]), mariadb)
        #expect(failure(login.packetArrived(first.encode())).contains("lacks the password"), "nothing for native")
    }

    @Test(
        "methods that aren't spoken are named, with what to do",
        arguments: ["mysql_clear_password", "dialog", "sha256_password", "auth_gssapi_client"])
    func unspoken(name: String) {
        var login = begun(secrets.proof)
        let step = login.packetArrived(AuthSwitchRequest(method: name, data: []).encode())
        #expect(failure(step).contains("log in by \(name), which the proxy doesn't speak; give the account"))
        login = begun(secrets.proof)
        #expect(failure(login.packetArrived([0xFE])).contains("mysql_old_password"))
    }

    @Test("a server's error is passed on as it is")
    func error() {
        var login = begun(secrets.proof)
        let error = SQLError(code: 1049, state: "42000", message: "Unknown database 'x'")
        #expect(login.packetArrived(error.encode()) == .failed(error))
    }

    @Test("a key that is none gets no password")
    func badKey() {
        var login = begun(secrets.proof, greeting(method: .cachingSHA2))
        #expect(login.packetArrived([1, 4]) == .send([2]))
        let text = failure(login.packetArrived(AuthMoreData(data: bytes("-----BEGIN NOTHING-----")).encode()))
        #expect(text == "The password of 'bob' can't be encrypted with the key that the server has sent")
    }

    @Test("over TCP a server that asks for the password gets a question for its key, never the password")
    func neverInTheClear() {
        var login = begun(secrets.proof, greeting(method: .cachingSHA2))
        #expect(login.packetArrived([1, 4]) == .send([2]))
        login = begun(secrets.proof, greeting(method: .cachingSHA2), isSecure: true)
        #expect(login.packetArrived([1, 4]) == .send(secrets.password + [0]))
    }

    @Test(
        "packets that can't be understood fail the login",
        arguments: [[], [0], [1], [1, 9], [5], [0xFE, 65], [0xFF], [0xFF, 1]] as [[UInt8]])
    func nonsense(payload: [UInt8]) {
        for method in [LoginMethod.native, .cachingSHA2] {
            var login = begun(secrets.proof, greeting(method: method))
            guard case .failed = login.packetArrived(payload) else { Issue.record("took \(payload)"); return }
        }
    }

    @Test("the user logs in again on the connection, by whatever challenge the server gives, time and again")
    func changingUser() throws {
        var login = begun(secrets.proof)
        guard case .loggedIn = login.packetArrived(OKPacket().encode(capabilities: login.capabilities)) else {
            Issue.record("the OK is no login")
            return
        }
        for letters in ["ABCDEFGHIJKLMNOPQRST", "tsrqponmlkjihgfedcba"] {
            guard case .send(let payload) = login.changeUserBegins() else {
                Issue.record("no command")
                return
            }
            let request = try ChangeUserRequest(decoding: payload.span, capabilities: login.capabilities)
            #expect((request.user, request.schema, request.collation) == ("bob", "", 33))
            #expect(request.authMethod == "mysql_native_password")
            let challenge = bytes(letters)
            let asked = AuthSwitchRequest(method: "mysql_native_password", data: challenge + [0]).encode()
            let answer = try #require(secrets.proof.nativeResponse(challenge))
            #expect(login.packetArrived(asked) == .send(answer))
        }
    }
}
