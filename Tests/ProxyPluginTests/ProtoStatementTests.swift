import LuaVM
import MySQLWire
import Testing

@testable import ProxyPlugin

@Suite("mysql.proto: prepared statements and hostile packets")
struct ProtoStatementTests {
    let rig: ModuleRig

    init() throws { rig = try ModuleRig() }

    static let execution = ExecuteCommand(
        statementID: 7, flags: .readOnlyCursor,
        parameters: [
            .init(type: .init(.tiny), value: .signed(-1)),
            .init(type: .init(.short, unsigned: true), value: .unsigned(65535)),
            .init(type: .init(.long), value: .signed(-70000)), .init(type: .init(.longLong), value: .signed(.min)),
            .init(type: .init(.longLong, unsigned: true), value: .unsigned(1 << 63)),
            .init(type: .init(.float), value: .float(1.5)), .init(type: .init(.double), value: .double(-0.25)),
            .init(type: .init(.varString), value: .bytes(Array("text".utf8))), .init(type: .init(.blob), value: .null),
            .init(type: .init(.null), value: .null), .init(type: .init(.newDecimal), value: .bytes(Array("1.10".utf8))),
            .init(type: .init(.date), value: .dateTime(.init(year: 2024, month: 2, day: 9))),
            .init(
                type: .init(.dateTime),
                value: .dateTime(
                    .init(year: 2024, month: 2, day: 9, hour: 1, minute: 2, second: 3, microsecond: 4_005))),
            .init(type: .init(.timestamp), value: .dateTime(.init(year: 1999, month: 12, day: 31))),
            .init(
                type: .init(.time),
                value: .time(.init(isNegative: true, days: 3, hour: 4, minute: 5, second: 6, microsecond: 7))),
            .init(type: .init(.time), value: .time(.init())), .init(type: .init(.year), value: .signed(2024)),
        ])

