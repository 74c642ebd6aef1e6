import MySQLWire
import SQLText

/// What GET DIAGNOSTICS does, as assignments of remembered values, where its connection has another session's.
enum DiagnosticsAssignment: Equatable, Sendable {
    /// The text to send in its place.
    case text([UInt8])
    /// It asks for something that nobody remembers.
    case unknown

    /// nil for any other statement, and where the connection knows what is asked for.
    ///
    /// - Parameters:
    ///   - foreign: what the connection has of another session.
    ///   - characterSet: that of the session's results, which the remembered messages are in.
    init?(_ text: Span<UInt8>, _ last: LastStatement, foreign: LastValues, characterSet: String) {
        let mayBeForeign = !foreign.isDisjoint(with: [.diagnostics, .rowCount])
        guard mayBeForeign, let form = DiagnosticsItems(text) else { return nil }
        let asksRowCount = form.items.contains { $0.name == "ROW_COUNT" }
        let asksConditions = form.condition != nil || form.items.contains { $0.name != "ROW_COUNT" }
        let needs: LastValues =
            form.isUnderstood ? [asksRowCount ? .rowCount : [], asksConditions ? .diagnostics : []] : .all
        guard !foreign.isDisjoint(with: needs) else { return nil }
        guard form.isUnderstood, let values = Self.values(form, last, characterSet) else {
            self = .unknown
            return
        }
        let assignments = zip(form.items, values).map { $0.variable + [UInt8(ascii: "=")] + Array($1.utf8) }
        // There is no condition of that number: nothing is assigned.
        self = .text(
            values.isEmpty
                ? Array("DO 0".utf8)
                : Array("SET ".utf8) + Array(assignments.joined(separator: [UInt8(ascii: ",")])))
    }

    private static func values(
        _ form: DiagnosticsItems, _ last: LastStatement, _ characterSet: String
    ) -> [String]? {
        guard case .known(let conditions) = last.diagnostics else {
            guard form.items.allSatisfy({ $0.name == "ROW_COUNT" }) else { return nil }
            return form.items.map { _ in "\(last.rowCount)" }
        }
        var values: [String] = []
        if let number = form.condition {
            guard number > 0, number <= conditions.count else { return [] }
            let condition = conditions[number - 1]
            for item in form.items {
                guard let value = condition.value(of: item.name, characterSet) else { return nil }
                values.append(value)
            }
            return values
        }
        for item in form.items {
            switch item.name {
            case "NUMBER": values.append("CAST(\(conditions.count) AS UNSIGNED)")
            case "ROW_COUNT": values.append("\(last.rowCount)")
            default: return nil
            }
        }
        return values
    }
}

extension LastStatement.Condition {
    /// An item of the condition as an expression; nil where it isn't remembered.
    fileprivate func value(of item: String, _ characterSet: String) -> String? {
        switch item {
        case "MYSQL_ERRNO": return "CAST(\(number) AS UNSIGNED)"
        case "RETURNED_SQLSTATE": return "_utf8mb3 '\(SQLStates.state(of: number))'"
        case "MESSAGE_TEXT":
            let name = characterSet.isEmpty ? "utf8mb3" : characterSet
            return "CONVERT(_\(name) x'\(SQLWriter.hexadecimal(message))' USING utf8mb3)"
        default: return nil
        }
    }

    private var number: UInt16 { UInt16(String(decoding: code, as: UTF8.self)) ?? 0 }
}

/// The items of GET DIAGNOSTICS, and the variables that they go to.
private struct DiagnosticsItems {
    /// The condition's number; nil where the statement's items are asked for.
    var condition: Int?
    var items: [(variable: [UInt8], name: String)] = []
    /// Whether all of it was read.
    var isUnderstood = false

    /// nil for another statement.
    init?(_ text: Span<UInt8>) {
        var words = Self.words(text)[...]
        guard words.popFirst()?.word == "GET" else { return nil }
        if words.first?.word == "CURRENT" { words.removeFirst() }
        guard words.popFirst()?.word == "DIAGNOSTICS" else { return nil }
        if words.last?.word == ";" { words.removeLast() }
        if words.first?.word == "CONDITION" {
            words.removeFirst()
            guard let number = words.popFirst().flatMap({ Int($0.word) }) else { return }
            condition = number
        }
        repeat {
            guard let variable = words.popFirst(), variable.text.first == UInt8(ascii: "@"),
                words.popFirst()?.word == "=", let name = words.popFirst()
            else { return }
            items.append((variable.text, name.word))
        } while words.popFirst()?.word == ","
        isUnderstood = words.isEmpty
    }

    private static func words(_ text: Span<UInt8>) -> [(text: [UInt8], word: String)] {
        var tokens = SQLTokenizer(text)
        var words: [(text: [UInt8], word: String)] = []
        while let token = tokens.next() {
            switch token.kind {
            case .whitespace, .lineComment, .blockComment: continue
            default:
                let bytes = token.range.map { text[$0] }
                words.append((bytes, String(decoding: bytes, as: UTF8.self).uppercased()))
            }
        }
        return words
    }
}
