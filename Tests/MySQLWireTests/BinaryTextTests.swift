import MySQLWire
import Testing

@Suite("Binary values as text, and back")
struct BinaryTextTests {
    static let recorded: [RecordedResult] = [.integers, .floats, .expressions, .dates, .strings, .functions]

    @Test("a binary row has the texts that the server sends for it", arguments: recorded)
    func asTheServer(result: RecordedResult) throws {
        let columns = try result.decodedColumns()
        #expect(!result.rows.isEmpty)
        for row in result.rows {
            let values = try BinaryRow(decoding: row.binary, columns: columns).values
            let texts = zip(values, columns).map { $0.text(of: $1) }
            #expect(TextRow(values: texts).encode() == row.text, "\(texts.map(shown))")
        }
    }

    @Test("a text row becomes the binary row that the server sends for it", arguments: recorded)
    func fromTheServer(result: RecordedResult) throws {
        let columns = try result.decodedColumns()
        for row in result.rows {
            let texts = try TextRow(decoding: row.text, columns: columns.count).values
            let binary = try BinaryRow(decoding: row.binary, columns: columns).values
            for (index, column) in columns.enumerated() {
                let value = try BinaryValue(text: texts[index], column: column)
                // Text rounds floats, so the value may differ there, but it has the same text.
                #expect(value.text(of: column) == texts[index], "\(column.name)")
                guard !binary[index].isFloat else { continue }
                #expect(value == binary[index], "\(column.name)")
            }
        }
    }

    @Test("a value that reads as NULL is NULL both ways")
    func null() throws {
        let column = ColumnDefinition(name: "c", type: .long)
        #expect(BinaryValue.null.text(of: column) == nil)
        #expect(try BinaryValue(text: nil, column: column) == .null)
        #expect(try BinaryValue(text: nil, column: ColumnDefinition(name: "c", type: .null)) == .null)
    }

    @Test("what a forged row or column claims never traps nor grows without bound")
    func forged() {
        let wide = ColumnDefinition(name: "c", type: .long, flags: .zerofill, length: .max, decimals: .max)
        let year = ColumnDefinition(name: "c", type: .year, length: .max)
        let all = BinaryValue.Time(
            isNegative: true, days: .max, hour: .max, minute: .max, second: .max, microsecond: .max)
        let date = BinaryValue.DateTime(
            year: .max, month: .max, day: .max, hour: .max, minute: .max, second: .max, microsecond: .max)
        let values: [BinaryValue] = [
            .signed(.min), .unsigned(.max), .double(.nan), .double(-.infinity), .float(.infinity),
            .double(.greatestFiniteMagnitude), .double(-.leastNonzeroMagnitude), .double(-0.0), .time(all),
            .dateTime(date), .bytes([]),
        ]
        for value in values {
            for decimals in [0, 6, 30, 31, .max] as [UInt8] {
                var column = wide
                column.decimals = decimals
                #expect((value.text(of: column)?.count ?? 0) <= 400)
                _ = value.text(of: year)
            }
        }
        #expect(shown(BinaryValue.time(all).text(of: year)) == "-103079215335:255:255")
        #expect(shown(BinaryValue.double(.nan).text(of: ColumnDefinition(name: "c", type: .double))) == "0")
    }
}

extension BinaryTextTests {
    @Test(
        "text that isn't of the column's type is refused",
        arguments: [
            (.tiny, "128"), (.tiny, "-129"), (.tiny, ""), (.tiny, "x"), (.tiny, "1.0"), (.tiny, " 1"), (.tiny, "1e2"),
            (.short, "32768"), (.int24, "8388608"), (.int24, "-8388609"), (.long, "2147483648"),
            (.longLong, "9223372036854775808"), (.longLong, "99999999999999999999999"), (.year, "x"), (.year, "2156"),
            (.year, "-1"),
            (.float, "1e39"), (.double, "1e309"), (.double, "0x1p3"), (.double, "nan"), (.double, "inf"),
            (.double, ""), (.double, "1,5"), (.double, "."), (.double, "1e"), (.double, "--1"),
            (.date, "2024-13-01"), (.date, "2024-01-32"), (.date, "24-01-01"), (.date, "2024-01-01 00:00:00"),
            (.date, "2024-01-01x"), (.date, "2024/01/01"), (.date, ""), (.date, "20240101"),
            (.dateTime, "2024-01-01 24:00:00"), (.dateTime, "2024-01-01 00:60:00"), (.dateTime, "2024-01-01 "),
            (.dateTime, "2024-01-01 00:00:00."), (.dateTime, "2024-01-01 00:00:00.1234567"),
            (.timestamp, "2024-01-01 00:00:60"), (.timestamp, "now"),
            (.time, "839:00:00"), (.time, "1:60:00"), (.time, "-"), (.time, "12"), (.time, "12:00"),
            (.time, "99999999999999999999:00:00"), (.time, "--1:00:00"), (.null, "1"), (ColumnType(rawValue: 200), "1"),
        ] as [(ColumnType, String)])
    func refused(type: ColumnType, text: String) {
        let column = ColumnDefinition(name: "c", type: type)
        #expect(throws: WireError.self) { try BinaryValue(text: Array(text.utf8), column: column) }
    }

