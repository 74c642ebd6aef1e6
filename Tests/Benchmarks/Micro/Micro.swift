import Benchmark

/// What the hot path is made of, piece by piece.
///
/// Thresholds in Tests/Benchmarks/Thresholds hold their memory calls, which are the same on every machine; times are printed for
/// comparing two builds on one.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = Benchmark.Configuration(
        metrics: [.wallClock, .instructions, memoryCalls], warmupIterations: 1, scalingFactor: .kilo,
        maxDuration: .milliseconds(300), maxIterations: 100,
        thresholds: [memoryCalls: BenchmarkThresholds(absolute: [.p90: 20])])
    wire()
    machines()
    statements()
    leases()
    rules()
    scripts()
}
