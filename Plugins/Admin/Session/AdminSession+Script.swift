import MySQLWire
import ServerSide

/// `--admin-lua-script` is asked before the tables are.
extension AdminSession {
    /// - Returns: whether the script has answered.
    func runScript(_ statement: [UInt8], _ reply: CommandReply, _ status: StatusFlags) throws -> Bool {
        guard let script = world?.server.script else { return false }
        let values = state.with { $0 }
        let client = AdminScript.Client(id: id, user: values.user, schema: values.schema, address: state.host)
        switch try script.answer(to: statement, of: client) {
        case nil: return false
        case .ok(let affected, let id):
            reply.ok(affectedRows: UInt64(affected), insertID: UInt64(id), status: status)
        case .error(let error): throw error
        case .rows(let columns, let rows):
            reply.begin(columns: columns, status: status)
            for row in rows {
                guard try reply.row(row) else { break }
            }
            reply.endRows(status: status)
        }
        return true
    }
}
