/// What is known of texts that come again and again, in a small table.
///
/// A text is kept from its second time on, and gives way to another one that comes twice in its place: texts that come
/// once push nothing out and cost a hash.
///
/// Inlinable, as it is asked for every statement: without the type of what is known each answer is copied by metadata.
@usableFromInline
package struct TextTable<Known>: ~Copyable {
    // Owned; a value is there where its key has a text.
    @usableFromInline let keys: UnsafeMutablePointer<TextKey>
    @usableFromInline let values: UnsafeMutablePointer<Known>

    /// Nothing is known.
    @inlinable
    package init() {
        keys = .allocate(capacity: TextPlace.count)
        keys.initialize(repeating: TextKey(), count: TextPlace.count)
        values = .allocate(capacity: TextPlace.count)
    }

    @inlinable
    deinit {
        for index in 0..<TextPlace.count { TextTable.clear(keys + index, values + index) }
        keys.deallocate()
        values.deallocate()
    }

    /// How many texts are kept.
    @inlinable package var count: Int { (0..<TextPlace.count).count { keys[$0].text != nil } }

    /// What is known of the text, whose place this is.
    @inlinable @inline(__always)
    package func known(of text: Span<UInt8>, at place: TextPlace) -> Known? {
        keys[place.index].holds(text, place) ? values[place.index] : nil
    }

    /// A text has come that isn't kept; whether it was the last such one in its place too.
    @inlinable
    package mutating func comesAgain(at place: TextPlace) -> Bool {
        defer { keys[place.index].candidate = place.hash }
        return keys[place.index].candidate == place.hash
    }

    /// Keeps what is known of a text.
    @inlinable
    package mutating func keep(_ known: Known, of text: Span<UInt8>, at place: TextPlace) {
        let (key, value) = (keys + place.index, values + place.index)
        TextTable.clear(key, value)
        key.pointee.take(text, place)
        value.initialize(to: known)
    }

    @usableFromInline
    static func clear(_ key: UnsafeMutablePointer<TextKey>, _ value: UnsafeMutablePointer<Known>) {
        guard key.pointee.text != nil else { return }
        key.pointee.drop()
        value.deinitialize(count: 1)
    }
}

/// Where a text is in a small table, if it is there.
@usableFromInline
package struct TextPlace: BitwiseCopyable, Sendable {
    @inlinable static var count: Int { 128 }
    @usableFromInline let hash: UInt64
    /// Tells texts apart that have the same bytes and mean something else.
    @usableFromInline let kind: UInt8

    @usableFromInline
    package init(of text: Span<UInt8>, kind: UInt8 = 0) {
        self.init(hash: text.placeHash, kind: kind)
    }

    /// The place of a text whose hash is known.
    init(hash: UInt64, kind: UInt8) {
        (self.hash, self.kind) = (hash, kind)
    }

    @inlinable var index: Int { Int(truncatingIfNeeded: hash &>> 32) & (Self.count - 1) }
}

/// A text that a table keeps.
@usableFromInline
struct TextKey: BitwiseCopyable {
    /// A copy of the table's own; nil where nothing is kept.
    @usableFromInline private(set) var text: UnsafeMutableBufferPointer<UInt8>?
    /// The hash of the text that came last in this place without being kept.
    @usableFromInline var candidate: UInt64 = 0
    private var hash: UInt64 = 0
    private var kind: UInt8 = 0

    @usableFromInline
    init() {}

    @usableFromInline
    func holds(_ other: Span<UInt8>, _ place: TextPlace) -> Bool {
        guard let text, hash == place.hash, kind == place.kind else { return false }
        return text.span.isEqual(to: other)
    }

    @usableFromInline
    mutating func take(_ other: Span<UInt8>, _ place: TextPlace) {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: other.count)
        _ = other.withUnsafeBufferPointer { copy.initialize(from: $0) }
        (text, hash, kind) = (copy, place.hash, place.kind)
    }

    @usableFromInline
    mutating func drop() {
        text?.deallocate()
        text = nil
    }
}
