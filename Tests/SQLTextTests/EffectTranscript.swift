import SQLText

/// A statement's effects as one readable line: `?` where it isn't understood, `ro` where it only reads, facts, details.
func effects(_ statement: String, _ mode: SQLLexicalMode = []) -> String {
    let bytes = Array(statement.utf8)
    let effects = StatementEffects(of: bytes.span, mode: mode)
    let marks = (effects.isUnderstood ? [] : ["?"]) + (effects.isReadOnly ? ["ro"] : [])
    let facts = factNames.filter { effects.facts.contains($0.0) }.map(\.1)
    return (marks + facts + effects.details.map { line(of: $0, in: bytes) }).joined(separator: " ")
}

private func line(of detail: StatementDetail, in bytes: [UInt8]) -> String {
    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    return switch detail {
    case .readsUserVariable(let name): "<@\(name)"
    case .assignsUserVariable(let name): ">@\(name)"
    case .setsVariable(let name, let value): "[\(name)=\(text(value))]"
    case .usesSchema(let name): "[\(name)]"
    case .createsTemporaryTable(let name): "+\(name)"
    case .dropsTable(let name, let onlyTemporary): (onlyTemporary ? "--" : "-") + name.description
    case .renamesTable(let name, let new): "\(name)>\(new)"
    case .opensHandler(let name): "+\(name)"
    case .closesHandler(let name): "-\(name)"
    case .prepares(let name, let source): "\(name)=" + line(of: source)
    case .executes(let name): "!\(name)"
    case .deallocates(let name): "-\(name)"
    case .refers(let value, let range): "\(value):\(text(range))"
    case .kills(.connection(let id)): "#\(id)"
    case .kills(.query(let id)): "query#\(id)"
    case .kills(.other): "#?"
    }
}

private func line(of source: PreparedSource) -> String {
    switch source {
    case .text(let bytes): "'\(String(decoding: bytes, as: UTF8.self))'"
    case .variable(let name): "@\(name)"
    case .expression: "…"
    }
}

private let factNames: [(StatementFacts, String)] = [
    (.startsTransaction, "starts"), (.endsTransaction, "ends"), (.commitsImplicitly, "commits"),
    (.startsReadOnlyTransaction, "startsReadOnly"), (.takesSnapshot, "snapshot"), (.usesSavepoint, "savepoint"),
    (.usesXA, "xa"), (.closesConnection, "closes"), (.disablesAutocommit, "autocommitOff"),
    (.enablesAutocommit, "autocommitOn"), (.setsNextTransaction, "nextTransaction"),
    (.setsSessionTransaction, "sessionTransaction"),
    (.createsTemporaryTable, "temporary"), (.dropsTable, "drops"), (.renamesTable, "renames"),
    (.dropsSchema, "dropsSchema"), (.locksTables, "locksTables"), (.unlocksTables, "unlocksTables"),
    (.takesGlobalReadLock, "globalLock"), (.locksBackup, "locksBackup"), (.unlocksBackup, "unlocksBackup"),
    (.takesNamedLock, "namedLock"), (.releasesNamedLock, "releases"), (.releasesAllNamedLocks, "releasesAll"),
    (.opensHandler, "opensHandler"), (.closesHandler, "closesHandler"), (.usesHandler, "usesHandler"),
    (.prepares, "prepares"), (.executesPrepared, "executes"), (.deallocates, "deallocates"),
    (.executesUnseenText, "unseen"), (.readsUserVariable, "readsVariable"),
    (.assignsUserVariable, "assignsVariable"), (.setsSessionVariable, "sets"), (.setsGlobalVariable, "setsGlobal"),
    (.setsNames, "names"), (.setsCharacterSet, "charset"), (.setsRole, "role"), (.changesAccount, "account"),
    (.setsForStatement, "setStatement"), (.usesSchema, "use"), (.changesLexicalMode, "lexicalMode"),
    (.refersToSession, "refers"), (.setsLastInsertID, "setsInsertID"), (.calculatesFoundRows, "calculatesRows"),
    (.readsDiagnostics, "diagnostics"), (.readsProfile, "profile"), (.readsSessionStatus, "status"),
    (.namesConnection, "namesConnection"), (.advancesSequence, "sequence"), (.setsSequence, "setsSequence"),
    (.readsSequence, "readsSequence"),
    (.runsRoutine, "routine"), (.callsForeignFunction, "foreign"), (.locksRows, "locksRows"),
    (.writesFile, "writesFile"), (.loadsFile, "loadsFile"), (.loadsLocalFile, "loadsLocal"), (.writesRows, "writes"),
]