    @Test("an unsigned column takes nothing below zero and no more than its bits hold")
    func unsigned() throws {
        let limits: [(ColumnType, UInt64)] = [
            (.tiny, 255), (.short, 65_535), (.int24, 16_777_215), (.long, 4_294_967_295), (.longLong, .max),
        ]
        for (type, limit) in limits {
            let column = ColumnDefinition(name: "c", type: type, flags: .unsigned)
            #expect(try BinaryValue(text: Array("\(limit)".utf8), column: column) == .unsigned(limit))
            #expect(throws: WireError.self) { try BinaryValue(text: Array("-1".utf8), column: column) }
            let above = limit == .max ? "18446744073709551616" : "\(limit + 1)"
            #expect(throws: WireError.self) { try BinaryValue(text: Array(above.utf8), column: column) }
        }
    }

    @Test(
        "the error names the column, its type and the text",
        arguments: [
            (.tiny, [], "300", "a TINYINT from -128 to 127, not '300',"),
            (.longLong, .unsigned, "-1", "a BIGINT UNSIGNED from 0 to 18446744073709551615, not '-1',"),
            (.year, .unsigned, "9999", "a YEAR from 0 to 2155, not '9999',"),
            (.long, [], "1\n2", "an INT from -2147483648 to 2147483647, not '1?2',"),
            (.double, [], "x", "a DOUBLE like -1.5 or 1e10, not 'x',"),
            (.date, [], "today", "a DATE like 2024-12-31, not 'today',"),
            (.null, [], "1", "NULL, which the column's type wants, not '1',"),
        ] as [(ColumnType, ColumnFlags, String, String)])
    func message(type: ColumnType, flags: ColumnFlags, text: String, expected: String) {
        let column = ColumnDefinition(name: "age", type: type, flags: flags)
        #expect(throws: WireError(packet: "value of column 'age'", expected: expected, offset: 0)) {
            try BinaryValue(text: Array(text.utf8), column: column)
        }
    }

    @Test("a date alone is a midnight, and a fraction may be short")
    func shortForms() throws {
        let column = ColumnDefinition(name: "c", type: .dateTime, decimals: 6)
        let midnight = try BinaryValue(text: Array("2024-01-02".utf8), column: column)
        #expect(midnight == .dateTime(.init(year: 2024, month: 1, day: 2)))
        let half = try BinaryValue(text: Array("2024-01-02 03:04:05.5".utf8), column: column)
        #expect(shown(half.text(of: column)) == "2024-01-02 03:04:05.500000")
    }

    @Test("the exact number decides on halves, and a tie goes to the even digit")
    func halves() {
        let cases: [(Double, UInt8, String)] = [
            (0.125, 2, "0.12"), (0.375, 2, "0.38"), (0.15, 1, "0.1"), (0.35, 1, "0.3"), (0.25, 1, "0.2"),
            (1.005, 2, "1.00"), (0.5, 0, "0"), (1.5, 0, "2"), (0.05, 0, "0"), (9.995, 2, "9.99"), (9.5, 0, "10"),
            (0.6, 0, "1"), (-0.001, 2, "-0.00"), (1e22, 1, "10000000000000000000000.0"),
        ]
        for (number, decimals, text) in cases {
            let column = ColumnDefinition(name: "c", type: .double, decimals: decimals)
            #expect(shown(BinaryValue.double(number).text(of: column)) == text)
        }
    }
}

extension RecordedResult: CustomTestStringConvertible {
    var testDescription: String { "\(columns.count) columns, \(rows.count) rows" }

    fileprivate func decodedColumns() throws -> [ColumnDefinition] {
        try columns.map { try ColumnDefinition(decoding: $0, capabilities: .plain) }
    }
}

extension BinaryValue {
    fileprivate var isFloat: Bool {
        switch self {
        case .float, .double: true
        case .null, .signed, .unsigned, .bytes, .dateTime, .time: false
        }
    }
}

private func shown(_ text: [UInt8]?) -> String {
    text.map { String(decoding: $0, as: UTF8.self) } ?? "NULL"
}
