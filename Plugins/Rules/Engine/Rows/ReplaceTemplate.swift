/// The column `replace_pattern`: text with `\0` to `\9` for what was matched, and `\\` for a backslash.
struct ReplaceTemplate: Equatable, Sendable {
    /// Why a text can't be used.
    struct Fault: Error {
        let reason: String
    }

    enum Piece: Equatable, Sendable {
        case literal([UInt8])
        case group(Int)
    }

    let pieces: [Piece]

    init(_ text: String) throws(Fault) {
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                literal.append(byte)
                continue
            }
            switch bytes.popFirst() {
            case UInt8(ascii: "\\"): literal.append(byte)
            case .some(let digit) where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit):
                if !literal.isEmpty { pieces.append(.literal(literal)) }
                literal = []
                pieces.append(.group(Int(digit - UInt8(ascii: "0"))))
            case _: throw Fault(reason: "a backslash is followed by a digit, or by a second one to mean itself")
            }
        }
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        self.pieces = pieces
    }

    /// The highest group that it names; 0 for none.
    var lastGroup: Int {
        pieces.reduce(0) { last, piece in
            if case .group(let group) = piece { max(last, group) } else { last }
        }
    }
}
