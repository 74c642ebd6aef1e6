import EmbeddedSQL
import SQLText

/// An INSERT of plain values: its text with parameters in their places, the same for thousands of statements.
///
/// Such a statement is quick whatever its values are, so it may run on an event loop's thread; and its compiled form
/// serves again.
struct InsertShape {
    /// The statement with a `?` for each value.
    private(set) var template: [UInt8] = []
    /// Where the values stand in the statement.
    private(set) var values: [Value] = []

    enum Value {
        case null
        case integer(Int64)
        case real(Double)
        /// A string, its quotes included.
        case string(Range<Int>)
    }

    /// Other forms of INSERT; the conflict clauses would undo what was written before.
    private static let stranger: [StaticString] = ["SELECT", "ROLLBACK", "FAIL", "ABORT", "DEFAULT"]
    private static let longest = 8192
    private static let mostValues = 128

    /// Nil where the statement is anything else.
    init?(_ statement: [UInt8]) {
        guard statement.count <= Self.longest, statement.count > 20 else { return nil }
        guard statement[0] | 0x20 == UInt8(ascii: "i") || statement[0] | 0x20 == UInt8(ascii: "r") else { return nil }
        var tokenizer = SQLTokenizer(statement.span, mode: .noBackslashEscapes)
        guard let start = Self.head(of: statement, &tokenizer) else { return nil }
        template.reserveCapacity(statement.count)
        values.reserveCapacity(8)
        template += statement[..<start]
        guard takeRows(of: statement, &tokenizer) else { return nil }
    }

    /// Goes behind VALUES: `INSERT [OR word] INTO name[.name] [(name, …)] VALUES`.
    private static func head(of statement: [UInt8], _ tokenizer: inout SQLTokenizer) -> Int? {
        var (words, depth, isClosed) = (0, 0, false)
        while let token = tokenizer.next() {
            switch token.kind {
            case .whitespace, .comma, .dot: continue
            case .openParenthesis:
                guard depth == 0, !isClosed, words >= 3 else { return nil }
                depth = 1
            case .closeParenthesis:
                guard depth == 1 else { return nil }
                (depth, isClosed) = (0, true)
            case .quotedIdentifier: words += 1
            case .identifier:
                words += 1
                if depth == 0, equal(statement, token, "VALUES") { return words >= 4 ? token.end : nil }
                if words == 1, !equal(statement, token, "INSERT"), !equal(statement, token, "REPLACE") { return nil }
                if depth == 0, Self.stranger.contains(where: { equal(statement, token, $0) }) { return nil }
            default: return nil
            }
        }
        return nil
    }

    private mutating func takeRows(of statement: [UInt8], _ tokenizer: inout SQLTokenizer) -> Bool {
        var (depth, isNegative, expectsValue, hasEnded) = (0, false, false, false)
        while let token = tokenizer.next() {
            if token.kind == .whitespace { continue }
            guard !hasEnded else { return false }
            switch token.kind {
            case .openParenthesis:
                guard depth == 0 else { return false }
                (depth, expectsValue) = (1, true)
                template.append(UInt8(ascii: "("))
            case .closeParenthesis:
                guard depth == 1, !expectsValue else { return false }
                depth = 0
                template.append(UInt8(ascii: ")"))
            case .comma:
                guard !expectsValue else { return false }
                expectsValue = depth == 1
                template.append(UInt8(ascii: ","))
            case .operator:
                guard expectsValue, !isNegative, statement[token.range].elementsEqual("-".utf8) else { return false }
                isNegative = true
            case .semicolon: hasEnded = true
            case _:
                guard depth == 1, expectsValue, let value = Self.value(token, statement, isNegative) else {
                    return false
                }
                values.append(value)
                guard values.count <= Self.mostValues else { return false }
                template.append(UInt8(ascii: "?"))
                (expectsValue, isNegative) = (false, false)
            }
        }
        return depth == 0 && !values.isEmpty
    }

    private static func value(_ token: SQLToken, _ statement: [UInt8], _ isNegative: Bool) -> Value? {
        switch token.kind {
        case .integer:
            return Int64(text(statement, token)).map { .integer(isNegative ? 0 - $0 : $0) }
        case .decimal, .float:
            return Double(text(statement, token)).map { .real(isNegative ? -$0 : $0) }
        case .string where token.isClosed && !isNegative: return .string(token.range)
        case .identifier where !isNegative && equal(statement, token, "NULL"): return .null
        case _: return nil
        }
    }

    private static func text(_ statement: [UInt8], _ token: SQLToken) -> String {
        String(decoding: statement[token.range], as: UTF8.self)
    }

    private static func equal(_ statement: [UInt8], _ token: SQLToken, _ word: StaticString) -> Bool {
        guard token.range.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { word in
            zip(statement[token.range], word).allSatisfy { $0 & 0xDF == $1 }
        }
    }

    /// Binds the values to the compiled template.
    func bind(_ statement: SQLStatement, from text: [UInt8]) {
        for (index, value) in values.enumerated() {
            switch value {
            case .null: statement.bindNull(index + 1)
            case .integer(let number): statement.bind(index + 1, number)
            case .real(let number): statement.bind(index + 1, number)
            case .string(let range): Self.bind(statement, index + 1, text, range)
            }
        }
    }

    private static func bind(_ statement: SQLStatement, _ index: Int, _ text: [UInt8], _ range: Range<Int>) {
        let quote = text[range.lowerBound]
        let inner = text[(range.lowerBound + 1)..<(range.upperBound - 1)]
        guard inner.contains(quote) else {
            return inner.withUnsafeBufferPointer { statement.bind(index, $0) }
        }
        var bytes: [UInt8] = []
        var isDoubled = false
        for byte in inner {
            isDoubled = byte == quote && !isDoubled
            if !isDoubled { bytes.append(byte) }
        }
        bytes.withUnsafeBufferPointer { statement.bind(index, $0) }
    }
}
