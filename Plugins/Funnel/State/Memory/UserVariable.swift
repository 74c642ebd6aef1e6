/// A user variable's value, as it was read from one connection and is set again on another.
struct UserVariable: Hashable, Sendable {
    /// What it is.
    let kind: Kind
    /// Its text; the bytes of a string.
    let bytes: [UInt8]

    /// The types that user variables have.
    enum Kind: Hashable, Sendable {
        case null
        case integer
        case unsigned
        case decimal
        case double
        /// A string of a character set and collation.
        case text(characterSet: String, collation: String)
    }

    static let null = Self(kind: .null, bytes: [])
}
