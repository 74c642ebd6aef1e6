import MySQLWire
import PluginAPI

/// A query in `proxy.queries`.
struct QueuedQuery {
    let id: Int
    let packet: [UInt8]
    let needsResult: Bool

    /// What the packet asks for.
    var command: Command { Command(rawValue: packet.first ?? 0) }

    /// The core's word for it; a client that has its answer already makes every later result one to be kept back.
    func injection(isAnswered: Bool, keptBytes: Int) -> Injection {
        Injection(id: id, payload: packet, needsResult: needsResult || isAnswered, keptBytes: keptBytes)
    }
}

/// `proxy.queries`: what a script wants to be sent, next one first.
struct LuaQueryQueue {
    private var queries: [QueuedQuery] = []
    /// The bytes of all packets.
    private(set) var bytes = 0

    var isEmpty: Bool { queries.isEmpty }
    var count: Int { queries.count }
    var first: QueuedQuery? { queries.first }

    mutating func append(_ query: QueuedQuery) {
        queries.append(query)
        bytes += query.packet.count
    }

    mutating func prepend(_ query: QueuedQuery) {
        queries.insert(query, at: 0)
        bytes += query.packet.count
    }

    mutating func popFirst() -> QueuedQuery? {
        guard !queries.isEmpty else { return nil }
        let first = queries.removeFirst()
        bytes -= first.packet.count
        return first
    }

    mutating func removeAll() {
        guard !queries.isEmpty else { return }
        queries = []
        bytes = 0
    }
}
