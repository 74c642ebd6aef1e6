/// `USE name`, as a query.
///
/// Inlinable as far as most statements get, which begin with another letter.
@usableFromInline
package enum UseStatement {
    /// The schema that the query names; nil where it isn't a `USE`.
    @inlinable @inline(__always)
    package static func schema(in text: Span<UInt8>) -> [UInt8]? {
        mayBegin(text) ? name(in: text) : nil
    }

    @usableFromInline
    static func name(in text: Span<UInt8>) -> [UInt8]? {
        guard StatementKind(of: text) == .use else { return nil }
        var tokenizer = SQLTokenizer(text)
        var hasUse = false
        var name: [UInt8] = []
        while let token = tokenizer.next() {
            switch token.kind {
            case .whitespace, .lineComment, .blockComment, .executableCommentOpen, .executableCommentClose:
                if !name.isEmpty { return name }
            case .semicolon: return name.isEmpty ? nil : name
            case .quotedIdentifier where hasUse: return unquoted(text.extracting(token.range))
            case .identifier where !hasUse: hasUse = true
            // A name of digits, or with a letter that isn't one of SQL's, comes in pieces.
            default: if hasUse { text.extracting(token.range).withUnsafeBufferPointer { name.append(contentsOf: $0) } }
            }
        }
        return name.isEmpty ? nil : name
    }

    /// Whether the first byte behind blanks is a `U`, or the begin of a comment.
    @inlinable @inline(__always)
    static func mayBegin(_ text: Span<UInt8>) -> Bool {
        var offset = 0
        while offset < text.count, text[offset] <= 0x20 { offset &+= 1 }
        guard offset < text.count else { return false }
        switch text[offset] {
        case UInt8(ascii: "U"), UInt8(ascii: "u"), UInt8(ascii: "/"), UInt8(ascii: "#"), UInt8(ascii: "-"): return true
        default: return false
        }
    }

    /// The name without its quotes, doubled ones folded.
    private static func unquoted(_ name: Span<UInt8>) -> [UInt8]? {
        guard name.count > 2 else { return nil }
        var result: [UInt8] = []
        var offset = 1
        while offset < name.count - 1 {
            result.append(name[offset])
            offset += name[offset] == name[0] ? 2 : 1
        }
        return result
    }
}
