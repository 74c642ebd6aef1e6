import Testing

@testable import SQLText

@Suite("The text that a loop's plugins have in work")
struct TextInWorkTests {
    private let inWork = TextInWork()

    private func take(_ text: String) -> Bool { inWork.take(Array(text.utf8).span) }

    private func holds(_ text: String) -> Bool { inWork.holds(Array(text.utf8).span) }

    @Test("its form is the one that anybody would make")
    func form() {
        var own = TextForm(longest: TextInWork.longest)
        for text in ["SELECT a FROM t1 WHERE id=17", "SELECT 1, 22, 333", "UPDATE t SET a=-5 WHERE b IN (7,8)"] {
            let hasForm = own.take(Array(text.utf8).span)
            #expect(take(text) && hasForm)
            let (form, wanted) = own.bytes.withUnsafeBufferPointer { (Array($0), TextPlace(of: $0.span, kind: 3)) }
            #expect(Array(inWork.form) == form)
            let place = inWork.place(kind: 3)
            #expect(place.hash == wanted.hash && place.kind == wanted.kind)
        }
    }

    @Test("only the very text taken last is held")
    func held() {
        let text = "SELECT a FROM t1 WHERE id=17"
        #expect(!holds(text))
        #expect(take(text))
        #expect(holds(text))
        for other in ["SELECT a FROM t1 WHERE id=18", "SELECT a FROM t1 WHERE id=1", "SELECT b FROM t1 WHERE id=17"] {
            #expect(!holds(other), "\(other)")
        }
        #expect(take("SELECT 5"))
        #expect(!holds(text))
    }

    @Test(
        "a text without a form is not held, nor the one before it",
        arguments: ["", "COMMIT", "SELECT 1, '" + String(repeating: "a", count: TextInWork.longest) + "'"])
    func formless(_ text: String) {
        let before = "SELECT a FROM t1 WHERE id=17"
        #expect(take(before))
        #expect(!take(text))
        #expect(!holds(text))
        #expect(!holds(before))
    }
}
