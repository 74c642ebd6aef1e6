import MySQLWire
import PluginAPI
import Testing

@testable import RulesPlugin

/// mysql_query_rules_fast_routing, and hints in comments.
@Suite struct FastRoutingTests {
    private let routes = [
        route("app", "shop", 0, to: 10), route("app", "shop", 1, to: 11), route("", "shop", 0, to: 20),
        route("", "all", 0, to: 21),
    ]

    @Test func userAndSchemaThenAllUsers() throws {
        let rig = try RuleRig([], routes: routes)
        #expect(rig.decide("SELECT 1", RouteSubject("app", "shop")).destination == 10)
        #expect(rig.decide("SELECT 1", RouteSubject("x", "shop")).destination == 20)
        #expect(rig.decide("SELECT 1", RouteSubject("app", "all")).destination == 21)
        #expect(rig.decide("SELECT 1", RouteSubject("app", "")).destination == nil)
        #expect(rig.decide("SELECT 1", RouteSubject("", "shop")).destination == 20)
        #expect(rig.decide("SELECT 1", RouteSubject("shop", "app")).destination == nil)
        #expect(rig.rules.fastRouteRows().hits == [1, 0, 2, 1])
        #expect(rig.rules.fastRouteRows().rows == routes)
    }

    @Test func theFlagAtTheRulesEndIsTheKeys() throws {
        let rig = try RuleRig([rule(1, [.matchDigest: "^SELECT", .flagOut: 1])], routes: routes)
        #expect(rig.decide("SELECT 1").destination == 11)
        #expect(rig.decide("UPDATE t SET a=1").destination == 10)
    }

    @Test func aRowOverwritesARuleThatIsNotFinal() throws {
        let rig = try RuleRig([rule(1, [.destinationHostgroup: 1])], routes: routes)
        #expect(rig.decide("SELECT 1").destination == 10)
        #expect(rig.decide("SELECT 1").source == .fastRoute)
        #expect(rig.decide("SELECT 1", RouteSubject("app", "none")).destination == 1)
    }

    @Test func onlyAFinalRuleThatMatchedSkipsIt() throws {
        let rig = try RuleRig(
            [
                rule(1, [.cacheTTL: 100]), rule(2, [.username: "final", .apply: 1]),
                rule(9, [.username: "nobody", .destinationHostgroup: 9, .apply: 1]),
            ], routes: routes)
        #expect(rig.decide("SELECT 1").destination == 10, "rule 9 is final, but doesn't match")
        #expect(rig.decide("SELECT 1", RouteSubject("final", "shop")).destination == nil)
    }

    @Test func mirrorsWithoutAFlagSkipTheRules() throws {
        let rig = try RuleRig([rule(1, [.errorMessage: "no"])], routes: routes)
        let decision = rig.decide(
            "/* hostgroup=5 */ SELECT 1", RouteSubject("app", "shop"), RouteQuestion(kind: .mirror, flag: nil))
        #expect(decision.errorMessage == nil)
        #expect(decision.destination == 10)
    }

    @Test func hintsOverrideRulesAndRoutes() throws {
        let rig = try RuleRig([rule(1, [.cacheTTL: 100, .delay: 1])], routes: routes)
        let decision = rig.decide(
            "SELECT /* ; hostgroup = 7;cache_ttl=5000 ; query_delay=2;query_retries=3;query_timeout=4; mirror=8 */ 1")
        #expect(decision.destination == 7)
        #expect(decision.source == .hint)
        #expect(decision.cacheTTL == 5000)
        #expect(decision.delay == 2)
        #expect(decision.retries == 3)
        #expect(decision.timeout == 4)
        #expect(decision.mirrorHostgroup == 8)
    }

    @Test func hintsForReads() throws {
        let rig = try RuleRig([])
        let text =
            "/* max_lag_ms=600000;min_epoch_ms=9999999999999;min_gtid=0-1-5, 1-1-7;create_new_connection=1 */ SELECT 1"
        #expect(
            rig.decide(text).readHints
                == ReadHints(
                    mostLag: 600_000, minEpoch: 9_999_999_999_999, minGTID: GTIDList("0-1-5,1-1-7".utf8),
                    createsNewConnection: true))
    }

    @Test(
        "what is no hint",
        arguments: [
            "SELECT '/* hostgroup=7 */'", "SELECT 1 -- /* hostgroup=7 */", "/* hostgroup=x */ SELECT 1",
            "/* hostgroup=-1 */ SELECT 1", "/* hostgroup */ SELECT 1", "/* */ /* hostgroup=7 */ SELECT 1",
            "/*/ hostgroup=7", "/* max_lag_ms=600001 */ SELECT 1", "/**/", "/", "/*",
            "/* hostgroup=99999999999999999999 */ SELECT 1", "/*! hostgroup=7 */", "/* min_gtid=0-1-5' */ SELECT 1",
            "/* min_gtid= */ SELECT 1",
        ])
    func noHints(text: String) throws {
        let rig = try RuleRig([])
        #expect(rig.decide(text) == RouteDecision())
    }

    @Test func hintsCanBeRefused() throws {
        var rig = try RuleRig([])
        rig.settings.takesHints = false
        #expect(rig.decide("/* hostgroup=7 */ SELECT 1").destination == nil)
    }
}
