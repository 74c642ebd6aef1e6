/// One value of a table that plugins and the admin plugin hand to each other; SQLite's types without blobs.
public enum Cell: Hashable, Sendable {
    /// SQL's NULL.
    case null
    /// A whole number.
    case integer(Int64)
    /// A number with a fraction.
    case real(Double)
    /// A text; what isn't UTF-8 was mended where it came in.
    case text(String)
}

extension Cell {
    /// The cell of any whole number; what doesn't fit is the nearest that does.
    public init(_ number: some BinaryInteger) {
        self = .integer(Int64(clamping: number))
    }

    /// The cell of a text, or NULL.
    public init(_ text: String?) {
        self = text.map { .text($0) } ?? .null
    }

    /// The whole number, also where SQLite kept it as text; nil for everything else.
    public var integer: Int64? {
        switch self {
        case .integer(let number): number
        case .text(let text): Int64(text)
        case .real, .null: nil
        }
    }

    /// The value as text; nil for NULL.
    public var text: String? {
        switch self {
        case .null: nil
        case .integer(let number): String(number)
        case .real(let number): String(number)
        case .text(let text): text
        }
    }
}
