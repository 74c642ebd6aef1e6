/// Words, numbers and variables.
extension SQLTokenizer {
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func word(_ first: UInt8) -> SQLTokenKind {
        if byte(at: offset + 1) == UInt8(ascii: "'"), let kind = prefixedString(first) {
            offset += 1
            return quoted(by: UInt8(ascii: "'"), kind)
        }
        skipWord()
        return first == UInt8(ascii: "_") && isStringAhead ? .charsetIntroducer : .identifier
    }

    /// What a letter directly before a quote makes of the string.
    private func prefixedString(_ letter: UInt8) -> SQLTokenKind? {
        switch letter.lowercased {
        case UInt8(ascii: "n"): .nationalString
        case UInt8(ascii: "x"): .hexString
        case UInt8(ascii: "b"): .bitString
        default: nil
        }
    }

    /// Whether a string comes next; spaces before it are looked at twice at most.
    private var isStringAhead: Bool {
        var index = offset
        while byte(at: index).isBlank { index += 1 }
        let quote = byte(at: index)
        return quote == UInt8(ascii: "'") || (quote == UInt8(ascii: "\"") && !mode.contains(.ansiQuotes))
    }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func skipWord() { offset = text.endOfWord(from: offset) }

    @inline(__always)
    @_lifetime(self: copy self)
    private mutating func skipDigits() { offset = text.endOfDigits(from: offset) }

    /// A number, or a name that starts with a digit.
    @_lifetime(self: copy self)
    mutating func number(_ first: UInt8) -> SQLTokenKind {
        if previous == .dot { return nameFromDigit() }
        if first == UInt8(ascii: "0"), let kind = prefixedNumber() { return kind }
        skipDigits()
        if skipExponent() { return .float }
        if byte(at: offset) == UInt8(ascii: ".") { return fraction() }
        return byte(at: offset).isWord ? nameFromDigit() : .integer
    }

    @_lifetime(self: copy self)
    private mutating func nameFromDigit() -> SQLTokenKind {
        skipWord()
        return .identifier
    }

    /// A number's rest from its dot.
    @_lifetime(self: copy self)
    private mutating func fraction() -> SQLTokenKind {
        offset += 1
        skipDigits()
        return skipExponent() ? .float : .decimal
    }

    @_lifetime(self: copy self)
    private mutating func skipExponent() -> Bool {
        guard byte(at: offset) | 0x20 == UInt8(ascii: "e") else { return false }
        let next = byte(at: offset + 1)
        let signed = next == UInt8(ascii: "+") || next == UInt8(ascii: "-")
        guard byte(at: offset + (signed ? 2 : 1)).isDigit else { return false }
        offset += signed ? 2 : 1
        skipDigits()
        return true
    }

    /// `0x…` or `0b…`, only in lower case; anything else that goes on as a word is a name.
    @_lifetime(self: copy self)
    private mutating func prefixedNumber() -> SQLTokenKind? {
        let isHex = byte(at: offset + 1) == UInt8(ascii: "x")
        guard isHex || byte(at: offset + 1) == UInt8(ascii: "b") else { return nil }
        var index = offset + 2
        while isHex ? byte(at: index).isHexDigit : byte(at: index) & 0xFE == UInt8(ascii: "0") { index += 1 }
        guard index > offset + 2, !byte(at: index).isWord else { return nil }
        offset = index
        return isHex ? .hexNumber : .bitNumber
    }

    /// A dot between names, or the start of a number.
    @_lifetime(self: copy self)
    mutating func dot() -> SQLTokenKind {
        let followsName = previous == .identifier || previous == .quotedIdentifier
        guard !followsName, byte(at: offset + 1).isDigit else { return take(1, .dot) }
        return fraction()
    }

    @_lifetime(self: copy self)
    mutating func variable() -> SQLTokenKind {
        if byte(at: offset + 1) == UInt8(ascii: "@") { return systemVariable() }
        let isHost = previous == .string || previous == .quotedIdentifier
        offset += 1
        switch byte(at: offset) {
        case UInt8(ascii: "'"): _ = quoted(by: UInt8(ascii: "'"), .string)
        case UInt8(ascii: "\""): _ = quoted(by: UInt8(ascii: "\""), .string)
        case UInt8(ascii: "`"): _ = quoted(by: UInt8(ascii: "`"), .quotedIdentifier)
        default: skipDottedWord()
        }
        return isHost ? .host : .userVariable
    }

    @_lifetime(self: copy self)
    private mutating func skipDottedWord() {
        while byte(at: offset).isWord || byte(at: offset) == UInt8(ascii: ".") { offset += 1 }
    }

    @_lifetime(self: copy self)
    private mutating func systemVariable() -> SQLTokenKind {
        offset += 1
        repeat {
            offset += 1
            if byte(at: offset) == UInt8(ascii: "`") {
                _ = quoted(by: UInt8(ascii: "`"), .quotedIdentifier)
            } else {
                skipWord()
            }
        } while byte(at: offset) == UInt8(ascii: ".") && isNameStart(byte(at: offset + 1))
        return .systemVariable
    }

    private func isNameStart(_ byte: UInt8) -> Bool { byte.isWord || byte == UInt8(ascii: "`") }
}
