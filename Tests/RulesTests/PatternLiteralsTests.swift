import Testing

@testable import RulesPlugin

/// What every match of a regular expression contains.
@Suite struct PatternLiteralsTests {
    private func literals(_ pattern: String) -> [String] {
        PatternLiterals.runs(of: Array(pattern.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        ("SELECT", ["select"]), ("^SELECT.*FOR UPDATE$", ["select", "for update"]), (#"db\.t_\d+x"#, ["db.t_"]),
        ("abc?d", ["ab"]), ("ab+cd", ["ab", "cd"]), ("ab{2}cd", ["cd"]), ("(x|y)tail", ["tail"]),
        ("(?i)select", ["select"]), ("[abc]def", ["def"]), ("[]x|]def", ["def"]), (#"a\bbc"#, ["bc"]),
        ("ab*?cd", ["cd"]), ("(?:a[)]b)cd", ["cd"]),
    ])
    func areFound(pattern: String, expected: [String]) {
        #expect(literals(pattern) == expected)
    }

    @Test(arguments: [
        "abc|def", "(?x)ab cd", "(?#a)abc", #"\Qab|cd\E"#, #"\x41bc"#, "(*UTF)abc", "abc{x|y", "[[:alpha:]|]abc",
        #"\1abc"#,
        "(a(?x)#)", "abc(", "abc)", "[abc", #"abc\"#, #"(a)(?(1)b|c)abc"#,
    ])
    func areNotGuessed(pattern: String) {
        #expect(literals(pattern) == [])
    }

    @Test func filtersPassWhatMatches() throws {
        let patterns = [
            "select", "SELECT.*FROM", "t_[0-9]+ where", "a(b|c)def", "x{2}yy", "(?i)UPDATE\\s+t", "ab+c", "\\.com$",
            "é",
        ]
        let pieces = [
            "select", "SELECT", " ", "FROM", "t_12 where", "abdef", "acdef", "xxyy", "Update  t", "abbc", ".com", "é",
        ]
        var random = SplitMix64(state: 3)
        let plain = PlainPatterns()
        var found = 0
        for _ in 0..<5000 {
            let text = Array((0..<4).map { _ in pieces.randomElement(using: &random) ?? "" }.joined().utf8)
            for pattern in patterns where plain.find(pattern, true, in: text, from: 0) != nil {
                found += 1
                let filter = LiteralFilter(PatternLiterals.runs(of: Array(pattern.utf8)))
                let pairs = text.withUnsafeBufferPointer { BytePairs($0) }
                try #require(filter.isEmpty || pairs.mayMatch(filter), "\(pattern)")
            }
        }
        #expect(found > 1000)
    }
}
