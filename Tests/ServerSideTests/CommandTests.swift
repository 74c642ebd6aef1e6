import MySQLWire
import PluginAPI
import ServerSide
import Synchronization
import TestSupport
import Testing

@Suite("Commands of the server side")
struct CommandTests {
    func makeClient(
        _ responder: EchoResponder, maximumPayload: Int = 64 << 20
    ) throws -> ServerSessionClient {
        let connection = CollectingConnection()
        let settings = ServerSettings(
            version: "8.0.40-test", passwords: ["root": StoredPassword("")], maximumPayload: maximumPayload)
        let session = ServerSideSession(
            id: 1, peer: "127.0.0.1:1", settings: settings, connection: connection, responder: responder)
        let client = ServerSessionClient(session: session, connection: connection)
        #expect(try client.logIn().first?.first == 0)
        client.feed([])
        return client
    }

    func code(_ payloads: [[UInt8]]) throws -> UInt16 {
        try ErrorPacket(payload: payloads.first ?? []).code
    }

    @Test("a query's result is byte for byte the protocol's")
    func query() throws {
        let client = try makeClient(EchoResponder())
        client.send([3] + Array("hi".utf8))
        let bytes = client.connection.take()
        #expect(bytes.starts(with: [1, 0, 0, 1, 1]))
        #expect(bytes.suffix(7 + 11 + 0) == [3, 0, 0, 3, 2, 104, 105] + [7, 0, 0, 4, 0xFE, 0, 0, 2, 0, 0, 0])
    }

    @Test("ping, statistics, schema change, reset and option are answered")
    func simpleCommands() throws {
        let responder = EchoResponder()
        let client = try makeClient(responder)
        #expect(try client.ask([14]) == [[0, 0, 0, 2, 0, 0, 0]])
        #expect(try client.ask([9]) == [Array("Uptime: 1".utf8)])
        #expect(try client.ask([2] + Array("db".utf8)).first?.first == 0)
        #expect(try client.ask([31]).first?.first == 0)
        #expect(try client.ask([27, 1, 0]).first?.first == 0xFE)
        #expect(try client.ask([4] + Array("t".utf8) + [0]).count == 2)
        #expect(responder.log.withLock { $0.last } == "use db")
    }

    @Test("an unknown command gets 1047, and the session goes on")
    func unknownCommand() throws {
        let client = try makeClient(EchoResponder())
        #expect(try code(try client.ask([0x60])) == 1047)
        #expect(try client.ask([14]).first?.first == 0)
    }

    @Test("COM_QUIT closes without an answer")
    func quit() throws {
        let client = try makeClient(EchoResponder())
        client.send([1])
        #expect(client.connection.take().isEmpty)
        #expect(client.connection.closeReasons == ["the client has quit"])
    }

    @Test("a packet out of sequence gets 1156 and a close")
    func outOfSequence() throws {
        let client = try makeClient(EchoResponder())
        client.send([14], sequence: 5)
        #expect(try code(try client.payloads()) == 1156)
        #expect(client.connection.closeReasons.count == 1)
    }

    @Test("a command of no bytes gets an ERR and a close")
    func emptyCommand() throws {
        let client = try makeClient(EchoResponder())
        client.feed([0, 0, 0, 0])
        #expect(try code(try client.payloads()) == 1835)
        #expect(client.connection.closeReasons.count == 1)
    }

    @Test("a command beyond the limit gets 1153 before its bytes have come")
    func tooLong() throws {
        let client = try makeClient(EchoResponder(), maximumPayload: 100)
        client.feed([101, 0, 0, 0])
        #expect(try code(try client.payloads()) == 1153)
    }

    @Test("a query of more than 16 MiB comes joined")
    func longQuery() throws {
        let responder = EchoResponder()
        let client = try makeClient(responder)
        let text = Array(repeating: UInt8(ascii: "x"), count: PacketHeader.maximumPayload + 10)
        let answer = try client.ask([3] + text)
        let row = answer[2]
        #expect(try TextRow(decoding: row.span, columns: 1).values == [text])
    }

