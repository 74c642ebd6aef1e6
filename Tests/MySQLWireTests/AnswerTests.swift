import MySQLWire
import Testing

@Suite("OK, ERR and EOF")
struct AnswerTests {
    private func tracked(_ payload: [UInt8]) throws -> OKPacket {
        try OKPacket(decoding: payload, capabilities: .tracking)
    }

    @Test("an OK tells rows, insert id and text")
    func insert() throws {
        let ok = try OKPacket(decoding: MariaDB.insertOK, capabilities: .plain)
        #expect(ok.affectedRows == 2)
        #expect(ok.lastInsertID == 1)
        #expect(ok.status == .autocommit)
        #expect(ok.info == "Records: 2  Duplicates: 0  Warnings: 0")
    }

    @Test("a text without a length in front is the packet's rest")
    func unprefixedInfo() throws {
        let ok = try OKPacket(decoding: ([0, 0, 0, 2, 0, 0, 0] + Array("Done".utf8)), capabilities: .plain)
        #expect(ok.info == "Done")
    }

    @Test("variables, schema and state changes are read from tracked OKs")
    func tracking() throws {
        #expect(try tracked(MariaDB.trackedLoginOK).changes == [.schema("test")])
        #expect(
            try tracked(MariaDB.trackedSet).changes == [
                .systemVariables([.init(name: "autocommit", value: "OFF")]),
                .systemVariables([.init(name: "time_zone", value: "+01:00")]), .stateChanged("1"),
            ])
        #expect(try tracked(MariaDB.trackedUse).changes == [.schema("mysql"), .stateChanged("1")])
        #expect(
            try tracked(MariaDB.trackedBegin).changes == [
                .transactionState("T_______"), .transactionCharacteristics("START TRANSACTION READ ONLY;"),
            ])
        #expect(try tracked(MariaDB.trackedBegin).status.contains([.inTransaction, .inReadOnlyTransaction]))
    }

    @Test("several variables in one entry, GTIDs and unknown kinds are read and written")
    func constructedChanges() throws {
        let changes: [SessionStateChange] = [
            .systemVariables([.init(name: "a", value: "1"), .init(name: "b", value: "")]),
            .gtids(encoding: 0, "3E11FA47:1-5"), .unknown(type: 77, [1, 2, 3]),
        ]
        let ok = OKPacket(status: [.autocommit, .sessionStateChanged], info: "x", changes: changes)
        #expect(try tracked(ok.encode(capabilities: .tracking)) == ok)
    }

    @Test("a value that isn't UTF-8 is kept as bytes")
    func foreignValue() throws {
        let payload: [UInt8] = [0, 0, 0, 2, 0x40, 0, 0, 0, 6, 0, 4, 1, 0x61, 1, 0xE9]
        #expect(try tracked(payload).changes == [.unknown(type: 0, [1, 0x61, 1, 0xE9])])
        #expect(try tracked(payload).encode(capabilities: .tracking) == payload)
    }

    @Test("a client that doesn't track its session gets no changes")
    func untracked() throws {
        let ok = OKPacket(status: [.autocommit, .sessionStateChanged], changes: [.schema("s")])
        #expect(ok.encode(capabilities: .plain) == [0, 0, 0, 2, 0, 0, 0])
    }

    @Test("an ERR has a SQLSTATE, or none before the login")
    func errors() throws {
        let denied = try ErrorPacket(decoding: MariaDB.accessDenied)
        #expect(denied.code == 1045)
        #expect(denied.state == "28000")
        #expect(denied.message.hasPrefix("Access denied for user 'nobody'"))
        #expect(try ErrorPacket(decoding: MariaDB.tooManyConnections).state == nil)
    }

    @Test(
        "a SQLSTATE has five bytes",
        arguments: [("", "00000"), ("42", "42000"), ("42S02", "42S02"), ("HY00012", "HY000"), ("HY0é\r\n", "HY00\r")])
    func states(_ given: String, _ sent: String) throws {
        let payload = SQLError(code: 1, state: given, message: "m").encode()
        #expect(try ErrorPacket(decoding: payload) == ErrorPacket(code: 1, state: sent, message: "m"))
    }

    @Test("a progress report is no error")
    func progress() throws {
        let report = try ProgressReport(decoding: MariaDB.progressReport)
        #expect(report == ProgressReport(stage: 1, stages: 2, progress: 1000, info: "copy to tmp table"))
        #expect(throws: WireError.self) { try ErrorPacket(decoding: MariaDB.progressReport) }
        #expect(ProgressReport.matches(MariaDB.syntaxError) == false)
    }

    @Test("an EOF is shorter than a row that begins with the same byte")
    func eof() throws {
        #expect(try EOFPacket(decoding: MariaDB.binary16) == EOFPacket(status: .autocommit))
        #expect(EOFPacket.matches([0xFE, 0, 0, 0, 0, 0, 0, 0, 1]) == false)
    }

    @Test("an error says packet, expectation and place")
    func wireError() throws {
        let error = try #require(throws: WireError.self) {
            try OKPacket(decoding: [0, 0, 0, 2], capabilities: .plain)
        }
        #expect(error.description == "malformed OK: expected the status flags at byte 3")
    }

    @Test("an ERR keeps a message that isn't UTF-8 as it was")
    func foreignMessage() throws {
        let payload: [UInt8] = [0xFF, 0x51, 0x04, 0x23] + Array("HY000".utf8) + [0x6E, 0xE9]
        var error = try ErrorPacket(decoding: payload)
        #expect(error.messageBytes == [0x6E, 0xE9] && error.message == "n\u{FFFD}")
        #expect(error.encode() == payload)
        error.message = "no"
        #expect(error.encode().suffix(2) == Array("no".utf8))
    }
}
