/// A value as binary rows and statement parameters carry it.
///
/// Source: MySQL protocol, "Binary Protocol Value".
public enum BinaryValue: Hashable, Sendable {
    /// NULL.
    case null
    /// A signed integer of any size.
    case signed(Int64)
    /// An unsigned integer of any size.
    case unsigned(UInt64)
    /// A float of four bytes.
    case float(Float)
    /// A float of eight bytes.
    case double(Double)
    /// Text, blobs, decimals, bits, JSON.
    case bytes([UInt8])
    /// A date, with or without a time of day.
    case dateTime(DateTime)
    /// A span of time.
    case time(Time)

    /// A date and a time of day; all zero is MySQL's zero date.
    public struct DateTime: BitwiseCopyable, Hashable, Sendable {
        /// 0 to 9999.
        public var year: UInt16
        /// 0 to 12.
        public var month: UInt8
        /// 0 to 31.
        public var day: UInt8
        /// 0 to 23.
        public var hour: UInt8
        /// 0 to 59.
        public var minute: UInt8
        /// 0 to 59.
        public var second: UInt8
        /// 0 to 999 999.
        public var microsecond: UInt32

        /// A date and a time of day.
        public init(
            year: UInt16, month: UInt8, day: UInt8, hour: UInt8 = 0, minute: UInt8 = 0, second: UInt8 = 0,
            microsecond: UInt32 = 0
        ) {
            (self.year, self.month, self.day) = (year, month, day)
            (self.hour, self.minute, self.second) = (hour, minute, second)
            self.microsecond = microsecond
        }
    }

    /// A span of time, forward or back.
    public struct Time: BitwiseCopyable, Hashable, Sendable {
        /// Whether it goes back.
        public var isNegative: Bool
        /// Whole days.
        public var days: UInt32
        /// 0 to 23.
        public var hour: UInt8
        /// 0 to 59.
        public var minute: UInt8
        /// 0 to 59.
        public var second: UInt8
        /// 0 to 999 999.
        public var microsecond: UInt32

        /// A span of time.
        public init(
            isNegative: Bool = false, days: UInt32 = 0, hour: UInt8 = 0, minute: UInt8 = 0, second: UInt8 = 0,
            microsecond: UInt32 = 0
        ) {
            (self.isNegative, self.days) = (isNegative, days)
            (self.hour, self.minute, self.second) = (hour, minute, second)
            self.microsecond = microsecond
        }
    }
}
