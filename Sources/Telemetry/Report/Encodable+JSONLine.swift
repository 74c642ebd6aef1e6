internal import FoundationEssentials

extension Encodable {
    /// The value as JSON on one line, for logs: keys in order, and nothing that ends a line or controls a terminal.
    ///
    /// - Throws: `EncodingError`, for instance for a number that is not finite.
    package func jsonLine() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var line = ""
        for scalar in String(decoding: try encoder.encode(self), as: UTF8.self).unicodeScalars {
            switch scalar.value {
            // What JSON itself leaves as it is: other controls, line ends and changes of direction; only strings have them.
            case 0x7f..<0xa0, 0x2028...0x202e, 0x2066...0x2069:
                let digits = String(scalar.value, radix: 16)
                line += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }
}
