import SQLText

/// The effects of texts that come again and again, as BEGIN, COMMIT and what frameworks ask at every turn do.
///
/// Most texts come again with other integers in them; where these make no difference one entry serves all.
///
/// A text is kept from its second time on, and gives way to another one that comes twice in its place: texts that come
/// once push nothing out and cost a hash.
struct EffectsCache: Sendable {
    private var form = TextForm(longest: Self.longestText)
    private var table = EffectsTable()

    /// Longer texts are read each time: those kept take 64 KB at most.
    static let longestText = 512

    /// How many texts are kept.
    var count: Int { table.count }

    /// The text's effects.
    mutating func effects(of text: Span<UInt8>, mode: SQLLexicalMode) -> StatementEffects {
        guard text.count <= Self.longestText else { return StatementEffects(of: text, mode: mode) }
        let hasForm = form.take(text)
        let formKey = EffectsTable.Key(of: form.bytes, mode, isForm: true)
        if hasForm, let known = table.effects(formKey, form.bytes) { return known }
        let key = EffectsTable.Key(of: text, mode, isForm: false)
        if let known = table.effects(key, text) { return known }
        let effects = StatementEffects(of: text, mode: mode)
        let isOfForm = hasForm && effects.areOfForm
        let place = isOfForm ? formKey : key
        if table.comesAgain(place) { table.keep(place, isOfForm ? form.bytes.copied : text.copied, effects) }
        return effects
    }
}

/// Effects by their texts, or by the form of all texts that have them.
private struct EffectsTable: Sendable {
    struct Key: BitwiseCopyable, Equatable {
        let hash: UInt64
        let mode: SQLLexicalMode
        /// Whether it stands for all texts of a form, and not for one text.
        let isForm: Bool

        @inline(__always)
        init(of text: Span<UInt8>, _ mode: SQLLexicalMode, isForm: Bool) {
            (hash, self.mode, self.isForm) = (text.placeHash, mode, isForm)
        }

        @inline(__always)
        var place: Int { Int(truncatingIfNeeded: hash &>> 32) & (size - 1) }
    }

    private struct Entry {
        let key: Key
        let text: [UInt8]
        let effects: StatementEffects
    }

    private static let size = 128
    private var entries = [Entry?](repeating: nil, count: size)
    /// The hashes of the texts that came last, by the same place.
    private var candidates = [UInt64](repeating: 0, count: size)

    var count: Int { entries.count { $0 != nil } }

    @inline(__always)
    func effects(_ key: Key, _ text: Span<UInt8>) -> StatementEffects? {
        guard let entry = entries[key.place], entry.key == key, entry.text.span.isEqual(to: text) else { return nil }
        return entry.effects
    }

    /// A text has come that isn't kept; whether it was the last such one in its place too.
    mutating func comesAgain(_ key: Key) -> Bool {
        defer { candidates[key.place] = key.hash }
        return candidates[key.place] == key.hash
    }

    mutating func keep(_ key: Key, _ text: [UInt8], _ effects: StatementEffects) {
        entries[key.place] = Entry(key: key, text: text, effects: effects)
    }
}

extension Span<UInt8> {
    fileprivate var copied: [UInt8] { withUnsafeBufferPointer { Array($0) } }
}
