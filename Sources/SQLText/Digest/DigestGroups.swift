/// Shortens rows of equal lists: `(?,?),(?,?),…` to the first few and `,...`.
///
/// A list that may be left out is held back as the number of its values, until its end or something else in it.
struct DigestGroups {
    private enum Held: UInt8 {
        case nothing
        case comma
        /// A comma and a parenthesis, perhaps values, and now a value must come.
        case beforeValue
        case behindValue
    }

    var limit = 10
    private var held = Held.nothing
    private var values = 0
    /// The lists alike in a row so far; 0 outside such a row.
    private var count = 0
    private var shape = 0
    /// What came last: a list of the row, or the comma behind it.
    private var isBehindList = false
    private var isBetweenLists = false
    private var isElided = false

    /// Whether more lists of the row change nothing, directly behind one.
    @inline(__always)
    var isPastEllipsis: Bool { isElided && isBehindList && held == .nothing && count >= limit }

    /// Whether a list of so many values belongs to the row.
    func continues(withValues count: Int, _ lists: DigestLists) -> Bool { lists.shape(ofValues: count) == shape }

    mutating func mark(_ lists: inout DigestLists, blank: Bool) {
        if held == .beforeValue {
            values += 1
            held = .behindValue
        } else {
            release(&lists)
            lists.mark(blank: blank)
        }
    }

    mutating func comma(_ lists: inout DigestLists) {
        if held == .behindValue {
            held = .beforeValue
        } else if held == .nothing, isBehindList, count >= limit {
            held = .comma
        } else {
            let continues = held == .nothing && isBehindList
            release(&lists)
            lists.comma()
            isBetweenLists = continues
        }
    }

    mutating func open(_ lists: inout DigestLists, blank: Bool) {
        if held == .comma {
            held = .beforeValue
            values = 0
        } else {
            let continues = held == .nothing && isBetweenLists
            release(&lists)
            if !continues { count = 0 }
            lists.open(blank: blank)
        }
    }

    mutating func close(_ lists: inout DigestLists) {
        if held == .behindValue, lists.shape(ofValues: values) == shape {
            leaveOut(&lists)
        } else {
            release(&lists)
            closed(lists.close())
        }
    }

    /// A list of the row that is full already.
    private mutating func leaveOut(_ lists: inout DigestLists) {
        held = .nothing
        guard !isElided else { return }
        isElided = true
        lists.comma()
        lists.ellipsis()
    }

    private mutating func closed(_ closedShape: Int) {
        count = closedShape == 0 ? 0 : closedShape == shape && count > 0 ? count + 1 : 1
        if count <= 1 { isElided = false }
        shape = closedShape
        isBehindList = closedShape > 0
        isBetweenLists = false
    }

    /// Writes what is held back; what comes next belongs to no row.
    @inline(__always)
    mutating func release(_ lists: inout DigestLists) {
        if held != .nothing { replay(&lists) }
        isBehindList = false
        isBetweenLists = false
    }

    private mutating func replay(_ lists: inout DigestLists) {
        let state = held
        held = .nothing
        count = 0
        lists.comma()
        guard state != .comma else { return }
        lists.open(blank: false)
        for index in 0..<lists.shape(ofValues: values) {
            if index > 0 { lists.comma() }
            lists.mark(blank: false)
        }
        if state == .beforeValue, values > 0 { lists.comma() }
    }
}

extension DigestLists {
    /// The shape of a list of so many values.
    func shape(ofValues count: Int) -> Int { min(count, limit + 2) }

    /// `...` where an element would be.
    mutating func ellipsis() {
        endRun()
        output.ellipsis()
    }
}
