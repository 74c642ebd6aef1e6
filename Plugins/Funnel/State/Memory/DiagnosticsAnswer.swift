import MySQLWire
import SQLText

/// The answer to SHOW WARNINGS and its like from what a session remembers, where its connection has another's.
struct DiagnosticsAnswer: Sendable {
    let columns: [ColumnDefinition]
    let rows: [[[UInt8]?]]
    private let isCount: Bool

    /// nil for any other statement, and where only the connection knows.
    ///
    /// - Parameter collation: the number of the collation that the session's results come in.
    init?(_ text: Span<UInt8>, _ last: LastStatement, collation: UInt16 = 45) {
        guard case .known(let conditions) = last.diagnostics, let form = DiagnosticsForm(text) else { return nil }
        let shown = form.isErrors ? conditions.filter(\.isError) : conditions
        isCount = form.isCount
        guard !isCount else {
            let count = form.isErrors ? last.errorCount : last.warningCount
            columns = [Self.count(form.isErrors ? "@@session.error_count" : "@@session.warning_count")]
            rows = [[count.map { Array("\($0)".utf8) }]]
            return
        }
        columns = Self.conditionColumns(collation)
        rows = shown.dropFirst(form.offset).prefix(form.count).map { [$0.level, $0.code, $0.message] }
    }

    /// The session has got it, and its connection doesn't know.
    func given(_ last: inout LastStatement, _ connection: inout ConnectionState) {
        last.rowCount = -1
        connection.disturbed()
        guard isCount else { return }
        last.foundRows = .known(1)
        connection.disturbedByRows()
    }

    private static func count(_ name: String) -> ColumnDefinition {
        ColumnDefinition(name: name, type: .longLong, flags: [.unsigned, .binary], collation: 63, length: 21)
    }

    private static func conditionColumns(_ collation: UInt16) -> [ColumnDefinition] {
        [
            ColumnDefinition(
                name: "Level", type: .varString, flags: [.notNull], collation: collation, length: 28, decimals: 39),
            ColumnDefinition(
                name: "Code", type: .long, flags: [.notNull, .unsigned, .binary], collation: 63, length: 4),
            ColumnDefinition(
                name: "Message", type: .varString, flags: [.notNull], collation: collation, length: 2048, decimals: 39),
        ]
    }
}

/// `SHOW WARNINGS | ERRORS [LIMIT [offset,] count]`, `SHOW COUNT(*) WARNINGS | ERRORS`.
private struct DiagnosticsForm {
    var isErrors = false
    var isCount = false
    var offset = 0
    var count = Int.max

    init?(_ text: Span<UInt8>) {
        var words = Self.words(text)[...]
        guard words.popFirst() == "SHOW" else { return nil }
        if words.prefix(4) == ["COUNT", "(", "*", ")"] {
            isCount = true
            words = words.dropFirst(4)
        }
        switch words.popFirst() {
        case "WARNINGS": break
        case "ERRORS": isErrors = true
        default: return nil
        }
        if words.last == ";" { words.removeLast() }
        guard !words.isEmpty else { return }
        guard !isCount, words.popFirst() == "LIMIT", let first = words.popFirst().flatMap({ Int($0) }) else {
            return nil
        }
        switch words.popFirst() {
        case nil: count = first
        case ",":
            guard let second = words.popFirst().flatMap({ Int($0) }), words.isEmpty else { return nil }
            (offset, count) = (first, second)
        case "OFFSET":
            guard let second = words.popFirst().flatMap({ Int($0) }), words.isEmpty else { return nil }
            (offset, count) = (second, first)
        default: return nil
        }
    }

    /// The tokens in upper case.
    private static func words(_ text: Span<UInt8>) -> [String] {
        var tokens = SQLTokenizer(text)
        var words: [String] = []
        while let token = tokens.next(), words.count < 12 {
            switch token.kind {
            case .whitespace, .lineComment, .blockComment: continue
            default: words.append(String(decoding: token.range.map { text[$0] }, as: UTF8.self).uppercased())
            }
        }
        return words
    }
}
