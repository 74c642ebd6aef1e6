import MySQLWire
import SQLText
import Testing

@testable import FunnelPlugin

/// What sessions have set, and what makes a connection the same. Answers as MariaDB 10.11 gave them.
@Suite struct SettingsTests {
    @Test func aVariableThatTheServerDoesNotKnowIsNotAskedFor() {
        var rig = StateRig()
        let before = rig.settings
        rig.query("SET SESSION no_such_variable=1", error: 1193)
        rig.query("SELECT 1; SET SESSION no_such_variable=1", error: 1193, results: 1)
        #expect(rig.settings === before)
    }

    @Test func equalSettingsAreOneObject() {
        let table = SettingsTable()
        var one = StateRig()
        let other = table.settings(one.settings.content)
        #expect(table.settings(one.settings.content) === other)
        let before = one.settings
        one.query("SELECT 1", columns: 1, rows: 1)
        #expect(one.settings === before)
    }

    @Test func loginsAlikeHaveTheSameSettings_othersTheirOwn() {
        let table = SettingsTable()
        var logins = LoginSettings()
        func settings(_ collation: UInt8 = 45, _ schema: String = "", several: Bool = true) -> SessionSettings {
            logins.settings(
                .init(collation: collation, schema: Array(schema.utf8), takesSeveralStatements: several), in: table)
        }
        let usual = settings()
        #expect(settings() === usual)
        #expect(settings(8) !== usual)
        #expect(settings(45, "d1") !== usual)
        #expect(settings(45, several: false) !== usual)
        #expect(settings() === usual)
        #expect(usual.content == .login(collation: 45, schema: nil, takesSeveralStatements: true))
        #expect(settings(45, "d1").content.schema == Array("d1".utf8))
    }

