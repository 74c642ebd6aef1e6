import PluginAPI
import Testing

@testable import RulesPlugin

/// The order in which rules are looked at, and what their columns do.
@Suite struct EvaluationTests {
    @Test func theFirstFinalRuleEndsTheWalk() throws {
        let rig = try RuleRig([
            rule(20, [.username: "app", .destinationHostgroup: 2, .apply: 1]),
            rule(10, [.schemaname: "shop", .destinationHostgroup: 1]),
            rule(30, [.destinationHostgroup: 3]),
        ])
        #expect(rig.decide("SELECT 1").destination == 2)
        #expect(rig.matched == [10, 20])
        #expect(rig.decide("SELECT 1", RouteSubject("other", "shop")).destination == 3)
        #expect(rig.matched == [10, 30])
        #expect(rig.rules.hits() == [2, 1, 1])
    }

    @Test func namesAreExact() throws {
        let rig = try RuleRig([
            rule(1, [.username: "app", .destinationHostgroup: 1]),
            rule(2, [.schemaname: "", .destinationHostgroup: 2]),
        ])
        #expect(rig.decide("SELECT 1", RouteSubject("App", "x")).destination == nil)
        #expect(rig.decide("SELECT 1", RouteSubject("ap", "x")).destination == nil)
        #expect(rig.decide("SELECT 1", RouteSubject("app", "x")).destination == 1)
        #expect(rig.decide("SELECT 1", RouteSubject("x", "")).destination == 2)
    }

    @Test func laterRulesOverwriteWhatEarlierOnesSet() throws {
        let rig = try RuleRig([
            rule(1, [.cacheTTL: 100, .delay: 5, .timeout: 7, .log: 1, .multiplex: 0, .retries: 3]),
            rule(2, [.cacheTTL: 200, .cacheEmptyResult: 0, .mirrorHostgroup: 4, .mirrorFlagOut: 9, .log: 0]),
            rule(3, [.nextQueryFlagIn: 5, .gtidFromHostgroup: 6, .multiplex: 2]),
        ])
        let decision = rig.decide("SELECT 1")
        #expect(decision.cacheTTL == 200)
        #expect(decision.delay == 5)
        #expect(decision.timeout == 7)
        #expect(decision.retries == 3)
        #expect(decision.isLogged == false)
        #expect(decision.cachesEmptyResult == false)
        #expect(decision.mirrorHostgroup == 4)
        #expect(decision.mirrorFlagOut == 9)
        #expect(decision.nextQueryFlagIn == 5)
        #expect(decision.gtidFromHostgroup == 6)
        #expect(decision.multiplex == .despiteVariables)
        #expect(decision.destination == nil)
    }

    @Test func messagesAnswerForTheBackend() throws {
        let rig = try RuleRig([
            rule(1, [.matchDigest: "^DROP", .errorMessage: "not here"]),
            rule(2, [.matchDigest: "^SET", .okMessage: ""]),
        ])
        #expect(rig.decide("drop table t").errorMessage == Array("not here".utf8))
        #expect(rig.decide("set a=1").okMessage == [])
        #expect(rig.decide("select 1").errorMessage == nil)
    }

    @Test func flagsChainRulesForward() throws {
        let rig = try RuleRig([
            rule(1, [.flagIn: 7, .destinationHostgroup: 1]), rule(2, [.matchDigest: "^SELECT", .flagOut: 7]),
            rule(3, [.destinationHostgroup: 3]), rule(4, [.flagIn: 7, .destinationHostgroup: 4]),
        ])
        #expect(rig.decide("SELECT 1").destination == 4)
        #expect(rig.matched == [2, 4])
        #expect(rig.decide("SELECT 1").flag == 7)
        #expect(rig.decide("UPDATE t SET a=1").destination == 3)
    }

    @Test func iterationsBeginAnewAfterAChangeOfFlag() throws {
        var rig = try RuleRig([
            rule(1, [.flagIn: 7, .destinationHostgroup: 1, .flagOut: 8]), rule(2, [.flagOut: 7]),
            rule(3, [.flagIn: 8, .flagOut: 7]),
        ])
        rig.settings.iterations = 1
        #expect(rig.decide("SELECT 1").destination == 1)
        #expect(rig.matched == [2, 1, 3])
        rig.settings.iterations = 3
        _ = rig.decide("SELECT 1")
        #expect(rig.matched == [2, 1, 3, 1, 3])
    }

    @Test func theNextStatementStartsWithItsFlag() throws {
        let rig = try RuleRig([rule(1, [.flagIn: 5, .destinationHostgroup: 1])])
        #expect(rig.decide("SELECT 1").destination == nil)
        #expect(rig.decide("SELECT 1", RouteSubject("app"), RouteQuestion(flag: 5)).destination == 1)
    }

