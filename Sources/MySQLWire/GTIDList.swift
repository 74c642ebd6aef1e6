/// Global transaction ids as a server writes them, checked: a text that may stand inside of quotes in a statement.
///
/// MariaDB's are `domain-server-sequence` with commas between them, MySQL's `uuid:1-5:7`, since 8.3 with tags.
///
/// Source: MariaDB knowledge base, "Global Transaction ID"; MySQL manual, "GTID Format and Storage".
public struct GTIDList: Hashable, Sendable {
    /// The ids: letters, digits, `-`, `:`, `_` and `,`, ``longest`` bytes at most.
    public let text: [UInt8]

    /// More bytes are no list.
    public static let longest = 16_384

    /// The list that the text is, where blanks and line ends may surround each id; nil for any other text.
    public init?(_ text: some Collection<UInt8>) {
        guard text.count <= Self.longest else { return nil }
        let ids = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { Self.trimmed($0) }
        guard ids.allSatisfy({ Self.position($0) != nil }) || ids.allSatisfy({ Self.isSet($0) }) else { return nil }
        self.text = Array(ids.joined(separator: [UInt8(ascii: ",")]))
    }

    /// How far a server is in one of MariaDB's replication domains.
    public struct Position: Hashable, Sendable {
        /// The domain.
        public var domain: UInt32
        /// The transaction's number in it; those before it are applied too.
        public var sequence: UInt64
    }

    /// MariaDB's ids as positions; nil for MySQL's.
    public var positions: [Position]? {
        var positions: [Position] = []
        for id in text.split(separator: UInt8(ascii: ",")) {
            guard let position = Self.position(Array(id)) else { return nil }
            positions.append(position)
        }
        return positions
    }
}

extension GTIDList {
    private static func trimmed(_ id: some Sequence<UInt8>) -> [UInt8] {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        return id.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
    }

    private static func position(_ id: [UInt8]) -> Position? {
        let parts = id.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, let domain = number(parts[0]).flatMap(UInt32.init(exactly:)),
            number(parts[1]).flatMap(UInt32.init(exactly:)) != nil, let sequence = number(parts[2])
        else { return nil }
        return Position(domain: domain, sequence: sequence)
    }

    /// Whether it is a server's uuid with some intervals behind it.
    private static func isSet(_ id: [UInt8]) -> Bool {
        let parts = id.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard let server = parts.first, isUUID(server) else { return false }
        let rest = parts.dropFirst()
        return rest.contains(where: isInterval) && rest.allSatisfy { isInterval($0) || isTag($0) }
    }

    private static func isUUID(_ part: ArraySlice<UInt8>) -> Bool {
        let groups = part.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12] && groups.joined().allSatisfy(\.isHexadecimal)
    }

    private static func isInterval(_ part: ArraySlice<UInt8>) -> Bool {
        let ends = part.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false).map { number($0) }
        guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2 else { return false }
        return first > 0 && first <= last
    }

    private static func isTag(_ part: ArraySlice<UInt8>) -> Bool {
        guard let first = part.first, part.count <= 32 else { return false }
        return (first.isLetter || first == UInt8(ascii: "_"))
            && part.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
    }

    private static func number(_ part: ArraySlice<UInt8>) -> UInt64? {
        guard !part.isEmpty, part.allSatisfy(\.isDigit) else { return nil }
        return UInt64(String(decoding: part, as: UTF8.self))
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
    fileprivate var isLetter: Bool { (0x41...0x5A).contains(self & 0xDF) }
    fileprivate var isHexadecimal: Bool { isDigit || (0x41...0x46).contains(self & 0xDF) }
}
