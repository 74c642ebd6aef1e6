import MySQLWire
import SQLText
import Testing

@testable import FunnelPlugin

/// What a session is given again on another connection. Answers as MariaDB 10.11 gave them.
@Suite struct MemoryTests {
    private func text(_ commands: [[UInt8]]) -> [String] {
        commands.map { String(decoding: $0.dropFirst(), as: UTF8.self) }
    }

    private func row(_ values: String?...) -> [[UInt8]?] { values.map { $0.map { Array($0.utf8) } } }

    private func column(_ type: ColumnType, _ flags: ColumnFlags = []) -> ColumnDefinition {
        ColumnDefinition(name: "x", type: type, flags: flags)
    }

    @Test func nothingIsAskedAfterAPlainStatement() {
        var rig = StateRig()
        rig.query("SELECT * FROM t LIMIT 3", columns: 1, rows: 3)
        #expect(Capture(rig.ties.memory, rig.settings) == nil)
        #expect(rig.ties.memory.last.foundRows == .known(3))
        rig.query("UPDATE t SET a=1", OKPacket(affectedRows: 7))
        #expect(Capture(rig.ties.memory, rig.settings) == nil)
        #expect(rig.ties.memory.last.rowCount == 7)
        #expect(rig.ties.memory.last.foundRows == .known(3))
    }

    @Test func anInsertIDIsAskedFor() throws {
        var rig = StateRig()
        rig.query("INSERT INTO ai(a) VALUES(50)", OKPacket(affectedRows: 1, lastInsertID: 50))
        let capture = try #require(Capture(rig.ties.memory, rig.settings))
        #expect(text(capture.commands) == ["SELECT LAST_INSERT_ID() LIMIT 1"])
        let read = capture.read([.init(columns: [column(.longLong)], rows: [row("1")])], into: &rig.ties.memory)
        #expect(read?.isEmpty == true)
        #expect(rig.ties.memory.last.insertID == .known(1))
    }

