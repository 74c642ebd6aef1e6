import SQLText

// EXECUTE of a statement that asks after the last one, or after the connection: its text is executed with the values in it.

extension Substitution {
    /// nil where nothing is to be replaced, and where the text is more than one EXECUTE.
    ///
    /// - Parameters:
    ///   - schema: the session's: a statement that was prepared in another one is left as it is.
    ///   - foreign: what the connection has of another session.
    ///   - connection: the number that the client knows its connection by.
    init?(
        executing text: Span<UInt8>, _ effects: StatementEffects, _ memory: SessionMemory, schema: [UInt8]?,
        mode: SQLLexicalMode, foreign: LastValues, connection: UInt64
    ) {
        guard let prepared = memory.executedText(effects), prepared.schema == schema,
            prepared.effects.facts.contains(.refersToSession), let arguments = text.argumentsOfExecute,
            let inner = Substitution(
                prepared.text.span, prepared.effects, memory.last, foreign: foreign, connection: connection)
        else { return nil }
        let string = PreparedText(inner.text, schema: schema, mode: mode).quoted(mode)
        let tail = arguments.map { text[$0] }
        self.init(
            text: Array("EXECUTE IMMEDIATE ".utf8) + string + [UInt8(ascii: " ")] + tail,
            replacements: inner.replacements)
    }
}

extension Span where Element == UInt8 {
    /// Where USING and what follows it stand in `EXECUTE name [USING …]`; nil in any other text.
    fileprivate var argumentsOfExecute: Range<Int>? {
        var tokens = SQLTokenizer(self)
        var words = 0
        var start: Int?
        var end = count
        while let token = tokens.next() {
            switch token.kind {
            case .whitespace, .lineComment, .blockComment: continue
            default: break
            }
            let range = token.range
            if end < count { return nil }
            if range.count == 1, self[range.lowerBound] == UInt8(ascii: ";") {
                end = range.lowerBound
                continue
            }
            words += 1
            switch words {
            case 1: guard range.count == 7, extracting(range).holds("EXECUTE") else { return nil }
            case 2: guard token.kind != .identifier || !extracting(range).holds("IMMEDIATE") else { return nil }
            case 3:
                guard range.count == 5, extracting(range).holds("USING") else { return nil }
                start = range.lowerBound
            default: break
            }
        }
        return min(start ?? end, end)..<end
    }
}
