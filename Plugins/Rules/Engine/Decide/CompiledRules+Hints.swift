import MySQLWire
import SQLText

extension CompiledRules {
    /// Takes what the statement's first comment asks for, as `/* hostgroup=1; cache_ttl=5000 */` does.
    @inline(__always)
    func takeHints(
        _ text: RouteText, _ decision: inout RouteDecision, _ settings: RouteSettings, _ scratch: RouteScratch,
        _ observer: inout some RouteObserver
    ) {
        // The digest, where it is made already, has seen every comment.
        let hasComment = scratch.digests.digest.map { $0.firstComment != nil } ?? Self.hasComment(text.span)
        guard hasComment else { return }
        readHints(text, &decision, settings, scratch, &observer)
    }

    /// Whether a comment can be there; quotes aside, which the digest knows about.
    @inline(__always)
    private static func hasComment(_ text: Span<UInt8>) -> Bool {
        let slash = UInt8(ascii: "/")
        var index = text.index(of: slash, or: slash, from: 0)
        while index &+ 1 < text.count {
            if text[index &+ 1] == UInt8(ascii: "*") { return true }
            index = text.index(of: slash, or: slash, from: index &+ 1)
        }
        return false
    }

    @inline(never)
    private func readHints(
        _ text: RouteText, _ decision: inout RouteDecision, _ settings: RouteSettings, _ scratch: RouteScratch,
        _ observer: inout some RouteObserver
    ) {
        let digest = scratch.digests.digest(of: text, settings.digest)
        guard let comment = digest.firstComment, comment.count >= 4 else { return }
        var pairs = text[(comment.lowerBound + 2)..<(comment.upperBound - 2)]
        while !pairs.isEmpty {
            let pair = pairs.prefix { $0 != UInt8(ascii: ";") }
            pairs = pairs.dropFirst(pair.count + 1)
            let key = pair.prefix { $0 != UInt8(ascii: "=") }
            guard key.endIndex < pair.endIndex else { continue }
            let name = RouteText(rebasing: Self.trimmed(key))
            let value = RouteText(rebasing: Self.trimmed(pair[(key.endIndex + 1)...]))
            observer.hinted(name, value, isTaken: Self.take(name, value, &decision))
        }
    }

    /// False for a key that isn't known, and for a value that can't be used.
    private static func take(_ key: RouteText, _ value: RouteText, _ decision: inout RouteDecision) -> Bool {
        guard let hint = Hint(rawValue: String(decoding: key, as: UTF8.self)) else { return false }
        if hint == .minGTID {
            guard let gtids = GTIDList(value) else { return false }
            decision.changeReadHints { $0.minGTID = gtids }
            return true
        }
        guard let number = UInt64(String(decoding: value, as: UTF8.self)), number <= hint.most else { return false }
        let small = UInt32(clamping: number)
        switch hint {
        case .hostgroup:
            decision.destination = small
            decision.source = .hint
        case .cacheTTL: decision.cacheTTL = small
        case .delay: decision.delay = small
        case .retries: decision.retries = small
        case .timeout: decision.timeout = small
        case .mirror: decision.mirrorHostgroup = small
        case .mostLag: decision.changeReadHints { $0.mostLag = small }
        case .minEpoch: decision.changeReadHints { $0.minEpoch = number }
        case .newConnection: decision.changeReadHints { $0.createsNewConnection = number == 1 }
        case .minGTID: return false
        }
        return true
    }

    private static func trimmed(_ text: Slice<RouteText>) -> Slice<RouteText> {
        var text = text
        while let first = text.first, first.isBlank { text = text.dropFirst() }
        while let last = text.last, last.isBlank { text = text.dropLast() }
        return text
    }
}

/// What a comment can ask for.
private enum Hint: String {
    case hostgroup
    case cacheTTL = "cache_ttl"
    case delay = "query_delay"
    case retries = "query_retries"
    case timeout = "query_timeout"
    case mirror
    case mostLag = "max_lag_ms"
    case minEpoch = "min_epoch_ms"
    case minGTID = "min_gtid"
    case newConnection = "create_new_connection"

    /// The highest value; larger ones are no hints.
    var most: UInt64 {
        switch self {
        case .hostgroup, .mirror: UInt64(Int32.max)
        case .cacheTTL, .delay, .timeout: UInt64(UInt32.max)
        case .retries: 1000
        case .mostLag: 600_000
        case .minEpoch, .minGTID: UInt64.max
        case .newConnection: 1
        }
    }
}

extension RouteDecision {
    fileprivate mutating func changeReadHints(_ change: (inout ReadHints) -> Void) {
        var hints = readHints ?? ReadHints()
        change(&hints)
        readHints = hints
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
