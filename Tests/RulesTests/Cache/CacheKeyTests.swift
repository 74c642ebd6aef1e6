import MySQLWire
import Pooling
import Testing

@testable import RulesPlugin

@Suite("Query cache: keys")
struct CacheKeyTests {
    private func key(
        _ text: String = "SELECT 1", user: String = "u", schema: String = "s", settings: String = "utf8",
        capabilities: Capabilities = []
    ) -> CacheKey {
        CacheRig.key(text, user: user, schema: schema, settings: settings, capabilities: capabilities)
    }

    @Test("every part tells keys apart, and no byte moves from one part to its neighbour")
    func parts() {
        let long = String(repeating: "x", count: 300)
        let keys = [
            key(), key("select 1"), key(user: "v"), key(schema: "t"), key(settings: "latin1"),
            key(capabilities: [.mariadbExtendedMetadata]), key(user: "us", schema: ""), key(user: "", schema: "us"),
            key(schema: "sut", settings: "f8"), key(settings: "utf8S"), key("ELECT 1", settings: "utf8S"),
            key(user: long), key(user: long + "x"), key("x", user: long), key(""),
        ]
        #expect(Set(keys).count == keys.count)
        for key in keys { #expect(keys.filter { $0 == key }.count == 1) }
    }

    @Test("other capabilities make no difference")
    func capabilities() {
        #expect(key(capabilities: [.deprecateEOF, .sessionTrack, .protocol41]) == key())
    }

    @Test("a key filled again is as good as new, and one that was kept stays what it was")
    func refilled() {
        var again = key("SELECT a_longer_one")
        let kept = again
        again.fill(
            text: Array("SELECT 1".utf8).span, user: [0x75].span, schema: [0x73].span,
            settings: Array("utf8".utf8).span,
            capabilities: [])
        #expect(again == key())
        #expect(again.hash == key().hash)
        #expect(kept == key("SELECT a_longer_one"))
        #expect(kept.compact == kept)
    }

    @Test("keys of the same hash are different answers")
    func collisions() {
        var table = CacheTable()
        let answers = (0..<100).map { number in
            CachedAnswer(
                CacheRig.content(number), key: CacheKey(bytes: key("SELECT \(number)").bytes, hash: 1), ttl: .zero,
                now: .init(nanoseconds: 0))
        }
        for answer in answers { table.insert(answer) }
        for (number, answer) in answers.enumerated() {
            #expect(table.slot(of: answer.key).flatMap { table.answer(in: $0) } === answers[number])
        }
        for answer in answers where answer.length % 3 != 0 {
            if let slot = table.slot(of: answer.key) { #expect(table.remove(slot) === answer) }
        }
        for answer in answers { #expect((table.slot(of: answer.key) != nil) == (answer.length % 3 == 0)) }
    }
}
