import SQLText
import Testing

@testable import FunnelPlugin

@Suite struct EffectsCacheTests {
    private func effects(_ text: String, _ mode: SQLLexicalMode = [], _ cache: inout EffectsCache) -> StatementEffects {
        cache.effects(of: Array(text.utf8).span, mode: mode)
    }

    @Test func whatIsKeptIsWhatWouldBeRead() {
        let texts = [
            "", "BEGIN", "COMMIT", "SELECT 1", "SELECT 2", "SELECT \"a\" FROM t LIMIT 1", "SET NAMES latin1",
            "SELECT @a:=1, b FROM t WHERE c=5", "SELECT @a:=2, b FROM t WHERE c=5",
            "UPDATE t SET a=1 WHERE id = 12345678",
        ]
        var cache = EffectsCache()
        for _ in 0..<4 {
            for text in texts {
                for mode in [[], .ansiQuotes] as [SQLLexicalMode] {
                    #expect(effects(text, mode, &cache) == StatementEffects(of: Array(text.utf8).span, mode: mode))
                }
            }
        }
        #expect(cache.count > 4)
    }

    @Test func textsThatComeOnceArentKept() {
        var cache = EffectsCache()
        for number in 0..<500 { _ = effects("SELECT a FROM t WHERE id=\(number)", &cache) }
        #expect(cache.count == 0)
        _ = effects("COMMIT", &cache)
        _ = effects("COMMIT", &cache)
        #expect(cache.count == 1)
        for number in 500..<1000 { _ = effects("SELECT a FROM t WHERE id=\(number)", &cache) }
        #expect(cache.count == 1)
    }

    @Test func longTextsArentKept() {
        var cache = EffectsCache()
        let text = "SELECT '" + String(repeating: "a", count: EffectsCache.longestText) + "'"
        for _ in 0..<3 { #expect(effects(text, &cache).kind == .select) }
        #expect(cache.count == 0)
    }

    private func effects(_ text: String, _ cache: inout EffectsCache) -> StatementEffects { effects(text, [], &cache) }
}
