import MySQLWire
import PluginAPI

/// The last transaction that a session has made in each hostgroup.
///
/// An object, since few sessions have one, and idle ones shall not grow.
final class SeenTransactions {
    /// One hostgroup's.
    struct Seen {
        let hostgroup: Int
        let gtids: GTIDList
        /// The server that it was made on.
        let backend: Backend
    }

    /// Hostgroups that a session remembers; the one that it has written to longest ago makes room.
    static let most = 64
    private var all: [Seen] = []

    func saw(_ seen: Seen) {
        all.removeAll { $0.hostgroup == seen.hostgroup }
        if all.count >= Self.most { all.removeFirst() }
        all.append(seen)
    }

    func last(in hostgroup: Int) -> Seen? { all.last { $0.hostgroup == hostgroup } }
}

extension SessionStateChange {
    /// The transaction that the statement has made: MariaDB's `last_gtid`, or what MySQL's `session_track_gtids` tells.
    var committed: GTIDList? {
        switch self {
        case .systemVariables(let variables):
            variables.last { $0.name == "last_gtid" }.flatMap { GTIDList($0.value.utf8) }
        case .gtids(encoding: 0, let text): GTIDList(text.utf8)
        case .schema, .stateChanged, .gtids, .transactionCharacteristics, .transactionState, .unknown: nil
        }
    }
}
