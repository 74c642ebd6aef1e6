import MySQLWire
import PluginAPI
import ServerSide
import Synchronization
import TestSupport
import Testing

@Suite("Logins of the server side")
struct LoginTests {
    let responder = EchoResponder()

    func makeClient(password: String = "secret") -> ServerSessionClient {
        let connection = CollectingConnection()
        let settings = ServerSettings(version: "8.0.40-test", passwords: ["root": StoredPassword(password)])
        let session = ServerSideSession(
            id: 7, peer: "127.0.0.1:5555", settings: settings, connection: connection, responder: responder)
        return ServerSessionClient(session: session, connection: connection)
    }

    func login(_ client: ServerSessionClient, method: String, response: [UInt8], user: String = "root") -> [UInt8] {
        var request = LoginRequest(
            capabilities: client.capabilities, collation: 45, user: user, authResponse: response)
        request.authMethod = method
        return request.encode()
    }

    @Test("the greeting offers neither TLS nor compression nor LOCAL INFILE, and a challenge without NULs")
    func greeting() throws {
        let greeting = try makeClient().greeting()
        #expect(greeting.connectionID == 7)
        #expect(greeting.authMethod == "mysql_native_password")
        #expect(greeting.scramble.count == 20 && !greeting.scramble.contains(0))
        #expect(greeting.capabilities.isDisjoint(with: [.ssl, .compress, .localFiles, .queryAttributes]))
        #expect(greeting.capabilities.isSuperset(of: [.protocol41, .pluginAuth, .deprecateEOF, .multiStatements]))
    }

    @Test("the right native password gets in, fed whole and byte by byte", arguments: [false, true])
    func rightPassword(isTorn: Bool) throws {
        let client = makeClient()
        let scramble = try client.greeting().scramble
        let response = NativePassword<TestHash>.response(password: Array("secret".utf8), scramble: scramble)
        var writer = PacketWriter(sequence: 1)
        writer.append(login(client, method: "mysql_native_password", response: response))
        let bytes = writer.take()
        for piece in isTorn ? bytes.map({ [$0] }) : [bytes] { client.feed(piece) }
        #expect(client.connection.take() == [7, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0])
        #expect(client.connection.closeReasons.isEmpty)
    }

    @Test("a wrong password gets MySQL's error 1045 and a close")
    func wrongPassword() throws {
        let client = makeClient()
        _ = try client.greeting()
        client.send(
            login(client, method: "mysql_native_password", response: Array(repeating: 1, count: 20)), sequence: 1)
        let error = try ErrorPacket(payload: try client.payloads()[0])
        #expect(error.code == 1045 && error.state == "28000")
        #expect(error.message == "Access denied for user 'root'@'127.0.0.1' (using password: YES)")
        #expect(client.connection.closeReasons.count == 1)
    }

    @Test("an unknown user and a missing password get the same error")
    func unknownUser() throws {
        for user in ["nobody", "root"] {
            let client = makeClient()
            _ = try client.greeting()
            client.send(login(client, method: "mysql_native_password", response: [], user: user), sequence: 1)
            let error = try ErrorPacket(payload: try client.payloads()[0])
            #expect(error.message == "Access denied for user '\(user)'@'127.0.0.1' (using password: NO)")
        }
    }

    @Test("a client that begins with another method is asked again by one that both know")
    func authSwitch() throws {
        let client = makeClient()
        _ = try client.greeting()
        client.send(login(client, method: "sha256_password", response: [1]), sequence: 1)
        let request = try AuthSwitchRequest(payload: try client.payloads()[0])
        #expect(request.method == "mysql_native_password")
        let response = NativePassword<TestHash>.response(password: Array("secret".utf8), scramble: request.scramble)
        client.send(response, sequence: 3)
        #expect(try client.payloads().first?.first == 0)
        #expect(client.connection.closeReasons.isEmpty)
    }

    @Test("a caching_sha2_password client answers a new challenge and hears the fast path's word")
    func cachingSHA2() throws {
        let client = makeClient()
        _ = try client.greeting()
        client.send(login(client, method: "caching_sha2_password", response: []), sequence: 1)
        let request = try AuthSwitchRequest(payload: try client.payloads()[0])
        #expect(request.method == "caching_sha2_password")
        let response = CachingSHA2Password<TestHash>.response(
            password: Array("secret".utf8), scramble: request.scramble)
        client.send(response, sequence: 3)
        let payloads = try client.payloads()
        #expect(payloads.first == [1, 3])
        #expect(payloads.last?.first == 0)
    }

    @Test("who fails the new challenge is refused")
    func failedSwitch() throws {
        let client = makeClient()
        _ = try client.greeting()
        client.send(login(client, method: "caching_sha2_password", response: []), sequence: 1)
        _ = try client.payloads()
        client.send(Array(repeating: 9, count: 32), sequence: 3)
        #expect(try ErrorPacket(payload: try client.payloads()[0]).code == 1045)
    }

    @Test("an empty password lets in by both methods", arguments: ["mysql_native_password", "caching_sha2_password"])
    func emptyPassword(method: String) throws {
        let client = makeClient(password: "")
        _ = try client.greeting()
        client.send(login(client, method: method, response: []), sequence: 1)
        #expect(try client.payloads().map(\.first) == [0])
    }

    @Test("an empty schema is none, and the session tells when the login is finished")
    func emptySchema() throws {
        let client = makeClient(password: "")
        #expect(!client.session.isLoggedIn)
        #expect(try client.logIn(schema: "").first?.first == 0)
        #expect(client.session.isLoggedIn)
        #expect(responder.log.withLock { $0 } == ["admit root -"])
    }

    @Test("an unknown schema refuses the login")
    func unknownSchema() throws {
        let client = makeClient(password: "")
        let answer = try client.logIn(schema: "nowhere")
        #expect(try ErrorPacket(payload: answer[0]).code == 1049)
        #expect(client.connection.closeReasons == ["the login was refused"])
    }

    @Test("garbage in place of a login gets an ERR and a close")
    func garbage() throws {
        let client = makeClient()
        _ = try client.greeting()
        client.send([1, 2, 3], sequence: 1)
        #expect(try ErrorPacket(payload: try client.payloads()[0]).code == 1835)
        #expect(client.connection.closeReasons.count == 1)
    }

    @Test("COM_CHANGE_USER without a right answer gets a new challenge first")
    func changeUser() throws {
        let client = makeClient()
        let scramble = try client.greeting().scramble
        let response = NativePassword<TestHash>.response(password: Array("secret".utf8), scramble: scramble)
        client.send(login(client, method: "mysql_native_password", response: response), sequence: 1)
        _ = try client.payloads()
        let request = ChangeUserRequest(
            user: "root", authResponse: Array(repeating: 3, count: 20), schema: "s", collation: 45,
            authMethod: "mysql_native_password")
        client.send(request.encode(capabilities: client.capabilities))
        let challenge = try AuthSwitchRequest(payload: try client.payloads()[0])
        let answer = NativePassword<TestHash>.response(password: Array("secret".utf8), scramble: challenge.scramble)
        client.send(answer, sequence: 2)
        #expect(try client.payloads().first?.first == 0)
        #expect(responder.log.withLock { $0 } == ["admit root -", "admit root s"])
    }
}
