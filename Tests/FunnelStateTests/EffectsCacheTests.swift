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

    @Test func aFormThatAnotherPluginMadeIsThatOfItsTextAlone() {
        let texts = [
            "SELECT a FROM t WHERE id=1", "SELECT a FROM t WHERE id=2", "SELECT \"a\" FROM t LIMIT 1", "KILL 5",
            "COMMIT", "UPDATE t SET a=1 WHERE id = 12345678", "SELECT atan2( 3) FROM t", "SET autocommit=0",
        ].map { Array($0.utf8) }
        let inWork = TextInWork()
        var cache = EffectsCache(inWork)
        for turn in 0..<200 {
            let text = texts[turn * 7 % texts.count]
            // The same text, another one, or what an earlier turn has left.
            let taken = texts[(turn * 7 + turn % 3) % texts.count]
            if turn % 3 < 2 { _ = inWork.take(taken.span) }
            for mode in [[], .ansiQuotes] as [SQLLexicalMode] {
                let effects = cache.effects(of: text.span, mode: mode)
                #expect(effects == StatementEffects(of: text.span, mode: mode))
            }
        }
    }

    @Test func oneEntryServesAllIntegers() {
        var cache = EffectsCache()
        for number in 0..<500 {
            #expect(effects("SELECT a FROM t1 WHERE id=\(number)", &cache).isReadOnly)
            #expect(effects("UPDATE t1 SET a=-\(number) WHERE id IN (\(number), 7)", &cache).facts == .writesRows)
        }
        #expect(cache.count == 2)
    }

    @Test(arguments: [
        "SELECT a FROM t WHERE id=#", "SELECT a FROM t# WHERE id=# LIMIT #, #", "SELECT # a, ln#( #) FROM t",
        "SELECT atan#( #) FROM t", "SELECT crc#(#), # FROM t", "SET autocommit=#", "SET autocommit= #", "KILL #",
        "KILL QUERY #", "SELECT /*!# a, */ # FROM t", "SELECT /*!#0000 f( #) */", "SELECT /*!9#999 f( #) */",
        "SELECT /* # */ # -- #", "SELECT 5 --#", "SELECT #--#", "SELECT # -- # '", "SELECT #x1F, #b1",
        "SELECT a.#, #.5, .#",
        "SELECT #e#, #e-#", "SELECT '# ', \" # \", ` # `", "SELECT ` #`( #)", "SELECT @# , @a:= #, @@max_#",
        "SELECT GET_LOCK('a', #)", "SELECT LAST_INSERT_ID( #)", "INSERT INTO t VALUES ( #,#), (-#,'#')",
        "UPDATE t SET a=#; SET autocommit=#", "UPDATE t SET a=# ; BEGIN", "PREPARE s FROM 'SELECT # '",
        "EXECUTE IMMEDIATE 'UPDATE t SET a= # '", "EXECUTE IMMEDIATE 'SET autocommit= # '", "EXPLAIN FOR CONNECTION #",
        "SET STATEMENT max_statement_time=# FOR SELECT #", "SET STATEMENT autocommit=# FOR UPDATE t SET a= #",
        "SELECT NEXTVAL( s) , # FROM t FOR UPDATE", "DELETE FROM t WHERE id< # AND b>#", "SELECT (#", "SELECT # \u{0}",
        "SELECT \u{0}=# FROM DUAL", "CALL p( #)", "SHOW WARNINGS LIMIT #", "WITH c AS (SELECT #) SELECT * FROM c",
        "#", " #",
    ])
    func whatIsKeptForAllIntegersIsWhatWouldBeRead(_ template: String) {
        var cache = EffectsCache()
        let numbers = [0, 1, 2, 10, 32, 50001, 99999, 1_234_567_890]
        for turn in 0..<60 {
            let parts = template.split(separator: "#", omittingEmptySubsequences: false)
            let text = parts.dropFirst().enumerated().reduce(String(parts[0])) { text, part in
                text + "\(numbers[(turn / (part.offset + 1) + part.offset) % numbers.count])" + part.element
            }
            #expect(effects(text, &cache) == StatementEffects(of: Array(text.utf8).span))
        }
    }

    @Test func textsThatComeOnceArentKept() {
        var cache = EffectsCache()
        for number in 0..<500 { _ = effects("SELECT a FROM t WHERE id='\(number)'", &cache) }
        #expect(cache.count == 0)
        _ = effects("COMMIT", &cache)
        _ = effects("COMMIT", &cache)
        #expect(cache.count == 1)
        for number in 500..<1000 { _ = effects("SELECT a FROM t WHERE id='\(number)'", &cache) }
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
