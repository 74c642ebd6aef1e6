/// SQLite's spelling of names and values.
package enum Literal {
    /// A name in double quotes.
    package static func name(_ name: String) -> String {
        "\""
            + name.filter { $0 != "\0" }.split(separator: "\"", omittingEmptySubsequences: false).joined(
                separator: "\"\"")
            + "\""
    }

    /// A string in single quotes.
    package static func text(_ text: String) -> String { Self.text(bytes: Array(text.utf8)) }

    /// A string; one with NULs or of other bytes than UTF-8 goes in hexadecimal, which SQLite's text can't hold otherwise.
    package static func text(bytes: [UInt8]) -> String {
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            return "CAST(" + blob(bytes) + " AS TEXT)"
        }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }

    /// Bytes in hexadecimal.
    package static func blob(_ bytes: [UInt8]) -> String {
        "X'" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "'"
    }
}
