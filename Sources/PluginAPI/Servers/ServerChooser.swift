/// Chooses servers by weight and load, for one event loop.
///
/// Weighted least connections: the smallest load by weight gets the next statement. Where loads are level, as they are
/// when statements come one at a time, turns go round by weight; nobody gets further ahead than by one turn, so that a
/// server that was down or slow isn't flooded afterwards. A choice costs one atomic load beside the look at the members.
public final class ServerChooser {
    /// A server that takes statements.
    private struct Candidate {
        let backend: Backend
        /// What one statement weighs there: 1 by weight.
        let share: Double
        /// How far it is ahead of the others, in statements by weight.
        var lead = 0.0
        /// Whether the last choice was between this one and others.
        var isEligible = false
    }

    private let servers: BackendSet
    private var version = -1
    private var hostgroups: Hostgroups
    private var candidates: [Candidate] = []
    private var places: [Int: Range<Int>] = [:]
    private var usualPlace = 0..<0

    /// Chooses among the set's servers.
    public init(_ servers: BackendSet) {
        self.servers = servers
        hostgroups = servers.hostgroups
    }

    /// A server for new work in the hostgroup, nil for the usual one.
    ///
    /// - Parameters:
    ///   - own: chosen before all others where it may be chosen at all.
    ///   - waits: whether, when none is ready, one that is down or paused is chosen all the same, to wait for it.
    ///   - load: how much work a server has now; nil where it takes no more.
    /// - Returns: nil where the hostgroup has no server to use.
    public func choose(
        in hostgroup: Int?, preferring own: Backend? = nil, waits: Bool = false, load: (Backend) -> Int?
    ) -> Backend? {
        if servers.version != version { refresh() }
        let place = place(of: hostgroup)
        if let own, isPreferable(own, place) { return own }
        if place.count == 1 { return only(place.lowerBound, waits, load) }
        let best = best(of: place) { $0.isReady ? load($0) : nil } ?? (waits ? best(of: place, load) : nil)
        guard let best else { return nil }
        served(best, place)
        return candidates[best].backend
    }

    /// The one server of a hostgroup, which has no turns.
    private func only(_ index: Int, _ waits: Bool, _ load: (Backend) -> Int?) -> Backend? {
        let backend = candidates[index].backend
        guard backend.isReady || waits, load(backend) != nil else { return nil }
        return backend
    }

    /// Whether that server would be chosen if it were preferred: ``choose(in:preferring:waits:load:)`` in short.
    public func wouldChoose(_ own: Backend, in hostgroup: Int?) -> Bool {
        guard servers.version == version else { return false }
        return isPreferable(own, place(of: hostgroup))
    }

    /// The hostgroups that the last choice was made in.
    public var current: Hostgroups { hostgroups }

    private func refresh() {
        // The number is read first: a change in between is seen again.
        version = servers.version
        hostgroups = servers.hostgroups
        candidates = []
        places = [:]
        for member in hostgroups.members where member.row.takesStatements {
            let number = member.row.hostgroup
            let first = places[number]?.lowerBound ?? candidates.count
            candidates.append(Candidate(backend: member.backend, share: 1 / Double(member.row.weight)))
            places[number] = first..<candidates.count
        }
        usualPlace = places[hostgroups.usual] ?? 0..<0
    }

    private func place(of hostgroup: Int?) -> Range<Int> {
        hostgroup.map { places[$0] ?? 0..<0 } ?? usualPlace
    }

    private func isPreferable(_ backend: Backend, _ place: Range<Int>) -> Bool {
        guard backend.isReady else { return false }
        for index in place where candidates[index].backend === backend { return true }
        return false
    }

    private func best(of place: Range<Int>, _ load: (Backend) -> Int?) -> Int? {
        var best: Int?
        var least = Double.infinity
        for index in place {
            let load = load(candidates[index].backend)
            candidates[index].isEligible = load != nil
            guard let load else { continue }
            let score = Double(load) * candidates[index].share + candidates[index].lead
            if score < least { (best, least) = (index, score) }
        }
        return best
    }

    /// The server has had its turn: it is ahead of the others by one statement more, and all are moved so that the last of
    /// them is at 0.
    private func served(_ best: Int, _ place: Range<Int>) {
        guard place.count > 1 else { return }
        candidates[best].lead += candidates[best].share
        var last = Double.infinity
        for index in place where candidates[index].isEligible { last = min(last, candidates[index].lead) }
        for index in place {
            candidates[index].lead = min(candidates[index].share, max(0, candidates[index].lead - last))
        }
    }
}
