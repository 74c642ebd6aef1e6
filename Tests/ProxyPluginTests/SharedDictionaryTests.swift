import Pooling
import Synchronization
import Testing

@testable import ProxyPlugin

@Suite("proxy.shared")
struct SharedDictionaryTests {
    @Test(
        "answers what a script expects",
        arguments: [
            ("proxy.shared.get('none')", "nil"),
            ("proxy.shared.set('a', 'x\\0y'), #proxy.shared.get('a')", "3"),
            ("proxy.shared:set('a', 1.5), proxy.shared:get('a')", "1.5"),
            ("proxy.shared.set('a', true), proxy.shared.get('a')", "true"),
            ("proxy.shared.set('a', 7), math.type(proxy.shared.get('a'))", "integer"),
            ("proxy.shared.set('a', 7), proxy.shared.set('a', nil), proxy.shared.get('a')", "nil"),
            ("proxy.shared.add('a', 1)", "true"),
            ("proxy.shared.add('a', 1), proxy.shared.add('a', 2)", "false"),
            ("proxy.shared.add('a', 1), proxy.shared.add('a', 2), proxy.shared.get('a')", "1"),
            ("proxy.shared.incr('n')", "1"),
            ("proxy.shared.incr('n', 5, 10)", "15"),
            ("proxy.shared.incr('n', 5, 10), proxy.shared.incr('n', -1)", "14"),
            ("proxy.shared.incr('n', 0.5)", "0.5"),
            (
                "proxy.shared.set('x1', 1), proxy.shared.set('x2', 1), proxy.shared.set('y', 1), #proxy.shared.keys('x')",
                "2"
            ),
            ("#proxy.shared.keys()", "0"),
            (
                "pcall(proxy.shared.get) and 1 or select(2, pcall(proxy.shared.get))",
                "proxy.shared.get: the key must be a string"
            ),
            ("select(2, pcall(proxy.shared.set, 'a', {}))", "give a string, a number, true, false or nil"),
            ("proxy.shared.set('a', 'x'), select(2, pcall(proxy.shared.incr, 'a'))", "isn't a number"),
            ("select(2, pcall(proxy.shared.set, 'a', 1, -1))", "the seconds must be a number above 0"),
            ("select(2, pcall(proxy.shared.set, 'a', ('x'):rep(100000)))", "raise --proxy-lua-shared-memory"),
        ])
    func calls(_ expression: String, _ expected: String) throws {
        let value = try LuaRig.value(of: "select(-1, \(expression))")
        #expect(value?.contains(expected) == true, "\(value ?? "nothing")")
    }

    @Test("a value with an end is gone after it, and makes room")
    func expiry() throws {
        let dictionary = SharedDictionary(capacity: 16_000)
        func time(_ seconds: Double) -> MonotonicTime { MonotonicTime(nanoseconds: 0) + .seconds(seconds) }
        try dictionary.set([1], .integer(1), until: time(10), now: time(0))
        #expect(dictionary.get([1], now: time(9.9)) == .integer(1))
        #expect(try !dictionary.add([1], .integer(2), until: nil, now: time(9.9)))
        #expect(dictionary.get([1], now: time(10)) == nil)
        #expect(dictionary.keys(prefix: [], now: time(10)).isEmpty)
        #expect(try dictionary.add([1], .integer(2), until: nil, now: time(10)))

        // A rate limit: counts begin anew when their window is over.
        #expect(
            try dictionary.increment([2], by: .integer(1), initial: .integer(0), until: time(5), now: time(0))
                == .integer(1))
        #expect(
            try dictionary.increment([2], by: .integer(1), initial: .integer(0), until: time(9), now: time(4))
                == .integer(2))
        #expect(
            try dictionary.increment([2], by: .integer(1), initial: .integer(0), until: time(9), now: time(5))
                == .integer(1))

        func fill(_ second: Double) -> Int {
            (0..<1000).count { number in
                (try? dictionary.set(
                    [3, UInt8(number & 255), UInt8(number >> 8)], .bytes(.init(repeating: 0, count: 20)),
                    until: time(second + 1), now: time(second))) != nil
            }
        }
        let first = fill(20)
        #expect(first > 50 && first < 300)
        #expect(fill(22) > first / 2)
    }

    @Test("counts by several threads add up")
    func atomic() async throws {
        let dictionary = SharedDictionary(capacity: 1 << 20)
        let now = MonotonicTime(nanoseconds: 0)
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<2_000 {
                        _ = try dictionary.increment([1], by: .integer(1), initial: .integer(0), until: nil, now: now)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(dictionary.get([1], now: now) == .integer(16_000))
    }
}