    @Test func weightedFlagsAreSharedByWeight() throws {
        let weights: Cell = #"{"flagOUTs":[{"id":1,"weight":900},{"id":2,"weight":100},{"id":3,"weight":0}]}"#
        let rig = try RuleRig([
            rule(1, [.attributes: weights]), rule(2, [.attributes: weights, .flagIn: 9, .flagOut: 4]),
        ])
        var counts: [UInt32: Int] = [:]
        for _ in 0..<10_000 { counts[rig.decide("SELECT 1").flag, default: 0] += 1 }
        #expect((8800...9200).contains(counts[1] ?? 0))
        #expect(counts[3] == nil)
        #expect(rig.decide("SELECT 1", RouteSubject("app"), RouteQuestion(flag: 9)).flag == 4, "the column wins")
    }

    @Test(arguments: [("10.0.0.1", true), ("10.0.0.12", false), ("10.1.0.1", false)])
    func anAddressIsExact(address: String, isMatch: Bool) throws {
        let rig = try RuleRig([rule(1, [.clientAddress: "10.0.0.1", .destinationHostgroup: 1])])
        #expect((rig.decide("SELECT 1", RouteSubject("app", from: address)).destination == 1) == isMatch)
    }

    @Test(arguments: [("10.0.0.%", "10.0.0.77", true), ("10.0.0.%", "10.0.1.7", false), ("%", "::1", true)])
    func anAddressMayEndInAWildcard(pattern: String, address: String, isMatch: Bool) throws {
        let rig = try RuleRig([rule(1, [.clientAddress: .text(pattern), .destinationHostgroup: 1])])
        #expect((rig.decide("SELECT 1", RouteSubject("app", from: address)).destination == 1) == isMatch)
    }

    @Test func portAndAddressOfTheProxy() throws {
        let rig = try RuleRig([
            rule(1, [.proxyPort: 6034, .destinationHostgroup: 1]),
            rule(2, [.proxyAddress: "10.0.0.9", .proxyPort: 6033, .destinationHostgroup: 2]),
        ])
        #expect(rig.decide("SELECT 1", RouteSubject("a", port: 6034)).destination == 1)
        #expect(rig.decide("SELECT 1", RouteSubject("a", port: 6033)).destination == 2)
        #expect(rig.decide("SELECT 1", RouteSubject("a", port: nil)).destination == nil)
    }

    @Test func digestsAreMadeOnlyWhenARuleNeedsThem() throws {
        let hash = StatementDigestText.hexadecimal("SELECT ?")
        let rig = try RuleRig([
            rule(1, [.username: "plain", .destinationHostgroup: 1, .apply: 1]),
            rule(2, [.username: "app", .digest: .text(hash), .destinationHostgroup: 2]),
        ])
        #expect(rig.decide("SELECT 1", RouteSubject("plain")).destination == 1)
        #expect(rig.scratch.digests.digest == nil)
        #expect(rig.decide("SELECT 1", RouteSubject("stranger")).destination == nil)
        #expect(rig.scratch.digests.digest == nil)
        #expect(rig.decide("SELECT 12", RouteSubject("app")).destination == 2)
        #expect(rig.decide("SELECT 1, 2", RouteSubject("app")).destination == nil)
    }

    @Test func negationTurnsBothPatternsRound() throws {
        let rig = try RuleRig([
            rule(1, [.matchDigest: "^SELECT", .matchPattern: "t1", .negateMatchPattern: 1, .destinationHostgroup: 1])
        ])
        #expect(rig.decide("UPDATE t2 SET a=1").destination == 1)
        #expect(rig.decide("UPDATE t1 SET a=1").destination == nil)
        #expect(rig.decide("SELECT * FROM t2").destination == nil)
    }

    @Test func patternsIgnoreCaseUnlessTold() throws {
        let rig = try RuleRig([
            rule(1, [.matchPattern: "select", .modifiers: "", .destinationHostgroup: 1]),
            rule(2, [.matchPattern: "update", .destinationHostgroup: 2]),
        ])
        #expect(rig.decide("SELECT 1").destination == nil)
        #expect(rig.decide("select 1").destination == 1)
        #expect(rig.decide("UPDATE t").destination == 2)
    }

    @Test func textNeedNotBeUTF8() throws {
        let rig = try RuleRig([rule(1, [.matchPattern: "a.b", .destinationHostgroup: 1])])
        let text: [UInt8] = [0xFF, 0x61, 0xFE, 0x62, 0xC3]
        let decision = rig.rules.decide(text.span, of: RouteSubject("a"), RouteQuestion(), rig.settings, rig.scratch)
        #expect(decision.destination == 1)
        #expect(rig.decide("").destination == nil)
    }

    @Test func aPatternWithoutEndIsGivenUp() throws {
        let rig = try RuleRig([
            rule(1, [.matchPattern: "(a+)+$", .destinationHostgroup: 1]),
            rule(2, [.matchPattern: "(a+)+$", .negateMatchPattern: 1, .destinationHostgroup: 2]),
        ])
        let decision = rig.decide(String(repeating: "a", count: 5000) + "!")
        #expect(decision.destination == nil)
        #expect(rig.scratch.searchesGivenUp == 2)
    }
}
