import PluginAPI
import Testing

@testable import RulesPlugin

/// What EXPLAIN ROUTE tells.
@Suite struct ExplanationTests {
    @Test func aStoryOfRulesFlagsAndRoutes() throws {
        let rig = try RuleRig(
            [
                rule(1, [.username: "other", .destinationHostgroup: 9]),
                rule(2, [.matchDigest: "^UPDATE"]),
                rule(3, [.matchPattern: "FROM (\\w+)", .replacePattern: "FROM new_\\1", .flagOut: 1]),
                rule(4, [.destinationHostgroup: 4]),
                rule(5, [.flagIn: 1, .schemaname: "shop", .cacheTTL: 100]),
            ], routes: [route("", "shop", 1, to: 7)])
        let lines = rig.explain("SELECT a FROM t")
        #expect(lines[0].hasPrefix("digest: 0x"))
        #expect(
            Array(lines.dropFirst()) == [
                "flag: 0, from the first rule on",
                "rule 1: no match: username differs: the session has 'app'",
                "rule 2: no match: match_digest doesn't hold",
                "rule 3: match_pattern found: FROM t", "rule 3: \\1: t", "rule 3: match",
                "rule 3: rewritten: SELECT a FROM new_t",
                "flag: 1, for the rules that follow",
                "rule 4: no match: flagIN differs",
                "rule 5: match",
                "fast routing: username 'app', schemaname 'shop', flagIN 1: no row",
                "fast routing: username '', schemaname 'shop', flagIN 1: hostgroup 7",
                "cache_ttl: 100", "hostgroup: 7 by fast routing",
            ])
        #expect(rig.rules.hits() == [0, 0, 0, 0, 0], "explaining counts nothing")
        #expect(rig.rules.fastRouteRows().hits == [0])
    }

    @Test func hintsAndFinalRules() throws {
        let rig = try RuleRig([rule(1, [.apply: 1, .destinationHostgroup: 1])], routes: [route("a", "b", 0, to: 1)])
        #expect(
            rig.explain("/* hostgroup=3; what=1 */ SELECT 1").dropFirst(2) == [
                "rule 1: match", "fast routing: skipped, as the last rule that matched has apply=1",
                "hint: hostgroup=3", "hint: what=1: not known, or no such value", "hostgroup: 3 by a hint",
            ])
    }

    @Test func manyRulesArePassedOverInOneLine() throws {
        let rig = try RuleRig((1...200).map { rule($0, [.schemaname: .text("s\($0)"), .destinationHostgroup: 1]) })
        let lines = rig.explain("SELECT 1")
        #expect(lines.count == 53)
        #expect(lines[51] == "no match: 150 more rules, whose names or numbers differ")
    }
}
