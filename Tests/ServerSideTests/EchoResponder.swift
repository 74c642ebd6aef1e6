import MySQLWire
import ServerSide
import Synchronization

/// Answers every query with one row: the query.
final class EchoResponder: CommandResponder {
    let log = Mutex<[String]>([])
    let columns = [ColumnDefinition(name: "echo", type: .varString)]
    /// Rows of 1,000 bytes that the query `rows` brings.
    let manyRows: Int
    /// Whether a query is kept unanswered.
    let keeps: Bool
    let kept = Mutex<CommandReply?>(nil)

    init(manyRows: Int = 0, keeps: Bool = false) {
        self.manyRows = manyRows
        self.keeps = keeps
    }

    func note(_ line: String) { log.withLock { $0.append(line) } }

    func admit(user: String, schema: String?, _ reply: CommandReply) {
        note("admit \(user) \(schema ?? "-")")
        if schema == "nowhere" {
            reply.error(SQLError(code: 1049, state: "42000", message: "Unknown database 'nowhere'"))
        } else {
            reply.ok(status: .autocommit)
        }
        reply.end()
    }

    func query(_ statement: [UInt8], _ reply: CommandReply) {
        note("query \(String(decoding: statement.prefix(40), as: UTF8.self))")
        if keeps { return kept.withLock { $0 = reply } }
        answer([.bytes(statement)], reply)
    }

    func prepare(_ statement: [UInt8], id: UInt32, _ reply: CommandReply) {
        reply.prepared(parameters: statement.count { $0 == UInt8(ascii: "?") }, columns: columns)
        reply.end()
    }

    func execute(id: UInt32, parameters: [BinaryValue], _ reply: CommandReply) {
        answer(parameters, reply)
    }

    private func answer(_ values: [BinaryValue], _ reply: CommandReply) {
        reply.begin(columns: columns, status: .autocommit)
        for value in values { _ = try? reply.row([value]) }
        for row in 0..<manyRows {
            guard (try? reply.row([.bytes(Array(repeating: 65, count: 1000))])) == true else {
                note("gave up before row \(row)")
                break
            }
        }
        reply.endRows(status: .autocommit)
        reply.end()
    }

    func closeStatement(id: UInt32) { note("close \(id)") }

    func useSchema(_ name: String, _ reply: CommandReply) {
        note("use \(name)")
        reply.ok(status: .autocommit)
        reply.end()
    }

    func listFields(table: String, pattern: String, _ reply: CommandReply) {
        reply.fields(columns)
        reply.end()
    }

    func reset(_ reply: CommandReply) {
        reply.ok(status: .autocommit)
        reply.end()
    }

    func statistics() -> String { "Uptime: 1" }

    func ended() { note("ended") }
}
