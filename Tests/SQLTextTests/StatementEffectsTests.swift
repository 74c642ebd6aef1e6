import SQLText
import Testing

/// One line a statement: `?` where it isn't understood, `ro` where it only reads, then what `effects` tells.
@Suite("Statement effects")
struct StatementEffectsTests {
    @Test(
        "queries read, unless they lock, assign, write a file or call what may do anything",
        arguments: [
            ("SELECT c FROM t WHERE id = 1", "ro"),
            ("SELECT c FROM t WHERE id = ?", "ro"),
            (#"SELECT 'get_lock(1)', "@a", `get_lock`, `@b` FROM t -- GET_LOCK('x', 1)"#, "ro"),
            ("SELECT /*+ SET_VAR(a = @b) GET_LOCK('x') */ 1 /* SELECT @a := 1 */ # @c", "ro"),
            ("SELECT t.get_lock, get_lock.a, get_lock FROM get_lock", "ro"),
            ("(SELECT 1) UNION (SELECT 2) ORDER BY 1", "ro"),
            ("SELECT SLEEP(1), COUNT(*), now(), f.x, IF(a IN (1, 2), 1, 2) FROM t", "ro"),
            ("SELECT * FROM t JOIN u USING (a) WHERE (b) LIKE ('c') AND EXISTS (SELECT 1)", "ro"),
            ("SELECT CAST(a AS CHAR(10)), CONVERT(b, DECIMAL(10,2)), SUM(c) OVER (PARTITION BY d) FROM t", "ro"),
            ("SELECT * FROM (VALUES (1, 2)) AS t (a, b)", "ro"),
            ("SELECT ST_AsText(POINT(1, 2)), GROUP_CONCAT(DISTINCT a ORDER BY b SEPARATOR ', ') FROM t", "ro"),
            ("SELECT a FROM t USE INDEX (i) GROUP BY (c) HAVING (d)", "ro"),
            ("SELECT SQL_NO_CACHE (1) FROM (SELECT 1, 2) t (a, b), (SELECT 3) `u` (c)", "ro"),
            ("SELECT a AS get_lock, b AS `release_lock` FROM t AS get_lock", "ro"),
            ("VALUES (1), (2)", "ro"),
            ("TABLE t", "ro"),
            ("SELECT * FROM t FOR UPDATE", "locksRows"),
            ("SELECT * FROM t FOR UPDATE SKIP LOCKED", "locksRows"),
            ("SELECT * FROM t FOR SHARE", "locksRows"),
            ("SELECT * FROM t LOCK IN SHARE MODE", "locksRows"),
            ("SELECT SUBSTRING(a FROM 1 FOR 2) FROM t USE INDEX FOR JOIN (i)", "ro"),
            ("SELECT * FROM t WHERE a = (SELECT b FROM u FOR UPDATE)", "locksRows"),
            ("SELECT * INTO OUTFILE 'f' FROM t", "writesFile"),
            ("SELECT a FROM t INTO DUMPFILE 'f'", "writesFile"),
            ("SELECT 1 INTO @a", "assignsVariable >@a"),
            ("SELECT a, b FROM t LIMIT 1 INTO @a, @`B`", "assignsVariable >@a >@b"),
            ("SELECT a, b INTO @a, @b FROM t WHERE c = @c", "readsVariable assignsVariable >@a >@b <@c"),
            ("SELECT f(1)", "foreign"),
            ("SELECT d.get_lock('a', 1)", "foreign"),
            ("SELECT `f`(1), `now`()", "foreign"),
            ("SELECT d.`get_lock`('a')", "foreign"),
            ("WITH a AS (SELECT 1) SELECT * FROM a", "ro"),
            (
                "WITH RECURSIVE a (x, y) AS (SELECT 1, 2 UNION SELECT x, y FROM a), b AS (SELECT 2) SELECT * FROM a, b",
                "ro"
            ),
            ("WITH a AS (SELECT 1) UPDATE t, a SET t.x = 1", "writes"),
            ("WITH a AS (SELECT 1) DELETE FROM t", "writes"),
            ("WITH a AS (SELECT 1) SELECT (1), f(2) FROM a FOR UPDATE", "foreign locksRows"),
            ("WITH a AS (SELECT 1) (SELECT 1) ORDER BY GET_LOCK('x', 1)", "namedLock"),
            ("WITH a AS (SELECT GET_LOCK('x', 1)) SELECT 1", "namedLock"),
            ("WITH RECURSIVE a (x) AS (SELECT 1) CYCLE x RESTRICT SELECT 1", "ro"),
            ("(WITH a AS (SELECT 1) SELECT 1)", "ro"),
        ])
    func queries(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "SHOW, EXPLAIN and ANALYZE",
        arguments: [
            ("SHOW TABLES", "ro"),
            ("SHOW VARIABLES LIKE 'a'", "ro"),
            ("SHOW WARNINGS", "ro diagnostics"),
            ("SHOW ERRORS LIMIT 1", "ro diagnostics"),
            ("SHOW COUNT(*) WARNINGS", "ro diagnostics"),
            ("SHOW PROFILE FOR QUERY 1", "ro profile"),
            ("SHOW PROFILES", "ro profile"),
            ("SHOW STATUS LIKE 'Handler%'", "ro status"),
            ("SHOW SESSION STATUS", "ro status"),
            ("SHOW SESSION VARIABLES", "ro"),
            ("SHOW GLOBAL STATUS", "ro"),
            ("SHOW GRANTS FOR a@b", "ro"),
            ("SHOW CREATE USER a@b", "ro"),
            ("SHOW EXPLAIN FOR 5", "ro namesConnection"),
            ("DESCRIBE t", "ro"),
            ("DESC t a", "ro"),
            ("EXPLAIN SELECT 1", "ro"),
            ("EXPLAIN FORMAT=JSON UPDATE t SET a = 1", "ro"),
            ("EXPLAIN INSERT INTO t (a) SELECT 1 FOR UPDATE", "ro"),
            ("EXPLAIN ANALYZE UPDATE t SET a = 1", "writes"),
            ("EXPLAIN ANALYZE SELECT 1", "ro"),
            ("EXPLAIN FOR CONNECTION 5", "ro namesConnection"),
            ("EXPLAIN SELECT * FROM (SELECT GET_LOCK('a', 0)) AS x", "namedLock"),
            ("EXPLAIN EXTENDED DELETE FROM t", "ro"),
            ("ANALYZE FORMAT=JSON DELETE FROM t", "writes"),
            ("ANALYZE SELECT 1", "ro"),
            ("ANALYZE TABLE t", "commits"),
            ("ANALYZE LOCAL TABLE t", "commits"),
            ("HELP 'a'", "ro"),
        ])
    func shows(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "transactions",
        arguments: [
            ("BEGIN", "starts commits"),
            ("BEGIN WORK", "starts commits"),
            ("START TRANSACTION", "starts commits"),
            ("START TRANSACTION READ ONLY", "starts commits startsReadOnly"),
            ("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ WRITE", "starts commits snapshot"),
            ("COMMIT", "ends"),
            ("commit work and chain no release", "starts ends"),
            ("ROLLBACK AND NO CHAIN RELEASE", "ends closes"),
            ("COMMIT RELEASE", "ends closes"),
            ("ROLLBACK", "ends"),
            ("ROLLBACK WORK", "ends"),
            ("ROLLBACK TO a", "savepoint"),
            ("ROLLBACK WORK TO SAVEPOINT a", "savepoint"),
            ("SAVEPOINT a", "savepoint"),
            ("RELEASE SAVEPOINT a", "savepoint"),
            ("COMMIT 5", "? ends"),
            ("XA START 'a', 'b'", "starts xa"),
            ("XA BEGIN 'a'", "starts xa"),
            ("XA END 'a'", "xa"),
            ("XA PREPARE 'a'", "xa"),
            ("XA COMMIT 'a' ONE PHASE", "ends xa"),
            ("XA ROLLBACK 'a'", "ends xa"),
            ("XA RECOVER", ""),
            ("XA DANCE", "?"),
        ])
    func transactions(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "autocommit in all its spellings",
        arguments: [
            ("SET autocommit = 0", "autocommitOff sets [autocommit=0]"),
            ("SET autocommit=ON", "autocommitOn sets [autocommit=ON]"),
            ("set @@autocommit := 'off'", "autocommitOff sets [autocommit='off']"),
            ("SET SESSION autocommit = true", "autocommitOn sets [autocommit=true]"),
            (#"SET @@session.`autocommit` = "1""#, #"autocommitOn sets [autocommit="1"]"#),
            ("SET LOCAL `autocommit` = FALSE", "autocommitOff sets [autocommit=FALSE]"),
            ("SET @@local . autocommit = 1", "autocommitOn sets [autocommit=1]"),
            ("SET autocommit = @a", "autocommitOff autocommitOn readsVariable sets <@a [autocommit=@a]"),
            ("SET autocommit = DEFAULT", "autocommitOff autocommitOn sets [autocommit=DEFAULT]"),
            ("SET GLOBAL autocommit = 0", "setsGlobal"),
            ("SET @@global.autocommit = 0", "setsGlobal"),
            ("SET autocommit = 0; SELECT 1", "autocommitOff sets [autocommit=0]"),
            ("SET TRANSACTION READ ONLY", "nextTransaction"),
            ("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY", "sessionTransaction"),
            ("SET GLOBAL TRANSACTION READ WRITE", "setsGlobal"),
        ])
    func autocommits(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "statements that change rows",
        arguments: [
            ("INSERT INTO t VALUES (1)", "writes"),
            ("INSERT IGNORE INTO d.t (a, b) VALUES (1, NOW()) ON DUPLICATE KEY UPDATE a = VALUES(a)", "writes"),
            ("INSERT t (a) SELECT @a := a FROM u FOR UPDATE", "assignsVariable locksRows writes >@a"),
            ("INSERT INTO t SET a = f(1)", "foreign writes"),
            ("INSERT INTO t PARTITION (p) (a) VALUES (1), (GET_LOCK('a', 1))", "namedLock writes"),
            ("REPLACE LOW_PRIORITY `t` (a) VALUES (@b)", "readsVariable writes <@b"),
            ("UPDATE t SET a = LAST_INSERT_ID(a + 1) WHERE b = 1", "setsInsertID writes"),
            ("DELETE FROM t WHERE a = ROW_COUNT ( )", "refers writes rowCount:ROW_COUNT ( )"),
            ("TRUNCATE TABLE t", "commits writes"),
        ])
    func rows(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "definitions: temporary tables are told, bodies are not executed",
        arguments: [
            ("CREATE TEMPORARY TABLE t (a INT DEFAULT (f(1)), KEY k (a), CHECK (GET_LOCK('a', 1)))", "temporary +t"),
            ("CREATE OR REPLACE TEMPORARY TABLE d.t SELECT @a := 1", "temporary assignsVariable +d.t >@a"),
            ("create temporary table if not exists `a.b`.`c``d` like x", "temporary +a.b.c`d"),
            ("CREATE TEMPORARY TABLE t (SELECT GET_LOCK('a', 1))", "temporary namedLock +t"),
            ("CREATE TEMPORARY SEQUENCE s", "temporary +s"),
            ("CREATE TABLE t AS SELECT (GET_LOCK('a', 1))", "commits namedLock"),
            ("CREATE TABLE t (a INT PRIMARY KEY, b DECIMAL(10,2)) ENGINE=InnoDB", "commits"),
            ("CREATE TABLE t AS SELECT f(1) INTO @a", "commits assignsVariable foreign >@a"),
            ("CREATE TEMPORARY VIEW v AS SELECT 1", "?"),
            ("CREATE INDEX i ON t (a)", "commits"),
            ("CREATE DATABASE d", "commits"),
            ("CREATE DEFINER=a@b VIEW v AS SELECT GET_LOCK('a', 1)", "commits"),
            ("CREATE PROCEDURE p() BEGIN SET @a = GET_LOCK('a', 1); CREATE TEMPORARY TABLE t (a INT); END", "commits"),
            ("CREATE FUNCTION f() RETURNS INT RETURN @a := 1", "commits"),
            ("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1", "commits"),
            ("ALTER EVENT e DO SET @a = 1", "commits"),
            ("CREATE USER a@b IDENTIFIED BY 'x'", "commits"),
            ("GRANT SELECT ON d.* TO a@b", "commits"),
            ("REVOKE ALL ON *.* FROM `a`@b", "commits"),
            ("DROP TABLE t", "commits drops -t"),
            ("DROP TABLE IF EXISTS a, d.b, `C` CASCADE", "commits drops -a -d.b -C"),
            ("DROP TEMPORARY TABLE t", "drops --t"),
            ("DROP TEMPORARY TABLES IF EXISTS d.t", "drops --d.t"),
            ("DROP SEQUENCE s", "commits drops -s"),
            ("DROP VIEW v", "commits"),
            ("DROP DATABASE d", "commits dropsSchema"),
            ("DROP SCHEMA IF EXISTS d", "commits dropsSchema"),
            ("ALTER TABLE t ADD COLUMN a INT", "commits"),
            ("ALTER TABLE t RENAME TO u", "commits renames t>u"),
            ("ALTER IGNORE TABLE d.t DROP COLUMN rename_me, RENAME AS d.u", "commits renames d.t>d.u"),
            ("ALTER TABLE t RENAME u", "commits renames t>u"),
            ("ALTER TABLE t RENAME = u", "commits renames t>u"),
            ("ALTER TABLE t RENAME COLUMN a TO b, RENAME INDEX i TO j, RENAME KEY k TO l", "commits"),
            ("RENAME TABLE a TO b, d.c WAIT 5 TO e", "commits renames a>b d.c>e"),
            ("RENAME USER a@b TO c@d", "commits"),
        ])
    func definitions(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "locks",
        arguments: [
            ("LOCK TABLES t READ, u AS v WRITE", "commits locksTables"),
            ("LOCK TABLE t WRITE", "commits locksTables"),
            ("UNLOCK TABLES", "commits unlocksTables"),
            ("FLUSH TABLES", "commits"),
            ("FLUSH TABLES WITH READ LOCK", "commits globalLock"),
            ("FLUSH LOCAL TABLES WITH READ LOCK", "commits globalLock"),
            ("FLUSH TABLES t, d.u WITH READ LOCK", "commits locksTables"),
            ("FLUSH TABLE t FOR EXPORT", "commits locksTables"),
            ("FLUSH STATUS", "commits"),
            ("LOCK INSTANCE FOR BACKUP", "locksBackup"),
            ("UNLOCK INSTANCE", "unlocksBackup"),
            ("BACKUP STAGE START", "locksBackup"),
            ("BACKUP STAGE END", "unlocksBackup"),
            ("BACKUP LOCK t", "locksBackup"),
            ("BACKUP UNLOCK", "unlocksBackup"),
            ("SELECT GET_LOCK('a', 10)", "namedLock"),
            ("DO get_lock ('a', 10)", "namedLock"),
            ("SELECT GET_LOCK /* c */ ('a', 10) FROM t", "namedLock"),
            ("SELECT `get_lock`('a', 10)", "namedLock"),
            ("SET @a = GET_LOCK('a', 10)", "namedLock assignsVariable >@a"),
            ("SELECT RELEASE_LOCK('a')", "releases"),
            ("SELECT RELEASE_ALL_LOCKS()", "releases releasesAll"),
            ("DO RELEASE_ALL_LOCKS();", "releases releasesAll"),
            ("SELECT IF(0, RELEASE_ALL_LOCKS(), 1)", "releases"),
            ("SELECT RELEASE_ALL_LOCKS() FROM t", "releases"),
            ("EXPLAIN SELECT RELEASE_ALL_LOCKS()", "releases"),
            ("SELECT IS_FREE_LOCK('a'), IS_USED_LOCK('a')", "ro refers lockHolder:IS_USED_LOCK"),
        ])
    func locks(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "handlers and prepared statements",
        arguments: [
            ("HANDLER t OPEN", "opensHandler +t"),
            ("HANDLER d.T OPEN AS `H`", "opensHandler +h"),
            ("HANDLER t OPEN h", "opensHandler +h"),
            ("HANDLER H READ FIRST", "usesHandler"),
            ("HANDLER h READ i = (1, @a) WHERE f(1)", "usesHandler readsVariable foreign <@a"),
            ("HANDLER h CLOSE", "closesHandler -h"),
            (#"PREPARE S FROM 'SELECT ''a'', "\n"'"#, "prepares s='SELECT 'a', \"\n\"'"),
            ("PREPARE `s` FROM @Text", "prepares readsVariable <@text s=@text"),
            ("PREPARE s FROM 'a' 'b'", "prepares s=…"),
            ("PREPARE s FROM CONCAT('a', @b)", "prepares readsVariable s=… <@b"),
            ("EXECUTE s", "executes !s"),
            ("EXECUTE S USING @a, 5", "executes readsVariable !s <@a"),
            (
                "EXECUTE IMMEDIATE 'SELECT @a, ROW_COUNT()'",
                "readsVariable refers <@a rowCount:'SELECT @a, ROW_COUNT()'"
            ),
            ("EXECUTE IMMEDIATE 'CREATE TEMPORARY TABLE t (a INT)' USING @b", "temporary readsVariable +t <@b"),
            ("EXECUTE IMMEDIATE 'SET autocommit = 0'", "autocommitOff sets [autocommit='SET autocommit = 0']"),
            ("EXECUTE IMMEDIATE 'UNLOCK TABLES ; '", "commits unlocksTables"),
            ("EXECUTE IMMEDIATE 'SELECT 1; SELECT 2'", "?"),
            ("EXECUTE IMMEDIATE @a", "unseen readsVariable <@a"),
            ("EXECUTE IMMEDIATE CONCAT('SELECT ', 1)", "unseen"),
            ("EXECUTE IMMEDIATE 'frobnicate'", "?"),
            ("DEALLOCATE PREPARE s", "deallocates -s"),
            ("DROP PREPARE `S`", "deallocates -s"),
        ])
    func named(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "user variables, read and assigned",
        arguments: [
            ("SELECT @a", "ro readsVariable <@a"),
            (#"SELECT @A, @`a`, @'a', @"a", @`x y`, @a.b"#, "ro readsVariable <@a <@x y <@a.b"),
            ("SELECT @a := 1, @b:=@a+1, @c = 5", "readsVariable assignsVariable >@a >@b <@a <@c"),
            (#"SELECT @'it\'s', @'it''s', @`q``q`"#, "ro readsVariable <@it's <@q`q"),
            ("SET @a = 1", "assignsVariable >@a"),
            (
                "SET @a := @b, @`C` = 'x, y', @d = (SELECT 1, 2), @e = @f := 3",
                "readsVariable assignsVariable >@a <@b >@c >@d >@e >@f"
            ),
            ("CALL p(1, @a, @B)", "readsVariable assignsVariable routine <@a >@a <@b >@b"),
            ("CALL d.p", "routine"),
            ("CALL d.k.p(@a)", "readsVariable assignsVariable routine <@a >@a"),
            ("LOAD DATA INFILE 'f' INTO TABLE t", "loadsFile writes"),
            (
                "LOAD DATA LOCAL INFILE 'f' INTO TABLE d.t FIELDS TERMINATED BY ',' (a, @b) SET c = @b + (@d)",
                "readsVariable assignsVariable loadsLocal writes >@b <@b <@d"
            ),
            ("LOAD XML CONCURRENT LOCAL INFILE 'f' INTO TABLE t", "loadsLocal writes"),
            (
                "LOAD DATA INFILE 'f' INTO TABLE t CHARACTER SET utf8 (a, @b) SET c = f(@b)",
                "readsVariable assignsVariable foreign loadsFile writes >@b <@b"
            ),
            ("LOAD DATA INFILE 'f' INTO TABLE t IGNORE 1 LINES (a, @b)", "assignsVariable loadsFile writes >@b"),
            ("DO SLEEP(1), f(2)", "foreign"),
            ("GET DIAGNOSTICS @n = NUMBER, @r = ROW_COUNT", "assignsVariable diagnostics >@n >@r"),
            ("GET DIAGNOSTICS CONDITION @n @m = MESSAGE_TEXT", "readsVariable assignsVariable diagnostics <@n >@m"),
            ("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = @a", "readsVariable <@a"),
        ])
    func userVariables(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "SET",
        arguments: [
            ("SET time_zone = '+00:00'", "sets [time_zone='+00:00']"),
            (
                "SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI')",
                "sets lexicalMode [sql_mode=CONCAT(@@sql_mode, ',ANSI')]"
            ),
            (
                "SET a = 1, SESSION b = 2, GLOBAL c = 3, d = 4, LOCAL e = 5, @@f = 6, @@global.g = 7, h = 8",
                "sets setsGlobal [a=1] [b=2] [e=5] [f=6] [h=8]"
            ),
            ("SET GLOBAL a = 1, @z = 2, b = 3", "assignsVariable setsGlobal >@z"),
            ("SET PERSIST a = 1", "setsGlobal"),
            ("SET PERSIST_ONLY a = 1", "setsGlobal"),
            ("SET @@global.a = 1, b = 2", "sets setsGlobal [b=2]"),
            ("SET @@persist.a = 1", "setsGlobal"),
            ("SET default.key_buffer_size = 5", "commits account"),
            ("SET hot.key_buffer_size = 5", "sets [hot.key_buffer_size=5]"),
            ("SET names = 1", "sets [names=1]"),
            ("SET NAMES utf8mb4", "names"),
            ("SET NAMES 'latin1' COLLATE 'latin1_bin', @a = 1", "assignsVariable names >@a"),
            ("SET CHARACTER SET utf8", "charset"),
            ("SET CHARSET DEFAULT, a = 1", "sets charset [a=1]"),
            ("SET ROLE r", "role"),
            ("SET ROLE r@h, s", "role"),
            ("SET DEFAULT ROLE r FOR a@b", "commits account"),
            ("SET PASSWORD = PASSWORD('x')", "commits account"),
            ("SET PASSWORD FOR a@b = 'x'", "commits account"),
            ("SET a = 1, PASSWORD = 'x'", "commits sets account [a=1]"),
            ("SET STATEMENT max_statement_time = 1, a = (SELECT 2) FOR SELECT @a", "ro readsVariable setStatement <@a"),
            ("SET STATEMENT a = SUBSTRING('b' FROM 1 FOR 1) FOR INSERT INTO t VALUES (1)", "setStatement writes"),
            ("SET STATEMENT a = 1 FOR SET STATEMENT b = 2 FOR SELECT 3", "ro setStatement"),
            ("SET last_insert_id = 5", "sets setsInsertID [last_insert_id=5]"),
            ("SET insert_id = 5, timestamp = 1", "sets [insert_id=5] [timestamp=1]"),
            ("SET profiling = 1", "sets [profiling=1]"),
            ("SET a", "?"),
            ("SET", "?"),
            ("SET a =", "? sets [a=]"),
            ("SET a = 1 b = 2", "sets [a=1 b = 2]"),
            ("SET =", "?"),
            ("SET TRANSACTION", "nextTransaction"),
            ("USE d", "use [d]"),
            ("USE `D``b`", "use [D`b]"),
            ("USE d e", "? use [d]"),
            ("SET @@tx_isolation = 'SERIALIZABLE'", "nextTransaction"),
            (
                "SET @@session.tx_isolation = 'SERIALIZABLE', transaction_read_only = 1",
                "sets [tx_isolation='SERIALIZABLE'] [transaction_read_only=1]"
            ),
        ])
    func assignments(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "what refers to the last statement or the connection",
        arguments: [
            ("SELECT LAST_INSERT_ID()", "ro refers lastInsertID:LAST_INSERT_ID()"),
            ("SELECT last_insert_id ( ) + 1", "ro refers lastInsertID:last_insert_id ( )"),
            (
                "SELECT @@identity, @@session.last_insert_id",
                "ro refers lastInsertID:@@identity lastInsertID:@@session.last_insert_id"
            ),
            ("SELECT LAST_INSERT_ID(5)", "setsInsertID"),
            ("SELECT last_insert_id, row_count FROM t", "ro"),
            (
                "SELECT ROW_COUNT(), FOUND_ROWS() AS n, CONNECTION_ID( /* c */ )",
                "ro refers rowCount:ROW_COUNT() foundRows:FOUND_ROWS() connectionID:CONNECTION_ID( /* c */ )"
            ),
            ("SELECT `row_count`()", "ro refers rowCount:`row_count`()"),
            ("SELECT SQL_CALC_FOUND_ROWS a FROM t", "ro calculatesRows"),
            ("SELECT SQL_CALC_FOUND_ROWS (a) FROM t", "ro calculatesRows"),
            (
                "SELECT @@warning_count, @@error_count",
                "ro refers warningCount:@@warning_count errorCount:@@error_count"
            ),
            (
                "SELECT @@in_transaction, @@pseudo_thread_id",
                "ro refers inTransaction:@@in_transaction connectionID:@@pseudo_thread_id"
            ),
            (
                "SELECT @@last_gtid, @@insert_id, @@rand_seed1",
                "ro refers lastGTID:@@last_gtid seed:@@insert_id seed:@@rand_seed1"
            ),
            ("SELECT @@version, @@session.sql_mode, @@`time_zone`, @@global.warning, @@max_allowed_packet", "ro"),
            ("SELECT @@session . warning_count", "ro refers warningCount:@@session . warning_count"),
            ("SELECT RAND(5)", "ro"),
            ("SELECT NEXTVAL(s)", "sequence"),
            ("SELECT NEXT VALUE FOR s", "sequence"),
            ("SELECT PREVIOUS VALUE FOR s, LASTVAL(s)", "ro readsSequence"),
            ("SELECT SETVAL(s, 5)", "setsSequence"),
            ("SELECT d.s.nextval, s.currval", "sequence readsSequence"),
            ("INSERT INTO t VALUES (NEXT VALUE FOR d.s)", "sequence writes"),
        ])
    func references(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "KILL and administration",
        arguments: [
            ("KILL 5", "namesConnection #5"),
            ("KILL CONNECTION 5", "namesConnection #5"),
            ("KILL QUERY 5", "namesConnection query#5"),
            ("KILL HARD QUERY 5", "namesConnection query#5"),
            ("KILL SOFT 5", "namesConnection #5"),
            ("KILL QUERY ID 5", "namesConnection #?"),
            ("KILL USER a@b", "namesConnection #?"),
            ("KILL CONNECTION_ID()", "refers namesConnection #? connectionID:CONNECTION_ID()"),
            ("KILL 5 + 1", "namesConnection #?"),
            ("KILL 99999999999999999999", "namesConnection #?"),
            ("KILL ?", "namesConnection #?"),
            ("INSTALL PLUGIN a SONAME 'b'", "commits"),
            ("SHUTDOWN", "commits"),
            ("OPTIMIZE TABLE t", "commits"),
            ("CHANGE MASTER TO MASTER_HOST = 'a'", "commits"),
            ("BINLOG 'x'", "? commits"),
            ("RESET MASTER", "commits"),
        ])
    func administration(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "executable comments are executed, but not by every server",
        arguments: [
            ("/*!40101 SET NAMES utf8 */", "names"),
            ("/*!40101 SET @old = @@sql_mode */;", "assignsVariable >@old"),
            ("SELECT 1 /*! INTO @a */", "assignsVariable >@a"),
            ("SELECT 1 /*M! FOR UPDATE */", "locksRows"),
            ("SELECT 1 /*!50701 INTO @a */", "? assignsVariable >@a"),
            ("SELECT 1 /*!99999 + 1 */", "?"),
            ("SELECT 1 /*! + /*! 2 */ + 3 */", "?"),
            ("SELECT 1 /*! + /* 2 */ 3 */ /*! + 4 */", "ro"),
            ("SELECT 1 /*! + 1", "?"),
            ("SELECT 1 /* + 1", "?"),
        ])
    func executableComments(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "what is cut off or unknown is not understood",
        arguments: [
            ("SELECT 'a", "?"),
            ("SELECT `a", "?"),
            (#"SELECT "a"#, "?"),
            ("SELECT (1", "?"),
            ("SELECT 1)", "?"),
            ("SELECT @", "? readsVariable <@"),
            ("SELECT @@", "?"),
            (#"SELECT 1 \ 2"#, "?"),
            ("frobnicate the server", "?"),
            ("'a'", "?"),
            ("IF 1 THEN SELECT 1; END IF", "?"),
            ("LOOP SELECT 1; END LOOP", "?"),
            ("BEGIN NOT ATOMIC SET @a = 1; END", "? readsVariable routine <@a"),
            (";", ""),
            ("/* c */ ;", ""),
        ])
    func doubts(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }

    @Test(
        "several statements do what each of them does",
        arguments: [
            ("SELECT 1; SELECT 2", "ro"),
            ("SELECT 1;", "ro"),
            ("SELECT 1; ;", "ro"),
            ("BEGIN; UPDATE t SET a = 1; COMMIT", "starts ends commits writes"),
            ("SELECT 1; INSERT INTO t VALUES (1)", "writes"),
            ("CREATE TEMPORARY TABLE a (x INT); DROP TEMPORARY TABLE a", "temporary drops +a --a"),
            (#"SET sql_mode = 'ANSI_QUOTES'; SELECT "a""#, "? sets lexicalMode [sql_mode='ANSI_QUOTES']"),
            ("SELECT 1; frobnicate", "?"),
            ("SELECT ';'; SELECT ROW_COUNT()", "ro refers rowCount:ROW_COUNT()"),
            ("SELECT _utf8'a', N'b', x'41', b'1', 0x41, {d '2020-01-01'}", "?"),
        ])
    func several(_ statement: String, _ expected: String) {
        #expect(effects(statement) == expected)
    }
}
