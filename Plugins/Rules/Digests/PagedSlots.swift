/// Elements in pages: a copy costs a reference, and after it a page is copied when it is next written to.
///
/// So whoever reads a table gets all of it at once, and the event loop that owns it never copies more than a page, some
/// KB, and the list of the pages in one step.
struct PagedSlots<Element: Sendable>: Sendable {
    private static var pageSize: Int { 128 }
    private(set) var pages: [[Element]] = []
    private(set) var count = 0

    /// The bytes of the elements themselves.
    var memory: Int { pages.count * Self.pageSize * MemoryLayout<Element>.stride }

    @inline(__always)
    subscript(_ slot: Int) -> Element {
        get { pages[slot &>> 7][slot & 127] }
        _modify { yield &pages[slot &>> 7][slot & 127] }
    }

    /// Adds an element at the slot `count`.
    mutating func append(_ element: Element) {
        if count & 127 == 0 {
            var page: [Element] = []
            page.reserveCapacity(Self.pageSize)
            pages.append(page)
        }
        pages[pages.count - 1].append(element)
        count += 1
    }
}
