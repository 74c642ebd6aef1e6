import MySQLWire
import PluginAPI
import SQLText

/// What the rules know of a session.
final class RoutedSession {
    /// Who it is, as rules compare it.
    let subject = RouteSubject()
    /// Whose statements its are counted as; nil until the next one, which makes it anew.
    var owner: DigestOwner?
    /// The flag that the rules of its next statement are entered with, as the statement before had it by next_query_flagIN.
    private(set) var flag: UInt32 = 0
    /// Where its last statement was to go; nil for the usual hostgroup.
    var destination: UInt32?
    /// The statements that it has prepared, by the ids that it knows.
    private(set) var prepared: [UInt32: PreparedText] = [:]
    /// How the wait for another session's answer has ended, until the statement goes on.
    var cacheOutcome: CacheNotice.Outcome?
    /// The statement under way.
    var statement = RoutedStatement()

    init(_ session: Session) {
        let client = SplitAddress(session.clientAddress)
        let proxy = SplitAddress(session.listenerAddress)
        subject.clientAddress = SessionName(Array(client.host.utf8))
        subject.proxyAddress = SessionName(Array(proxy.host.utf8))
        subject.proxyPort = proxy.port
        subject.username = SessionName(session.userBytes)
    }

    /// Takes notice of the schema.
    @inline(__always)
    func follow(_ session: Session) {
        guard session.schemaBytes != subject.schemaname.bytes else { return }
        subject.schemaname = SessionName(session.schemaBytes)
        owner = nil
    }

    /// Another user has logged in.
    func changedUser(to name: [UInt8]) {
        subject.username = SessionName(name)
        owner = nil
        reset()
    }

    /// The session begins anew.
    func reset() {
        prepared = [:]
        passFlag(on: nil)
        destination = nil
    }

    /// A statement has been decided on that is run: it has used the flag up, and says what the next one's is.
    @inline(__always)
    func passFlag(on next: UInt32?) { flag = next ?? 0 }

    /// The text of a prepared statement; nil for an id that the session hasn't.
    func text(of id: UInt32) -> PreparedText? { prepared[id] }

    /// The statement that was to be prepared has the id.
    func prepared(_ text: PreparedText, as id: UInt32) { prepared[id] = text }

    func closed(_ id: UInt32) { prepared[id] = nil }
}

/// The text of a prepared statement, as the client sent it.
final class PreparedText: Sendable {
    let bytes: [UInt8]

    init(_ text: Span<UInt8>) {
        bytes = text.withUnsafeBufferPointer { Array($0) }
    }
}

/// What is to be remembered of a statement until its answer has come; not copied, since copies would share the rest.
struct RoutedStatement: ~Copyable {
    /// The hostgroup that it was to go to; nil for the usual one.
    var destination: UInt32?
    /// The digest noted last, which a session's next statement mostly has again.
    private var lastDigest: DigestText?
    /// Whether that one is this statement's.
    private(set) var hasDigest = false
    /// Its kind; nil where none is counted.
    var command: StatementCommand?
    /// What few statements have; nil for the others.
    private var rest: Rest?

    /// What few statements have: made for the first that does, and used again.
    private final class Rest {
        var preparing: PreparedText?
        var user: [UInt8]?
        var replacement: [UInt8]?
        var cache = CachePart.none
        var policy = StoragePolicy()
        var logged: [UInt8]?

        @inline(never)
        func clear() {
            (preparing, user, replacement, logged) = (nil, nil, nil, nil)
            cache = .none
            policy = StoragePolicy()
        }
    }

    /// Another statement begins.
    @inline(__always)
    mutating func begin() {
        (destination, command) = (nil, nil)
        hasDigest = false
        rest?.clear()
    }
}

extension RoutedStatement {
    /// Its digest; nil where none is counted.
    @inline(__always)
    var digest: DigestText? { hasDigest ? lastDigest : nil }

    /// The statement has this digest.
    mutating func note(_ digest: DigestText) {
        lastDigest = digest
        hasDigest = true
    }

    /// The statement has the digest with this hash.
    ///
    /// - Returns: whether it is the one noted last, so that nobody needs to look for it.
    @inline(__always)
    mutating func noteAgain(_ hash: UInt64) -> Bool {
        hasDigest = lastDigest?.digest == hash
        return hasDigest
    }
}

extension RoutedStatement {
    /// Whether the query cache has anything to do with it.
    @inline(__always)
    var isOfCache: Bool {
        guard let rest else { return false }
        if case .none = rest.cache { return false }
        return true
    }

    /// What the query cache has to do with it, and what of its answer may be kept.
    var cache: CachePart {
        get { rest?.cache ?? .none }
        set { made.cache = newValue }
    }

    var policy: StoragePolicy {
        get { rest?.policy ?? StoragePolicy() }
        set { made.policy = newValue }
    }

    /// The statement to be prepared.
    var preparing: PreparedText? {
        get { rest?.preparing }
        set { made.preparing = newValue }
    }

    /// The user that a COM_CHANGE_USER logs in.
    var user: [UInt8]? {
        get { rest?.user }
        set { made.user = newValue }
    }

    /// The payload that is sent in its place.
    var replacement: [UInt8]? {
        get { rest?.replacement }
        set { if rest != nil || newValue != nil { made.replacement = newValue } }
    }

    var isLogged: Bool { rest?.logged != nil }

    /// Its text, where a rule wants it logged.
    var logged: [UInt8]? {
        get { rest?.logged }
        set { if rest != nil || newValue != nil { made.logged = newValue } }
    }

    private var made: Rest {
        mutating get {
            if let rest { return rest }
            let made = Rest()
            rest = made
            return made
        }
    }
}

/// An address as sessions have it: `host:port`, `[host]:port`, or a socket's path, which is this machine.
struct SplitAddress {
    let host: Substring
    let port: UInt16?

    init(_ text: String) {
        guard !text.hasPrefix("/"), let colon = text.lastIndex(of: ":") else {
            (host, port) = (text.hasPrefix("/") ? "localhost" : text[...], nil)
            return
        }
        let name = text[..<colon]
        host = name.hasPrefix("[") && name.hasSuffix("]") ? name.dropFirst().dropLast() : name
        port = UInt16(text[text.index(after: colon)...])
    }
}
