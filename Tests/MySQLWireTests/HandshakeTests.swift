import MySQLWire
import Testing

@Suite("Greeting and login")
struct HandshakeTests {
    @Test("MariaDB's greeting tells its extended capabilities and its true version")
    func mariadbGreeting() throws {
        let greeting = try Greeting(decoding: MariaDB.mariadbGreeting)
        #expect(greeting.serverVersion == "5.5.5-10.11.19-MariaDB-0+deb12u1")
        #expect(greeting.serverVersionNumber == ServerVersion(major: 10, minor: 11, patch: 19))
        #expect(greeting.flavour == .mariadb)
        #expect(greeting.capabilities.isSuperset(of: [.mariadbBulkOperations, .mariadbExtendedMetadata]))
        #expect(greeting.scramble.count == 20)
        #expect(greeting.authMethod == "mysql_native_password")
    }

    @Test("MySQL's greetings have no extended capabilities")
    func mysqlGreeting() throws {
        let greeting = try Greeting(decoding: MySQL.greeting84)
        #expect(greeting.flavour == .mysql)
        #expect(greeting.serverVersionNumber == ServerVersion(major: 8, minor: 4, patch: 2))
        #expect(greeting.capabilities.rawValue == 0xDFFF_FFFF)
        #expect(greeting.scramble == MySQL.scramble)
        #expect(greeting.authMethod == "caching_sha2_password")
        #expect(greeting.collation == 255)
        #expect(greeting.connectionID == 8)
        #expect(greeting.status == .autocommit)
    }

    @Test(
        "version texts give their numbers",
        arguments: [
            ("11.4.2-MariaDB", 11, 4, 2), ("5.5.5-12.0.1-MariaDB-log", 12, 0, 1), ("8.0.36-0ubuntu0", 8, 0, 36),
            ("5.5.5", 5, 5, 5), ("5.5.5-m3", 5, 5, 5), ("9", 9, 0, 0), ("", 0, 0, 0),
            ("99999999999999999999.1", 0, 1, 0),
        ])
    func versions(_ text: String, _ major: Int, _ minor: Int, _ patch: Int) {
        #expect(ServerVersion(text) == ServerVersion(major: major, minor: minor, patch: patch))
    }

    @Test(
        "masked capabilities are gone and every other byte stays",
        arguments: [MySQL.greeting84, MariaDB.mariadbGreeting])
    func masking(_ payload: [UInt8]) throws {
        let removed: Capabilities = [.ssl, .compress, .zstdCompression, .mariadbBulkOperations]
        var masked = payload
        try Greeting.mask(removed, in: &masked)
        var expected = try Greeting(decoding: payload)
        #expect(!expected.capabilities.isDisjoint(with: removed))
        expected.capabilities.subtract(removed)
        #expect(masked == expected.encode())
        var untouched = payload
        try Greeting.mask([], in: &untouched)
        #expect(untouched == payload)
    }