    @Test("while a command runs nothing is consumed; its end asks for the rest")
    func oneAtATime() throws {
        let responder = EchoResponder(keeps: true)
        let client = try makeClient(responder)
        client.send([3] + Array("first".utf8))
        client.send([14])
        #expect(client.connection.take().isEmpty)
        let reply = try #require(responder.kept.withLock { $0 })
        reply.ok(status: [.autocommit, .inTransaction])
        reply.end()
        #expect(client.connection.waitForResume())
        client.feed([])
        let ok: [UInt8] = [7, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0]
        #expect(client.connection.take() == ok + ok)
    }

    @Test("a reply that is dropped becomes an ERR, never a hang")
    func droppedReply() throws {
        let responder = EchoResponder(keeps: true)
        let client = try makeClient(responder)
        client.send([3] + Array("first".utf8))
        responder.kept.withLock { $0 = nil }
        client.feed([])
        #expect(try code(try client.payloads()) == 1105)
    }

    @Test("a long result goes out in small pieces, and a dead client stops it")
    func streaming() throws {
        let responder = EchoResponder(manyRows: 1000)
        let client = try makeClient(responder)
        #expect(try client.ask([3, 65]).count == 1004)
        #expect(client.connection.longestWait > 0 && client.connection.longestWait < 128 << 10)
        client.connection.die()
        _ = try client.ask([3, 65])
        #expect(responder.log.withLock { $0.last }?.hasPrefix("gave up before row") == true)
    }

    @Test("a statement is prepared, takes long data, is executed again with its types, and closed")
    func prepared() throws {
        let responder = EchoResponder()
        let client = try makeClient(responder)
        let ok = try client.ask([22] + Array("?".utf8))
        #expect(ok.count == 3 && ok[0][1] == 1)
        var command = ExecuteCommand(
            statementID: 1, parameters: [BinaryParameter(type: ParameterType(.varString), value: .bytes([65]))])
        #expect(try rows(client.ask(command.encode()), responder) == [.bytes([65])])
        command.bindsTypes = false
        #expect(try rows(client.ask(command.encode()), responder) == [.bytes([65])])
        client.send(LongDataCommand(statementID: 1, parameter: 0, data: [66]).encode())
        client.send(LongDataCommand(statementID: 1, parameter: 0, data: [67]).encode())
        let long = ExecuteCommand(
            statementID: 1, parameters: [BinaryParameter(type: ParameterType(.blob), value: nil)])
        #expect(try rows(client.ask(long.encode()), responder) == [.bytes([66, 67])])
        client.send(Command.closeStatement.payload(number: 1))
        #expect(try code(try client.ask(command.encode())) == 1243)
        #expect(responder.log.withLock { $0.contains("close 1") })
    }

    private func rows(_ payloads: [[UInt8]], _ responder: EchoResponder) throws -> [BinaryValue] {
        try payloads.dropFirst(2).dropLast().flatMap {
            try BinaryRow(decoding: $0.span, columns: responder.columns).values
        }
    }

    @Test("a truncated COM_STMT_EXECUTE gets an ERR and a close")
    func truncatedExecute() throws {
        let client = try makeClient(EchoResponder())
        _ = try client.ask([22] + Array("?".utf8))
        client.send([23, 1, 0, 0, 0, 0])
        #expect(try code(try client.payloads()) == 1835)
        #expect(client.connection.closeReasons.count == 1)
    }

    @Test("without CLIENT_DEPRECATE_EOF a result has EOFs behind columns and rows")
    func withEOF() throws {
        let connection = CollectingConnection()
        let settings = ServerSettings(version: "8", passwords: ["root": StoredPassword("")])
        let session = ServerSideSession(
            id: 1, peer: "[::1]:1", settings: settings, connection: connection, responder: EchoResponder())
        let client = ServerSessionClient(
            session: session, connection: connection, capabilities: [.protocol41, .secureConnection])
        _ = try client.logIn()
        let answer = try client.ask([3, 65])
        #expect(answer.map(\.count) == [1, answer[1].count, 5, 2, 5])
    }
}
