import MySQLWire
import SQLText

/// What to ask a connection before another session takes it, so that its last session loses nothing.
struct Capture: Sendable {
    /// Whether SHOW WARNINGS comes first.
    let asksDiagnostics: Bool
    private let variables: [SQLName]
    private let asksInsertID: Bool
    private let asksFoundRows: Bool
    private let unread: [SessionSettings.Unread]

    /// nil where there is nothing to ask.
    init?(_ memory: SessionMemory, _ settings: SessionSettings) {
        asksDiagnostics = memory.last.diagnostics == .unread
        variables = memory.assigned.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        asksInsertID = memory.last.insertID == .unread
        asksFoundRows = memory.last.foundRows == .unread
        unread = settings.unread.sorted { $0.expression < $1.expression }
        guard asksDiagnostics || asksSelect else { return nil }
    }

    private var asksSelect: Bool { asksInsertID || asksFoundRows || !variables.isEmpty || !unread.isEmpty }

    /// The commands' payloads, which may be sent one behind the other; each is answered by one result.
    ///
    /// Neither changes what the other asks for. LIMIT makes `sql_select_limit` void.
    var commands: [[UInt8]] {
        var commands: [[UInt8]] = []
        if asksDiagnostics { commands.append(Command.query.payload(text: "SHOW WARNINGS")) }
        guard asksSelect else { return commands }
        var expressions = unread.map { Array($0.expression.utf8) }
        if asksInsertID { expressions.append(Array("LAST_INSERT_ID()".utf8)) }
        if asksFoundRows { expressions.append(Array("FOUND_ROWS()".utf8)) }
        for name in variables {
            let variable = Self.variable(name)
            expressions.append(variable)
            for function in ["HEX(", "COLLATION("] {
                expressions.append(Array(function.utf8) + variable + [UInt8(ascii: ")")])
            }
        }
        let list = Array(expressions.joined(separator: [UInt8(ascii: ",")]))
        commands.append(Command.query.payload(text: Array("SELECT ".utf8) + list + Array(" LIMIT 1".utf8)))
        return commands
    }

    static func variable(_ name: SQLName) -> [UInt8] { [UInt8(ascii: "@")] + SQLWriter.name(name.bytes) }

    /// The result of one of the commands.
    struct Answer: Sendable {
        var columns: [ColumnDefinition]
        var rows: [[[UInt8]?]]
    }

    /// Takes the answers to the commands.
    ///
    /// - Returns: the values of unread settings, for `SettingsTable.read`; nil where the answers aren't those expected
    ///   (one with an error, for instance): then the connection must not serve another session without a reset, and
    ///   the session has lost what only it knew.
    func read(_ answers: [Answer], into memory: inout SessionMemory) -> [SessionSettings.Unread: [UInt8]?]? {
        guard answers.count == commands.count else { return nil }
        var answers = answers[...]
        if asksDiagnostics {
            guard let rows = answers.popFirst()?.rows, let conditions = Self.conditions(rows) else { return nil }
            memory.last.diagnostics = .known(conditions)
        }
        guard asksSelect else { return [:] }
        guard let answer = answers.popFirst(), answer.rows.count == 1, let row = answer.rows.first else { return nil }
        let count = unread.count + (asksInsertID ? 1 : 0) + (asksFoundRows ? 1 : 0) + 3 * variables.count
        guard row.count == count, answer.columns.count == count else { return nil }
        return read(row, answer.columns, into: &memory)
    }

    static func conditions(_ rows: [[[UInt8]?]]) -> [LastStatement.Condition]? {
        var conditions: [LastStatement.Condition] = []
        for row in rows {
            guard row.count == 3, let level = row[0], let code = row[1], let message = row[2] else { return nil }
            conditions.append(LastStatement.Condition(level: level, code: code, message: message))
        }
        return conditions
    }

