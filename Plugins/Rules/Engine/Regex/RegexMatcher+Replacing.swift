extension RegexMatcher {
    /// Writes `text` to `output` with the last match, and every later one where asked, replaced.
    ///
    /// False when the result has over `limit` bytes; `output` is of no use then.
    func replace(
        _ regex: Regex, in text: UnsafeBufferPointer<UInt8>, by template: ReplaceTemplate, everywhere: Bool,
        limit: Int, to output: inout GrowingBytes
    ) -> Bool {
        var copied = 0
        while let match = range(0) {
            // \K can put a match's begin before the end of the last one, or behind its own end.
            guard match.lowerBound >= copied else { break }
            output.append(text[copied..<match.lowerBound])
            append(template, of: text, to: &output)
            copied = match.upperBound
            guard output.count <= limit else { return false }
            guard everywhere, copied < text.count || !match.isEmpty else { break }
            if match.isEmpty {
                output.append(text[copied..<copied + 1])
                copied += 1
            }
            guard search(regex, in: text, from: copied) == .found else { break }
        }
        output.append(text[copied...])
        return output.count <= limit
    }

    private func append(
        _ template: ReplaceTemplate, of text: UnsafeBufferPointer<UInt8>, to output: inout GrowingBytes
    ) {
        for piece in template.pieces {
            switch piece {
            case .literal(let bytes): bytes.withUnsafeBufferPointer { output.append($0) }
            case .group(let group):
                if let range = range(group) { output.append(text[range]) }
            }
        }
    }
}

extension GrowingBytes {
    fileprivate mutating func append(_ slice: Slice<UnsafeBufferPointer<UInt8>>) {
        append(UnsafeBufferPointer(rebasing: slice))
    }
}
