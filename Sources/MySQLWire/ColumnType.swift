/// The type of a column or parameter; a struct, because servers may know types that this list doesn't.
///
/// Source: MySQL protocol, "enum_field_types".
public struct ColumnType: RawRepresentable, BitwiseCopyable, Hashable, Sendable {
    /// The byte on the wire.
    public var rawValue: UInt8

    /// The type with the given number.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// MYSQL_TYPE_DECIMAL.
    public static let decimal = Self(rawValue: 0)
    /// MYSQL_TYPE_TINY: one byte.
    public static let tiny = Self(rawValue: 1)
    /// MYSQL_TYPE_SHORT: two bytes.
    public static let short = Self(rawValue: 2)
    /// MYSQL_TYPE_LONG: four bytes.
    public static let long = Self(rawValue: 3)
    /// MYSQL_TYPE_FLOAT.
    public static let float = Self(rawValue: 4)
    /// MYSQL_TYPE_DOUBLE.
    public static let double = Self(rawValue: 5)
    /// MYSQL_TYPE_NULL.
    public static let null = Self(rawValue: 6)
    /// MYSQL_TYPE_TIMESTAMP.
    public static let timestamp = Self(rawValue: 7)
    /// MYSQL_TYPE_LONGLONG: eight bytes.
    public static let longLong = Self(rawValue: 8)
    /// MYSQL_TYPE_INT24: a number of three bytes, four on the wire.
    public static let int24 = Self(rawValue: 9)
    /// MYSQL_TYPE_DATE.
    public static let date = Self(rawValue: 10)
    /// MYSQL_TYPE_TIME.
    public static let time = Self(rawValue: 11)
    /// MYSQL_TYPE_DATETIME.
    public static let dateTime = Self(rawValue: 12)
    /// MYSQL_TYPE_YEAR: two bytes.
    public static let year = Self(rawValue: 13)
    /// MYSQL_TYPE_NEWDATE.
    public static let newDate = Self(rawValue: 14)
    /// MYSQL_TYPE_VARCHAR.
    public static let varChar = Self(rawValue: 15)
    /// MYSQL_TYPE_BIT.
    public static let bit = Self(rawValue: 16)
    /// MYSQL_TYPE_VECTOR (MySQL 9).
    public static let vector = Self(rawValue: 242)
    /// MYSQL_TYPE_JSON.
    public static let json = Self(rawValue: 245)
    /// MYSQL_TYPE_NEWDECIMAL: a decimal number as text.
    public static let newDecimal = Self(rawValue: 246)
    /// MYSQL_TYPE_ENUM.
    public static let enumeration = Self(rawValue: 247)
    /// MYSQL_TYPE_SET.
    public static let set = Self(rawValue: 248)
    /// MYSQL_TYPE_TINY_BLOB.
    public static let tinyBlob = Self(rawValue: 249)
    /// MYSQL_TYPE_MEDIUM_BLOB.
    public static let mediumBlob = Self(rawValue: 250)
    /// MYSQL_TYPE_LONG_BLOB.
    public static let longBlob = Self(rawValue: 251)
    /// MYSQL_TYPE_BLOB.
    public static let blob = Self(rawValue: 252)
    /// MYSQL_TYPE_VAR_STRING.
    public static let varString = Self(rawValue: 253)
    /// MYSQL_TYPE_STRING.
    public static let string = Self(rawValue: 254)
    /// MYSQL_TYPE_GEOMETRY.
    public static let geometry = Self(rawValue: 255)

    /// How the type's values are written in binary rows and parameters.
    enum Shape {
        case nothing
        case integer(size: Int)
        case float
        case double
        case dateTime
        case time
        case bytes
    }

    /// The values' shape; nil for a type that isn't known.
    var shape: Shape? {
        switch rawValue {
        case 1: .integer(size: 1)
        case 2, 13: .integer(size: 2)
        case 3, 9: .integer(size: 4)
        case 8: .integer(size: 8)
        case 4: .float
        case 5: .double
        case 6: .nothing
        case 7, 10, 12, 14: .dateTime
        case 11: .time
        case 0, 15, 16, 242, 245...255: .bytes
        default: nil
        }
    }
}

/// A column's properties.
///
/// Source: MySQL protocol, "Column Definition Flags".
public struct ColumnFlags: OptionSet, BitwiseCopyable, Hashable, Sendable {
    /// The sixteen flags.
    public var rawValue: UInt16

    /// The set with the given flags.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// NOT_NULL_FLAG.
    public static let notNull = Self(rawValue: 1)
    /// PRI_KEY_FLAG.
    public static let primaryKey = Self(rawValue: 2)
    /// UNIQUE_KEY_FLAG.
    public static let uniqueKey = Self(rawValue: 4)
    /// MULTIPLE_KEY_FLAG.
    public static let multipleKey = Self(rawValue: 8)
    /// BLOB_FLAG.
    public static let blob = Self(rawValue: 16)
    /// UNSIGNED_FLAG.
    public static let unsigned = Self(rawValue: 32)
    /// ZEROFILL_FLAG.
    public static let zerofill = Self(rawValue: 64)
    /// BINARY_FLAG.
    public static let binary = Self(rawValue: 128)
    /// AUTO_INCREMENT_FLAG.
    public static let autoIncrement = Self(rawValue: 512)
}
