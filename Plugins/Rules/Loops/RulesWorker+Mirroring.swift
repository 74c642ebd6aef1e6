import MySQLWire
import PluginAPI
import Pooling
import SQLText

// Copies of statements for other hostgroups.

extension RulesWorker {
    /// The longest statement that is copied, in bytes; it is one packet.
    private static let longestCopy = 15 << 20

    /// Orders a copy of the statement, if it is one that may be run twice, where whoever serves the session follows.
    ///
    /// - Parameter text: the statement as it is sent.
    @inline(never)
    func mirror(_ text: Span<UInt8>, _ decision: RouteDecision, _ routed: RoutedSession, _ session: Session) {
        guard host.servesSessions, text.count <= Self.longestCopy, Self.mayRunTwice(text, session.status) else {
            return
        }
        // Without mirror_flagOUT the rules are passed by, but for the fast routes.
        let question = RouteQuestion(kind: .mirror, flag: decision.mirrorFlagOut)
        let own = inUse.rules.decide(text, of: routed.subject, question, inUse.settings.route, scratch)
        guard own.okMessage == nil, own.errorMessage == nil, !own.isTextTooLong else { return }
        let hostgroup = own.destination ?? decision.mirrorHostgroup
        let timeout = own.timeout.map { Int($0) } ?? inUse.settings.defaultTimeout
        session.mirror = MirroredStatement(
            hostgroup: hostgroup.map { Int($0) }, text: own.text ?? text.withUnsafeBufferPointer { Array($0) },
            timeout: timeout > 0 ? .milliseconds(UInt64(timeout)) : nil)
    }

    private static let kinds: Set<StatementKind> = [
        .select, .with, .values, .table, .insert, .replace, .update, .delete, .createTable, .create, .alterTable,
        .alter,
        .dropTable, .drop, .rename, .truncate,
    ]
    /// What such a statement may do; all else needs its own session, or leaves something in it.
    private static let facts: StatementFacts = [
        .commitsImplicitly, .dropsTable, .renamesTable, .dropsSchema, .setsForStatement, .locksRows, .writesRows,
    ]

    /// Whether the statement only reads or changes data and definitions, and means the same in a session of its own.
    private static func mayRunTwice(_ text: Span<UInt8>, _ status: StatusFlags) -> Bool {
        let effects = StatementEffects(of: text, mode: status.contains(.noBackslashEscapes) ? .noBackslashEscapes : [])
        // A session with autocommit off would roll its copy back.
        return effects.isUnderstood && kinds.contains(effects.kind) && effects.facts.isSubset(of: facts)
            && (status.contains(.autocommit) || effects.isReadOnly)
    }
}

extension RouteDecision {
    /// Whether a copy is to go elsewhere too.
    var isMirrored: Bool { mirrorHostgroup != nil || mirrorFlagOut != nil }
}
