import ArgumentParser
import Foundation
import MySQLWire
import PluginAPI
import Pooling
import Synchronization
import TestSupport
import Testing

@testable import SandboxPlugin

@Suite("Sessions of the sandbox")
struct SandboxSessionTests {
    @Test("a transaction is seen by others only once it is committed")
    func isolation() throws {
        let sandbox = try Sandbox()
        let (one, other) = (try sandbox.client(), try sandbox.client())
        try one.run("CREATE TABLE t (a INT)")
        #expect(try one.run("BEGIN").ok?.status == [.autocommit, .inTransaction])
        try one.run("INSERT INTO t VALUES (1)")
        #expect(try one.rows("SELECT * FROM t") == [["1"]])
        #expect(try other.rows("SELECT * FROM t") == [])
        #expect(try other.run("SELECT 1").ok?.status == .autocommit)
        #expect(try one.run("COMMIT").ok?.status == .autocommit)
        #expect(try other.rows("SELECT * FROM t") == [["1"]])
    }

    @Test("without autocommit a statement begins a transaction, and ROLLBACK undoes it")
    func autocommit() throws {
        let client = try Sandbox().client()
        try client.run("CREATE TABLE t (a INT)")
        #expect(try client.run("SET autocommit=0").ok?.status == [])
        #expect(try client.run("INSERT INTO t VALUES (1)").ok?.status == [.inTransaction])
        try client.run("ROLLBACK")
        #expect(try client.rows("SELECT * FROM t") == [])
        try client.run("INSERT INTO t VALUES (2)")
        #expect(try client.run("SET autocommit=1").ok?.status == .autocommit)
        #expect(try client.rows("SELECT * FROM t") == [["2"]])
    }

    @Test("savepoints roll back to where they were set")
    func savepoints() throws {
        let client = try Sandbox().client()
        try client.run("CREATE TABLE t (a INT)")
        try client.run("START TRANSACTION")
        try client.run("INSERT INTO t VALUES (1)")
        try client.run("SAVEPOINT s")
        try client.run("INSERT INTO t VALUES (2)")
        try client.run("ROLLBACK TO SAVEPOINT s")
        try client.run("COMMIT")
        #expect(try client.rows("SELECT * FROM t") == [["1"]])
    }

    @Test("a transaction that reads first and writes later isn't refused, and sees what others committed")
    func readThenWrite() throws {
        let sandbox = try Sandbox()
        let (one, other) = (try sandbox.client(), try sandbox.client())
        try one.run("CREATE TABLE t (a INT)")
        #expect(try one.run("BEGIN").ok?.status == [.autocommit, .inTransaction])
        #expect(try one.rows("SELECT * FROM t") == [])
        try other.run("INSERT INTO t VALUES (1)")
        #expect(try one.run("UPDATE t SET a = a + 1").ok?.affectedRows == 1)
        #expect(try other.rows("SELECT * FROM t") == [["1"]])
        try one.run("COMMIT")
        #expect(try other.rows("SELECT * FROM t") == [["2"]])
    }

    @Test("a consistent snapshot doesn't see what others commit")
    func snapshot() throws {
        let sandbox = try Sandbox()
        let (one, other) = (try sandbox.client(), try sandbox.client())
        try one.run("CREATE TABLE t (a INT)")
        try one.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        try other.run("INSERT INTO t VALUES (1)")
        #expect(try one.rows("SELECT * FROM t") == [])
        try one.run("COMMIT")
        #expect(try one.rows("SELECT * FROM t") == [["1"]])
    }

    @Test("only one writes: FOR UPDATE and INSERT keep others waiting as long as they say")
    func lockWait() throws {
        let sandbox = try Sandbox()
        let (one, other) = (try sandbox.client(), try sandbox.client())
        try one.run("CREATE TABLE t (a INT)")
        try other.run("SET innodb_lock_wait_timeout = 1")
        try one.run("BEGIN")
        try one.run("SELECT * FROM t FOR UPDATE")
        try other.run("BEGIN")
        #expect(try other.rows("SELECT * FROM t") == [])
        #expect(try other.code("INSERT INTO t VALUES (2)") == 1205)
        try one.run("COMMIT")
        #expect(try other.run("INSERT INTO t VALUES (2)").ok != nil)
    }

    @Test("a savepoint outside of a transaction begins none")
    func looseSavepoint() throws {
        let client = try Sandbox().client()
        #expect(try client.run("SAVEPOINT s").ok?.status == .autocommit)
        #expect(try client.code("ROLLBACK TO s") == 1305)
    }

