import PluginAPI
import RulesPlugin
import SQLText

/// An event loop's table, and statements that run on it.
struct DigestLoop {
    var table: DigestTable

    init(entries: Int) { table = DigestTable(DigestLimits(total: entries, loops: 1)) }

    /// What a session keeps while its statement runs.
    mutating func begin(_ statement: String) -> DigestText {
        let bytes = Array(statement.utf8)
        let digest = StatementDigest(of: bytes.span)
        return table.text(digest.hash, StatementDigest.text(of: bytes.span).span, of: bytes.span)
    }

    mutating func run(_ statement: String, _ user: String, _ schema: String, client: String = "", _ run: DigestRun) {
        var owner = DigestOwner(user: user, schema: schema, client: client)
        let text = begin(statement)
        table.count(text, of: &owner, run)
    }

    mutating func run(
        _ statement: String, _ user: String, _ schema: String, client: String = "", hostgroup: Int32 = 0,
        at second: Int64 = 0, micros: UInt64 = 0, affected: UInt64 = 0, sent: UInt64 = 0
    ) {
        run(
            statement, user, schema, client: client,
            DigestRun(
                hostgroup: hostgroup, second: second, microseconds: micros, rowsAffected: affected, rowsSent: sent))
    }

    /// The rows without their digests, in order.
    func rows() -> [String] { Self.rows([table.snapshot]) }

    func texts() -> [String] { DigestReport(merging: [table.snapshot]).cells.map { $0[5].text ?? "" } }

    static func rows(_ snapshots: [DigestSnapshot]) -> [String] {
        DigestReport(merging: snapshots).cells.map { row in
            (row[..<4] + row[5...]).map { $0.text ?? "" }.joined(separator: "|")
        }.sorted()
    }
}