    @Test func aVariableIsReplayedWhereItDiffers() throws {
        var rig = StateRig()
        let login = rig.settings
        _ = rig.query("SET group_concat_max_len=100", told(.variables(["group_concat_max_len": "100"]), .change))
        _ = rig.query("SET sql_mode='ANSI'", told(.variables(["sql_mode": "ANSI_QUOTES,ANSI"]), .change))
        _ = rig.query("SET foreign_key_checks=0", told(.variables(["foreign_key_checks": "OFF"]), .change))
        let set = rig.settings
        #expect(
            steps(login, set, login: login)
                == ["SET foreign_key_checks='OFF',group_concat_max_len=100,sql_mode='ANSI_QUOTES,ANSI'"])
        #expect(
            steps(set, login, login: login)
                == ["SET foreign_key_checks=DEFAULT,group_concat_max_len=DEFAULT,sql_mode=DEFAULT"])
        #expect(steps(set, set, login: login) == [])
    }

    @Test func theTransactionThatACommitTellsIsNoSetting() throws {
        var rig = StateRig()
        let before = rig.settings
        // INSERT with autocommit on a server with a binary log.
        let packet = "000100024000000012001009" + "6c6173745f67746964" + "05302d312d35"
        _ = try rig.query("INSERT INTO a VALUES (1)", packet: packet)
        #expect(rig.settings === before)
        // SET autocommit=1 that commits what was open.
        _ = rig.query("SET autocommit=1", told(.variables(["last_gtid": "0-1-4", "autocommit": "ON"])))
        #expect(steps(before, rig.settings, login: before) == ["SET autocommit='ON'"])
    }

    @Test func aConnectionLosesItsSchemaByCOM_CHANGE_USERAlone() {
        var rig = StateRig(schema: nil)
        let login = rig.settings
        _ = rig.query("USE d2", told(.schema("d2"), .change))
        #expect(steps(login, rig.settings, login: login) == ["COM_INIT_DB d2"])
        #expect(
            steps(rig.settings, login, login: login)
                == ["change user", "SET \(SettingsDifference.tracking)"])
    }

    @Test func aDroppedSchemaIsNoSchema() {
        var rig = StateRig()
        _ = rig.query("DROP DATABASE d1", told(.schema("")))
        #expect(rig.settings.content.schema == nil)
    }

    @Test func aResetKeepsSchemaAndRoleAndEndsTracking() {
        var rig = StateRig()
        let login = rig.settings
        _ = rig.query("SET time_zone='+02:00'", told(.variables(["time_zone": "+02:00"]), .change))
        #expect(
            steps(rig.settings, rig.settings, login: login, resets: true)
                == ["COM_RESET_CONNECTION", "SET \(SettingsDifference.tracking),time_zone='+02:00'"])
    }

    @Test func setNamesTellsNoCollation() {
        var rig = StateRig(collation: 83)
        let login = rig.settings
        let names = told(
            .variables([
                "character_set_connection": "latin1", "character_set_client": "latin1",
                "character_set_results": "latin1",
            ]), .change)
        _ = rig.query("SET NAMES latin1", names)
        #expect(rig.settings.unread.isEmpty)
        #expect(
            steps(login, rig.settings, login: login)
                == ["SET NAMES latin1"])
        #expect(
            steps(rig.settings, login, login: login)
                == ["SET NAMES utf8mb3 COLLATE utf8mb3_bin"])
        _ = rig.query("SET NAMES latin1 COLLATE latin1_bin", names)
        #expect(rig.settings.unread == [.collation])
        let read = rig.table.read(rig.settings, [.collation: Array("latin1_bin".utf8)])
        #expect(read.unread.isEmpty)
        #expect(read.content.variables["collation_connection"] == "latin1_bin")
        #expect(read.content.variables["character_set_connection"] == nil)
    }

    @Test func twoUnreadCollationsAreNeverTheSame() {
        var one = StateRig()
        let names = told(.variables(["character_set_connection": "latin1"]), .change)
        _ = one.query("SET NAMES latin1 COLLATE latin1_bin", names)
        let first = one.settings
        _ = one.query("SET NAMES latin1 COLLATE latin1_german2_ci", names)
        #expect(one.settings !== first)
    }

    @Test func aTimestampSetBackIsForgotten() {
        var rig = StateRig()
        _ = rig.query("SET timestamp=1234567890.123456", told(.variables(["timestamp": "1234567890.123456"]), .change))
        #expect(rig.settings.content.variables["timestamp"] == "1234567890.123456")
        // The server tells the old value.
        _ = rig.query("SET timestamp=DEFAULT", told(.variables(["timestamp": "1234567890.123456"]), .change))
        #expect(rig.settings.content.variables["timestamp"] == nil)
        _ = rig.query("SET timestamp=0", told(.variables(["timestamp": "1795269681.432248"]), .change))
        #expect(rig.settings.content.variables["timestamp"] == nil)
        #expect(rig.pins == [])
        #expect(rig.query("SET timestamp=@t", told(.variables(["timestamp": "1.0"]), .change)) == ["hidden state"])
    }

    @Test func setStatementTellsWhatItSetsBack() {
        var rig = StateRig()
        let before = rig.settings
        let pins = rig.query(
            "SET STATEMENT max_statement_time=1 FOR SELECT 1",
            told(.variables(["max_statement_time": "1.000000"]), .change), columns: 1, rows: 1)
        #expect(rig.settings === before)
        #expect(pins == [])
    }

    @Test func aRoleIsAskedFor() {
        var rig = StateRig()
        let login = rig.settings
        #expect(rig.query("SET ROLE r1", told(.change)) == [])
        #expect(rig.settings.unread == [.role])
        let read = rig.table.read(rig.settings, [.role: Array("r`1".utf8)])
        #expect(steps(login, read, login: login) == ["SET ROLE `r``1`"])
        #expect(steps(read, login, login: login) == ["replace"])
        let none = rig.table.read(rig.settings, [.role: [UInt8]?.none])
        #expect(steps(read, none, login: login) == ["SET ROLE NONE"])
    }

    @Test func theOptionOfSeveralStatementsIsPartOfThem() {
        let rig = StateRig()
        let off = rig.table.changed(rig.settings, takesSeveralStatements: false)
        #expect(steps(rig.settings, off, login: rig.settings) == ["COM_SET_OPTION 1"])
        #expect(steps(off, rig.settings, login: rig.settings) == ["COM_SET_OPTION 0"])
    }

    @Test(arguments: [
        ("100", "group_concat_max_len", "100"), ("1.500000", "max_statement_time", "1.500000"),
        ("ON", "unique_checks", "'ON'"), ("", "sql_mode", "''"), ("", "character_set_results", "NULL"),
        ("5", "default_master_connection", "'5'"), ("a'b\\", "init_connect", "_utf8mb4 x'6127625C'"),
        ("-5", "x", "-5"), ("+02:00", "time_zone", "'+02:00'"), ("1.", "x", "'1.'"), ("ü", "x", "_utf8mb4 x'C3BC'"),
    ])
    func valuesAreWrittenAsSETTakesThem(_ value: String, _ name: String, _ literal: String) {
        #expect(SettingsDifference.literal(value, of: name) == literal)
    }

    @Test func aLoginWithAnUnknownCollationHasTheServersOwn() {
        #expect(StateRig(collation: 255).settings.content.variables.isEmpty)
        #expect(StateRig(collation: 54).settings.content.variables.isEmpty)  // utf16_general_ci
    }
}
