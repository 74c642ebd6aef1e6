import Locking
import Pooling

/// What `proxy.shared` holds, for the scripts of all loops; every operation is atomic.
final class SharedDictionary: Sendable {
    /// A value that has no tie to one Lua state.
    enum Value: Equatable, Sendable {
        case bytes([UInt8])
        case integer(Int64)
        case number(Double)
        case boolean(Bool)

        fileprivate var size: Int { if case .bytes(let bytes) = self { bytes.count } else { 8 } }
    }

    /// What a key may not hold, or hold any more.
    enum Failure: Error, Equatable {
        /// All values together have the most bytes that they may have.
        case full
        /// The value that incr should count up isn't a number.
        case notANumber
    }

    private struct Entry {
        var value: Value
        var end: MonotonicTime?

        func isOver(_ now: MonotonicTime) -> Bool { end.map { $0 <= now } ?? false }
    }

    private struct Shard {
        var entries: [[UInt8]: Entry] = [:]
        var bytes = 0

        /// Takes out what is over.
        mutating func sweep(_ now: MonotonicTime) {
            for (key, entry) in entries where entry.isOver(now) {
                bytes -= SharedDictionary.size(key, entry)
                entries[key] = nil
            }
        }
    }

    /// What an entry costs beside its key and value.
    private static let overhead = 64
    private static let shardCount = 16
    /// The most bytes of all entries.
    let capacity: Int
    private let shards: [Cell]

    private final class Cell: Sendable {
        let shard = Lock(Shard())
    }

    init(capacity: Int) {
        self.capacity = capacity
        shards = (0..<Self.shardCount).map { _ in Cell() }
    }

    /// A key's value; nil without one, and where its time is over.
    func get(_ key: [UInt8], now: MonotonicTime) -> Value? {
        cell(key).shard.withLock { shard in
            guard let entry = shard.entries[key], !entry.isOver(now) else { return nil }
            return entry.value
        }
    }

    /// Gives a key a value; nil takes it out.
    func set(_ key: [UInt8], _ value: Value?, until end: MonotonicTime?, now: MonotonicTime) throws(Failure) {
        try change(key, now) { (_) throws(Failure) in value.map { Entry(value: $0, end: end) } }
    }

    /// Gives a key a value where it has none; answers whether it did.
    func add(_ key: [UInt8], _ value: Value, until end: MonotonicTime?, now: MonotonicTime) throws(Failure) -> Bool {
        var isNew = false
        try change(key, now) { (old) throws(Failure) in
            isNew = old == nil
            return old ?? Entry(value: value, end: end)
        }
        return isNew
    }

    /// Adds to a number; a key without one begins with `initial`, and ends at `end`. Answers the sum.
    func increment(
        _ key: [UInt8], by amount: Value, initial: Value, until end: MonotonicTime?, now: MonotonicTime
    ) throws(Failure) -> Value {
        var sum = initial
        try change(key, now) { (old) throws(Failure) in
            var entry = old ?? Entry(value: initial, end: end)
            guard let added = entry.value + amount else { throw .notANumber }
            entry.value = added
            sum = added
            return entry
        }
        return sum
    }

    /// The keys that begin with `prefix`, in no order.
    func keys(prefix: [UInt8], now: MonotonicTime) -> [[UInt8]] {
        shards.flatMap { cell in
            cell.shard.withLock { shard in
                shard.entries.filter { !$0.value.isOver(now) && $0.key.starts(with: prefix) }.map(\.key)
            }
        }
    }

    private func cell(_ key: [UInt8]) -> Cell {
        shards[Int(UInt(bitPattern: key.hashValue) % UInt(Self.shardCount))]
    }

    private func change(
        _ key: [UInt8], _ now: MonotonicTime, _ body: (Entry?) throws(Failure) -> Entry?
    ) throws(Failure) {
        let limit = capacity / Self.shardCount
        let result: Result<Void, Failure> = cell(key).shard.withLock { shard in
            do throws(Failure) {
                let old = shard.entries[key]
                let new = try body(old?.isOver(now) == true ? nil : old)
                let growth = Self.size(key, new) - Self.size(key, old)
                if growth > 0, shard.bytes + growth > limit { shard.sweep(now) }
                // A sweep may have taken the old one.
                let left = Self.size(key, shard.entries[key])
                guard shard.bytes - left + Self.size(key, new) <= limit else { throw .full }
                shard.bytes += Self.size(key, new) - left
                shard.entries[key] = new
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private static func size(_ key: [UInt8], _ entry: Entry?) -> Int {
        entry.map { key.count + $0.value.size + overhead } ?? 0
    }
}

extension SharedDictionary.Value {
    /// The sum as Lua makes it: integers wrap, and anything else with a float is a float; nil for what isn't a number.
    fileprivate static func + (a: Self, b: Self) -> Self? {
        switch (a, b) {
        case (.integer(let a), .integer(let b)): .integer(a &+ b)
        case (.integer(let a), .number(let b)): .number(Double(a) + b)
        case (.number(let a), .integer(let b)): .number(a + Double(b))
        case (.number(let a), .number(let b)): .number(a + b)
        case (.bytes, _), (.boolean, _), (_, .bytes), (_, .boolean): nil
        }
    }
}
