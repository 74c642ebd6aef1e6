import Testing

@testable import SQLText

@Suite("Finding the end of a run of bytes")
struct ScanningTests {
    @Test("eight bytes at once find what one byte at a time finds", arguments: 0...255)
    func everyByte(_ odd: Int) {
        let byte = UInt8(odd)
        for (position, length) in (0..<20).flatMap({ position in (position + 1...21).map { (position, $0) } }) {
            var words = Array(repeating: UInt8(ascii: "a"), count: length)
            words[position] = byte
            #expect(words.span.endOfWord(from: 0) == words.firstIndex { !$0.isWord } ?? length)
            var digits = Array(repeating: UInt8(ascii: "5"), count: length)
            digits[position] = byte
            #expect(digits.span.endOfDigits(from: 0) == digits.firstIndex { !$0.isDigit } ?? length)
            let quote = words.span.index(of: UInt8(ascii: "'"), or: UInt8(ascii: "\\"), from: 0)
            #expect(quote == (byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\") ? position : length))
        }
    }
}
