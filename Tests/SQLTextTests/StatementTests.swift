import SQLText
import Testing

@Suite("Statements")
struct StatementTests {
    private func statements(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        var splitter = StatementSplitter(bytes.span)
        var found: [String] = []
        while let statement = splitter.next() {
            found.append("\(statement.kind): \(String(decoding: bytes[statement.range], as: UTF8.self))")
        }
        return found
    }

    @Test(
        "the first words tell what a statement is",
        arguments: [
            ("select 1", StatementKind.select), (" /* a */ ((SELECT 1) UNION (SELECT 2))", .select),
            ("-- a\n# b\nselect", .select),
            ("/*!40101 SET NAMES utf8 */", .setNames), ("insert into t", .insert), ("set @a=1", .set),
            ("SET@a=1", .set),
            ("set names=1", .set), ("set role x", .setRole), ("set session transaction read only", .setTransaction),
            ("set transaction read only", .setTransaction), ("set global a=1", .set), ("set password='x'", .setAccount),
            ("set character set x", .setCharacterSet), ("set statement a=1 for select 1", .setStatement),
            ("set default role x", .setAccount), ("use a", .use), ("begin", .begin), ("BEGIN WORK;", .begin),
            ("begin not atomic select 1; end", .compound), ("start transaction", .startTransaction),
            ("start slave", .replication),
            ("commit", .commit), ("rollback", .rollback), ("rollback work to savepoint a", .rollbackToSavepoint),
            ("rollback to a", .rollbackToSavepoint), ("release savepoint a", .releaseSavepoint), ("call p()", .call),
            ("prepare a from 'x'", .prepare), ("execute a", .execute), ("execute immediate 'x'", .executeImmediate),
            ("drop prepare a", .deallocate), ("deallocate prepare a", .deallocate), ("show tables", .show),
            ("desc t", .explain), ("create table t (a int)", .createTable),
            ("create or replace table t (a int)", .createTable),
            ("create temporary table t (a int)", .createTemporaryTable),
            ("create or replace temporary table t select 1", .createTemporaryTable),
            ("create index i on t (a)", .create),
            ("create or replace definer=`a`@`b` procedure p() select 1", .createRoutine),
            ("create definer=current_user trigger a", .createRoutine),
            ("create aggregate function f returns int soname 'x'", .create),
            ("create function f(a int) returns int return 1", .createRoutine),
            ("create definer=a@b view v as select 1", .create),
            ("drop temporary table t", .dropTemporaryTable), ("drop table t", .dropTable), ("drop view v", .drop),
            ("alter table t add a int", .alterTable), ("alter online ignore table t", .alterTable),
            ("alter event e", .createRoutine),
            ("lock tables t read", .lockTables), ("unlock tables", .unlockTables),
            ("lock instance for backup", .backup),
            ("handler t open", .handler), ("flush tables with read lock", .flushTables), ("flush status", .flush),
            ("flush local tables", .flushTables), ("kill query 5", .kill), ("load data local infile 'x'", .loadData),
            ("load index into cache t", .maintenance), ("with a as (select 1) select 1", .with), ("", .empty),
            (" /* a */ ;", .empty),
            ("'a'", .unknown), ("frobnicate", .unknown), ("selects", .unknown), ("`select`", .unknown),
            ("xa start 'a'", .xa),
        ])
    func kinds(_ statement: String, _ kind: StatementKind) {
        #expect(StatementKind(of: Array(statement.utf8).span) == kind)
    }

    @Test("semicolons split, those in strings, names and comments don't")
    func splitting() {
        #expect(
            statements(" select ';' ; ; set @a=`;` /* ; */; -- ;\ncommit -- ;") == [
                "select: select ';'", "set: set @a=`;` /* ; */", "commit: -- ;\ncommit -- ;",
            ])
        #expect(statements(" ; ;; /* a */ ") == [])
        #expect(statements("begin; select 1; commit") == ["begin: begin", "select: select 1", "commit: commit"])
    }

    @Test(
        "a body is one statement",
        arguments: [
            "create procedure p() begin select 1; select case when 1 then 2 end; if 1 then select 2; end if; end",
            "create trigger t before insert on u for each row if new.a then set new.b = if(1, 2, 3); set @a = 1; end if",
            "create function f(a int) returns int deterministic begin declare i int; l: loop set i = 1; leave l; end loop; return 1; end",
            "create procedure p() begin case 1 when 2 then select 1; else begin end; end case; while 1 do select 1; end while; end",
            "create procedure p() begin repeat select 1; until 1 end repeat; begin declare exit handler for sqlexception begin end; end; end",
            "begin not atomic select 1; for i in 1..3 do select i; end for; end",
            "create procedure if not exists p() select 1", "create procedure p() select repeat('a', 3), if(1, 2, 3)",
        ])
    func bodies(_ body: String) {
        let found = statements(body + "; select 9")
        #expect(
            found.count == 2 && found.first?.hasSuffix(": " + body) == true && found.last == "select: select 9",
            "\(found)")
    }

    @Test(
        "any bytes are split in order, and nothing but blanks, comments and semicolons is left out", arguments: 1...20)
    func nonsense(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let bytes = generator.nastyBytes(upTo: 80)
            var splitter = StatementSplitter(bytes.span)
            var end = 0
            while let statement = splitter.next() {
                #expect(statement.range.lowerBound >= end && !statement.range.isEmpty, "\(bytes)")
                expectNothing(in: bytes, end..<statement.range.lowerBound)
                end = statement.range.upperBound
            }
            expectNothing(in: bytes, end..<bytes.count)
        }
    }

    private func expectNothing(in bytes: [UInt8], _ gap: Range<Int>) {
        let nothing: Set<SQLTokenKind> = [
            .whitespace, .semicolon, .lineComment, .blockComment, .executableCommentOpen, .executableCommentClose,
        ]
        #expect(allTokens(Array(bytes[gap])).allSatisfy { nothing.contains($0.kind) }, "\(bytes)")
    }
}
