/// What comes behind `...` and is like what came before it: nothing is written for it, so it is only passed over.
///
/// Both stop before the first thing that is anything else, which is then taken as if it were the first.
extension DigestNormalizer {
    /// Passes over values with a comma behind them.
    @_lifetime(self: copy self)
    mutating func skipValues() {
        var index = tokenizer.offset
        var count = 0
        while true {
            let end = tokenizer.text.delimiter(behindValueAt: index, tokenizer.mode)
            guard tokenizer.byte(at: end) == UInt8(ascii: ",") else { break }
            index = end &+ 1
            count &+= 1
        }
        tokenizer.offset = index
        lists.skipped(count)
    }

    /// Passes over lists of as many values as the row's.
    @_lifetime(self: copy self)
    mutating func skipRows() {
        while let end = endOfRow(from: tokenizer.offset) { tokenizer.offset = end }
    }

    private func endOfRow(from start: Int) -> Int? {
        let text = tokenizer.text
        var index = text.endOfBlanks(from: start)
        guard tokenizer.byte(at: index) == UInt8(ascii: ",") else { return nil }
        index = text.endOfBlanks(from: index &+ 1)
        guard tokenizer.byte(at: index) == UInt8(ascii: "(") else { return nil }
        var count = 0
        repeat {
            index = text.delimiter(behindValueAt: index &+ 1, tokenizer.mode)
            count &+= 1
        } while tokenizer.byte(at: index) == UInt8(ascii: ",")
        guard tokenizer.byte(at: index) == UInt8(ascii: ")"), groups.continues(withValues: count, lists) else {
            return nil
        }
        return index &+ 1
    }
}

extension Span<UInt8> {
    /// Where the comma or parenthesis behind the value at `start` is; the count where anything else is there.
    @inline(__always)
    fileprivate func delimiter(behindValueAt start: Int, _ mode: SQLLexicalMode) -> Int {
        var index = endOfBlanks(from: start)
        guard index < count else { return count }
        if self[index] == UInt8(ascii: "-") || self[index] == UInt8(ascii: "+") {
            index = endOfBlanks(from: index &+ 1)
            guard index < count else { return count }
        }
        index = endOfPlainValue(from: index, mode)
        guard index < count else { return count }
        index = endOfBlanks(from: index)
        guard index < count, self[index] == UInt8(ascii: ",") || self[index] == UInt8(ascii: ")") else { return count }
        return index
    }

    /// Where a number, a string or a parameter ends; the count where none of them is, or where it isn't plain.
    @inline(__always)
    private func endOfPlainValue(from start: Int, _ mode: SQLLexicalMode) -> Int {
        let first = self[start]
        if first.isDigit {
            let end = endOfDigits(from: start)
            return end < count && self[end] == UInt8(ascii: ".") ? endOfDigits(from: end &+ 1) : end
        }
        if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") && !mode.contains(.ansiQuotes) {
            let escape = mode.contains(.noBackslashEscapes) ? first : UInt8(ascii: "\\")
            return endOfQuoted(by: first, escape: escape, from: start) ?? count
        }
        return first == UInt8(ascii: "?") ? start &+ 1 : count
    }
}
