import Glibc
import MySQLWire
import PluginAPI
import Pooling
import ProxyCore
import SQLText

// What became of statements.

extension RulesWorker {
    /// Counts the statement whose answer has come.
    @inline(__always)
    func count(_ answer: AnswerView, _ routed: RoutedSession, _ session: Session) {
        // Field by field: a copy of all of it would count a reference for each.
        let command = routed.statement.command
        let isCounted = routed.statement.hasDigest || command != nil
        let isLogged = routed.statement.isLogged
        guard answer.origin != .nobody, isCounted || answer.summary.isError || isLogged else { return }
        let isOfBackend = answer.origin == .backend
        let microseconds = isOfBackend ? answer.lastByte.since(answer.asked).nanoseconds / 1000 : 0
        // A prepared statement counts by its executions.
        let isRun = answer.command != .prepare
        if isRun, let command { commands.count(command, microseconds: microseconds) }
        let wanted = routed.statement.destination.map { Int($0) } ?? session.defaultHostgroup
        let hostgroup =
            routed.statement.isFromCache ? -1 : places.hostgroup(of: answer.server, wanted: wanted)
        if isRun, let digest = routed.statement.digest?.digest {
            let run = DigestRun(
                hostgroup: hostgroup, second: Int64(time(nil)), microseconds: microseconds,
                rowsAffected: answer.summary.affectedRows, rowsSent: answer.summary.rows)
            // Mostly all is known, and counted without another reference.
            let isKnown = routed.owner.map(\.key).map { digests.countKnown(digest, $0, run) } ?? false
            if !isKnown { countUnknown(run, routed) }
        }
        if answer.server != nil, answer.summary.isError { countError(answer, hostgroup, routed) }
        if isLogged, let text = routed.statement.logged { log(text, answer, hostgroup, microseconds, routed) }
    }

    /// Keeps up with what the answer changes for the session.
    @inline(__always)
    func follow(_ answer: AnswerView, _ routed: RoutedSession) {
        guard answer.isComplete, !answer.summary.isError else { return }
        switch answer.command {
        case .prepare:
            if let text = routed.statement.preparing { routed.prepared(text, as: answer.summary.statementID) }
        case .changeUser: routed.changedUser(to: routed.statement.user ?? [])
        case .resetConnection: routed.reset()
        // Open set: nothing else changes what the rules know.
        default: break
        }
    }

    @inline(never)
    private func countUnknown(_ run: DigestRun, _ routed: RoutedSession) {
        guard let digest = routed.statement.digest else { return }
        var owner = owner(of: routed)
        digests.count(digest, of: &owner, run)
        if routed.owner !== owner { routed.owner = owner }
    }

    private func owner(of routed: RoutedSession) -> DigestOwner {
        if let owner = routed.owner { return owner }
        let subject = routed.subject
        return DigestOwner(
            user: String(decoding: subject.username.bytes, as: UTF8.self),
            schema: String(decoding: subject.schemaname.bytes, as: UTF8.self),
            client: inUse.settings.tracksClients ? String(decoding: subject.clientAddress.bytes, as: UTF8.self) : "")
    }

    /// An error of a server's.
    @inline(never)
    private func countError(_ answer: AnswerView, _ hostgroup: Int32, _ routed: RoutedSession) {
        guard let backend = answer.server, let error = answer.error else { return }
        let (name, port): (String, Int) =
            switch backend.endpoint {
            case .tcp(let host, let port): (host, Int(port))
            case .unix(let path): (path, 0)
            }
        let counted = BackendError(
            hostgroup: hostgroup, hostname: name, port: port, code: error.code, message: error.message,
            second: Int64(time(nil)))
        let owner = owner(of: routed)
        routed.owner = owner
        errors.count(counted, of: owner)
    }

    /// The most bytes of a statement that are logged.
    private static let longestLogged = 1024

    /// What the column `log` asks for.
    @inline(never)
    private func log(
        _ text: [UInt8], _ answer: AnswerView, _ hostgroup: Int32, _ microseconds: UInt64, _ routed: RoutedSession
    ) {
        let user = String(decoding: routed.subject.username.bytes, as: UTF8.self)
        let schema = String(decoding: routed.subject.schemaname.bytes, as: UTF8.self)
        let shown = String(decoding: text.prefix(Self.longestLogged), as: UTF8.self)
        let outcome = answer.summary.isError ? "error \(answer.summary.errorCode)" : "\(answer.summary.rows) rows"
        host.log(
            .message,
            "(rules) '\(user)' in '\(schema)' to hostgroup \(hostgroup), \(microseconds) us, \(outcome): "
                + shown.map { $0.isNewline ? " " : $0 })
    }
}

extension RoutedStatement {
    fileprivate var isFromCache: Bool {
        guard isOfCache, case .answered = cache else { return false }
        return true
    }
}

extension AnswerView {
    /// The server that answered; nil where nobody did, or the proxy itself had something to say.
    fileprivate var server: Backend? {
        guard summary.isError, let error, error.message.hasPrefix("(") else { return backend }
        return nil
    }
}

/// Finds out which hostgroup a server served a statement for.
final class HostgroupPlaces {
    /// An answer that was found before; it holds until the hostgroups change.
    private struct Found: BitwiseCopyable {
        var backend: ObjectIdentifier?
        var wanted = 0
        var hostgroup: Int32 = 0
    }

    private let backends: BackendSet
    private var version = -1
    private var hostgroups: Hostgroups
    /// By the low bits of the wanted hostgroup.
    private var found = [Found](repeating: Found(), count: 16)

    init(_ backends: BackendSet) {
        self.backends = backends
        hostgroups = backends.hostgroups
    }

    /// The wanted hostgroup, nil for the usual one, where the server is in it; else the first that it is in: of a session
    /// that keeps its connection, or goes where a script says.
    @inline(__always)
    func hostgroup(of backend: Backend?, wanted: Int?) -> Int32 {
        if backends.version != version { takeNewHostgroups() }
        let wanted = wanted ?? hostgroups.usual
        guard let backend else { return Int32(clamping: wanted) }
        let last = found[wanted & 15]
        if last.backend == ObjectIdentifier(backend), last.wanted == wanted { return last.hostgroup }
        return search(backend, wanted)
    }

    /// Whether the hostgroup has servers, and all of them are read-only.
    func areReadOnly(_ hostgroup: Int) -> Bool {
        if backends.version != version { takeNewHostgroups() }
        let members = hostgroups[hostgroup]
        return !members.isEmpty && members.allSatisfy { $0.backend.role == .readOnly }
    }

    @inline(never)
    private func takeNewHostgroups() {
        version = backends.version
        hostgroups = backends.hostgroups
        for index in found.indices { found[index] = Found() }
    }

    @inline(never)
    private func search(_ backend: Backend, _ wanted: Int) -> Int32 {
        let isWanted = hostgroups[wanted].contains { $0.backend === backend }
        let place = isWanted ? wanted : hostgroups.members.first { $0.backend === backend }?.row.hostgroup
        // A server that is in none any more isn't remembered: another one may come to be in its memory.
        guard let place else { return Int32(clamping: wanted) }
        let hostgroup = Int32(clamping: place)
        found[wanted & 15] = Found(backend: ObjectIdentifier(backend), wanted: wanted, hostgroup: hostgroup)
        return hostgroup
    }
}
