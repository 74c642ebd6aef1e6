import SQLText

/// The effects of texts that come again and again, as BEGIN, COMMIT and what frameworks ask at every turn do.
///
/// Most texts come again with other integers in them; where these make no difference one entry serves all.
struct EffectsCache: ~Copyable {
    private var form = TextForm(longest: Self.longestText)
    private var table = TextTable<StatementEffects>()
    // Retained until the end, so that no look at it needs to be.
    private let inWork: Unmanaged<TextInWork>

    /// - Parameter inWork: what the loop's plugins share.
    init(_ inWork: TextInWork = TextInWork()) {
        self.inWork = .passRetained(inWork)
    }

    deinit { inWork.release() }

    /// Longer texts are read each time: those kept take 64 KB at most.
    static let longestText = 512

    /// How many texts are kept.
    var count: Int { table.count }

    /// The text's effects.
    mutating func effects(of text: Span<UInt8>, mode: SQLLexicalMode) -> StatementEffects {
        if let known = inWork._withUnsafeGuaranteedRef({ known(text, mode, in: $0) }) { return known }
        guard text.count <= Self.longestText else { return StatementEffects(of: text, mode: mode) }
        if form.take(text) {
            let place = TextPlace(of: form.bytes, kind: Self.kind(mode, isForm: true))
            if let known = table.known(of: form.bytes, at: place) { return known }
            return effects(of: text, mode, ofForm: place)
        }
        return effects(of: text, mode, ofForm: nil)
    }

    /// The effects of a text whose form another plugin has made; nil where none has, or they aren't known.
    @inline(__always)
    private func known(_ text: Span<UInt8>, _ mode: SQLLexicalMode, in work: TextInWork) -> StatementEffects? {
        guard work.holds(text) else { return nil }
        return table.known(of: work.form.span, at: work.place(kind: Self.kind(mode, isForm: true)))
    }

    /// The effects of a text whose form isn't known.
    ///
    /// - Parameter formPlace: where its form would be; nil for a text that is its own form.
    private mutating func effects(
        of text: Span<UInt8>, _ mode: SQLLexicalMode, ofForm formPlace: TextPlace?
    ) -> StatementEffects {
        let place = TextPlace(of: text, kind: Self.kind(mode, isForm: false))
        if let known = table.known(of: text, at: place) { return known }
        let effects = StatementEffects(of: text, mode: mode)
        if let formPlace, effects.areOfForm {
            let form = form
            if table.comesAgain(at: formPlace) { table.keep(effects, of: form.bytes, at: formPlace) }
        } else if table.comesAgain(at: place) {
            table.keep(effects, of: text, at: place)
        }
        return effects
    }

    /// Texts of another mode are others, and a form is another text than one that has the same bytes.
    @inline(__always)
    private static func kind(_ mode: SQLLexicalMode, isForm: Bool) -> UInt8 {
        mode.rawValue &<< 1 | (isForm ? 1 : 0)
    }
}
