import MySQLWire

/// The transactions that a server is known to have applied, which spares asking it again.
///
/// Of MariaDB's domains the highest number; of MySQL's lists the last one, since one that is there tells of no other.
struct AppliedTransactions: Equatable, Sendable {
    private var sequences: [UInt32: UInt64] = [:]
    private var list: GTIDList?

    /// Domains are few; a server that tells of more is asked again.
    static let mostDomains = 1024

    /// Whether all of them are among these.
    func hold(_ gtids: GTIDList) -> Bool {
        guard let positions = gtids.positions else { return gtids == list }
        return positions.allSatisfy { position in
            sequences[position.domain].map { $0 >= position.sequence } ?? false
        }
    }

    mutating func add(_ gtids: GTIDList) {
        guard let positions = gtids.positions else {
            list = gtids
            return
        }
        for position in positions {
            if sequences[position.domain] == nil, sequences.count >= Self.mostDomains { continue }
            sequences[position.domain] = max(sequences[position.domain] ?? 0, position.sequence)
        }
    }
}

/// How a server is asked for transactions, in its own words.
struct TransactionQuestion {
    let isMariaDB: Bool
    let gtids: GTIDList

    /// What it has applied so far: a position (MariaDB), or 1 where the transactions are among it. LIMIT makes
    /// `sql_select_limit` void.
    var look: [UInt8] {
        guard !isMariaDB else { return Array("SELECT @@global.gtid_current_pos LIMIT 1".utf8) }
        return Array("SELECT GTID_SUBSET('".utf8) + gtids.text + Array("',@@global.gtid_executed) LIMIT 1".utf8)
    }

    /// Waits until it has applied them: 0 where it has in time.
    ///
    /// MySQL of some versions takes whole seconds only, and 0 for ever.
    func wait(milliseconds: Int) -> [UInt8] {
        guard isMariaDB else {
            return Array("SELECT WAIT_FOR_EXECUTED_GTID_SET('".utf8) + gtids.text
                + Array("',\(max(1, (milliseconds + 999) / 1000))) LIMIT 1".utf8)
        }
        let fraction = String(String(milliseconds % 1000 + 1000).dropFirst())
        return Array("SELECT MASTER_GTID_WAIT('".utf8) + gtids.text
            + Array("',\(milliseconds / 1000).\(fraction)) LIMIT 1".utf8)
    }

    /// What the answer to ``look`` says is applied; nil for nothing of use.
    func applied(_ answer: InternalAnswer) -> GTIDList? {
        guard let value = Self.value(answer) else { return nil }
        if isMariaDB { return GTIDList(value) }
        return value == [UInt8(ascii: "1")] ? gtids : nil
    }

    /// Whether the answer to ``wait(milliseconds:)`` says that they are applied.
    func isApplied(_ answer: InternalAnswer) -> Bool { Self.value(answer) == [UInt8(ascii: "0")] }

    private static func value(_ answer: InternalAnswer) -> [UInt8]? {
        guard answer.isOK else { return nil }
        return answer.rows.first?.first ?? nil
    }
}
