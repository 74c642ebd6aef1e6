import Testing

@testable import SQLText

@Suite("xxHash64")
struct XXHash64Tests {
    private func hash(_ text: String) -> UInt64 {
        var hash = XXHash64()
        Array(text.utf8).withUnsafeBufferPointer { hash.append($0) }
        return hash.value
    }

    @Test("the published values come out")
    func published() {
        #expect(hash("") == 0xEF46_DB37_51D8_E999)
        #expect(hash("a") == 0xD24E_C4F1_A98C_6E5B)
        #expect(hash("abc") == 0x44BC_2CF5_AD77_0999)
        #expect(hash("Nobody inspects the spammish repetition") == 0xFBCE_A83C_8A37_8BF1)
    }

    @Test("pieces hash as the whole does")
    func pieces() {
        let text = String(repeating: "Nobody inspects ", count: 20)
        for size in 1...70 {
            var hash = XXHash64()
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                rest.prefix(size).withUnsafeBufferPointer { hash.append($0) }
                rest = rest.dropFirst(size)
            }
            #expect(hash.value == self.hash(text))
        }
    }

    @Test("at once or byte by byte, of any length")
    func atOnce() {
        let text = Array(String(repeating: "Nobody inspects \u{F1}", count: 9).utf8)
        for count in 0...text.count {
            var hash = XXHash64()
            for byte in text.prefix(count) { [byte].withUnsafeBufferPointer { hash.append($0) } }
            #expect(text.prefix(count).withUnsafeBufferPointer { XXHash64.hash(of: $0) } == hash.value)
        }
    }
}
