/// The host part of an account: a name or address, with `%` and `_`, or a network.
///
/// Source: MySQL Reference Manual, "Specifying Account Names" and "Access Control, Stage 1".
struct HostPattern: Hashable, Sendable {
    /// As the server has it.
    let text: String

    init(_ text: String) {
        self.text = text
    }

    /// Whether a client with that address or name is meant; case is of no account.
    func matches(_ host: String) -> Bool {
        guard !text.isEmpty else { return true }
        if let network = IPv4Network(text) { return IPv4Network.address(host).map(network.contains) ?? false }
        return Self.matches(text.lowercased().utf8[...], host.lowercased().utf8[...])
    }

    /// The higher, the earlier the server tries it: whole addresses and names, networks, then by what stands before the
    /// first wildcard.
    var specificity: Int {
        if let network = IPv4Network(text) { return 1000 + network.length }
        let characters = Array(text.utf8)
        let wildcard = characters.indices.first { index in
            (characters[index] == UInt8(ascii: "%") || characters[index] == UInt8(ascii: "_"))
                && (index == 0 || characters[index - 1] != UInt8(ascii: "\\"))
        }
        guard let wildcard else { return characters.isEmpty ? -1 : 2000 }
        return min(wildcard, 999)
    }

    private static func matches(_ pattern: Substring.UTF8View, _ host: Substring.UTF8View) -> Bool {
        var (pattern, host) = (pattern, host)
        // Where to go on when what follows the last % doesn't fit.
        var retry: (pattern: Substring.UTF8View, host: Substring.UTF8View)?
        while let byte = host.first {
            switch pattern.first {
            case UInt8(ascii: "%"):
                pattern.removeFirst()
                retry = (pattern, host)
                continue
            case UInt8(ascii: "_"):
                pattern.removeFirst()
                host.removeFirst()
                continue
            case UInt8(ascii: "\\") where pattern.dropFirst().first == byte:
                pattern.removeFirst(2)
                host.removeFirst()
                continue
            case byte:
                pattern.removeFirst()
                host.removeFirst()
                continue
            case _: break
            }
            guard let last = retry else { return false }
            host = last.host.dropFirst()
            pattern = last.pattern
            retry = (pattern, host)
        }
        return pattern.allSatisfy { $0 == UInt8(ascii: "%") }
    }
}

/// `10.1.0.0/255.255.0.0` or `10.1.0.0/16`.
private struct IPv4Network {
    let base: UInt32
    let mask: UInt32

    /// How many bits are given.
    var length: Int { mask.nonzeroBitCount }

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let base = Self.address(parts[0]) else { return nil }
        if let mask = Self.address(parts[1]) {
            self.mask = mask
        } else {
            guard let bits = UInt8(parts[1]), bits <= 32 else { return nil }
            mask = ~UInt32(truncatingIfNeeded: UInt64(UInt32.max) >> UInt64(bits))
        }
        self.base = base
    }

    func contains(_ address: UInt32) -> Bool { address & mask == base }

    static func address(_ text: some StringProtocol) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard let part else { return nil }
            address = address << 8 | UInt32(part)
        }
        return address
    }
}
