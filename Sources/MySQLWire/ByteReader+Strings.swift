extension ByteReader {
    /// Reads a length-encoded integer; 0xFB (NULL) and 0xFF aren't integers and throw.
    @_lifetime(self: copy self)
    public mutating func lengthEncoded(_ what: String) throws(WireError) -> UInt64 {
        guard let first = peeked else { throw error(expecting: what) }
        let size: Int
        switch first {
        case 0xFC: size = 2
        case 0xFD: size = 3
        case 0xFE: size = 8
        case 0xFB, 0xFF: throw error(expecting: what)
        default:
            try skip(1, what)
            return UInt64(first)
        }
        guard remaining > size else { throw error(expecting: what) }
        try skip(1, what)
        return try fixed(size, what)
    }

    /// Reads past a length-encoded string.
    ///
    /// - Returns: where its text is.
    @_lifetime(self: copy self)
    public mutating func lengthEncodedRange(_ what: String) throws(WireError) -> Range<Int> {
        // Nearly all are short: the length is one byte, and the text is there.
        if let first = peeked, first < 0xFB, Int(first) < remaining {
            let whole = try skip(1 + Int(first), what)
            return whole.lowerBound + 1..<whole.upperBound
        }
        let length = try lengthEncoded(what)
        guard length <= UInt64(remaining) else { throw error(expecting: what) }
        return try skip(Int(length), what)
    }

    /// Reads a length-encoded string, as bytes.
    @_lifetime(self: copy self)
    public mutating func lengthEncodedBytes(_ what: String) throws(WireError) -> [UInt8] {
        copy(try lengthEncodedRange(what))
    }

    /// Reads a length-encoded string or NULL (0xFB).
    @_lifetime(self: copy self)
    public mutating func nullableBytes(_ what: String) throws(WireError) -> [UInt8]? {
        guard peeked == 0xFB else { return try lengthEncodedBytes(what) }
        try skip(1, what)
        return nil
    }

    /// Reads a length-encoded string; bytes that aren't UTF-8 are replaced.
    @_lifetime(self: copy self)
    public mutating func lengthEncodedString(_ what: String) throws(WireError) -> String {
        String(decoding: try lengthEncodedBytes(what), as: UTF8.self)
    }

    /// Reads `count` bytes.
    @_lifetime(self: copy self)
    public mutating func take(_ count: Int, _ what: String) throws(WireError) -> [UInt8] {
        copy(try skip(count, what))
    }

    /// Reads a string up to its NUL, which is read too.
    @_lifetime(self: copy self)
    public mutating func nulTerminated(_ what: String) throws(WireError) -> [UInt8] {
        guard let end = firstNUL else { throw error(expecting: "\(what), ended by a NUL") }
        let text = try take(end - offset, what)
        try skip(1, what)
        return text
    }

    /// Reads a string up to its NUL, or up to the end where the NUL is missing.
    @_lifetime(self: copy self)
    public mutating func nulTerminatedOrRest() -> [UInt8] {
        guard let text = try? nulTerminated("a string") else { return rest() }
        return text
    }

    /// Reads everything that is left.
    @_lifetime(self: copy self)
    public mutating func rest() -> [UInt8] {
        (try? take(remaining, "the rest")) ?? []
    }

    private var firstNUL: Int? {
        var index = offset
        while index < bytes.count {
            if bytes[index] == 0 { return index }
            index += 1
        }
        return nil
    }

    /// A copy of the bytes at `range`, which comes from this reader.
    func copy(_ range: Range<Int>) -> [UInt8] {
        bytes.extracting(range).withUnsafeBufferPointer { Array($0) }
    }
}
