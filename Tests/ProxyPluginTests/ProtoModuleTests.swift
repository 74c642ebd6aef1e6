import LuaVM
import MySQLWire
import Testing

@testable import ProxyPlugin

@Suite("mysql.proto: ERR, OK, EOF, greeting, login and master.info")
struct ProtoModuleTests {
    let rig: ModuleRig

    init() throws { rig = try ModuleRig() }

    @Test("the module is the global, with all its functions")
    func names() {
        #expect(rig.show("require('mysql.proto') == rawget(_G, 'proto')") == "true")
        let functions = Set(LuaModule.proto.functions.map(\.name))
        let pairs = [
            "err_packet", "ok_packet", "eof_packet", "challenge_packet", "response_packet", "masterinfo_string",
        ]
        #expect(functions.isSuperset(of: pairs.flatMap { ["to_" + $0, "from_" + $0] }))
        #expect(
            functions.isSuperset(of: [
                "from_stmt_prepare_packet", "from_stmt_prepare_ok_packet", "from_stmt_execute_packet",
                "stmt_id_from_stmt_execute_packet", "from_stmt_close_packet",
            ]))
    }

    @Test(
        "payloads are built",
        arguments: [
            ("err_packet({ errmsg = 'no', errcode = 1234, sqlstate = '42000' })", "ffd204 23 3432303030 6e6f"),
            ("err_packet({})", "ff5104 23 3037303030"),
            ("err_packet({ errmsg = '\\233' })", "ff5104 23 3037303030 e9"),
            (
                "ok_packet({ affected_rows = 300, insert_id = 7, server_status = 2, warnings = 1 })",
                "00fc2c01 07 0200 0100"
            ),
            ("ok_packet({ insert_id = 2^63 })", "0000fe0000000000000080 0000 0000"),
            ("ok_packet({})", "000000 0000 00 00"), ("eof_packet({})", "fe 0000 0000"),
            ("eof_packet({ server_status = 2, warnings = '3' })", "fe 0300 0200"),
            (
                "challenge_packet({})",
                "0a 352e302e393900 00000000 3031323334353637 00 0082 00 0000 0000 00 00000000000000000000 "
                    + "383930313233343536373839 00"
            ),
            (
                "challenge_packet({ server_version = 50034, thread_id = 7, charset = 8, server_status = 2, "
                    + "challenge = ('x'):rep(20) .. '\\0' })",
                "0a 352e30302e333400 07000000 7878787878787878 00 0082 08 0200 0000 00 00000000000000000000 "
                    + "787878787878787878787878 00"
            ),
            (
                "response_packet({})",
                "00820000 00000001 08 0000000000000000000000000000000000000000000000 00 00"
            ),
            (
                "response_packet({ username = 'ada', response = 'abc', database = 'shop', charset = 45 })",
                "08820000 00000001 2d 0000000000000000000000000000000000000000000000 61646100 03616263 73686f7000"
            ),
            (
                "response_packet({ username = 'ada', database = 'shop', auth_plugin_name = 'p', max_packet_size = 1, "
                    + "server_capabilities = 33288 })",
                "08820000 01000000 08 0000000000000000000000000000000000000000000000 61646100 00 73686f7000"
            ),
        ])
    func built(_ call: String, _ expected: String) {
        #expect(rig.show("hex(proto.to_\(call))") == expected.filter { $0 != " " }, "\(call)")
    }

    @Test("what is built is read again, without the empty texts")
    func roundTrips() {
        for (packet, fields, expected) in [
            ("err_packet", "errmsg = 'no \\233', errcode = 1, sqlstate = 'HY000'", nil),
            ("err_packet", "", "{errcode=1105 sqlstate=07000}"),
            ("ok_packet", "affected_rows = 70000, insert_id = 1 << 40, server_status = 49151, warnings = 9", nil),
            ("ok_packet", "", "{affected_rows=0 insert_id=0 server_status=0 warnings=0}"),
            ("eof_packet", "server_status = 34, warnings = 2", nil),
            (
                "challenge_packet", "",
                "{capabilities=33280 challenge=01234567890123456789 charset=0 protocol_version=10 "
                    + "server_status=0 server_version=50099 thread_id=0}"
            ),
            (
                "challenge_packet",
                "capabilities = 0x88200, challenge = ('c'):rep(20), charset = 45, protocol_version = 10, "
                    + "server_status = 2, server_version = 80036, thread_id = 4294967295, auth_plugin_name = 'ed25519'",
                nil
            ),
            (
                "challenge_packet",
                "server_version = '5.5.5-10.11.6-MariaDB', capabilities = 512, challenge = '12345678'",
                "{capabilities=512 challenge=12345678 charset=0 protocol_version=10 server_status=0 "
                    + "server_version=101106 thread_id=0}"
            ),
            (
                "response_packet",
                "capabilities = 0x88208, max_packet_size = 99, charset = 33, username = 'ada\\233', "
                    + "response = '\\0\\1\\2', auth_plugin_name = 'mysql_native_password', database = 'shop'",
                nil
            ),
            ("response_packet", "", "{capabilities=33280 charset=8 max_packet_size=16777216}"),
        ] as [(String, String, String?)] {
            let wanted = expected ?? rig.show("{ \(fields) }")
            #expect(
                rig.show("proto.from_\(packet)(proto.to_\(packet)({ \(fields) }))") == wanted, "\(packet) \(fields)")
        }
    }

    @Test("an ERR before the login has no SQLSTATE")
    func oldError() {
        #expect(rig.show("proto.from_err_packet('\\255\\16\\4Too many')") == "{errcode=1040 errmsg=Too many}")
    }

    @Test("a recorded greeting is read")
    func recordedGreeting() throws {
        let greeting = Greeting(
            serverVersion: "5.5.5-10.11.6-MariaDB", connectionID: 77, scramble: Array("abcdefghijklmnopqrst".utf8),
            capabilities: [.protocol41, .secureConnection, .pluginAuth, .mariadbProgress], collation: 45,
            status: .autocommit, authMethod: "mysql_native_password")
        #expect(
            try rig.run("return proto.from_challenge_packet(given)", greeting.encode())
                == "{auth_plugin_name=mysql_native_password capabilities=4295524864 challenge=abcdefghijklmnopqrst "
                + "charset=45 protocol_version=10 server_status=2 server_version=101106 thread_id=77}")
        #expect(
            try rig.run(
                "return proto.to_challenge_packet(proto.from_challenge_packet(given)):sub(-34) == given:sub(-34)",
                greeting.encode()) == "true")
    }

    @Test("server_capabilities tell which fields an old client has written, whatever its flags promise")
    func maskedLogin() throws {
        var login = LoginRequest(
            capabilities: [.protocol41, .secureConnection], collation: 8, user: "ada", authResponse: [1, 2])
        var payload = login.encode()
        // It asks for a schema, for attributes and for an authentication method, and writes none of them.
        payload[0] |= 8
        payload[2] |= 0x18
        payload += Array("surprise".utf8)
        #expect(try rig.run("return proto.from_response_packet(given).database", payload) == "surprise")
        let masked = try rig.run("return proto.from_response_packet(given, 33280)", payload)
        #expect(masked == "{capabilities=1606152 charset=8 max_packet_size=16777216 response=\u{1}\u{2} username=ada}")
        login.capabilities.insert(.connectWithSchema)
        login.schema = "shop"
        #expect(try rig.run("return proto.from_response_packet(given, 33288).database", login.encode()) == "shop")
    }

    @Test("master.info has 14 lines, or 15 with master_ssl_verify_server_cert")
    func masterInfo() {
        let text =
            "15\\nbin.000003\\n1234\\nhost\\nrepl\\nsecret\\n3306\\n60\\n1\\nca\\ncapath\\ncert\\ncipher\\nkey\\n1\\n"
        let fields =
            "master_connect_retry=60 master_host=host master_lines=15 master_log_file=bin.000003 master_log_pos=1234 "
            + "master_password=secret master_port=3306 master_ssl=1 master_ssl_ca=ca master_ssl_capath=capath "
            + "master_ssl_cert=cert master_ssl_cipher=cipher master_ssl_key=key master_ssl_verify_server_cert=1 "
            + "master_user=repl"
        #expect(rig.show("proto.from_masterinfo_string('\(text)')") == "{\(fields)}")
        #expect(rig.show("proto.to_masterinfo_string(proto.from_masterinfo_string('\(text)')) == '\(text)'") == "true")
        #expect(
            rig.show("proto.to_masterinfo_string({ master_lines = 14, master_host = 'h' })")
                == "14\n\n0\nh\n\n\n0\n0\n0\n\n\n\n\n\n")
        #expect(
            rig.show("proto.from_masterinfo_string(proto.to_masterinfo_string({ master_lines = 14 }))")
                == "{master_connect_retry=0 master_lines=14 master_log_pos=0 master_port=0 master_ssl=0}")
        let longer = "proto.to_masterinfo_string({ master_lines = 18, master_ssl_verify_server_cert = 1 })"
        #expect(rig.show("select(2, \(longer):gsub('\\n', ''))") == "18")
        #expect(rig.show("proto.from_masterinfo_string(\(longer)).master_ssl_verify_server_cert") == "1")
    }

    @Test(
        "wrong fields are errors that name function, field and value",
        arguments: [
            ("to_ok_packet()", "proto.to_ok_packet takes a table of the packet's fields, not no value"),
            (
                "to_ok_packet({ warnings = 65536 })",
                "proto.to_ok_packet: warnings must be an integer from 0 to 65535, not 65536"
            ),
            ("to_ok_packet({ insert_id = -1 })", "insert_id must be an integer from 0 to 18446744073709551615, not -1"),
            ("to_ok_packet({ insert_id = 2^64 })", "insert_id must be an integer"),
            ("to_ok_packet({ insert_id = 0/0 })", "insert_id must be an integer"),
            ("to_eof_packet({ server_status = {} })", "server_status must be an integer from 0 to 65535, not a table"),
            ("to_err_packet({ sqlstate = 'x' })", "proto.to_err_packet: sqlstate must be five ASCII characters"),
            ("to_err_packet({ errmsg = true })", "errmsg must be a string, not true"),
            ("to_err_packet({ errcode = 65535 })", "errcode must be an integer from 0 to 65534"),
            ("to_challenge_packet({ protocol_version = 9 })", "protocol_version must be 10"),
            ("to_challenge_packet({ challenge = 'x' })", "challenge must have 20 bytes, not 1"),
            ("to_challenge_packet({ challenge = '12345678' })", "challenge must have 20 bytes, not 8"),
            ("to_challenge_packet({ server_version = 'a\\0b' })", "server_version contains a NUL"),
            ("to_challenge_packet({ server_version = 1.5 })", "server_version must be an integer"),
            ("to_response_packet({ capabilities = 1 })", "capabilities must have PROTOCOL_41 (512)"),
            ("to_response_packet({ capabilities = 2560 })", "capabilities have SSL (2048)"),
            ("to_response_packet({ username = 'a\\0b' })", "username contains a NUL"),
            ("to_response_packet({ response = ('x'):rep(256) })", "response has 256 bytes"),
            ("to_response_packet({ capabilities = 512, response = '\\0' })", "response contains a NUL"),
            ("to_masterinfo_string({ master_lines = 7 })", "master_lines must be from 14 to 99, not 7"),
            ("to_masterinfo_string({ master_user = 'a\\nb' })", "master_user contains a line feed"),
            ("from_ok_packet()", "proto.from_ok_packet(packet): the packet must be a string, not no value"),
            ("from_ok_packet('\\1')", "proto.from_ok_packet: malformed OK: expected the byte 0x00 or 0xFE at byte 0"),
            ("from_eof_packet('\\254\\0')", "proto.from_eof_packet: malformed EOF: expected the warnings at byte 1"),
            ("from_challenge_packet('\\9')", "malformed greeting: expected protocol version 10 at byte 0"),
            ("from_response_packet('', 'x')", "server_capabilities must be an integer from 0"),
            ("from_response_packet(('\\0'):rep(40))", "malformed login: expected CLIENT_PROTOCOL_41"),
            ("from_masterinfo_string('bin.1\\n4\\n')", "line 1 must be the number of lines, from 14 to 99"),
            ("from_masterinfo_string('14\\nbin\\nx')", "line 3 (master_log_pos) must be a number"),
            ("from_masterinfo_string('14\\nbin\\n4')", "the text ends before line 4 (master_host)"),
        ])
    func wrongUse(_ call: String, _ message: String) {
        let shown = rig.show("proto.\(call)")
        #expect(shown.hasPrefix("test.lua:1: proto.") && shown.contains(message), "\(shown)")
    }
}
