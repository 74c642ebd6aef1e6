/// A user variable's value and type, as it was read from one connection and is set again on another.
struct UserVariable: Hashable, Sendable {
    /// What it is.
    let kind: Kind
    /// Its text; the bytes of a string; nil for NULL, which has a type too.
    let bytes: [UInt8]?

    /// The types that user variables have.
    enum Kind: Hashable, Sendable {
        case integer
        case unsigned
        case decimal
        case double
        /// A string of a character set and collation.
        case text(characterSet: String, collation: String)
    }

    /// The value of a variable that was never set.
    static let unset = Self(kind: .text(characterSet: "binary", collation: "binary"), bytes: nil)
}
