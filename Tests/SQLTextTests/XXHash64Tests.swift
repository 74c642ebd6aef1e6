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
}
