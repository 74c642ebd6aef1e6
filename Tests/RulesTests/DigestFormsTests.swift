import SQLText
import Testing

@testable import RulesPlugin

@Suite("Digests of statements with other integers")
struct DigestFormsTests {
    private static let numbers = [0, 1, 2, 10, 32, 50001, 99999, 1_234_567_890]

    /// The template with numbers for its `#`s, others at each turn.
    private func statement(_ template: String, turn: Int) -> [UInt8] {
        let parts = template.split(separator: "#", omittingEmptySubsequences: false)
        let text = parts.dropFirst().enumerated().reduce(String(parts[0])) { text, part in
            text + "\(Self.numbers[(turn / (part.offset + 1) + part.offset * 3) % Self.numbers.count])" + part.element
        }
        return Array(text.utf8)
    }

    /// How many of the template's statements a form is known for, all of whose digests must be right.
    private func known(_ template: String, _ options: DigestOptions, _ forms: inout DigestForms) -> Int {
        var known = 0
        for turn in 0..<60 {
            let statement = statement(template, turn: turn)
            var wanted = [UInt8](repeating: 0, count: 2048)
            var wantedSpan = wanted.mutableSpan
            let digest = StatementDigest(of: statement.span, options: options, into: &wantedSpan)
            let length = min(digest.textLength, wanted.count)
            var given = [UInt8](repeating: 0, count: 2048)
            var givenSpan = given.mutableSpan
            guard let found = forms.digest(of: statement.span, options, into: &givenSpan) else {
                forms.made(digest, wanted.span.extracting(first: length), of: statement.span)
                continue
            }
            known += 1
            #expect(found == digest)
            #expect(given[..<length] == wanted[..<length], "\(String(decoding: statement, as: UTF8.self))")
        }
        return known
    }

    @Test(arguments: [
        "SELECT a FROM t# WHERE id=# AND b IN (#, #,#,#,#) LIMIT #",
        "INSERT INTO t VALUES (#,'#'),( #,'x # y'),(-#, - #)",
        "SELECT `a # b`, # ", "SELECT @'x # y', # ", "SELECT \" # \", #", "SELECT #x1F, #e# , .#, a.# , t.#x",
        "/* # */ SELECT # -- # \n, #", "SELECT /*!# a, */ # FROM t", "SELECT -#,- #,+#, #-#, # - # ", "a@'# ' #",
        "SELECT ( #),(#),( # ),(#,#) , (#) ", "# # #", "SELECT 'it''s # ', #", "SELECT NULL, # , n'#', x'#' # ",
    ])
    func areThoseThatWouldBeMade(_ template: String) {
        var lower = DigestOptions()
        (lower.lowercase, lower.replaceNull) = (true, true)
        var short = DigestOptions()
        (short.replaceDigits, short.maxTextLength) = (true, 20)
        var quoting = DigestOptions()
        (quoting.mode, quoting.keepComments) = (.ansiQuotes, true)
        var forms = DigestForms()
        for options in [DigestOptions(), lower, short, quoting, DigestOptions()] {
            _ = known(template, options, &forms)
        }
    }

    @Test func isMadeTwiceForAllIntegers() {
        var forms = DigestForms()
        #expect(known("SELECT c FROM sbtest1 WHERE id=#", DigestOptions(), &forms) == 58)
    }
}
