/// The text that the plugins of a loop have in work one after the other, with its form: the first of them makes it, and
/// whoever comes behind needn't.
///
/// A text is known again by its bytes alone, so that nobody gets another one's form.
public final class TextInWork {
    /// Longer texts aren't taken.
    package static let longest = 256
    // Owned: room for the longest text, and for its form.
    private let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: longest)
    private let formRoom = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: longest + TextForm.margin)
    /// Bytes of the text; 0 where there is none.
    private var count = 0
    private var formCount = 0
    private var hash: UInt64 = 0

    /// No text.
    public init() {
        text.initialize(repeating: 0)
        formRoom.initialize(repeating: 0)
    }

    deinit {
        text.deallocate()
        formRoom.deallocate()
    }

    /// Takes a text, and makes its form.
    ///
    /// - Returns: whether it has one: a text that is too long, or without plain integers, isn't kept.
    package func take(_ text: Span<UInt8>) -> Bool {
        count = 0
        guard text.count <= Self.longest, let length = text.writeForm(to: UnsafeMutableRawBufferPointer(formRoom))
        else { return false }
        text.withUnsafeBufferPointer { _ = self.text.update(fromContentsOf: $0) }
        (count, formCount) = (text.count, length)
        hash = form.span.placeHash
        return true
    }

    /// Whether this is the text taken last.
    package func holds(_ text: Span<UInt8>) -> Bool {
        guard count == text.count, count > 0 else { return false }
        return UnsafeBufferPointer(rebasing: self.text[..<count]).span.isEqual(to: text)
    }

    /// The form of the text taken last; valid until the next one is taken.
    package var form: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: formRoom[..<formCount]) }

    /// Where the form is in small tables.
    package func place(kind: UInt8 = 0) -> TextPlace { TextPlace(hash: hash, kind: kind) }
}
