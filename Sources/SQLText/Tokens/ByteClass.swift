/// Classes of bytes as SQL's grammar sees them.
extension UInt8 {
    /// Digits, `$` (0x24), as bits of the bytes 0x00 to 0x3F.
    private static let lowWordBits: UInt64 = 0x03FF_0010_0000_0000
    /// Letters and `_` (0x5F), as bits of the bytes 0x40 to 0x7F.
    private static let highWordBits: UInt64 = 0x07FF_FFFE_87FF_FFFE

    /// Whether an unquoted identifier may hold this byte.
    @inline(__always)
    var isWord: Bool {
        let bits = self & 0x40 != 0 ? Self.highWordBits : Self.lowWordBits
        return (bits &>> UInt64(self & 0x3F)) & 1 != 0 || self >= 0x80
    }

    @inline(__always)
    var isDigit: Bool { self &- 0x30 < 10 }

    @inline(__always)
    var isHexDigit: Bool { isDigit || (self | 0x20) &- 0x61 < 6 }

    /// Space, tab, newline, vertical tab, form feed, carriage return.
    @inline(__always)
    var isBlank: Bool { self == 0x20 || self &- 0x09 < 5 }

    /// Whether `--` before this byte starts a comment.
    @inline(__always)
    var isBlankOrControl: Bool { self <= 0x20 || self == 0x7F }

    @inline(__always)
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    @inline(__always)
    var uppercased: UInt8 { self &- 0x61 < 26 ? self & 0xDF : self }
}
