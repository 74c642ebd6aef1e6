import PluginAPI
import SQLText
import Testing

@testable import RulesPlugin

enum StatementDigestText {
    static func hexadecimal(_ digestText: String) -> String {
        RouteExplanation.hexadecimal(StatementDigest(of: Array(digestText.utf8).span).hash)
    }
}

/// What LOAD says about rows that can't be used.
@Suite struct ValidationTests {
    private func fault(_ rows: [[Cell]], _ routes: [[Cell]] = []) -> String? {
        do throws(ConfigurationFault) {
            _ = try RuleRig(rows, routes: routes)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(
        arguments: [
            (QueryRuleColumn.matchPattern, "a(b", "missing closing parenthesis, at byte 3 of 'a(b'"),
            (.matchDigest, "[", "missing terminating ] for character class, at byte 1 of '['"),
            (.clientAddress, "10.%.1", "'10.%.1' has a % that isn't its last character; a % stands at the end only"),
            (.clientAddress, "%%", "'%%' has a % that isn't its last character; a % stands at the end only"),
            (.digest, "0xZZ", "'0xZZ' is no digest; it is 0x and up to 16 hexadecimal digits"),
            (
                .digest, "0x11112222333344445",
                "'0x11112222333344445' is no digest; it is 0x and up to 16 hexadecimal digits"
            ),
            (.digest, "+1", "'+1' is no digest; it is 0x and up to 16 hexadecimal digits"),
            (.replacePattern, "x", "a replacement needs a match_pattern, whose matches it replaces"),
            (.modifiers, "CASELESS,DOTALL", "'DOTALL' is unknown; there are CASELESS and GLOBAL, with a comma between"),
            (.destinationHostgroup, "-1", "'-1' is no whole number from 0 to 2147483647"),
            (.flagOut, "x", "'x' is no whole number from 0 to 2147483647"),
            (.retries, "1001", "'1001' is no whole number from 0 to 1000"),
            (.proxyPort, "65536", "'65536' is no whole number from 0 to 65535"),
            (.multiplex, "3", "'3' is no whole number from 0 to 2"),
            (.cacheTTL, "0", "'0' is no whole number from 1 to 4294967295"),
            (.apply, "2", "'2' is no whole number from 0 to 1"),
            (.attributes, "{", #"'{' can't be used; it is empty or like {"flagOUTs":[{"id":1,"weight":90}]}"#),
            (.attributes, #"{"flagOUTs":[{"id":1,"weight":0}]}"#, "the weights of flagOUTs are all 0"),
        ] as [(QueryRuleColumn, String, String)])
    func rowAndColumnAreNamed(column: QueryRuleColumn, value: String, reason: String) {
        #expect(
            fault([rule(1, [:]), rule(7, [column: .text(value)])])
                == "mysql_query_rules, rule_id 7, \(column.name): \(reason)")
    }

    @Test func replacementsFitTheirPattern() {
        #expect(
            fault([rule(7, [.matchPattern: "(a)", .replacePattern: #"\2"#])])
                == #"mysql_query_rules, rule_id 7, replace_pattern: "#
                + #"there is no group for \2: match_pattern has 1 pairs of parentheses"#)
        #expect(fault([rule(7, [.matchPattern: "a", .replacePattern: #"\n"#])])?.contains("a backslash is") == true)
    }

    @Test func keysAreUnique() {
        #expect(
            fault([rule(7, [:]), rule(7, [:])])
                == "mysql_query_rules, rule_id 7, rule_id: there are two such rows; delete one")
        #expect(
            fault([], [route("a", "b", 1, to: 1), route("a", "b", 1, to: 2)])
                == "mysql_query_rules_fast_routing, username 'a', schemaname 'b', flagIN 1: "
                + "there are two such rows; delete one")
    }

    @Test func routesAreChecked() {
        #expect(
            fault([], [route("a", "b", -1, to: 1)])
                == "mysql_query_rules_fast_routing, username 'a', schemaname 'b', flagIN -1, flagIN: "
                + "'-1' is no whole number from 0 to 2147483647")
        #expect(fault([], [["a", .null, 0, 0, ""]])?.hasSuffix("it is NULL; give a text, which may be empty") == true)
        #expect(fault([], [["a"]])?.hasSuffix("a row has 1 values for 5 columns") == true)
    }

    @Test func whatHasNoEffectWarns() throws {
        let rig = try RuleRig([
            rule(1, [.cacheTimeout: 5, .reconnect: 1, .stickyConnection: 0]),
            rule(2, [.matchPattern: "a", .replacePattern: "b", .negateMatchPattern: 1]),
            rule(3, [.active: 0, .matchPattern: "("]),
        ])
        #expect(rig.warnings.count == 5)
        #expect(
            rig.warnings[0] == "mysql_query_rules, rule_id 1, cache_timeout: this column has no effect; leave it NULL")
        #expect(rig.warnings[4].hasSuffix("(of no matter until the rule is active)"))
        #expect(rig.rules.count == 2)
    }

    @Test func onlyActiveRulesRunAndAreShownAsTheyCame() throws {
        let rows = [
            rule(3, [.comment: "c", .errorMessage: "é", .matchPattern: "x", .cacheTTL: 4]), rule(1, [.active: 0]),
            rule(2, [.destinationHostgroup: 5]),
        ]
        let rig = try RuleRig(rows)
        #expect(rig.rules.ruleRows() == [rows[2], rows[0]])
        #expect(rig.decide("SELECT 1").destination == 5)
    }

    @Test func definitionsHaveTheColumns() {
        #expect(TableDefinition.queryRules.columns.count == 35)
        for column in TableDefinition.queryRules.columns {
            #expect(TableDefinition.queryRules.body.contains(column + " "))
        }
        #expect(TableDefinition.fastRouting.body.contains("comment VARCHAR NOT NULL,"))
    }
}