    @Test("masking refuses what is no greeting and leaves it")
    func maskingRefuses() {
        for length in 0..<50 {
            var cut = Array(MySQL.greeting84.prefix(length))
            let before = cut
            if (try? Greeting.mask(.ssl, in: &cut)) == nil { #expect(cut == before) }
        }
        var error = MariaDB.tooManyConnections
        #expect(throws: WireError.self) { try Greeting.mask(.ssl, in: &error) }
    }

    @Test("an ERR in place of a greeting is told apart")
    func refusal() throws {
        let opening = try ServerOpening(decoding: MariaDB.tooManyConnections)
        #expect(opening == .refusal(ErrorPacket(code: 1040, state: nil, message: "Too many connections")))
        let greeting = try ServerOpening(decoding: MySQL.greeting57)
        #expect(greeting == .greeting(try Greeting(decoding: MySQL.greeting57)))
    }

    @Test("a login tells user, schema, method, attributes and zstd level")
    func login() throws {
        let login = try LoginRequest(decoding: MySQL.login)
        #expect(login.user == "app")
        #expect(login.schema == "shop")
        #expect(login.authMethod == "caching_sha2_password")
        #expect(login.authResponse.count == 32)
        #expect(login.attributes.map(\.name) == ["_client_name", "_os", "program_name"])
        #expect(login.attributes.map(\.value) == ["libmysql", "Linux", "mysql"])
        #expect(login.zstdLevel == 3)
    }

    @Test("MariaDB's client tells extended capabilities, MySQL's none")
    func extendedLogin() throws {
        let mariadb = try LoginRequest(decoding: MariaDB.mariadbClientLogin)
        #expect(mariadb.capabilities.contains(.mariadbProgress))
        #expect(mariadb.attributes.contains { $0.name == "_client_name" && $0.value == "libmariadb" })
        #expect(try LoginRequest(decoding: MySQL.login).capabilities.rawValue >> 32 == 0)
    }

    @Test("a user name that isn't UTF-8 keeps its bytes")
    func latin1User() throws {
        var login = LoginRequest(capabilities: .plain, collation: 8, user: "", authResponse: [])
        login.userBytes = [0xE9, 0x74, 0xE9]
        let decoded = try LoginRequest(decoding: login.encode())
        #expect(decoded.userBytes == [0xE9, 0x74, 0xE9])
        #expect(decoded.user == "\u{FFFD}t\u{FFFD}")
    }

    @Test("every way to write the challenge's answer is read", arguments: [0, 1, 20, 32, 250, 255])
    func responses(_ length: Int) throws {
        let response = [UInt8](repeating: 7, count: length)
        let ways: [Capabilities] = [[.pluginAuthLengthEncoded, .secureConnection], .secureConnection, []]
        for way in ways {
            let capabilities = way.union([.longPassword, .protocol41])
            let login = LoginRequest(capabilities: capabilities, collation: 45, user: "u", authResponse: response)
            #expect(try LoginRequest(decoding: login.encode()) == login)
        }
    }

    @Test("a login that ends early does without the rest, as with servers")
    func shortLogin() throws {
        var login = LoginRequest(capabilities: .plain, collation: 45, user: "u", authResponse: [])
        let whole = login.encode()
        login.capabilities.subtract([.connectWithSchema, .pluginAuth, .connectAttributes])
        let decoded = try LoginRequest(decoding: Array(whole.prefix(login.encode().count)))
        #expect(decoded.schema == nil)
        #expect(decoded.authMethod == nil)
        #expect(decoded.attributes.isEmpty)
    }

    @Test("a request for TLS is recognised and is no login")
    func tls() throws {
        #expect(SSLRequest.matches(MySQL.tlsRequest) == true)
        #expect(SSLRequest.matches(MySQL.login) == false)
        #expect(try SSLRequest(decoding: MySQL.tlsRequest).capabilities.contains(.ssl))
        #expect(throws: WireError.self) { try LoginRequest(decoding: MySQL.tlsRequest) }
    }

    @Test("a login of the old protocol is refused with its name")
    func oldLogin() throws {
        let old: [UInt8] = [0x85, 0x24, 0x00, 0x00, 0x00] + Array("root".utf8) + [0, 0]
        let error = try #require(throws: WireError.self) { try LoginRequest(decoding: old) }
        #expect(error.description.contains("before MySQL 4.1"))
    }

    @Test("a switch of the method carries its challenge without the NUL")
    func authSwitch() throws {
        let request = try AuthSwitchRequest(decoding: MariaDB.changeUserAnswer)
        #expect(request.method == "mysql_native_password")
        #expect(request.scramble.count == 20)
        #expect(try AuthSwitchRequest(decoding: [0xFE]).method == nil)
    }

    @Test("COM_CHANGE_USER tells who and with what")
    func changeUser() throws {
        let request = try ChangeUserRequest(decoding: MariaDB.changeUser, capabilities: .plain)
        #expect(request.user == "root")
        #expect(request.schema == "test")
        #expect(request.collation == 45)
        #expect(request.authMethod == "mysql_native_password")
        #expect(request.attributes == [.init(name: "prog", value: "test")])
    }
}
