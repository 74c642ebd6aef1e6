/// Values and names as SQL that every sql_mode and character set of a connection reads alike.
enum SQLWriter {
    /// A string: in quotes where it is plain ASCII, else as its bytes in hexadecimal.
    static func text(_ bytes: [UInt8], characterSet: String = "utf8mb4") -> String {
        let isPlain = bytes.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x27 && $0 != 0x5C }
        if isPlain { return "'" + String(decoding: bytes, as: UTF8.self) + "'" }
        return "_" + characterSet + " x'" + hexadecimal(bytes) + "'"
    }

    /// A name in quotes, in the bytes that it was written in.
    static func name(_ bytes: [UInt8]) -> [UInt8] {
        let quote = UInt8(ascii: "`")
        return [quote] + bytes.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
    }

    /// The bytes, two digits each.
    static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Whether digits, perhaps with a sign before and one point among them.
    static func isNumber(_ text: some Collection<UInt8>) -> Bool {
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text.dropFirst(0)
        let parts = digits.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        return parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }
    }
}
