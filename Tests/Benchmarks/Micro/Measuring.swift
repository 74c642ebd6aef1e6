import Benchmark
import CMemoryCalls

/// Calls of malloc and its kin for a thousand runs; the library counts none unless it brings an allocator of its own.
let memoryCalls = BenchmarkMetric.custom("memoryCalls", polarity: .prefersSmaller, useScalingFactor: true)

/// A benchmark of what `make` answers: called once a measurement, it makes ready what then runs a thousand times.
func measure(_ name: String, _ make: @escaping () throws -> () -> Void) {
    Benchmark(name) { benchmark in
        let run = try make()
        // What grows to its size, and what is made at the first call, is no cost of a run.
        for _ in 0..<100 { run() }
        let before = memory_calls()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { run() }
        benchmark.stopMeasurement()
        benchmark.measurement(memoryCalls, Int(memory_calls() - before))
    }
}
