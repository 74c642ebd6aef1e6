import EventLoop
import PluginAPI
import Pooling
import TestSupport

// Servers that come and go while statements run. Server 0 stays in hostgroup 0 and the last one in hostgroup 1, so that
// there is always one for every statement.

extension FunnelTown {
    static func server(_ number: Int) -> Endpoint { .tcp(host: "db\(number)", port: 3306) }

    /// Puts the servers into two hostgroups, and goes on changing them if they move.
    func moveServers() {
        let (last, most) = (weather.servers - 1, weather.maxBackends)
        host.backends.change { rows in
            rows = (0...last).map { ServerRow(hostgroup: 0, endpoint: Self.server($0)) }
            rows += (1...last).map { ServerRow(hostgroup: 1, endpoint: Self.server($0), maxConnections: most) }
        }
        if weather.serversMove { moveSoon() }
    }

    private func moveSoon() {
        loop.schedule(at: loop.now + .milliseconds(UInt64(1 + loop.random.below(8)))) { [weak self] in
            guard let self else { return }
            if clients.allSatisfy(\.isDone) { return bringBack() }
            move()
            moveSoon()
        }
    }

    private func move() {
        switch loop.random.below(5) {
        case 0: pause()
        case 1: change { $0.weight = [0, 1, 5, 100][$1] }
        case 2: remove()
        case _: change { $0.status = [.offlineSoft, .online, .online, self.worst][$1] }
        }
    }

    private var worst: ServerStatus { weather.serversAreCutOff ? .offlineHard : .offlineSoft }

    /// Changes one of the rows that may change, by a number from 0 to 3.
    private func change(_ change: (inout ServerRow, Int) -> Void) {
        var rows = host.backends.rows
        let free = rows.indices.filter { !isKept(rows[$0]) }
        guard !free.isEmpty else { return }
        change(&rows[free[loop.random.below(free.count)]], loop.random.below(4))
        let changed = rows
        host.backends.change { $0 = changed }
    }

    private func isKept(_ row: ServerRow) -> Bool {
        row.endpoint == Self.server(row.hostgroup == 0 ? 0 : weather.servers - 1)
    }

    /// Takes a row out, or brings all back that were.
    private func remove() {
        let rows = host.backends.rows
        let free = rows.indices.filter { !isKept(rows[$0]) }
        if free.isEmpty || loop.random.oneIn(2) { return moveBack() }
        let gone = free[loop.random.below(free.count)]
        host.backends.change { $0.remove(at: gone) }
    }

    private func moveBack() {
        let last = weather.servers - 1
        host.backends.change { rows in
            for number in 0...last {
                for hostgroup in 0...1 where hostgroup == 0 || number > 0 {
                    let row = ServerRow(hostgroup: hostgroup, endpoint: Self.server(number))
                    if !rows.contains(where: { $0.hostgroup == hostgroup && $0.endpoint == row.endpoint }) {
                        rows.append(row)
                    }
                }
            }
        }
    }

    private func pause() {
        let backends = host.backends.all.filter { !$0.isRemoved }
        let backend = backends[loop.random.below(backends.count)]
        host.backends.pause(backend, true)
        loop.schedule(at: loop.now + .milliseconds(UInt64(loop.random.below(30)))) { [weak self] in
            self?.host.backends.pause(backend, false)
        }
    }

    private func bringBack() {
        moveBack()
        host.backends.change { rows in
            for index in rows.indices { rows[index].status = .online }
        }
        for backend in host.backends.all { host.backends.pause(backend, false) }
    }
}
