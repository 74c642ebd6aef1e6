import MySQLWire
import PluginAPI

/// KILL and SHOW PROCESSLIST.
extension AdminSession {
    /// The id that a KILL names, and whether only the statement is to end.
    private func target(_ text: StatementText) -> (id: UInt32, isQuery: Bool)? {
        let hasWord = ["QUERY", "CONNECTION"].contains(text.word(1))
        guard text.pieces.count == (hasWord ? 3 : 2), let id = text.pieces.last.flatMap({ UInt32($0.text) }) else {
            return nil
        }
        return (id, text.word(1) == "QUERY")
    }

    /// Whether a KILL names a session of this port.
    func isOwn(_ text: StatementText) -> Bool {
        guard let target = target(text) else { return false }
        return world?.server.session(target.id) != nil
    }

    func kill(_ text: StatementText, _ output: Output) throws {
        guard let target = target(text) else { throw AdminError.syntax("KILL takes a session's id") }
        guard isAdministrator || world?.server.session(target.id)?.state.with({ $0.user }) == state.with({ $0.user })
        else { throw AdminError.administratorsOnly }
        guard let session = world?.server.session(target.id) else {
            throw SQLError(code: 1094, message: "Unknown thread id: \(target.id)")
        }
        target.isQuery ? session.interrupt() : session.kill()
        output.done()
    }

    /// The rows of SHOW PROCESSLIST: the proxied sessions, then the port's own.
    ///
    /// - Parameter isFull: whether statements are shown as far as they are known, and not only their first 100 characters.
    func processes(isFull: Bool) throws -> [[Cell]] {
        let world = try requireWorld()
        let offered = world.catalog.statistics.first { $0.definition.name == "stats_mysql_processlist" }
        let own = world.server.openSessions.map { session in
            let values = session.state.with { $0 }
            let seconds = values.since.duration(to: .now).components.seconds
            return [
                Cell(session.id), .text(values.user), .text(session.state.host), .text(values.schema),
                .text(values.statement == nil ? "Sleep" : "Query"), Cell(seconds), .text("admin"),
                Cell(values.statement),
            ]
        }
        let rows = (offered.map { table in table.rows(false).map { Self.process($0, table.definition) } } ?? []) + own
        guard !isFull else { return rows }
        return rows.map { row in row.dropLast() + [Cell((row.last?.text).map { String($0.prefix(100)) })] }
    }

    /// MySQL's columns of a row with ProxySQL's.
    private static func process(_ row: [Cell], _ definition: TableDefinition) -> [Cell] {
        func cell(_ name: String) -> Cell {
            definition.columns.firstIndex(of: name).flatMap { $0 < row.count ? row[$0] : nil } ?? .null
        }
        let host = [cell("cli_host").text, cell("cli_port").text].compactMap(\.self).joined(separator: ":")
        let seconds = cell("time_ms").integer.map { Cell($0 / 1000) } ?? .null
        let server = [cell("srv_host").text, cell("srv_port").text].compactMap(\.self).joined(separator: ":")
        return [
            cell("SessionID"), cell("user"), .text(host), cell("db"), cell("command"), seconds, .text(server),
            cell("info"),
        ]
    }
}
