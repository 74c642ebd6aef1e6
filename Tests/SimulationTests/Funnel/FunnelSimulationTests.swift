import Glibc
import TestSupport
import Testing

/// Seeded runs of the production funnel between fake clients and a fake server that keeps sessions' state.
///
/// After every statement: no more connections than allowed, nobody else's transaction or table, every client its own
/// state; at the end: nobody forgotten, nothing leased, waiting, pinned or left behind.
@Suite("Simulation: the funnel")
struct FunnelSimulationTests {
    /// One seed by `MILLRACE_SEED`, or as many as there is time for.
    private static func seeds(_ count: UInt64) -> ClosedRange<UInt64> {
        if let text = getenv("MILLRACE_SEED"), let seed = UInt64(String(cString: text)) { return seed...seed }
        return 1...count
    }

    private func run(_ seed: UInt64, _ weather: FunnelTown.Weather) throws {
        let town = try FunnelTown(seed: seed, weather: weather)
        town.run()
        for violation in town.violations {
            Issue.record(
                """
                seed \(seed), \(weather): \(violation)
                replay it: MILLRACE_SEED=\(seed) swift test --filter FunnelSimulationTests
                """)
        }
    }

    private func drawn(_ seed: UInt64) -> FunnelTown.Weather {
        var random = SplitMix64(seed: seed &* 77)
        var weather = FunnelTown.Weather()
        weather.clients = 2 + random.below(25)
        weather.users = random.oneIn(3) ? 1 + random.below(3) : 1
        weather.maxBackends = 1 + random.below(5)
        weather.pins = random.oneIn(2)
        weather.queue = random.oneIn(4) ? "fair" : "fifo"
        return weather
    }

    @Test("while nothing fails no statement fails, and every session has its own state")
    func calm() throws {
        for seed in Self.seeds(30) { try run(seed, drawn(seed)) }
    }

    @Test("clients that die at any time take nothing with them, and leave nothing behind")
    func clientsDie() throws {
        for seed in Self.seeds(30) {
            var weather = drawn(seed)
            weather.clientsDie = true
            try run(seed, weather)
        }
    }

    @Test("connections that die at any time cost errors, never somebody else's state, and nobody is forgotten")
    func serversDie() throws {
        for seed in Self.seeds(30) {
            var weather = drawn(seed)
            weather.serversDie = true
            weather.clientsDie = seed.isMultiple(of: 2)
            try run(seed, weather)
        }
    }

    @Test("several servers: statements go from one hostgroup to another, and their sessions' state goes with them")
    func hostgroups() throws {
        for seed in Self.seeds(12) {
            var weather = drawn(seed)
            weather.servers = 2 + Int(seed % 3)
            try run(seed, weather)
        }
    }

    @Test("servers are drained, paused, removed and added, weights change: no statement fails")
    func serversMove() throws {
        for seed in Self.seeds(16) {
            var weather = drawn(seed)
            weather.servers = 2 + Int(seed % 3)
            weather.serversMove = true
            weather.clientsDie = seed.isMultiple(of: 4)
            try run(seed, weather)
        }
    }

    @Test("servers are cut off while they serve, connections and clients die: errors at most, and nobody is forgotten")
    func serversAreCutOff() throws {
        for seed in Self.seeds(16) {
            var weather = drawn(seed)
            weather.servers = 2 + Int(seed % 3)
            weather.serversMove = true
            weather.serversAreCutOff = true
            weather.serversDie = seed.isMultiple(of: 3)
            weather.clientsDie = seed.isMultiple(of: 2)
            try run(seed, weather)
        }
    }

    @Test("on one connection statements are served in the order of their arrival")
    func order() throws {
        for seed in Self.seeds(10) {
            var weather = FunnelTown.Weather()
            weather.clients = 20
            weather.maxBackends = 1
            weather.pins = false
            try run(seed, weather)
        }
    }

    @Test("what goes wrong is noticed", arguments: ["swapsState", "losesAnswer", "opensAnother", "passes"])
    func plantedFaults(name: String) throws {
        let faults: [String: FunnelTown.Fault] = [
            "swapsState": .swapsState, "losesAnswer": .losesAnswer, "opensAnother": .opensAnother, "passes": .passes,
        ]
        let fault = try #require(faults[name])
        var weather = FunnelTown.Weather()
        if fault == .passes { (weather.maxBackends, weather.pins, weather.clients) = (1, false, 20) }
        let isCaught = try (UInt64(1)...5).contains { seed in
            let town = try FunnelTown(seed: seed, weather: weather, fault: fault)
            town.run()
            return !town.violations.isEmpty
        }
        #expect(isCaught)
    }
}
