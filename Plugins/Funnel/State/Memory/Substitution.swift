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

    init(text: [UInt8], replacements: [Replacement]) { (self.text, self.replacements) = (text, replacements) }

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
                var expression = Self.expression(value, last, foreign, connection)
            else { continue }
            let original = range.map { text[$0] }
            let alike = replacements.filter { $0.isAlike(expression) }
            if let same = alike.first(where: { $0.original == original }) {
                expression = same.expression
            } else {
                Self.vary(&expression, alike.count)
            }
            for index in copied..<range.lowerBound { result.append(text[index]) }
            result += expression
            copied = range.upperBound
            replacements.append(Replacement(value: value, original: original, expression: expression))
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

    /// Writes the letters that the number's bits stand for small, so that each original has an expression of its own.
    private static func vary(_ expression: inout [UInt8], _ variant: Int) {
        var bits = variant
        for (index, byte) in expression.enumerated() where bits > 0 && byte >= 0x41 && byte <= 0x5A {
            if bits & 1 == 1 { expression[index] = byte | 0x20 }
            bits >>= 1
        }
    }

    /// An expression of the function's type, and never a bare number, which ORDER BY and GROUP BY take for a column's
    /// place.
    private static func expression(
        _ value: SessionValue, _ last: LastStatement, _ foreign: LastValues, _ connection: UInt64
    ) -> [UInt8]? {
        switch value {
        // The zeros make it ten digits long, and so 32 bits.
        case .connectionID: return Array("CAST(\(zeros("\(connection)", 10)) AS UNSIGNED)".utf8)
        case .rowCount: return foreign.contains(.rowCount) ? signed(last.rowCount) : nil
        case .foundRows:
            guard foreign.contains(.foundRows), case .known(let rows) = last.foundRows else { return nil }
            return signed(Int64(clamping: rows))
        case .warningCount: return foreign.contains(.diagnostics) ? last.warningCount.map(unsigned) : nil
        case .errorCount: return foreign.contains(.diagnostics) ? last.errorCount.map(unsigned) : nil
        // LAST_INSERT_ID() is set on the connection instead; the rest belongs to pinned sessions.
        case .lastInsertID, .lockHolder, .seed, .inTransaction, .lastGTID: return nil
        }
    }

    /// As functions of 64 bits tell their length.
    private static let width = 21

    /// A text of that length is cast to 64 bits, a short one or a number to as few as hold it.
    private static func signed(_ number: Int64) -> [UInt8] {
        let sign = number < 0 ? "-" : ""
        return Array("CAST('\(sign)\(zeros("\(number.magnitude)", width - sign.count))' AS SIGNED)".utf8)
    }

    private static func unsigned(_ number: UInt64) -> [UInt8] {
        Array("CAST('\(zeros("\(number)", width))' AS UNSIGNED)".utf8)
    }

    private static func zeros(_ digits: String, _ width: Int) -> String {
        String(repeating: "0", count: max(width - digits.utf8.count, 0)) + digits
    }
}

extension Substitution.Replacement {
    /// Whether the expression is the same but for its letters' case.
    fileprivate func isAlike(_ other: [UInt8]) -> Bool {
        expression.count == other.count
            && zip(expression, other).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }
}
