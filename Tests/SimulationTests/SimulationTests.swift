import Glibc
import TestSupport
import Testing

/// Seeded runs of the production proxy between fake clients and fake servers on a virtual network.
@Suite("Simulation")
struct SimulationTests {
    /// The one seed to run, from `MILLRACE_SEED`.
    private static var chosenSeed: UInt64? {
        getenv("MILLRACE_SEED").flatMap { UInt64(String(cString: $0)) }
    }

    private static let seeds = chosenSeed.map { [$0] } ?? Array(1...400)

    @Test("no byte is lost, reordered or misdirected, whatever the weather; every session ends")
    func weather() throws {
        for seed in Self.seeds {
            let simulation = try Simulation(seed: seed)
            simulation.run()
            for violation in simulation.violations {
                Issue.record(
                    """
                    seed \(seed): \(violation)
                    replay it: MILLRACE_SEED=\(seed) swift test --filter SimulationTests
                    """)
            }
        }
    }
}
