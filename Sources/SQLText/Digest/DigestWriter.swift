/// Writes a normalised text's pieces and decides which blanks between them stay.
struct DigestWriter {
    /// What was written last, as far as blanks depend on it.
    enum Piece: UInt8 {
        case start
        case open
        case close
        case comma
        /// The `?` of a value.
        case mark
        /// `+ - * / %`.
        case arithmetic
        case other

        /// The pieces before which a blank stays, eight bits for each piece that may come before the blank.
        ///
        /// None stays behind `(`, before `)`, around a comma, or between a value and an arithmetic operator.
        private static let kept: UInt64 = 0x73_63_53_00_73_00_00

        @inline(__always)
        func keepsBlank(before next: Self) -> Bool {
            Self.kept &>> (UInt64(rawValue) &* 8 &+ UInt64(next.rawValue)) & 1 != 0
        }
    }

    private(set) var sink: DigestSink
    private(set) var last = Piece.start
    private let lowercase: Bool

    @inline(__always)
    init(_ sink: DigestSink, lowercase: Bool) {
        self.sink = sink
        self.lowercase = lowercase
    }

    /// The hash and the length of the text.
    mutating func finish() -> (hash: UInt64, count: Int) { sink.finish() }

    @inline(__always)
    private mutating func begin(_ piece: Piece, blank: Bool) {
        if blank, last.keepsBlank(before: piece) { sink.append(0x20) }
        last = piece
    }

    mutating func mark(blank: Bool) {
        begin(.mark, blank: blank)
        sink.append(UInt8(ascii: "?"))
    }

    mutating func symbol(_ byte: UInt8, _ piece: Piece, blank: Bool) {
        begin(piece, blank: blank)
        sink.append(byte)
    }

    /// `...` in place of values left out.
    mutating func ellipsis() {
        last = .other
        for _ in 0..<3 { sink.append(UInt8(ascii: ".")) }
    }

    /// Bytes of the statement as they are.
    @inline(__always)
    mutating func text(_ text: Span<UInt8>, _ start: Int, _ end: Int, _ piece: Piece, blank: Bool) {
        begin(piece, blank: blank)
        guard lowercase else { return sink.append(text, start, end) }
        for index in start..<end { sink.append(text[index].lowercased) }
    }

    /// The word at `start`, as it is.
    ///
    /// - Returns: where it ends.
    @inline(__always)
    mutating func word(_ text: Span<UInt8>, _ start: Int, blank: Bool) -> Int {
        begin(.other, blank: blank)
        return sink.appendWord(text, start)
    }

    /// A name in which a run of digits becomes one `?`.
    mutating func nameWithoutDigits(_ text: Span<UInt8>, _ start: Int, _ end: Int, blank: Bool) {
        begin(.other, blank: blank)
        var wasDigit = false
        for index in start..<end {
            let byte = text[index]
            if !byte.isDigit { sink.append(lowercase ? byte.lowercased : byte) }
            if byte.isDigit, !wasDigit { sink.append(UInt8(ascii: "?")) }
            wasDigit = byte.isDigit
        }
    }
}
