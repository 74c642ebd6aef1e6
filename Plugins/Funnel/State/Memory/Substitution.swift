import MySQLWire
import SQLText

/// A statement in which functions that ask after the last statement or the connection are replaced by their values.
struct Substitution: Equatable, Sendable {
    /// The text to send.
    let text: [UInt8]
    /// What was replaced, in the order of the text.
    let replacements: [Replacement]

    /// An expression, and what stands in its place.
    ///
    /// A column whose name is `expression` had the name `original` in the client's text, and the type, flags and
    /// length below; where `expression` stands inside a longer name, so did `original`.
    struct Replacement: Equatable, Sendable {
        let value: SessionValue
        let original: [UInt8]
        let expression: [UInt8]

        /// The type of such a column.
        var type: ColumnType { value == .connectionID ? .long : .longLong }
        /// The column's length.
        var length: UInt32 { value == .connectionID ? 10 : 21 }
        /// The column's flags.
        var flags: ColumnFlags {
            switch value {
            case .connectionID: [.notNull, .unsigned, .binary]
            case .rowCount, .foundRows: [.notNull, .binary]
            default: [.unsigned, .binary]
            }
        }
    }

    /// nil where nothing is to be replaced.
    ///
    /// - Parameters:
    ///   - foreign: what the connection has of another session; the rest it knows itself.
    ///   - connection: the number that the client knows its connection by.
    init?(
        _ text: Span<UInt8>, _ effects: StatementEffects, _ last: LastStatement, foreign: LastValues,
        connection: UInt64
    ) {
        guard effects.facts.contains(.refersToSession) else { return nil }
        var result: [UInt8] = []
        var replacements: [Replacement] = []
        var copied = 0
        for (value, range) in Self.places(effects, text) {
            guard range.lowerBound >= copied,
                let expression = Self.expression(value, last, foreign, connection)
            else { continue }
            for index in copied..<range.lowerBound { result.append(text[index]) }
            result += expression
            copied = range.upperBound
            replacements.append(
                Replacement(value: value, original: range.map { text[$0] }, expression: expression))
        }
        guard !replacements.isEmpty else { return nil }
        for index in copied..<text.count { result.append(text[index]) }
        (self.text, self.replacements) = (result, replacements)
    }

    /// The places, in order, without those of strings that EXECUTE IMMEDIATE takes.
    private static func places(_ effects: StatementEffects, _ text: Span<UInt8>) -> [(SessionValue, Range<Int>)] {
        effects.details.compactMap { detail -> (SessionValue, Range<Int>)? in
            guard case .refers(let value, let range) = detail, !range.isEmpty, range.upperBound <= text.count,
                text[range.lowerBound] != 0x27, text[range.lowerBound] != 0x22
            else { return nil }
            return (value, range)
        }.sorted { $0.1.lowerBound < $1.1.lowerBound }
    }

    /// An expression and never a bare number, which ORDER BY and GROUP BY take for a column's place.
    private static func expression(
        _ value: SessionValue, _ last: LastStatement, _ foreign: LastValues, _ connection: UInt64
    ) -> [UInt8]? {
        switch value {
        case .connectionID: return unsigned(connection)
        case .rowCount: return foreign.contains(.rowCount) ? Array("CAST(\(last.rowCount) AS SIGNED)".utf8) : nil
        case .foundRows:
            guard foreign.contains(.foundRows), case .known(let rows) = last.foundRows else { return nil }
            return Array("CAST(\(rows) AS SIGNED)".utf8)
        case .warningCount: return foreign.contains(.diagnostics) ? last.warningCount.map(unsigned) : nil
        case .errorCount: return foreign.contains(.diagnostics) ? last.errorCount.map(unsigned) : nil
        // LAST_INSERT_ID() is set on the connection instead; the rest belongs to pinned sessions.
        case .lastInsertID, .lockHolder, .seed, .inTransaction, .lastGTID: return nil
        }
    }

    private static func unsigned(_ number: UInt64) -> [UInt8] { Array("CAST(\(number) AS UNSIGNED)".utf8) }
}
