/// All hostgroups at one moment: never changed, but swapped whole by its ``BackendSet``.
public final class Hostgroups: Sendable {
    /// A server of a hostgroup.
    public struct Member: Sendable {
        /// The server, the same object in every hostgroup.
        public let backend: Backend
        /// What the hostgroup says of it.
        public let row: ServerRow
    }

    /// The members of all hostgroups, in the order of their numbers.
    public let members: [Member]
    /// The hostgroup of statements for which nobody has named one: 0, or 1 where only that one has servers.
    public let usual: Int
    /// Where in ``members`` each hostgroup's are.
    private let places: [Int: Range<Int>]

    /// The hostgroups of these members.
    init(_ members: [Member]) {
        let sorted = members.sorted { ($0.row.hostgroup, $0.backend.index) < ($1.row.hostgroup, $1.backend.index) }
        var places: [Int: Range<Int>] = [:]
        for (index, member) in sorted.enumerated() {
            let first = places[member.row.hostgroup]?.lowerBound ?? index
            places[member.row.hostgroup] = first..<index + 1
        }
        self.members = sorted
        self.places = places
        let isReadOnly = places[ServerRow.readWriteHostgroup] == nil && places[ServerRow.readOnlyHostgroup] != nil
        usual = isReadOnly ? ServerRow.readOnlyHostgroup : ServerRow.readWriteHostgroup
    }

    /// The hostgroups' numbers, in order.
    public var numbers: [Int] { places.keys.sorted() }

    /// The members of one hostgroup; none for a number that no row has.
    public subscript(hostgroup: Int) -> ArraySlice<Member> {
        members[places[hostgroup] ?? 0..<0]
    }

    /// Why a statement finds no server in the hostgroup, in words that follow a colon.
    public func obstacle(in hostgroup: Int?) -> String {
        let number = hostgroup ?? usual
        let members = self[number]
        guard !members.isEmpty else {
            return self.members.isEmpty
                ? "no server is configured" : "hostgroup \(number) has no server (table mysql_servers)"
        }
        let reasons = members.map { "\($0.backend.endpoint) \($0.obstacle)" }
        return "hostgroup \(number) has no server to use: \(reasons.joined(separator: ", "))"
    }
}

extension Hostgroups.Member {
    /// Why the server isn't used, in words that follow its name.
    fileprivate var obstacle: String {
        if row.status != .online { return "is \(row.status)" }
        if row.weight == 0 { return "has weight 0" }
        if row.maxConnections == 0 { return "has max_connections 0" }
        if backend.isPaused { return "is paused" }
        return backend.state == .down ? "is down" : "has no connection free"
    }
}
