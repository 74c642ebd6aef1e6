import Glibc
import Pooling
import TestSupport
import Testing

/// Seeded runs of the book between sessions that ask, die and pin, and a server that opens, closes and fails.
@Suite("Leases: simulation")
struct LeaseSimulationTests {
    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }

    /// One seed by `MILLRACE_SEED`, or as many as `MILLRACE_SEEDS` says.
    private static var seeds: ClosedRange<UInt64> {
        if let chosen = number("MILLRACE_SEED") { return chosen...chosen }
        return 1...max(1, number("MILLRACE_SEEDS") ?? 300)
    }

    @Test("limits, order and every request's one answer hold, whatever happens")
    func weather() {
        for seed in Self.seeds {
            let simulation = LeaseSimulation(seed: seed)
            guard let violation = simulation.run().first else { continue }
            Issue.record(
                """
                seed \(seed): \(violation)
                replay it: MILLRACE_SEED=\(seed) swift test --filter LeaseSimulationTests
                """)
        }
    }

    @Test("a planted fault is caught", arguments: LeaseSimulation.Fault.allCases)
    func planted(fault: LeaseSimulation.Fault) {
        let caught = (UInt64(1)...60).first { !LeaseSimulation(seed: $0, fault: fault).run().isEmpty }
        #expect(caught != nil, "\(fault) goes unnoticed")
    }
}