    @Test("counters count: COM_STATISTICS, SHOW STATUS and SHOW PROCESSLIST")
    func counters() throws {
        let sandbox = try Sandbox()
        let (one, other) = (try sandbox.client(), try sandbox.client())
        try one.run("SELECT 1; SELECT 2")
        let line = String(decoding: try other.client.ask([9])[0], as: UTF8.self)
        #expect(line.hasPrefix("Uptime: ") && line.contains("Threads: 2  Questions: 2  "))
        #expect(try other.rows("SHOW GLOBAL STATUS LIKE 'Questions'") == [["Questions", "3"]])
        #expect(try other.rows("SHOW STATUS LIKE 'Threads_connected'") == [["Threads_connected", "2"]])
        let processes = try other.rows("SHOW FULL PROCESSLIST")
        #expect(processes.map { $0[4] } == ["Sleep", "Query"])
        #expect(processes.map { $0[7] } == ["", "SHOW FULL PROCESSLIST"])
        one.client.session.ended()
        #expect(try other.rows("SHOW STATUS LIKE 'Threads_connected'") == [["Threads_connected", "1"]])
        #expect(try other.rows("SHOW STATUS LIKE 'Connections'") == [["Connections", "2"]])
    }

    @Test("who writes on outdated reads of a snapshot gets MySQL's deadlock error, and the transaction is gone")
    func deadlock() throws {
        let sandbox = try Sandbox()
        let (one, other) = (try sandbox.client(), try sandbox.client())
        try one.run("CREATE TABLE t (a INT)")
        try one.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        try one.run("BEGIN")
        _ = try one.rows("SELECT * FROM t")
        try other.run("INSERT INTO t VALUES (1)")
        #expect(try one.code("INSERT INTO t VALUES (2)") == 1213)
        #expect(try one.run("SELECT 1").ok?.status == .autocommit)
    }

    @Test("a prepared statement that lost a deadlock succeeds in the next transaction")
    func deadlockOfPreparedStatement() throws {
        let sandbox = try Sandbox()
        let (one, other) = (try sandbox.client(), try sandbox.client())
        try one.run("CREATE TABLE t (a INT)")
        _ = try one.prepare("INSERT INTO t VALUES (?)")
        try one.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        try one.run("BEGIN")
        _ = try one.rows("SELECT * FROM t")
        try other.run("INSERT INTO t VALUES (1)")
        #expect(try one.execute(1, [(.long, .signed(2))]).error?.code == 1213)
        try other.run("INSERT INTO t VALUES (3)")
        try one.run("BEGIN")
        #expect(try one.execute(1, [(.long, .signed(4))]).ok?.affectedRows == 1)
        try one.run("COMMIT")
        #expect(try other.rows("SELECT a FROM t ORDER BY a") == [["1"], ["3"], ["4"]])
    }

    @Test("COM_RESET_CONNECTION ends the transaction and forgets variables")
    func reset() throws {
        let client = try Sandbox().client()
        try client.run("CREATE TABLE t (a INT)")
        try client.run("SET @x = 1")
        try client.run("BEGIN")
        try client.run("INSERT INTO t VALUES (1)")
        #expect(try client.client.ask([31]).first?.first == 0)
        #expect(try client.rows("SELECT COUNT(*), @x FROM t") == [["0", "NULL"]])
    }

    @Test("a database in memory is removed with the sandbox; a file stays")
    func storage() throws {
        var sandbox: Sandbox? = try Sandbox()
        let path = try #require(sandbox?.storage.path)
        #expect(FileManager.default.fileExists(atPath: path))
        sandbox = nil
        #expect(!FileManager.default.fileExists(atPath: path))
        let file = NSTemporaryDirectory() + "/" + UUID().uuidString + ".sqlite"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Sandbox(file: file).client().run("CREATE TABLE kept (a INT)")
        #expect(try Sandbox(file: file).client().rows("SHOW TABLES") == [["kept"]])
    }

    @Test("the plugin offers its backend and listens; without a password only on loopback")
    func plugin() throws {
        let host = FakeHost()
        var options = try SandboxOptions.parse(["--sandbox-address=127.0.0.1:4999"])
        let plugin = try SandboxPlugin(options: options, host: host)
        try plugin.start()
        #expect(host.offeredBackend == .tcp(host: "127.0.0.1", port: 4999))
        #expect(host.listeners == [.tcp(host: "127.0.0.1", port: 4999)])
        plugin.stop()
        options.address = "0.0.0.0:4999"
        let error = #expect(throws: SandboxError.self) { try SandboxPlugin(options: options, host: host) }
        #expect(error?.description.contains("--sandbox-password") == true)
        options.password = "secret"
        #expect(throws: Never.self) { try SandboxPlugin(options: options, host: host).stop() }
    }
}
