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
    }

    private(set) var sink: DigestSink
    private(set) var last = Piece.start
    private let lowercase: Bool

    init(_ sink: DigestSink, lowercase: Bool) {
        self.sink = sink
        self.lowercase = lowercase
    }

    /// The hash and the length of the text.
    mutating func finish() -> (hash: UInt64, count: Int) { sink.finish() }

    /// No blank stays behind `(`, before `)`, around a comma, or between a value and an arithmetic operator.
    @inline(__always)
    private mutating func begin(_ piece: Piece, blank: Bool) {
        if blank, keepsBlank(before: piece) { sink.append(0x20) }
        last = piece
    }

    @inline(__always)
    private func keepsBlank(before piece: Piece) -> Bool {
        switch last {
        case .start, .open, .comma: false
        case .mark: piece != .arithmetic && piece != .close && piece != .comma
        case .arithmetic: piece != .mark && piece != .close && piece != .comma
        case .close, .other: piece != .close && piece != .comma
        }
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