    @Test func everyTypeOfVariableComesBack() throws {
        var rig = StateRig()
        rig.query("SET @a=1,@c=18446744073709551615,@d=1.50,@e=1.1e0,@g='x',@h=NULL,@i=x'00FF',@q=1e300", told(.change))
        let capture = try #require(Capture(rig.ties.memory, rig.settings))
        #expect(text(capture.commands)[0].hasPrefix("SELECT @`a`,HEX(@`a`),COLLATION(@`a`),@`c`,"))
        let answer: [(String?, String?, String, ColumnDefinition)] = [
            ("1", "1", "binary", column(.longLong)),
            ("18446744073709551615", "FFFFFFFFFFFFFFFF", "binary", column(.longLong, [.unsigned])),
            ("1.50", "2", "binary", column(.newDecimal)), ("1.1", "1", "binary", column(.double)),
            ("Ã©", "C3A9", "latin1_bin", column(.longBlob)), (nil, nil, "binary", column(.longBlob)),
            ("?", "00FF", "binary", column(.longBlob)), ("1e300", "F", "binary", column(.double)),
        ]
        let values = answer.flatMap { row($0.0, $0.1, $0.2) }
        let columns = answer.flatMap { [$0.3, column(.varString), column(.varString)] }
        #expect(capture.read([.init(columns: columns, rows: [values])], into: &rig.ties.memory) != nil)
        #expect(rig.ties.memory.assigned.isEmpty)
        var connection = ConnectionState()
        let assignments = connection.taken(by: rig.ties.memory).map { String(decoding: $0, as: UTF8.self) }
        #expect(
            assignments == [
                "@`a`=1", "@`c`=CAST(18446744073709551615 AS UNSIGNED)", "@`d`=1.50", "@`e`=1.1e0",
                "@`g`=_latin1 x'C3A9' COLLATE latin1_bin", "@`i`=_binary x'00FF'", "@`q`=1e300",
            ])
    }

    @Test func aVariableThatBecameNullKeepsItsType() throws {
        var rig = StateRig()
        rig.query("SET @a=5,@b=1e0,@c=1.5,@d='x',@e=x'00'", told(.change))
        rig.query("SET @a=NULL,@b=NULL,@c=NULL,@d=NULL,@e=NULL", told(.change))
        let capture = try #require(Capture(rig.ties.memory, rig.settings))
        let types: [(ColumnType, String)] = [
            (.longLong, "binary"), (.double, "binary"), (.newDecimal, "binary"), (.longBlob, "latin1_bin"),
            (.longBlob, "binary"),
        ]
        let values = types.flatMap { row(nil, nil, $0.1) }
        let columns = types.flatMap { [column($0.0), column(.varString), column(.varString)] }
        #expect(capture.read([.init(columns: columns, rows: [values])], into: &rig.ties.memory) != nil)
        var connection = ConnectionState()
        #expect(
            connection.taken(by: rig.ties.memory).map { String(decoding: $0, as: UTF8.self) } == [
                "@`a`=CAST(NULL AS SIGNED)", "@`b`=CAST(NULL AS DOUBLE)", "@`c`=CAST(NULL AS DECIMAL)",
                "@`d`=CONVERT(NULL USING latin1) COLLATE latin1_bin",
            ])
    }

    @Test func anotherSessionsVariablesBecomeAsNeverSet() {
        var first = StateRig()
        var connection = ConnectionState()
        first.query("SET @`a``b`=1, @c=2", told(.change))
        connection.answered(first.ties, StatementAnswer())
        connection.left(by: first.ties)
        #expect(connection.cleaning == .none)
        #expect(
            connection.taken(by: SessionMemory()).map { String(decoding: $0, as: UTF8.self) }
                == ["@`a``b`=CAST(NULL AS BINARY)", "@`c`=CAST(NULL AS BINARY)"])
        #expect(connection.taken(by: SessionMemory()).isEmpty)
    }

    @Test func anAnswerOutOfShapeIsNone() throws {
        var rig = StateRig()
        rig.query("SELECT @a:=1", columns: 1, rows: 1)
        let capture = try #require(Capture(rig.ties.memory, rig.settings))
        #expect(capture.read([], into: &rig.ties.memory) == nil)
        #expect(capture.read([.init(columns: [], rows: [])], into: &rig.ties.memory) == nil)
        let columns = [column(.longLong), column(.varString), column(.varString)]
        let hostile = row("1; DROP TABLE t", "1", "binary")
        #expect(capture.read([.init(columns: columns, rows: [hostile])], into: &rig.ties.memory) == nil)
    }

    @Test func warningsAreCapturedAndShownAgain() throws {
        var rig = StateRig()
        rig.query("SELECT 1/0", told(warnings: 1), columns: 1, rows: 1)
        let capture = try #require(Capture(rig.ties.memory, rig.settings))
        #expect(text(capture.commands) == ["SHOW WARNINGS"])
        let rows = [row("Warning", "1365", "Division by 0")]
        #expect(capture.read([.init(columns: [], rows: rows)], into: &rig.ties.memory) != nil)
        // SELECT without a table leaves them.
        rig.query("SELECT 1", columns: 1, rows: 1)
        let last = rig.ties.memory.last
        #expect(last.warningCount == 1)
        #expect(last.errorCount == 0)
        #expect(show("SHOW WARNINGS", last) == rows)
        #expect(show("SHOW ERRORS", last) == [])
        #expect(show("show warnings limit 1, 5;", last) == [])
        #expect(show("SHOW COUNT(*) WARNINGS", last) == [row("1")])
        #expect(show("SHOW TABLES", last) == nil)
        rig.query("SELECT * FROM t", columns: 1, rows: 1)
        #expect(show("SHOW WARNINGS", rig.ties.memory.last) == [])
    }

    private func show(_ statement: String, _ last: LastStatement) -> [[[UInt8]?]]? {
        DiagnosticsAnswer(Array(statement.utf8).span, last)?.rows
    }

    @Test func getDiagnosticsIsGivenWhatIsRemembered() throws {
        var rig = StateRig()
        rig.query("SELECT nope", error: 1054)
        let capture = try #require(Capture(rig.ties.memory, rig.settings))
        let rows = [row("Error", "1054", "Unknown column 'é'")]
        #expect(capture.read([.init(columns: [], rows: rows)], into: &rig.ties.memory) != nil)
        let last = rig.ties.memory.last
        #expect(get("GET DIAGNOSTICS @n = NUMBER, @`r w` = ROW_COUNT;", last) == "SET @n=CAST(1 AS UNSIGNED),@`r w`=-1")
        #expect(
            get("get current diagnostics condition 1 @S=returned_sqlstate, @e=MYSQL_ERRNO", last)
                == "SET @S=_utf8mb3 '42S22',@e=CAST(1054 AS UNSIGNED)")
        #expect(
            get("GET DIAGNOSTICS CONDITION 1 @m = MESSAGE_TEXT", last)
                == "SET @m=CONVERT(_utf8mb4 x'556E6B6E6F776E20636F6C756D6E2027C3A927' USING utf8mb3)")
        #expect(get("GET DIAGNOSTICS CONDITION 2 @m = MESSAGE_TEXT", last) == "DO 0")
        #expect(get("GET DIAGNOSTICS CONDITION @i @m = MESSAGE_TEXT", last) == "unknown")
        #expect(get("GET DIAGNOSTICS CONDITION 1 @m = ROW_NUMBER", last) == "unknown")
        #expect(get("GET DIAGNOSTICS @n = NUMBER", last, foreign: [.rowCount]) == nil)
        #expect(get("GET DIAGNOSTICS @r = ROW_COUNT", last, foreign: [.rowCount]) == "SET @r=-1")
        #expect(get("SHOW WARNINGS", last) == nil)
    }

    private func get(_ text: String, _ last: LastStatement, foreign: LastValues = .all) -> String? {
        switch DiagnosticsAssignment(Array(text.utf8).span, last, foreign: foreign, characterSet: "utf8mb4") {
        case nil: nil
        case .unknown: "unknown"
        case .text(let text): String(decoding: text, as: UTF8.self)
        }
    }

    @Test func executedStatementsGetTheValuesOfTheirOwnSession() {
        var rig = StateRig()
        rig.query("PREPARE p FROM 'SELECT CONNECTION_ID(), ?, ''x'''", told(.change))
        rig.query("PREPARE plain FROM 'SELECT ?'", told(.change))
        let memory = rig.ties.memory
        let immediate = "EXECUTE IMMEDIATE 'SELECT CAST(0000004711 AS UNSIGNED), ?, ''x''' "
        #expect(execute("execute p using @`a;b`, 1 ;", memory) == immediate + "using @`a;b`, 1 ")
        #expect(execute("EXECUTE `p`", memory) == immediate)
        #expect(execute("EXECUTE p; -- the end", memory) == immediate)
        #expect(execute("EXECUTE p;", memory) == immediate)
        #expect(execute("EXECUTE p; SELECT 1", memory) == nil)
        #expect(execute("SELECT 1; EXECUTE p", memory) == nil)
        #expect(execute("EXECUTE plain USING @a", memory) == nil)
        #expect(execute("EXECUTE missing", memory) == nil)
        #expect(execute("EXECUTE p", memory, schema: "d2") == nil)
    }

    private func execute(_ text: String, _ memory: SessionMemory, schema: String = "d1") -> String? {
        let text = Array(text.utf8)
        return Substitution(
            executing: text.span, StatementEffects(of: text.span, mode: []), memory, schema: Array(schema.utf8),
            mode: [], foreign: [], connection: 4711
        ).map { String(decoding: $0.text, as: UTF8.self) }
    }

    @Test func everyOKIsARowCountOfNone() {
        for command in [Command.initDB, .ping, .resetStatement] {
            var rig = StateRig()
            rig.query("UPDATE t SET a=1", OKPacket(affectedRows: 7))
            _ = rig.command(command)
            #expect(rig.ties.memory.last.rowCount == 0)
            #expect(rig.ties.memory.last.renewed.contains(.rowCount))
        }
        var rig = StateRig()
        rig.query("UPDATE t SET a=1", OKPacket(affectedRows: 7))
        _ = rig.command(.statistics)
        #expect(rig.ties.memory.last.rowCount == 7)
    }

    @Test func getDiagnosticsLeavesTheRowCount() {
        var rig = StateRig()
        rig.query("UPDATE t SET a=1", OKPacket(affectedRows: 7))
        rig.query("GET DIAGNOSTICS @r = ROW_COUNT", told(.change))
        #expect(rig.ties.memory.last.rowCount == 7)
    }

    @Test func functionsGetTheValuesOfTheirOwnSession() throws {
        var rig = StateRig()
        rig.query("SELECT a FROM t", columns: 1, rows: 5)
        let result = try #require(
            substitute("SELECT FOUND_ROWS(), 'FOUND_ROWS()', row_count() ORDER BY ROW_COUNT()", rig.ties.memory.last))
        #expect(
            String(decoding: result.text, as: UTF8.self)
                == "SELECT CAST('000000000000000000005' AS SIGNED), 'FOUND_ROWS()', "
                + "CAST('-00000000000000000001' AS SIGNED) ORDER BY cAST('-00000000000000000001' AS SIGNED)")
        #expect(
            result.replacements.map { String(decoding: $0.original, as: UTF8.self) }
                == ["FOUND_ROWS()", "row_count()", "ROW_COUNT()"])
        #expect(substitute("SELECT FOUND_ROWS()", rig.ties.memory.last, foreign: []) == nil)
        let own = try #require(substitute("SELECT CONNECTION_ID()", rig.ties.memory.last, foreign: []))
        #expect(String(decoding: own.text, as: UTF8.self) == "SELECT CAST(0000004711 AS UNSIGNED)")
        #expect(substitute("EXECUTE IMMEDIATE 'SELECT CONNECTION_ID()'", rig.ties.memory.last) == nil)
    }

    private func substitute(_ statement: String, _ last: LastStatement, foreign: LastValues = .all) -> Substitution? {
        let text = Array(statement.utf8)
        return Substitution(text.span, StatementEffects(of: text.span), last, foreign: foreign, connection: 4711)
    }

    @Test func foundRowsAreAskedForWhereRowsAreLeftOut() {
        var rig = StateRig()
        for text in [
            "SELECT SQL_CALC_FOUND_ROWS * FROM t LIMIT 1", "SELECT a FROM t LIMIT 2,1",
            "SELECT a FROM t LIMIT 1 OFFSET 2",
        ] {
            rig.query("SELECT 1", columns: 1, rows: 1)
            #expect(rig.ties.memory.last.foundRows == .known(1))
            rig.query(text, columns: 1, rows: 1)
            #expect(rig.ties.memory.last.foundRows == .unread, "\(text)")
        }
        rig.query("INSERT INTO ai(b) SELECT 4", OKPacket(affectedRows: 1))
        #expect(rig.ties.memory.last.foundRows == .unread)
    }

    @Test func preparedStatementsMoveWhenTheyAreNeeded() {
        var first = StateRig()
        first.query("PREPARE s FROM 'SELECT ''a'''", told(.change))
        var connection = ConnectionState()
        #expect(preparations(&connection, "SELECT 1", first) == [])
        #expect(preparations(&connection, "EXECUTE s", first) == ["PREPARE `s` FROM 'SELECT ''a'''"])
        #expect(preparations(&connection, "EXECUTE s", first) == [])
        connection.left(by: first.ties)
        _ = connection.taken(by: SessionMemory())
        #expect(
            preparations(&connection, "EXECUTE s", StateRig()) == ["DEALLOCATE PREPARE `s`"])
    }

    @Test func theInsertIDMovesWhenItIsRead() {
        var rig = StateRig()
        rig.ties.memory.last.insertID = .known(42)
        var connection = ConnectionState()
        _ = connection.taken(by: rig.ties.memory)
        #expect(preparations(&connection, "SELECT a FROM t", rig) == [])
        #expect(preparations(&connection, "INSERT INTO x VALUES(LAST_INSERT_ID())", rig) == ["SET last_insert_id=42"])
        #expect(preparations(&connection, "SELECT LAST_INSERT_ID()", rig) == [])
    }

    @Test func aFailingUpdateSaysNothingOfTheInsertID() {
        var rig = StateRig()
        rig.ties.memory.last.insertID = .known(42)
        rig.query("UPDATE t SET b=1", error: 1062)
        #expect(rig.ties.memory.last.insertID == .known(42))
        rig.query("INSERT INTO t VALUES(1)", error: 1062)
        #expect(rig.ties.memory.last.insertID == .unread)
    }

    @Test func twoSessionsWithoutInsertIDsNeedNone() {
        let rig = StateRig()
        var connection = ConnectionState()
        connection.left(by: rig.ties)
        _ = connection.taken(by: rig.ties.memory)
        #expect(preparations(&connection, "INSERT INTO t VALUES(1)", rig) == [])
    }

    private func preparations(_ connection: inout ConnectionState, _ statement: String, _ rig: StateRig) -> [String] {
        let effects = StatementEffects(of: Array(statement.utf8).span)
        return connection.preparations(
            for: effects, Array(statement.utf8).span, rig.ties.memory, schema: rig.settings.content.schema, mode: []
        ).map {
            guard case .command(let payload) = $0 else { return "?" }
            return String(decoding: payload.dropFirst(), as: UTF8.self)
        }
    }

    @Test func aConnectionIsCleanedAsMuchAsNeeded() {
        let open = told(.transactionState("T_______"), status: [.autocommit, .inTransaction])
        #expect(cleaning { $0.query("SELECT 1", columns: 1, rows: 1) } == .none)
        #expect(cleaning { $0.query("BEGIN", open) } == .rollback)
        #expect(cleaning { $0.query("XA START 'x'", open) } == .reset)
        #expect(cleaning { $0.query("CREATE TEMPORARY TABLE x(a int)", told(.change)) } == .reset)
        #expect(cleaning { $0.query("CALL p()") } == .reset)
        #expect(cleaning { $0.query("INSERT INTO t VALUES(1)", error: 1062) } == .reset)
        #expect(cleaning { $0.query("SET profiling=1", told(.variables(["profiling": "ON"]), .change)) } == .close)
    }

    private func cleaning(_ act: (inout StateRig) -> Void) -> ConnectionState.Cleaning {
        var rig = StateRig()
        act(&rig)
        var connection = ConnectionState()
        connection.left(by: rig.ties)
        return connection.cleaning
    }
}
