import Foundation
package import GRDB
package import MySQLWire
import ServerSide

extension BinaryValue {
    /// The value as SQLite stores it; dates and times as text.
    package var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .signed(let number): number.databaseValue
        case .unsigned(let number): Int64(exactly: number)?.databaseValue ?? Double(number).databaseValue
        case .float(let number): Double(number).databaseValue
        case .double(let number): number.databaseValue
        case .bytes(let bytes): Self.textOrBlob(bytes)
        case .dateTime(let date): date.text.databaseValue
        case .time(let time): time.text.databaseValue
        }
    }

    private static func decimal(_ number: Double, _ decimals: UInt8) -> BinaryValue {
        .bytes(Array(String(format: "%.\(decimals)f", number).utf8))
    }

    /// Clients send strings and blobs alike; what is UTF-8 without a NUL is text.
    private static func textOrBlob(_ bytes: [UInt8]) -> DatabaseValue {
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            return Data(bytes).databaseValue
        }
        return text.databaseValue
    }

    /// The value as a column of the given type must carry it: SQLite lets every row have its own type.
    ///
    /// - Parameter decimals: the digits behind the point of a DECIMAL.
    package func coerced(to type: ColumnType, decimals: UInt8 = 0) -> BinaryValue {
        switch (type, self) {
        case (_, .null): return .null
        case (.newDecimal, .signed(let number)): return Self.decimal(Double(number), decimals)
        case (.newDecimal, .double(let number)): return Self.decimal(number, decimals)
        case (.longLong, .signed), (.double, .double): return self
        case (.longLong, .double(let number)): return .signed(Int64(exactly: number.rounded()) ?? 0)
        case (.longLong, .bytes(let bytes)): return .signed(Int64(String(decoding: bytes, as: UTF8.self)) ?? 0)
        case (.double, .signed(let number)): return .double(Double(number))
        case (.double, .bytes(let bytes)): return .double(Double(String(decoding: bytes, as: UTF8.self)) ?? 0)
        case (_, .bytes): return self
        case (_, .signed(let number)): return .bytes(Array(String(number).utf8))
        case (_, .double(let number)): return .bytes(Array(String(number).utf8))
        case _: return self
        }
    }
}