    @Test("every type of parameter is read")
    func execute() throws {
        let packet = try Self.execution.encode()
        let read = "local c = proto.from_stmt_execute_packet(given, 17)"
        #expect(
            try rig.run("\(read) c.params = #c.params return c", packet)
                == "{flags=1 iteration_count=1 new_params_bound=true params=17 stmt_id=7}")
        let values = try rig.run(
            "\(read) local t = {} for i, p in ipairs(c.params) do t[i] = p.type .. ':' .. tostring(p.value) end "
                + "return table.concat(t, ' | ')", packet)
        #expect(
            values.split(separator: " | ") == [
                "1:-1", "2:65535", "3:-70000", "8:-9223372036854775808", "8:9.2233720368548e+18", "4:1.5", "5:-0.25",
                "253:text", "252:nil", "6:nil", "246:1.10", "10:2024-02-09", "12:2024-02-09 01:02:03.004005000",
                "7:1999-12-31 00:00:00.000000000", "11:-3 04:05:06.000007000", "11:0 00:00:00.000000000", "13:2024",
            ])
        #expect(try rig.run("return proto.stmt_id_from_stmt_execute_packet(given)", packet) == "7")
    }

    @Test("an execution without parameters, and one that repeats its types")
    func sparseExecute() throws {
        let plain = try ExecuteCommand(statementID: 9).encode()
        #expect(
            try rig.run("return proto.from_stmt_execute_packet(given, 0)", plain)
                == "{flags=0 iteration_count=1 new_params_bound=false params={} stmt_id=9}")
        var repeated = Self.execution
        repeated.bindsTypes = false
        #expect(
            try rig.run("return proto.from_stmt_execute_packet(given, 17)", try repeated.encode())
                == "{flags=1 iteration_count=1 new_params_bound=false params={} stmt_id=7}")
    }

    @Test("PREPARE, its OK and CLOSE")
    func prepare() throws {
        #expect(
            try rig.run("return proto.from_stmt_prepare_packet(given)", Command.prepare.payload(text: "SELECT ?"))
                == "{stmt_text=SELECT ?}")
        let ok = PreparedStatementOK(statementID: 7, columns: 2, parameters: 3, warnings: 1)
        #expect(
            try rig.run("return proto.from_stmt_prepare_ok_packet(given)", ok.encode())
                == "{num_columns=2 num_params=3 stmt_id=7 warnings=1}")
        #expect(
            try rig.run("return proto.from_stmt_close_packet(given)", Command.closeStatement.payload(number: 77))
                == "{stmt_id=77}")
    }

    @Test(
        "wrong packets are errors that name packet and place",
        arguments: [
            ("from_stmt_prepare_packet('\\3x')", "malformed COM_STMT_PREPARE: expected the command byte 22 at byte 0"),
            ("from_stmt_prepare_ok_packet('\\255')", "malformed COM_STMT_PREPARE OK: expected the byte 0x00 at byte 0"),
            ("from_stmt_execute_packet('\\23')", "num_params must be an integer from 0 to 65535, not no value"),
            ("from_stmt_execute_packet('\\23', 65536)", "num_params must be an integer from 0 to 65535, not 65536"),
            (
                "from_stmt_execute_packet('\\23\\0', 1)",
                "malformed COM_STMT_EXECUTE: expected the statement id at byte 1"
            ),
            (
                "from_stmt_execute_packet('\\23' .. ('\\0'):rep(9) .. '\\0\\1\\77\\0', 1)",
                "expected a known type, not number 77"
            ),
            ("stmt_id_from_stmt_execute_packet('\\22\\1\\0\\0\\0')", "expected the command byte 23 at byte 0"),
            (
                "from_stmt_close_packet('\\25\\1')",
                "malformed COM_STMT_CLOSE: expected a number of four bytes at byte 1"
            ),
        ])
    func wrongPackets(_ call: String, _ message: String) {
        let shown = rig.show("proto.\(call)")
        #expect(shown.contains(message), "\(shown)")
    }

    /// A sound packet for each function that reads one.
    static func samples() throws -> [(function: String, payload: [UInt8])] {
        let capabilities: Capabilities = [
            .protocol41, .secureConnection, .pluginAuth, .connectWithSchema, .connectAttributes,
            .pluginAuthLengthEncoded,
        ]
        return [
            ("err_packet", SQLError(code: 1, state: "42000", message: "no").encode()),
            (
                "ok_packet",
                OKPacket(affectedRows: 70_000, lastInsertID: 1 << 30, info: "x").encode(capabilities: .protocol41)
            ),
            ("eof_packet", EOFPacket(status: .autocommit).encode()),
            (
                "challenge_packet",
                Greeting(
                    serverVersion: "8.0.36", connectionID: 1, scramble: Array(repeating: 65, count: 20),
                    capabilities: capabilities, collation: 8, status: .autocommit, authMethod: "ed25519"
                ).encode()
            ),
            (
                "response_packet",
                LoginRequest(
                    capabilities: capabilities, collation: 8, user: "ada", authResponse: Array(repeating: 1, count: 20),
                    schema: "shop", authMethod: "ed25519", attributes: [.init(name: "a", value: "b")]
                ).encode()
            ),
            ("masterinfo_string", Array("14\nbin\n4\nh\nu\np\n1\n2\n0\n\n\n\n\n\n".utf8)),
            ("stmt_prepare_packet", Command.prepare.payload(text: "SELECT ?")),
            ("stmt_prepare_ok_packet", PreparedStatementOK(statementID: 1, columns: 1, parameters: 1).encode()),
            ("stmt_execute_packet", try execution.encode()),
            ("stmt_close_packet", Command.closeStatement.payload(number: 1)),
        ]
    }

    /// Reads a payload with every function; what fails, fails with a message of the function.
    private static let readAll = """
        local result = {}
        for name, f in pairs(proto) do
          if name:find("^from") or name:find("^stmt_id") then
            for _, number in ipairs({ 0, 1, 17, 65535 }) do
              local ok, message = pcall(f, given, number)
              assert(ok or message:find("proto." .. name .. ": ", 1, true), message)
            end
          end
        end
        """

    @Test("a packet cut at any length is an answer or an error that says where")
    func truncated() throws {
        for sample in try Self.samples() {
            let number = sample.function == "stmt_execute_packet" ? 17 : 0xF_FFFF
            for length in 0...sample.payload.count {
                let cut = Array(sample.payload.prefix(length))
                let shown = try rig.run(
                    "local ok, got = pcall(proto.from_\(sample.function), given, \(number)) "
                        + "if ok then return 'table' else return got end", cut)
                #expect(
                    shown == "table" || shown.hasPrefix("proto.from_\(sample.function): "),
                    "\(sample.function) of \(length) bytes: \(shown)")
                if length == sample.payload.count { #expect(shown == "table") }
                if length == 0, sample.function != "stmt_prepare_packet" { #expect(shown != "table") }
                try rig.run(Self.readAll, cut)
            }
        }
    }

    @Test("random bytes, and packets with random bytes in them, are never a trap")
    func noise() throws {
        var random = SeededBytes(seed: 2026)
        let samples = try Self.samples()
        for round in 0..<1_000 {
            var payload = samples[round % samples.count].payload
            if round % 3 == 0 { payload = random.next(Int(random.next())) }
            for _ in 0..<3 where !payload.isEmpty { payload[Int(random.next()) % payload.count] = random.next() }
            try rig.run(Self.readAll, payload)
        }
    }

    @Test("reading large packets is charged")
    func charged() throws {
        let packet = Command.prepare.payload(text: Array(repeating: 65, count: 1_000_000))
        let error = #expect(throws: LuaError.self) {
            try rig.run(
                "while true do pcall(proto.from_stmt_prepare_packet, given) end", packet,
                LuaBudget(instructions: 500_000, memory: 64 << 20))
        }
        #expect(error?.kind == .budget)
    }
}
