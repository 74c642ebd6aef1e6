import PluginAPI
import Pooling
import Testing

@Suite("The choice of a server")
struct ServerChooserTests {
    private let servers = BackendSet()
    private let chooser: ServerChooser

    init() {
        chooser = ServerChooser(servers)
    }

    private func load(_ weights: [Int], hostgroup: Int = 0) {
        servers.change { rows in
            rows = weights.enumerated().map { index, weight in
                ServerRow(hostgroup: hostgroup, endpoint: .tcp(host: "s\(index)", port: 1), weight: weight)
            }
        }
    }

    /// How often each server is chosen, one statement at a time.
    private func tally(_ count: Int, in hostgroup: Int? = nil) -> [Int] {
        var tally = [Int](repeating: 0, count: servers.all.count)
        for _ in 0..<count {
            if let chosen = chooser.choose(in: hostgroup, load: { _ in 0 }) { tally[chosen.index] += 1 }
        }
        return tally
    }

    /// How often each server is chosen while so many statements run at once, each as long as its server takes.
    private func tally(_ count: Int, running: Int, times: [UInt64]) -> [Int] {
        var tally = [Int](repeating: 0, count: times.count)
        var busy = tally
        var ends: [(time: UInt64, server: Int)] = []
        var (now, noise) = (UInt64(0), UInt64(7))
        for _ in 0..<count {
            if ends.count == running, let first = ends.indices.min(by: { ends[$0].time < ends[$1].time }) {
                now = ends[first].time
                busy[ends[first].server] -= 1
                ends.remove(at: first)
            }
            guard let chosen = chooser.choose(in: nil, load: { busy[$0.index] }) else { continue }
            tally[chosen.index] += 1
            busy[chosen.index] += 1
            noise = noise &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            ends.append((now + times[chosen.index] / 2 + (noise >> 33) % times[chosen.index], chosen.index))
        }
        return tally
    }

    @Test(
        "10,000 statements one at a time are shared by weight within 5 %",
        arguments: [[1, 1], [3, 1], [1, 2, 3, 4], [10, 1, 1], [7, 0, 5]])
    func weights(_ weights: [Int]) {
        load(weights)
        let tally = tally(10_000)
        for (count, weight) in zip(tally, weights) {
            let expected = 10_000 * Double(weight) / Double(weights.reduce(0, +))
            #expect(abs(Double(count) - expected) <= expected * 0.05, "\(tally) for \(weights)")
        }
    }

    @Test("turns are taken smoothly: nobody waits for a row of others' turns")
    func smooth() {
        load([3, 1])
        let order = (0..<8).map { _ in chooser.choose(in: nil, load: { _ in 0 })?.index }
        #expect(order == [0, 1, 0, 0, 0, 1, 0, 0])
    }

    @Test("many statements at once are shared by weight within 5 %", arguments: [[1, 1], [3, 1], [1, 2, 3, 4]])
    func busy(_ weights: [Int]) {
        load(weights)
        let tally = tally(10_000, running: 60, times: weights.map { _ in 1000 })
        for (count, weight) in zip(tally, weights) {
            let expected = 10_000 * Double(weight) / Double(weights.reduce(0, +))
            #expect(abs(Double(count) - expected) <= expected * 0.05, "\(tally) for \(weights)")
        }
    }

    @Test("a slow server gets fewer statements, and isn't flooded when it is fast again")
    func slow() {
        load([1, 1])
        let slow = tally(10_000, running: 20, times: [1000, 9000])
        #expect(slow[0] > 8 * slow[1] && slow[1] > 0, "\(slow)")
        let order = (0..<6).map { _ in chooser.choose(in: nil, load: { _ in 0 })?.index ?? -1 }
        #expect(order.filter { $0 == 1 }.count <= 4, "\(order)")
    }

    @Test("one that is down or paused, and comes back, has its turn and no more")
    func back() {
        load([1, 1, 1])
        servers.all[1].state = .down
        servers.pause(servers.all[2], true)
        #expect(tally(9) == [9, 0, 0])
        servers.all[1].state = .up
        servers.pause(servers.all[2], false)
        #expect(tally(9) == [3, 3, 3])
    }

    @Test("weight 0, OFFLINE and max_connections 0 get nothing, also when nobody else is there")
    func nothing() {
        load([1, 0])
        servers.change { $0[0].status = .offlineSoft }
        #expect(chooser.choose(in: nil, waits: true, load: { _ in 0 }) == nil)
        load([1])
        servers.change { $0[0].maxConnections = 0 }
        #expect(chooser.choose(in: nil, waits: true, load: { _ in 0 }) == nil)
    }

    @Test("where none is ready, who waits has one all the same")
    func waiting() {
        load([1])
        servers.all[0].state = .down
        #expect(chooser.choose(in: nil, load: { _ in 0 }) == nil)
        #expect(chooser.choose(in: nil, waits: true, load: { _ in 0 }) === servers.all[0])
    }

    @Test("one that takes no more is passed over")
    func full() {
        load([5, 1])
        #expect(chooser.choose(in: nil, load: { $0.index == 0 ? nil : 3 })?.index == 1)
        #expect(chooser.choose(in: nil, load: { _ in nil }) == nil)
    }

    @Test("the own server is kept where the hostgroup has it ONLINE and ready")
    func own() {
        load([1, 1, 1])
        let own = servers.all[2]
        func chosen(_ hostgroup: Int? = nil) -> Backend? {
            chooser.choose(in: hostgroup, preferring: own, load: { _ in 0 })
        }
        #expect(chosen() === own && chosen() === own)
        own.state = .down
        #expect(chosen() !== own)
        own.state = .up
        servers.change { rows in
            rows[2].hostgroup = 5
        }
        #expect(chosen() !== own && chosen(5) === own)
        servers.change { rows in
            rows[2].hostgroup = 0
            rows[2].weight = 0
        }
        #expect(chosen() !== own)
    }

    @Test("read-only servers alone are the usual hostgroup")
    func readOnly() throws {
        try servers.add(.tcp(host: "r", port: 1), role: .readOnly)
        #expect(chooser.choose(in: nil, load: { _ in 0 })?.role == .readOnly)
        #expect(chooser.choose(in: 0, load: { _ in 0 }) == nil)
        try servers.add(.tcp(host: "w", port: 1), role: .readWrite)
        #expect(chooser.choose(in: nil, load: { _ in 0 })?.role == .readWrite)
    }
}
