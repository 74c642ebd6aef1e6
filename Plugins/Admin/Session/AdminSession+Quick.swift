import EmbeddedSQL
import GRDB
import Locking
import MySQLWire
import PluginAPI
import ServerSide

/// INSERTs of plain values, thousands in a row: they run on the loop's thread, and are committed together.
///
/// Nobody can tell: whatever any session does next, but another such INSERT of the same one, commits first.
extension AdminSession {
    /// As many rows are committed together at most.
    private static var most: Int { 1000 }
    /// So many in a row are somebody's typing, or the start of a file.
    private static var few: Int { 32 }

    /// Runs a quick INSERT at once: it takes no longer than the way to another thread.
    ///
    /// - Returns: whether it has run; where not, nothing has happened.
    func runQuickly(_ statement: [UInt8], _ reply: CommandReply) -> Bool {
        guard let connection, isAdministrator, !isPortReadOnly, let world, world.server.script == nil,
            let shape = InsertShape(statement)
        else { return false }
        if pending.withLock({ $0 == 0 }) {
            // Within BEGIN the statement belongs to what COMMIT commits.
            guard !connection.isInsideTransaction else { return false }
            world.store.settle()
        }
        connection.mayWait.store(false, ordering: .relaxed)
        defer { connection.mayWait.store(true, ordering: .relaxed) }
        do {
            let done = try pending.withLock { rows in
                try insert(shape, statement, on: connection, pending: &rows)
            }
            guard let done else { return false }
            world.store.holds(self)
            if !warnings.isEmpty { warnings = [] }
            Output(reply: reply).done(affected: done.count, id: done.id)
        } catch {
            world.store.holds(self)
            reply.error(AdminError.told(error))
        }
        reply.end()
        noteQuick()
        return true
    }

    /// Who has sent many of them sends the next one within microseconds.
    private func noteQuick() {
        quickInARow += 1
        if quickInARow > Self.few { client?.expectCommand() }
    }

    /// - Returns: how many rows were inserted, and the first one's id; nil where the long way must tell what is wrong, or
    ///   wait for another writer.
    private func insert(
        _ shape: InsertShape, _ statement: [UInt8], on connection: AdminConnection, pending: inout Int
    ) throws -> (count: Int, id: Int64)? {
        connection.authorizer.mode = .administrator
        guard let compiled = try? compiled(shape.template, on: connection) else { return nil }
        // Not IMMEDIATE, which would lock the disk layer's file, too.
        if pending == 0 { try connection.execute("BEGIN") }
        pending += 1
        shape.bind(compiled, from: statement)
        do {
            try compiled.run()
            pending += connection.changes
        } catch {
            if let error = error as? DatabaseError, error.resultCode == .SQLITE_BUSY {
                try connection.execute("ROLLBACK")
                pending = 0
                return nil
            }
            // Errors such as a full disk end the transaction by themselves.
            if !connection.isInsideTransaction { pending = 0 }
            throw error
        }
        let done = (count: connection.changes, id: connection.firstInsertedID)
        if pending > Self.most { try commit(connection, &pending) }
        return done
    }

    /// Commits what quick INSERTs have written; from whichever thread.
    func settle() {
        pending.withLock { rows in
            guard rows > 0, let connection else { return }
            do {
                try commit(connection, &rows)
            } catch {
                world?.server.host.log(.error, "admin: rows that were inserted last are lost: \(error)")
            }
        }
    }

    private func commit(_ connection: AdminConnection, _ rows: inout Int) throws {
        world?.store.noteChanges(rows)
        rows = 0
        do {
            try connection.execute("COMMIT")
        } catch {
            try? connection.execute("ROLLBACK")
            throw error
        }
    }

    private func compiled(_ template: [UInt8], on connection: AdminConnection) throws -> SQLStatement? {
        if let lastShape, lastShape.template == template { return lastShape.statement }
        if let known = shapes[template] {
            lastShape = (template, known)
            return known
        }
        if shapes.count >= 16 { shapes = [:] }
        let compiled = try connection.compile(String(decoding: template, as: UTF8.self))
        shapes[template] = compiled
        return compiled
    }
}
