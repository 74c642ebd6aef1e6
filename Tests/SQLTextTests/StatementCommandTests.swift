import SQLText
import Testing

@Suite("Commands as the counters name them")
struct StatementCommandTests {
    @Test("the counters' names are ProxySQL's")
    func names() {
        #expect(StatementCommand.allCases.count == 54)
        #expect(StatementCommand.alterTable.name == "ALTER_TABLE" && StatementCommand.unknown.name == "UNKNOWN")
        #expect(StatementCommand.selectForUpdate.name == "SELECT_FOR_UPDATE")
        #expect(Set(StatementCommand.allCases.map(\.name)).count == 54)
    }

    @Test(
        "by the first words",
        arguments: [
            ("select 1", "SELECT"), ("(select 1) union (select 2)", "SELECT"), ("/* c */ Select 1", "SELECT"),
            ("select * from t where a = 1 for update", "SELECT_FOR_UPDATE"),
            ("SELECT a FROM t FOR /* x */ UPDATE SKIP LOCKED", "SELECT_FOR_UPDATE"),
            ("select 'for update' from t", "SELECT"), ("select a from t lock in share mode", "SELECT"),
            ("select 1; update t set a = 1 for update", "SELECT"), ("select `for`, `update` from t", "SELECT"),
            ("with a as (select 1) select * from a", "SELECT"), ("with a as (select 1) delete from t", "DELETE"),
            ("with a as (select 1) select * from a, t for update", "SELECT_FOR_UPDATE"), ("with", "UNKNOWN"),
            ("insert into t values (1)", "INSERT"), ("replace into t values (1)", "REPLACE"),
            ("update t set a = 1", "UPDATE"), ("delete from t", "DELETE"), ("load data infile 'x'", "LOAD"),
            ("call p()", "CALL"), ("begin", "BEGIN"), ("start transaction", "START_TRANSACTION"),
            ("commit", "COMMIT"), ("rollback", "ROLLBACK"), ("rollback work to a", "ROLLBACK_SAVEPOINT"),
            ("savepoint a", "SAVEPOINT"), ("release savepoint a", "RELEASE_SAVEPOINT"),
            ("set names utf8", "SET"), ("use a", "USE"), ("show tables", "SHOW"),
            ("show table status", "SHOW_TABLE_STATUS"), ("explain select 1", "EXPLAIN"), ("desc t", "DESCRIBE"),
            ("describe t", "DESCRIBE"), ("prepare a from 'x'", "PREPARE"), ("execute a", "EXECUTE"),
            ("deallocate prepare a", "DEALLOCATE"), ("kill query 4", "KILL"), ("flush logs", "FLUSH"),
        ])
    func statements(_ text: String, _ name: String) {
        #expect(StatementCommand(of: Array(text.utf8).span).name == name)
    }

    @Test(
        "definitions by what they are about",
        arguments: [
            ("create table t (a int)", "CREATE_TABLE"), ("create temporary table t (a int)", "CREATE_TEMPORARY"),
            ("create or replace algorithm=merge definer=u@h view v as select 1", "CREATE_VIEW"),
            ("create unique index i on t (a)", "CREATE_INDEX"), ("create database d", "CREATE_DATABASE"),
            ("create schema d", "CREATE_DATABASE"), ("create user u", "CREATE_USER"),
            ("create definer=`u`@`h` trigger x before insert on t for each row set @a=1", "CREATE_TRIGGER"),
            ("create procedure view() select 1", "UNKNOWN"), ("create role r", "UNKNOWN"),
            ("alter table t add a int", "ALTER_TABLE"), ("alter algorithm=merge view v as select 1", "ALTER_VIEW"),
            ("alter user u", "UNKNOWN"), ("drop table t", "DROP_TABLE"),
            ("drop temporary table t", "DROP_TABLE"), ("drop index i on t", "DROP_INDEX"),
            ("drop database if exists d", "DROP_DATABASE"), ("drop trigger x", "DROP_TRIGGER"),
            ("drop user u", "DROP_USER"), ("drop view v", "DROP_VIEW"), ("drop function view", "UNKNOWN"),
            ("truncate t", "TRUNCATE_TABLE"), ("truncate table t", "TRUNCATE_TABLE"),
            ("rename table a to b", "RENAME_TABLE"), ("rename user a to b", "UNKNOWN"),
            ("lock tables t read", "LOCK_TABLE"), ("unlock tables", "UNLOCK_TABLES"), ("grant a on b to c", "GRANT"),
            ("revoke a on b from c", "REVOKE"), ("reset master", "RESET_MASTER"), ("reset slave", "RESET_SLAVE"),
            ("reset query cache", "UNKNOWN"), ("analyze table t", "ANALYZE_TABLE"), ("analyze select 1", "EXPLAIN"),
            ("optimize table t", "OPTIMIZE"), ("check table t", "UNKNOWN"), ("change master to x", "CHANGE_MASTER"),
            ("purge binary logs", "PURGE"), ("xa start 'a'", "UNKNOWN"), ("", "UNKNOWN"), ("nonsense", "UNKNOWN"),
        ])
    func definitions(_ text: String, _ name: String) {
        #expect(StatementCommand(of: Array(text.utf8).span).name == name)
    }

    @Test("any bytes have a name", arguments: 1...10)
    func nonsense(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for start in ["", "with ", "select ", "create ", "drop ", "alter ", "show ", "analyze "] {
            for _ in 0..<50 {
                let bytes = Array(start.utf8) + generator.nastyBytes(upTo: 60)
                #expect(!StatementCommand(of: bytes.span).name.isEmpty)
            }
        }
    }
}
