import MySQLWire
import ProxyCore
import TestSupport
import Testing

@Suite("Answer translator: built answers")
struct AnswerTranslatorTranscriptTests {
    private static let backend = TranslationFixtures.backendProfile.capabilities
        .subtracting(.mariadbExtendedMetadata)
    private static let classic = TranslationFixtures.classicProfile.capabilities
    private static let tracked = TranslationFixtures.trackedProfile.capabilities

    private typealias Fixtures = ResultFixtures

    private func translator(
        _ command: Command = .query, backend: Capabilities = Self.backend, to client: Capabilities = Self.classic,
        lastSequence: UInt8 = 0, clientSequence: UInt8 = 1, patches: AnswerPatches = AnswerPatches()
    ) -> AnswerTranslator {
        var translator = AnswerTranslator(backend: backend, client: client)
        translator.commandSent(
            command, lastSequence: lastSequence, clientSequence: clientSequence, patches: patches)
        return translator
    }

    private func payloads(_ translation: Translation) -> [[UInt8]] {
        translation.output.packets.map(\.payload)
    }

    private func sequences(_ translation: Translation) -> [UInt8] {
        translation.output.packets.map(\.sequence)
    }

    private func ok(status: UInt8 = 2, _ changes: [SessionStateChange]) -> [UInt8] {
        OKPacket(status: StatusFlags(rawValue: UInt16(status)), changes: changes).encode(capabilities: Self.tracked)
    }

    @Test("every packet gets the client's sequence id, also past 255")
    func sequencesWrap() {
        let columns = [[UInt8]](repeating: Fixtures.column, count: 300)
        let rows = [[UInt8]](repeating: [1, 0x31], count: 700)
        let all: [[UInt8]] = [[0xFC, 0x2C, 0x01]] + columns + rows + [Fixtures.ok(first: 0xFE)]
        var bytes: [UInt8] = []
        for (index, payload) in all.enumerated() {
            bytes += Fixtures.packets(from: UInt8(truncatingIfNeeded: index + 4), payload)
        }
        for pieces in [Int.max, 1, 7, 1000] {
            var translator = translator(lastSequence: 3, clientSequence: 1)
            let translation = translator.feed(bytes) { pieces }
            #expect(translation.event == .ended)
            #expect(sequences(translation) == (1...1003).map { UInt8(truncatingIfNeeded: $0) })
            let eof = [Fixtures.eof()]
            #expect(payloads(translation) == [[0xFC, 0x2C, 0x01]] + columns + eof + rows + eof)
            #expect(translator.summary.rows == 700)
        }
    }

    @Test("a row of 20 MB keeps its bytes and gets new headers")
    func longRow() throws {
        let row = [UInt8](repeating: 0x61, count: 20_000_000)
        var sent = PacketWriter(sequence: 1)
        var wanted = PacketWriter(sequence: 1)
        for payload in [[1], Fixtures.column] {
            sent.append(payload)
            wanted.append(payload)
        }
        wanted.append(Fixtures.eof())
        sent.append(row)
        wanted.append(row)
        sent.append(Fixtures.ok(first: 0xFE))
        wanted.append(Fixtures.eof())
        let (bytes, expected) = (sent.take(), wanted.take())
        for pieces in [Int.max, 65_536, 1_000_003] {
            var translator = translator()
            let translation = translator.feed(bytes) { pieces }
            #expect(translation.event == .ended)
            #expect(translation.output == expected)
            #expect(translation.mostUnconsumed < 64)
        }
    }

    @Test("an idle connection's late ERR, numbered 0, gets the number that the client expects")
    func lateError() {
        var translator = translator(to: Self.tracked, lastSequence: 4)
        let translation = translator.feed(Fixtures.packets(from: 0, Fixtures.error))
        #expect(translation.event == .ended)
        #expect(translation.output == Fixtures.packets(from: 1, Fixtures.error))
        #expect(translator.lastResult?.kind == .error)
        #expect(translator.lastResult?.errorCode == 1318)
    }

