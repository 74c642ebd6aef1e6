import PluginAPI
import Testing

@testable import RulesPlugin

/// replace_pattern.
@Suite struct RewritingTests {
    private func rewritten(
        _ text: String, _ pattern: String, _ replacement: String, _ modifiers: String = "CASELESS"
    ) throws -> String? {
        let rig = try RuleRig([
            rule(
                1,
                [.matchPattern: .text(pattern), .replacePattern: .text(replacement), .modifiers: .text(modifiers)])
        ])
        return rig.decide(text).rewritten
    }

    @Test func theFirstMatchIsReplaced() throws {
        #expect(try rewritten("select a, a", "a,", "b,") == "select b, a")
    }

    @Test func globalReplacesAll() throws {
        #expect(try rewritten("a-A-a", "a", "b", "CASELESS,GLOBAL") == "b-b-b")
        #expect(try rewritten("abxc", "x*", "-", "GLOBAL") == "-a-b--c-")
        #expect(try rewritten("", "^", "x", "GLOBAL") == "x")
    }

    @Test func groupsAreBackReferences() throws {
        #expect(try rewritten("FROM old.t", #"(\w+)\.(\w+)"#, #"\2.\1\\"#) == #"FROM t.old\"#)
        #expect(try rewritten("ab", "(a)|(b)", #"<\0\2>"#) == "<a>b")
    }

    @Test func withoutAMatchNothingIsRewritten() throws {
        #expect(try rewritten("select 1", "nothing", "x") == nil)
    }

    @Test func laterRulesSeeTheNewTextButTheOldDigest() throws {
        let rig = try RuleRig([
            rule(1, [.matchPattern: "FROM a", .replacePattern: "FROM b"]),
            rule(2, [.matchPattern: "FROM b", .replacePattern: "FROM c"]),
            rule(3, [.matchDigest: "FROM a", .destinationHostgroup: 3]),
            rule(4, [.matchPattern: "FROM a", .destinationHostgroup: 4]),
        ])
        let decision = rig.decide("SELECT x FROM a")
        #expect(decision.rewritten == "SELECT x FROM c")
        #expect(decision.destination == 3)
        #expect(rig.matched == [1, 2, 3])
    }

    @Test func anExecutionIsNotRewritten() throws {
        let rig = try RuleRig([rule(1, [.matchPattern: "a", .replacePattern: "b", .destinationHostgroup: 1])])
        let decision = rig.decide("a", RouteSubject("app"), RouteQuestion(kind: .execution))
        #expect(decision.rewritten == nil)
        #expect(decision.destination == 1)
    }

    @Test func aTextThatGrowsTooLongIsTold() throws {
        var rig = try RuleRig([
            rule(1, [.matchPattern: "a", .replacePattern: "aaaaaaaaaa", .modifiers: "GLOBAL"]),
            rule(2, [.destinationHostgroup: 1]),
        ])
        rig.settings.longestText = 100
        #expect(rig.decide("aaaaaaaaaa").text?.count == 100)
        let decision = rig.decide("aaaaaaaaaaa")
        #expect(decision.isTextTooLong)
        #expect(decision.destination == nil)
    }
}
