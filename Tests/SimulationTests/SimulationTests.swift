import Glibc
import TestSupport
import Testing

/// Seeded runs of the production proxy between fake clients and fake servers on a virtual network.
@Suite("Simulation")
struct SimulationTests {
    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }

    /// One seed by `MILLRACE_SEED`, or as many as `MILLRACE_SEEDS` says.
    private static var seeds: ClosedRange<UInt64> {
        if let chosen = number("MILLRACE_SEED") { return chosen...chosen }
        return 1...max(1, number("MILLRACE_SEEDS") ?? 600)
    }

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

/// Runs in which parking is the weather: many clients of few users, one or two servers, and nothing fails.
@Suite("Simulation: parked connections")
struct ParkingTests {
    @Test(
        "no session sees another one's state, schema or answers, and none is lost",
        arguments: [(false, false), (true, false), (false, true)])
    func parking(hasMeddler: Bool, hasChatter: Bool) throws {
        for seed in UInt64(10_001)...10_060 {
            var weather = Simulation.Weather()
            weather.hasParker = true
            weather.hasMeddler = hasMeddler
            weather.hasChatter = hasChatter
            let simulation = try Simulation(seed: seed, weather: weather)
            simulation.run()
            for violation in simulation.violations { Issue.record("seed \(seed): \(violation)") }
        }
    }
}

/// The simulator must notice what it is there for: each of these wrong networks is caught.
@Suite("Simulation: planted faults")
struct PlantedFaultTests {
    /// Runs seeds of calm weather until a fault planted in the network was noticed.
    private func isCaught(_ tamper: @escaping (inout [UInt8], SimulatedStream) -> Void) throws -> Bool {
        for seed in UInt64(1)...20 {
            let simulation = try Simulation(seed: seed, weather: Simulation.Weather())
            var pieces = 0
            simulation.loop.tamper = { piece, stream in
                pieces += 1
                if pieces > 40 { tamper(&piece, stream) }
            }
            simulation.run()
            if !simulation.violations.isEmpty { return true }
        }
        return false
    }

    @Test("an honest network is not blamed")
    func honest() throws {
        #expect(try !isCaught { _, _ in })
    }

    @Test("a lost byte is noticed")
    func lost() throws {
        var isDone = false
        #expect(
            try isCaught { piece, _ in
                if !isDone, piece.count > 20 { piece.remove(at: 10) }
                isDone = isDone || piece.count > 20
            })
    }

    @Test("a changed byte is noticed")
    func changed() throws {
        #expect(try isCaught { piece, _ in piece[piece.count - 1] ^= 0x20 })
    }

    @Test("bytes in a wrong order are noticed")
    func reordered() throws {
        #expect(try isCaught { piece, _ in if piece.count > 60 { piece.swapAt(30, 50) } })
    }

    @Test("bytes given to another client are noticed")
    func misdirected() throws {
        var other: (stream: SimulatedStream, piece: [UInt8])?
        #expect(
            try isCaught { piece, stream in
                guard stream.peerAddress == "client", piece.count > 20 else { return }
                if let earlier = other, earlier.stream !== stream {
                    let own = piece
                    piece = earlier.piece
                    other = (stream, own)
                } else {
                    other = (stream, piece)
                }
            })
    }

    @Test("a result cut off so that it looks whole is noticed")
    func truncated() throws {
        #expect(
            try isCaught { piece, stream in
                guard stream.peerAddress == "client", piece.count > 200 else { return }
                piece.removeLast(100)
            })
    }

    @Test("a silent standstill is noticed")
    func standstill() throws {
        #expect(try isCaught { piece, _ in piece = [] })
    }
}