    @Test("an ERR among rows comes behind the EOF of the columns", arguments: [Command.query, .execute])
    func errorInRows(_ command: Command) {
        var translator = translator(command)
        let translation = translator.feed(Fixtures.packets([1], Fixtures.column, Fixtures.error))
        #expect(translation.output == Fixtures.packets([1], Fixtures.column, Fixtures.eof(), Fixtures.error))
        #expect(translation.event == .ended)
    }

    @Test("columns' EOF goes out with the last column, not with the first row")
    func eofIsPrompt() {
        var translator = translator()
        let translation = translator.feed(Fixtures.packets([1], Fixtures.column))
        #expect(translation.output == Fixtures.packets([1], Fixtures.column, Fixtures.eof()))
        #expect(translator.clientSequence == 4)
        #expect(translator.backendSequence == 3)
    }

    @Test("an execution's EOF waits for its first row's follower; a long row isn't waited for")
    func executionWaits() {
        let row: [UInt8] = [0, 0, 1]
        var translator = translator(.execute)
        var translation = translator.feed(Fixtures.packets([1], Fixtures.column, row))
        #expect(translation.output == Fixtures.packets([1], Fixtures.column))
        #expect(translation.mostUnconsumed == 7)
        let end = Fixtures.packets(from: 3, row, Fixtures.ok(status: 0x0A, first: 0xFE))
        translation = translator.feed(end)
        #expect(
            translation.output == Fixtures.packets(from: 3, Fixtures.eof(status: 0x0A), row, Fixtures.eof(status: 0x0A))
        )
        let long = [UInt8](repeating: 0, count: 70_000)
        translator = self.translator(.execute)
        translation = translator.feed(Fixtures.packets([1], Fixtures.column, long))
        #expect(translation.output == Fixtures.packets([1], Fixtures.column, Fixtures.eof(), long))
    }

    @Test("LOCAL INFILE behind another result: the file's packets are numbered for each side")
    func localInfile() {
        let infile: [UInt8] = [0xFB, 0x2F, 0x78]
        var translator = translator()
        let asked = translator.feed(
            Fixtures.packets([1], Fixtures.column, [1, 0x35], Fixtures.ok(status: 0x0A, first: 0xFE), infile))
        #expect(asked.event == .localInfile)
        #expect(sequences(asked) == [1, 2, 3, 4, 5, 6])
        #expect((translator.backendSequence, translator.clientSequence) == (6, 7))
        translator.clientAnswered(lastSequence: 7, clientSequence: 9)
        let loaded = translator.feed(Fixtures.packets(from: 8, Fixtures.ok()))
        #expect(loaded.event == .ended)
        #expect(loaded.output == Fixtures.packets(from: 9, Fixtures.ok()))
    }

    @Test("every result tells its own figures; sums are the summary's")
    func results() {
        var translator = translator(to: Self.tracked)
        var first = Fixtures.ok(status: 0x0A)
        (first[1], first[2]) = (3, 41)
        var last = Fixtures.ok()
        last[1] = 2
        last += [2, 0x68, 0x69]
        _ = translator.feed(
            Fixtures.packets(
                first, [1], Fixtures.column, [1, 0x35], [1, 0x36], Fixtures.ok(status: 0x0A, first: 0xFE), last))
        let results = translator.results
        #expect(results.map(\.kind) == [.ok, .series, .ok])
        #expect(results.map(\.affectedRows) == [3, 0, 2])
        #expect(results.map(\.rows) == [0, 2, 0])
        #expect(results.map(\.lastInsertID) == [41, 0, 0])
        #expect(results.map { $0.status.contains(.moreResults) } == [true, true, false])
        #expect(translator.lastResult == results.last)
        #expect(translator.lastInsertID == 41)
        #expect(translator.lastInfo == [0x68, 0x69])
        #expect(translator.summary.affectedRows == 5)
    }

    @Test("all changes of all OKs are told, whatever the client gets")
    func changes() {
        let zone = SessionStateChange.systemVariables([.init(name: "time_zone", value: "+01:00")])
        let mode = SessionStateChange.systemVariables([.init(name: "sql_mode", value: "")])
        let rowsEnd = OKPacket(
            endsResult: true, status: [.autocommit, .moreResults], changes: [.stateChanged("1"), zone])
        let bytes = Fixtures.packets(
            ok(status: 0x0A, [mode]), [1], Fixtures.column, rowsEnd.encode(capabilities: Self.tracked),
            ok([.schema("b"), mode]))
        for client in [Self.classic, Self.tracked] {
            var translator = translator(to: client)
            #expect(translator.feed(bytes).event == .ended)
            #expect(translator.lastChangesStart == 3)
            #expect(translator.takeChanges() == [mode, .stateChanged("1"), zone, .schema("b"), mode])
            #expect(translator.takeChanges() == [])
        }
    }

    @Test("a policy says what a tracking client is told")
    func policy() {
        let names = SessionStateChange.systemVariables([
            .init(name: "sql_mode", value: "ANSI"), .init(name: "time_zone", value: "UTC"),
        ])
        let all: [SessionStateChange] = [
            names, .schema("b"), .stateChanged("1"), .gtids(encoding: 0, "x"), .transactionCharacteristics("BEGIN"),
            .transactionState("T_______"), .unknown(type: 9, [1]),
        ]
        var policy = TrackPolicy()
        #expect(policy.told(all) == [.systemVariables([.init(name: "time_zone", value: "UTC")]), .schema("b")])
        policy.variables = .named([])
        policy.schema = false
        #expect(policy.told(all) == [])
        policy.variables = .all
        (policy.stateChange, policy.gtids) = (true, true)
        (policy.transactionState, policy.transactionCharacteristics) = (true, true)
        #expect(policy.told(all) == [names] + all[2...5])
        policy.schema = true
        var translator = translator(to: Self.tracked)
        translator.trackPolicy = policy
        let bytes = Fixtures.packets(ok(Array(all[0...5])))
        let translation = translator.feed(bytes)
        #expect((translation.isUnchanged, translation.output == bytes) == (true, true))
    }

    @Test("a policy follows what the session sets, as servers read it")
    func settingThePolicy() {
        var policy = TrackPolicy()
        policy.set("session_track_schema", to: "OFF")
        policy.set("session_track_state_change", to: "'on'")
        policy.set("session_track_transaction_info", to: "'CHARACTERISTICS'")
        policy.set("session_track_system_variables", to: "'SQL_mode, time_zone'")
        #expect((policy.schema, policy.stateChange) == (false, true))
        #expect((policy.transactionState, policy.transactionCharacteristics) == (true, true))
        #expect(policy.variables == .named(["sql_mode", "time_zone"]))
        policy.set("session_track_transaction_info", to: "STATE")
        #expect((policy.transactionState, policy.transactionCharacteristics) == (true, false))
        policy.set("session_track_system_variables", to: "'*'")
        #expect(policy.variables == .all)
        for variable in ["schema", "state_change", "transaction_info", "system_variables"] {
            policy.set("session_track_" + variable, to: "DEFAULT")
        }
        #expect(policy == TrackPolicy())
    }

    @Test("what a server would refuse, or only it can work out, changes no policy")
    func refusedPolicies() {
        var policy = TrackPolicy()
        policy.set("session_track_state_change", to: "2")
        policy.set("session_track_schema", to: "@off")
        policy.set("session_track_transaction_info", to: "'ALL'")
        policy.set("session_track_system_variables", to: "CONCAT('a')")
        policy.set("time_zone", to: "OFF")
        #expect(policy == TrackPolicy())
    }
}