    private func read(
        _ row: [[UInt8]?], _ columns: [ColumnDefinition], into memory: inout SessionMemory
    ) -> [SessionSettings.Unread: [UInt8]?]? {
        var settings: [SessionSettings.Unread: [UInt8]?] = [:]
        var index = 0
        for name in unread {
            settings.updateValue(row[index], forKey: name)
            index += 1
        }
        for (asks, path) in [(asksInsertID, \LastStatement.insertID), (asksFoundRows, \LastStatement.foundRows)]
        where asks {
            guard let number = Self.number(row[index]) else { return nil }
            memory.last[keyPath: path] = .known(number)
            index += 1
        }
        for name in variables {
            guard let value = UserVariable(row[index], row[index + 1], row[index + 2], columns[index]) else {
                return nil
            }
            memory.captured(name, value)
            index += 3
        }
        return settings
    }

    static func number(_ text: [UInt8]?) -> UInt64? {
        text.flatMap { UInt64(String(decoding: $0, as: UTF8.self)) }
    }
}

extension UserVariable {
    /// The value of a row of `@a, HEX(@a), COLLATION(@a)`; the definition is that of `@a`.
    init?(_ text: [UInt8]?, _ hexadecimal: [UInt8]?, _ collation: [UInt8]?, _ definition: ColumnDefinition) {
        switch definition.type {
        case .longLong, .long, .short, .tiny, .int24:
            self.init(kind: definition.flags.contains(.unsigned) ? .unsigned : .integer, bytes: text)
        case .newDecimal, .decimal: self.init(kind: .decimal, bytes: text)
        case .double, .float: self.init(kind: .double, bytes: text)
        default:
            let bytes = hexadecimal.flatMap(Self.bytes)
            guard let collation, Self.isName(collation), bytes != nil || text == nil else { return nil }
            let name = String(decoding: collation, as: UTF8.self)
            self.init(
                kind: .text(characterSet: Collation.characterSet(of: name), collation: name),
                bytes: text == nil ? nil : bytes)
            return
        }
        guard text.map(Self.isNumber) ?? true else { return nil }
    }

    /// The value as an expression of the same type, value and collation.
    var literal: [UInt8] {
        guard let bytes else { return Array(nullLiteral.utf8) }
        let text = String(decoding: bytes, as: UTF8.self)
        switch kind {
        case .integer, .decimal: return bytes
        case .unsigned: return Array("CAST(\(text) AS UNSIGNED)".utf8)
        case .double: return bytes.contains(UInt8(ascii: "e")) ? bytes : bytes + Array("e0".utf8)
        case .text(let characterSet, let collation):
            let string = "_\(characterSet) x'\(SQLWriter.hexadecimal(bytes))'"
            return Array((characterSet == "binary" ? string : string + " COLLATE " + collation).utf8)
        }
    }

    /// NULL of the type; the bare word leaves a variable the type that it has.
    private var nullLiteral: String {
        switch kind {
        case .integer: "CAST(NULL AS SIGNED)"
        case .unsigned: "CAST(NULL AS UNSIGNED)"
        case .decimal: "CAST(NULL AS DECIMAL)"
        case .double: "CAST(NULL AS DOUBLE)"
        case .text("binary", _): "CAST(NULL AS BINARY)"
        case .text(let characterSet, let collation): "CONVERT(NULL USING \(characterSet)) COLLATE \(collation)"
        }
    }

    private static func isName(_ bytes: [UInt8]) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy {
                ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x41 && $0 <= 0x5A) || $0 == 0x5F
            }
    }

    /// Digits, sign, point and exponent.
    private static func isNumber(_ bytes: [UInt8]) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy {
                ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D || $0 == 0x2B || $0 == 0x2E || $0 == 0x65
            }
    }

    private static func bytes(_ hexadecimal: [UInt8]) -> [UInt8]? {
        guard hexadecimal.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(hexadecimal.count / 2)
        for index in stride(from: 0, to: hexadecimal.count, by: 2) {
            guard let high = digit(hexadecimal[index]), let low = digit(hexadecimal[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
