/// A token as mysql-proxy's `mysql.tokenizer` gives it to scripts.
public struct LegacyToken: Equatable, Sendable {
    /// The token's number in mysql-proxy: 0 to 27 and 261 by kind, 28 to 260 by keyword.
    public let id: Int
    /// Where its content is: a string's without the quotes, a comment's without its marks.
    public let content: Range<Int>
    /// The quote that stands doubled in the content for a single one; 0 outside quotes.
    let quote: UInt8

    /// A token with the given id over the bytes of `content`.
    init(_ kind: Kind, _ content: Range<Int>, quote: UInt8 = 0) {
        id = kind.rawValue
        self.content = content
        self.quote = quote
    }

    /// `TK_` + the kind or `TK_SQL_` + the keyword.
    public var name: String { Self.name(of: id) }

    /// The ids that tokens have.
    public static var ids: ClosedRange<Int> { 0...Kind.executableComment.rawValue }

    /// The name of tokens with an id; that of unknown ones where the id is none of ``ids``.
    public static func name(of id: Int) -> String {
        if let kind = Kind(rawValue: id) { return kind.name }
        let index = id - firstKeywordID
        return keywords.indices.contains(index) ? "TK_SQL_\(keywords[index])" : Kind.unknown.name
    }

    /// Whether ``text(in:)`` is the content, byte by byte.
    public var isVerbatim: Bool { quote == 0 }

    /// What scripts see as `text`: the content with doubled quotes made single, backslash pairs as they were.
    public func text(in statement: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var index = content.lowerBound
        while index < content.upperBound, index < statement.count {
            let byte = statement[index]
            bytes.append(byte)
            index += 1
            if byte == UInt8(ascii: "\\"), quote != 0, quote != UInt8(ascii: "`"), index < content.upperBound {
                bytes.append(statement[index])
                index += 1
            } else if byte == quote, quote != 0 {
                index += 1
            }
        }
        return bytes
    }

    /// The tokens that are no keywords.
    enum Kind: Int, CaseIterable {
        case unknown
        case lessOrEqual
        case greaterOrEqual
        case less
        case greater
        case equal
        case notEqual
        case string
        case comment
        case literal
        case function
        case integer
        case float
        case dot
        case comma
        case assign
        case openBrace
        case closeBrace
        case semicolon
        case star
        case plus
        case minus
        case divide
        case bitwiseAnd
        case bitwiseOr
        case bitwiseXor
        case logicalAnd
        case logicalOr
        case executableComment = 261

        /// mysql-proxy's name of it.
        var name: String {
            switch self {
            case .unknown: "TK_UNKNOWN"
            case .lessOrEqual: "TK_LE"
            case .greaterOrEqual: "TK_GE"
            case .less: "TK_LT"
            case .greater: "TK_GT"
            case .equal: "TK_EQ"
            case .notEqual: "TK_NE"
            case .string: "TK_STRING"
            case .comment: "TK_COMMENT"
            case .literal: "TK_LITERAL"
            case .function: "TK_FUNCTION"
            case .integer: "TK_INTEGER"
            case .float: "TK_FLOAT"
            case .dot: "TK_DOT"
            case .comma: "TK_COMMA"
            case .assign: "TK_ASSIGN"
            case .openBrace: "TK_OBRACE"
            case .closeBrace: "TK_CBRACE"
            case .semicolon: "TK_SEMICOLON"
            case .star: "TK_STAR"
            case .plus: "TK_PLUS"
            case .minus: "TK_MINUS"
            case .divide: "TK_DIV"
            case .bitwiseAnd: "TK_BITWISE_AND"
            case .bitwiseOr: "TK_BITWISE_OR"
            case .bitwiseXor: "TK_BITWISE_XOR"
            case .logicalAnd: "TK_LOGICAL_AND"
            case .logicalOr: "TK_LOGICAL_OR"
            case .executableComment: "TK_COMMENT_MYSQL"
            }
        }
    }
}

extension LegacyToken {
    init(id: Int, _ content: Range<Int>) {
        self.id = id
        self.content = content
        quote = 0
    }
}
