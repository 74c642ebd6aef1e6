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

/// What is to be remembered of a statement until its answer has come.
struct RoutedStatement {
    /// The hostgroup that it was to go to; nil for the usual one.
    var destination: UInt32?
    /// Its digest; nil where none is counted.
    var digest: DigestText?
    /// Its kind; nil where none is counted.
    var command: StatementCommand?
    /// The statement to be prepared.
    var preparing: PreparedText?
    /// The user that a COM_CHANGE_USER logs in.
    var user: [UInt8]?
    /// The payload that is sent in its place.
    var replacement: [UInt8]?
    /// What the query cache has to do with it, and what of its answer may be kept.
    var cache = CachePart.none
    var policy = StoragePolicy()
    /// Its text, where a rule wants it logged.
    var logged: [UInt8]?
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
