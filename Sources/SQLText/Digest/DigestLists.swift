/// Shortens long lists of values inside parentheses: `(?,?,?,?,?)` to `(?,?,?,...)`.
///
/// A value counts once the comma or parenthesis behind it shows that it is alone, so one value at most is held back.
struct DigestLists {
    private enum Element: UInt8 {
        /// Behind `(` or a comma.
        case empty
        /// One value so far, not yet written.
        case value
        case other
    }

    var output: DigestWriter
    let limit: Int
    private var depth = 0
    private var element = Element.other
    private var isCommaHeld = false
    /// The values in a row; those over the limit are not written.
    private var run = 0
    /// Whether the innermost list holds values only.
    private var isPure = false
    private var values = 0

    @inline(__always)
    init(_ output: DigestWriter, limit: Int) {
        self.output = output
        self.limit = max(limit, 1)
    }

    /// Lists of as many values look the same; 0 for one that holds anything but values.
    var shape: Int { isPure ? shape(ofValues: values) : 0 }

    /// Whether more values change nothing, directly behind a comma.
    @inline(__always)
    var isPastEllipsis: Bool { run >= limit + 2 && element == .empty }

    /// Counts values that were passed over.
    mutating func skipped(_ count: Int) { values += count }

    mutating func mark(blank: Bool) {
        if depth > 0, element == .empty {
            element = .value
        } else {
            endRun()
            output.mark(blank: blank)
        }
    }

    mutating func comma() {
        guard depth > 0 else { return output.symbol(UInt8(ascii: ","), .comma, blank: false) }
        settle()
        isCommaHeld = true
        element = .empty
    }

    mutating func open(blank: Bool) {
        endRun()
        output.symbol(UInt8(ascii: "("), .open, blank: blank)
        depth += 1
        element = .empty
        isPure = true
        values = 0
    }

    /// - Returns: the shape of the list that ends here.
    mutating func close() -> Int {
        settle()
        writeExtra()
        writeComma()
        let closed = shape
        output.symbol(UInt8(ascii: ")"), .close, blank: false)
        depth = max(depth - 1, 0)
        element = .other
        isPure = false
        run = 0
        return closed
    }

    /// Writes what is held back, because something comes that is no value of a list.
    @inline(__always)
    mutating func endRun() {
        guard element != .other else { return }
        writeExtra()
        writeComma()
        if element == .value { output.mark(blank: false) }
        element = .other
        isPure = false
        run = 0
    }

    /// Writes what is held back, because the text ends here.
    mutating func finish() {
        guard element == .value else { return endRun() }
        valueEnded()
        writeExtra()
    }

    /// Counts the element that ends here.
    private mutating func settle() {
        switch element {
        case .value: valueEnded()
        case .empty: endRun()
        case .other: break
        }
    }

    private mutating func valueEnded() {
        run += 1
        values += 1
        if run <= limit {
            writeComma()
            output.mark(blank: false)
        } else if run == limit + 2 {
            output.symbol(UInt8(ascii: ","), .comma, blank: false)
            output.ellipsis()
        }
        isCommaHeld = false
    }

    /// The one value over the limit, which is shown unless more follow.
    private mutating func writeExtra() {
        guard run == limit + 1 else { return }
        output.symbol(UInt8(ascii: ","), .comma, blank: false)
        output.mark(blank: false)
        run = 0
    }

    private mutating func writeComma() {
        if isCommaHeld { output.symbol(UInt8(ascii: ","), .comma, blank: false) }
        isCommaHeld = false
    }
}
