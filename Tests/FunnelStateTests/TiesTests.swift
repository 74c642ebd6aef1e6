import MySQLWire
import SQLText
import Testing

@testable import FunnelPlugin

/// Which statements pin a session, and until when. Answers as MariaDB 10.11 gave them.
@Suite struct TiesTests {
    private let begun = told(
        .transactionState("T_______"), .transactionCharacteristics("START TRANSACTION;"),
        status: [.autocommit, .inTransaction])
    private let ended = told(.transactionState("________"), .transactionCharacteristics(""))

    @Test func aTransactionPinsUntilItsEnd() throws {
        var rig = StateRig()
        #expect(rig.query("BEGIN", begun) == ["transaction"])
        #expect(
            rig.query(
                "INSERT INTO t(b) VALUES(1)",
                told(.transactionState("T_R_W_S_"), status: [.autocommit, .inTransaction])) == ["transaction"])
        #expect(rig.query("SELECT nope", error: 1054) == ["transaction"])
        #expect(rig.query("COMMIT", ended) == [])
        #expect(rig.query("BEGIN", begun) == ["transaction"])
        #expect(rig.query("CREATE TABLE zz(a int)", ended) == [])
    }

    @Test func autocommitOffPinsFromTheFirstReadOn() {
        var rig = StateRig()
        #expect(rig.query("SET autocommit=0", told(.variables(["autocommit": "OFF"]), .change, status: [])) == [])
        #expect(rig.query("SELECT 1", told(status: []), columns: 1, rows: 1) == [])
        #expect(
            rig.query("SELECT * FROM t", told(.transactionState("I_R___S_"), status: .inTransaction), columns: 1)
                == ["transaction"])
        #expect(rig.query("COMMIT", told(.transactionState("________"), status: [])) == [])
        #expect(rig.query("INSERT INTO t VALUES(1)", error: 1062) == ["transaction"])
        #expect(rig.query("ROLLBACK", told(status: [])) == [])
        #expect(rig.query("SAVEPOINT a", told(status: [])) == ["transaction"])
        #expect(rig.query("ROLLBACK", told(status: [])) == [])
        #expect(rig.settings.content.variables["autocommit"] == "OFF")
    }

    @Test func characteristicsOutliveAutocommit() {
        var rig = StateRig()
        rig.query("SET TRANSACTION READ ONLY", told(.transactionCharacteristics("SET TRANSACTION READ ONLY;")))
        rig.query("CREATE TEMPORARY TABLE x(a int)", error: 1792)
        #expect(rig.query("SET autocommit=1", told(.variables(["autocommit": "ON"]), .change)) == [])
        #expect(rig.ties.memory.nextTransaction == "SET TRANSACTION READ ONLY;")
        #expect(rig.query("ROLLBACK", told(.transactionCharacteristics(""))) == [])
        #expect(rig.ties.memory.nextTransaction.isEmpty)
    }

    @Test func temporaryTablesPinUntilAllAreDropped() {
        var rig = StateRig()
        #expect(rig.query("CREATE TEMPORARY TABLE x(a int)", told(.change)) == ["temporary table"])
        // Not told, but in the text.
        #expect(rig.query("CREATE TEMPORARY TABLE y SELECT 1 a") == ["temporary table"])
        #expect(rig.query("ALTER TABLE x RENAME x2") == ["temporary table"])
        #expect(rig.query("DROP TABLE y") == ["temporary table"])
        // Says with a warning that it is no sequence.
        #expect(rig.query("DROP SEQUENCE IF EXISTS x2", told(warnings: 1)) == ["temporary table"])
        #expect(rig.query("DROP TABLE x2, nn", error: 1051) == ["temporary table"])
        #expect(rig.query("DROP TABLE d1.x2") == [])
        #expect(rig.query("CREATE TEMPORARY TABLE e AS SELECT (SELECT 1 UNION SELECT 2)", error: 1242) == [])
    }

    @Test func aRolledBackTransactionKeepsItsTemporaryTables() {
        var rig = StateRig()
        rig.query("BEGIN", begun)
        rig.query("CREATE TEMPORARY TABLE rb(a int)", told(.change, status: [.autocommit, .inTransaction]))
        #expect(rig.query("ROLLBACK", ended) == ["temporary table"])
        #expect(rig.command(.resetConnection) == [])
    }

    @Test func locksOfTablesEndWithUnlock() {
        var rig = StateRig()
        #expect(rig.query("LOCK TABLES t READ", told(.transactionState("_______L"))) == ["LOCK TABLES"])
        #expect(rig.query("UNLOCK TABLES", told(.transactionState("________"))) == [])
        #expect(rig.query("LOCK TABLES nope READ", error: 1146) == [])
        #expect(rig.query("FLUSH TABLES WITH READ LOCK") == ["LOCK TABLES"])
        #expect(rig.query("BEGIN", begun) == ["transaction", "LOCK TABLES"])
        #expect(rig.query("ROLLBACK", ended) == ["LOCK TABLES"])
        #expect(rig.query("UNLOCK TABLES") == [])
        #expect(rig.query("BACKUP STAGE START") == ["LOCK TABLES"])
        #expect(rig.query("BACKUP STAGE END") == [])
    }

    @Test func beginEndsLockTables() {
        var rig = StateRig()
        rig.query("LOCK TABLES t READ", told(.transactionState("_______L")))
        #expect(rig.query("BEGIN", begun) == ["transaction"])
    }

    @Test func aNamedLockEndsWithItsLastRelease() {
        var rig = StateRig()
        #expect(rig.query("SELECT GET_LOCK('a', 10)", columns: 1, rows: 1) == ["GET_LOCK"])
        #expect(rig.query("DO GET_LOCK('a', 10)") == ["GET_LOCK"])
        #expect(rig.query("SELECT GET_LOCK('b',-1) AS got", columns: 1, rows: 1) == ["GET_LOCK"])
        #expect(rig.query("SELECT RELEASE_LOCK('a')", columns: 1, rows: 1) == ["GET_LOCK"])
        #expect(rig.query("SELECT RELEASE_LOCK('b') t1;", columns: 1, rows: 1) == ["GET_LOCK"])
        #expect(rig.query("DO RELEASE_LOCK('a')", error: 1205) == ["GET_LOCK"])
        #expect(rig.query("DO RELEASE_LOCK('a')") == [])
    }

    @Test(arguments: [
        "SELECT GET_LOCK(@a, 1)", "SELECT GET_LOCK('\\61', 1)", "SELECT GET_LOCK('ä', 1)", "SELECT GET_LOCK(\"a\", 1)",
        "SELECT GET_LOCK('a', 1) FROM t", "SELECT 1 FROM t WHERE GET_LOCK('a', 1)", "SELECT GET_LOCK('a', 1), 1",
        "DO GET_LOCK('a', 1); DO GET_LOCK('a', 1)", "SELECT GET_LOCK('a' 'b', 1)", "SELECT GET_LOCK('a', SLEEP(1))",
    ])
    func locksThatNobodyCanCountEndOnlyWithAll(text: String) {
        var rig = StateRig()
        #expect(rig.query(text, columns: 1, rows: 1) == ["GET_LOCK"])
        for _ in 0..<3 { #expect(rig.query("SELECT RELEASE_LOCK('a')", columns: 1, rows: 1) == ["GET_LOCK"]) }
        #expect(rig.query("SELECT RELEASE_ALL_LOCKS()", columns: 1, rows: 1) == [])
    }

    @Test(arguments: [
        "SELECT RELEASE_LOCK('a') LIMIT 0", "SELECT RELEASE_LOCK('a') FROM t", "SELECT IF(0, RELEASE_LOCK('a'), 1)",
        "SELECT RELEASE_LOCK('A')", "SELECT RELEASE_LOCK('b')", "SELECT RELEASE_LOCK('a') LIMIT",
        "SELECT RELEASE_LOCK('a') /*!40000 LIMIT 0 */",
    ])
    func releasesThatMayNotBeOnesEndNothing(text: String) {
        var rig = StateRig()
        rig.query("SELECT GET_LOCK('a', 1)", columns: 1, rows: 1)
        #expect(rig.query(text, columns: 1, rows: 1) == ["GET_LOCK"])
    }

    @Test func aSequenceSetPinsNothingAndATakenValueDoes() {
        var rig = StateRig()
        #expect(rig.query("SELECT SETVAL(s, 50)", columns: 1, rows: 1) == [])
        #expect(rig.query("SELECT LASTVAL(s)", columns: 1, rows: 1) == [])
        #expect(rig.query("SELECT NEXTVAL(s)", columns: 1, rows: 1) == ["hidden state"])
    }

    @Test func aNamedLockEndsOnlyWithAllOfThem() {
        var rig = StateRig()
        #expect(rig.query("SELECT GET_LOCK('a',1), 2", columns: 1, rows: 1) == ["GET_LOCK"])
        #expect(rig.query("SELECT RELEASE_LOCK('a')", columns: 1, rows: 1) == ["GET_LOCK"])
        #expect(rig.query("SELECT RELEASE_ALL_LOCKS()", columns: 1, rows: 1) == [])
        // Evaluated before the failing row.
        #expect(rig.query("SELECT GET_LOCK('a',1), (SELECT 1 UNION SELECT 2)", error: 1242) == ["GET_LOCK"])
        #expect(rig.query("DO RELEASE_ALL_LOCKS(); SELECT GET_LOCK('b',1)", columns: 1, rows: 1) == ["GET_LOCK"])
    }

    @Test func handlersEndByAlias() {
        var rig = StateRig()
        #expect(rig.query("HANDLER ai OPEN AS h") == ["HANDLER"])
        #expect(rig.query("HANDLER ai CLOSE", error: 1109) == ["HANDLER"])
        #expect(rig.query("HANDLER H CLOSE") == [])
    }

    @Test func routinesAndWhatNobodyUnderstandsPin() {
        var rig = StateRig()
        #expect(rig.query("CALL p_uv()") == ["hidden state"])
        #expect(rig.command(.resetConnection) == [])
        #expect(rig.query("SELECT f_set()", told(.change), columns: 1, rows: 1) == ["hidden state"])
        #expect(rig.command(.changeUser) == [])
        #expect(rig.query("FROBNICATE", error: 1064) == [])
        #expect(rig.query("FROBNICATE", OKPacket()) == ["hidden state"])
    }

    @Test func aTriggersWorkIsTold() {
        var rig = StateRig()
        #expect(rig.query("INSERT INTO trg VALUES(1)", told(.change)) == ["hidden state"])
        _ = rig.command(.resetConnection)
        #expect(rig.query("INSERT INTO trg VALUES(1)", error: 1062) == [])
        #expect(rig.ties.mayTellLate)
    }

    @Test func aFunctionInAViewIsTold() {
        var rig = StateRig()
        #expect(rig.query("SELECT * FROM vv", told(.change), columns: 1, rows: 1) == ["hidden state"])
    }

    @Test func theInformationSchemaTellsAChangeThatIsNone() {
        var rig = StateRig()
        #expect(
            rig.query(
                "SELECT * FROM information_schema.tables LIMIT 1", told(.schema("d1"), .change), columns: 1, rows: 1)
                == [])
        #expect(rig.query("SELECT * FROM d2.vv", told(.schema("d1"), .change), columns: 1, rows: 1) == ["hidden state"])
    }

    @Test func userVariablesAreNoPin() {
        var rig = StateRig()
        #expect(rig.query("SET @a=1, @B:=2", told(.change)) == [])
        #expect(rig.query("SELECT 1 INTO @c") == [])
        #expect(rig.ties.memory.assigned == ["a", "b", "c"])
    }

    @Test func oneShotVariablesPin() {
        var rig = StateRig()
        #expect(rig.query("SET insert_id=5", told(.variables(["insert_id": "5"]), .change)) == ["hidden state"])
        #expect(rig.settings.content.variables["insert_id"] == nil)
        _ = rig.command(.resetConnection)
        #expect(rig.query("SET last_insert_id=5", told(.variables(["last_insert_id": "5"]), .change)) == [])
        #expect(rig.ties.memory.last.insertID == .unread)
    }

    @Test func switchingTrackingOffIsNoticed() {
        var rig = StateRig()
        #expect(rig.query("SET session_track_schema=0", told(.change)) == [])
        #expect(rig.ties.lostTracking)
        #expect(rig.query("SET session_track_schema=0, group_concat_max_len=5", told(.change)) == ["hidden state"])
    }

    @Test func preparedTextsAreRemembered() {
        var rig = StateRig()
        #expect(rig.query("PREPARE s FROM 'SET @q=1'", told(.change)) == [])
        #expect(rig.query("EXECUTE s", told(.change)) == [])
        #expect(rig.ties.memory.assigned == ["q"])
        #expect(rig.query("PREPARE s FROM 'CALL p()'", told(.change)) == [])
        #expect(rig.query("EXECUTE s") == ["hidden state"])
    }

    @Test func aPreparedTextThatNobodySawPins() {
        var rig = StateRig()
        #expect(rig.query("PREPARE s FROM @a", told(.change)) == ["hidden state"])
        #expect(rig.query("DEALLOCATE PREPARE s", told(.change)) == [])
        var answer = StatementAnswer()
        let text = Array("PREPARE s FROM @a".utf8)
        answer.effects = .init(of: text.span)
        answer.status = .autocommit
        answer.variableTexts = ["a": Array("SELECT 1".utf8)]
        rig.ties.answered(answer, text.span, schema: nil)
        #expect(rig.pins == [])
        #expect(rig.query("EXECUTE s", columns: 1, rows: 1) == [])
    }

    @Test func aPrepareOfNoStatementDropsTheOneBefore() {
        var rig = StateRig()
        rig.query("PREPARE s FROM 'SELECT 1'", told(.change))
        rig.query("PREPARE s FROM 'SELEC'", error: 1064)
        #expect(rig.ties.memory.statements.isEmpty)
        #expect(rig.pins == [])
    }

    @Test func recordedPackets() throws {
        var rig = StateRig()
        // USE d2, as it came.
        #expect(try rig.query("USE d2", packet: "0000000040000000080103026432020131") == [])
        #expect(rig.settings.content.schema == Array("d2".utf8))
    }

    @Test func theNextTransactionsCharacteristicsAreSetAgain() {
        var rig = StateRig()
        let both = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION READ ONLY;"
        #expect(
            rig.query(
                "SET TRANSACTION READ ONLY, ISOLATION LEVEL REPEATABLE READ",
                told(.transactionCharacteristics(both))
            ).isEmpty)
        // The same again is not told.
        #expect(rig.query("SET TRANSACTION READ ONLY").isEmpty)
        var connection = ConnectionState()
        connection.answered(rig.ties, StatementAnswer())
        #expect(sent(before: "SELECT 1", &connection, rig.ties.memory).isEmpty)
        connection.left(by: rig.ties)
        #expect(connection.cleaning == .rollback)
        connection.cleaned()
        _ = connection.taken(by: SessionMemory())
        #expect(sent(before: "SELECT 1", &connection, SessionMemory()).isEmpty)
        connection.left(by: SessionTies())
        #expect(connection.cleaning == .none)
        _ = connection.taken(by: rig.ties.memory)
        let again = ["SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", " SET TRANSACTION READ ONLY"]
        #expect(sent(before: "SELECT 1", &connection, rig.ties.memory) == again)
        #expect(sent(before: "SELECT 1", &connection, rig.ties.memory).isEmpty)
        #expect(rig.query("SELECT * FROM t", told(.transactionCharacteristics("")), columns: 1).isEmpty)
        connection.answered(rig.ties, StatementAnswer())
        connection.left(by: rig.ties)
        #expect(connection.cleaning == .none)
        #expect(
            rig.query("SET TRANSACTION READ ONLY", told(.transactionCharacteristics("SET TRANSACTION READ ONLY;")))
                .isEmpty)
        #expect(rig.query("INSERT INTO t VALUES(1)", error: 1792).isEmpty)
        #expect(rig.ties.memory.nextTransaction == "SET TRANSACTION READ ONLY;")
    }

    @Test func anErrorLeavesTheNextTransactionInDoubt() {
        var rig = StateRig()
        #expect(
            rig.query("SET @@tx_read_only=1", told(.transactionCharacteristics("SET TRANSACTION READ ONLY;"))).isEmpty)
        #expect(rig.query("SELECT * FROM missing", error: 1146) == ["transaction"])
        #expect(rig.query("DO 1") == ["transaction"])
        // It would have been told along with this.
        #expect(rig.query("SET @a=1", told(.change)).isEmpty)
        #expect(rig.ties.memory.nextTransaction == "SET TRANSACTION READ ONLY;")
        #expect(rig.query("SELECT * FROM t,t", error: 1066) == ["transaction"])
        #expect(rig.query("SET @a=1", told(.change, .transactionCharacteristics(""))).isEmpty)
        #expect(rig.ties.memory.nextTransaction.isEmpty)
        #expect(rig.query("SET TRANSACTION READ ONLY") == ["transaction"])
    }

    @Test func toExecuteWhatIsNotPreparedTiesToNothing() {
        var rig = StateRig()
        #expect(rig.query("EXECUTE p", error: 1243).isEmpty)
        #expect(rig.query("EXECUTE p USING @a; CALL q()", error: 1243, results: 1) == ["hidden state"])
        rig = StateRig()
        #expect(rig.query("CALL q()", error: 1243) == ["hidden state"])
    }

    @Test func statementsArePreparedBeforeATransactionThatOnlyReads() {
        var rig = StateRig()
        rig.query("PREPARE p FROM 'INSERT INTO t VALUES(1)'", told(.change))
        var connection = ConnectionState()
        _ = connection.taken(by: rig.ties.memory)
        #expect(sent(before: "SELECT 1", &connection, rig.ties.memory).isEmpty)
        let prepare = ["PREPARE `p` FROM 'INSERT INTO t VALUES(1)'"]
        var other = connection
        #expect(sent(before: "START TRANSACTION READ ONLY", &other, rig.ties.memory) == prepare)
        #expect(sent(before: "EXECUTE p", &other, rig.ties.memory).isEmpty)
        // A refused one is prepared again, by whoever needs it.
        #expect(sent(before: "EXECUTE p", &connection, rig.ties.memory) == prepare)
        connection.preparationsFailed()
        #expect(sent(before: "EXECUTE p", &connection, rig.ties.memory) == prepare)
        connection.preparationsFailed()
        #expect(
            sent(before: "EXECUTE p", &connection, SessionMemory())
                == ["PREPARE `p` FROM 'DO 0 /* unknown */'", "DEALLOCATE PREPARE `p`"])
        rig.query("SET TRANSACTION READ ONLY", told(.transactionCharacteristics("SET TRANSACTION READ ONLY;")))
        connection = ConnectionState()
        _ = connection.taken(by: rig.ties.memory)
        #expect(sent(before: "SELECT 1", &connection, rig.ties.memory) == prepare + ["SET TRANSACTION READ ONLY"])
    }

    private func sent(before text: String, _ connection: inout ConnectionState, _ memory: SessionMemory) -> [String] {
        let text = Array(text.utf8)
        let steps = connection.preparations(
            for: StatementEffects(of: text.span, mode: []), text.span, memory, schema: Array("d1".utf8), mode: [])
        return steps.map {
            guard case .command(let payload) = $0 else { return "\($0)" }
            return String(decoding: payload.dropFirst(), as: UTF8.self)
        }
    }
}
