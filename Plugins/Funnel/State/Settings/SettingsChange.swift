import MySQLWire
import SQLText

/// Settings while an answer changes them.
struct SettingsChange {
    let before: SessionSettings
    var content: SessionSettings.Content
    var unread: Set<SessionSettings.Unread>
    private let effects: StatementEffects?

    init(_ settings: SessionSettings, _ effects: StatementEffects?) {
        before = settings
        content = settings.content
        unread = settings.unread
        self.effects = effects
    }

    /// Whether it is the settings as they were; unread ones may differ with every statement that sets them.
    var isNothing: Bool {
        content == before.content && unread == before.unread && (unread.isEmpty || !mayChangeUnread)
    }

    private var mayChangeUnread: Bool {
        guard let effects else { return false }
        return !effects.facts.isDisjoint(with: [.setsNames, .setsCharacterSet, .setsRole, .setsSessionVariable])
    }

    /// Adds what the server told.
    mutating func add(_ change: SessionStateChange, _ text: Span<UInt8>) {
        switch change {
        case .schema(let name): content.schema = name.isEmpty ? nil : Array(name.utf8)
        case .systemVariables(let variables):
            // SET STATEMENT … FOR tells what it sets, but not that it sets it back.
            if restoresVariables { return }
            for variable in variables where SettingVariable(variable.name).isReplayed { add(variable, text) }
            settleCollation(variables, text)
        case .stateChanged, .gtids, .transactionCharacteristics, .transactionState, .unknown: break
        }
    }

    /// Marks what the text sets by name and the server didn't tell.
    mutating func addUntold(_ effects: StatementEffects, by changes: [SessionStateChange]) {
        if restoresVariables { return }
        var told: Set<String> = []
        for case .systemVariables(let variables) in changes { told.formUnion(variables.map(\.name)) }
        for case .setsVariable(let name, _) in effects.details where !told.contains(name.description) {
            guard SettingVariable(name.description).isReplayed else { continue }
            unread.insert(.variable(name.description))
        }
    }

    private var restoresVariables: Bool {
        guard let effects else { return false }
        return effects.facts.contains(.setsForStatement)
    }

    private mutating func add(_ variable: SessionStateChange.SystemVariable, _ text: Span<UInt8>) {
        switch variable.name {
        case "character_set_connection", "collation_connection": return
        case "timestamp" where effects.map({ !$0.fixesTimestamp(text) }) ?? true:
            content.variables["timestamp"] = nil
        // An old name of the same.
        case "storage_engine": content.variables["default_storage_engine"] = variable.value
        default: content.variables[variable.name] = variable.value
        }
    }

    /// The connection's collation; the server tells it only where it is set by its own name, otherwise the character
    /// set, whose default collation holds unless the text says otherwise.
    private mutating func settleCollation(_ told: [SessionStateChange.SystemVariable], _ text: Span<UInt8>) {
        if let collation = told.first(where: { $0.name == "collation_connection" }) {
            setCollation(collation.value)
            unread.remove(.collation)
        } else if let characterSet = told.first(where: { $0.name == "character_set_connection" })?.value {
            setCharacterSet(characterSet, text)
        }
    }

    /// Sets the connection's collation, and by it the character set.
    mutating func setCollation(_ name: String) {
        content.variables["character_set_connection"] = nil
        content.variables["collation_connection"] = name
    }

    private mutating func setCharacterSet(_ name: String, _ text: Span<UInt8>) {
        let sets = effects?.facts ?? []
        if sets.contains(.setsCharacterSet) || (sets.contains(.setsNames) && text.mayNameCollation) {
            // That of the schema, or of the text.
            unread.insert(.collation)
        } else if sets.contains(.setsNames) || effects?.sets("character_set_connection") == true {
            content.variables["collation_connection"] = nil
            content.variables["character_set_connection"] = name
            unread.remove(.collation)
        } else if content.characterSetOfConnection != name {
            unread.insert(.collation)
        }
    }
}

extension SessionSettings.Content {
    /// The character set of the connection's collation.
    var characterSetOfConnection: String? {
        variables["character_set_connection"]
            ?? variables["collation_connection"].map { Collation.characterSet(of: $0) }
    }
}

/// How a session variable is dealt with.
struct SettingVariable {
    private let name: String

    init(_ name: String) { self.name = name }

    /// Whether setting it again elsewhere makes that connection the same.
    var isReplayed: Bool { !belongsToFunnel && !isOneShot && !isTied && !isOutcome }

    /// The tracking itself, which is the funnel's.
    var belongsToFunnel: Bool { name.hasPrefix("session_track_") }

    /// Tells what statements have done; `last_gtid`, which no SET takes, is told by every commit where there is a binary log.
    private var isOutcome: Bool { name == "last_insert_id" || name == "identity" || name == "last_gtid" }

    /// Used up, or advanced, by what comes next.
    var isOneShot: Bool {
        switch name {
        case "insert_id", "rand_seed1", "rand_seed2", "gtid_seq_no", "wsrep_gtid_seq_no": true
        default: false
        }
    }

    /// Belongs to the connection it is set on: profiles stay there, a schema's character set goes with the schema.
    var isTied: Bool {
        switch name {
        case "profiling", "pseudo_thread_id", "pseudo_slave_mode", "skip_replication", "character_set_database",
            "collation_database":
            true
        default: false
        }
    }

    /// Whether an empty text stands for NULL, which can't be said otherwise.
    var isNullWhereEmpty: Bool {
        switch name {
        case "character_set_results", "default_tmp_storage_engine", "enforce_storage_engine", "innodb_tmpdir",
            "innodb_ft_user_stopword_table":
            true
        default: false
        }
    }

    /// Whether digits are a text.
    var isText: Bool { name == "default_master_connection" }
}

extension StatementEffects {
    /// Whether a SET of that session variable is among them.
    func sets(_ variable: SQLName) -> Bool {
        details.contains {
            if case .setsVariable(variable, _) = $0 { true } else { false }
        }
    }

    /// Whether the timestamp is set to a moment, and not back to the clock, where the server tells a moment too.
    func fixesTimestamp(_ text: Span<UInt8>) -> Bool { timestampValues(text).last.map { $0 == .moment } ?? false }

    /// Whether the timestamp is set to a value that the text doesn't show.
    func hidesTimestamp(_ text: Span<UInt8>) -> Bool { timestampValues(text).contains(.unseen) }

    private enum TimestampValue { case moment, clock, unseen }

    private func timestampValues(_ text: Span<UInt8>) -> [TimestampValue] {
        details.compactMap {
            guard case .setsVariable("timestamp", let range) = $0 else { return nil }
            guard range.upperBound <= text.count, !range.isEmpty else { return .unseen }
            let value = range.map { text[$0] }
            if value.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2E }) {
                return value.contains { $0 >= 0x31 && $0 <= 0x39 } ? .moment : .clock
            }
            return String(decoding: value, as: UTF8.self).uppercased() == "DEFAULT" ? .clock : .unseen
        }
    }
}

extension Span where Element == UInt8 {
    /// Whether a COLLATE, or a DEFAULT that brings its own, may stand in it.
    var mayNameCollation: Bool { holds("COLLATE") || holds("DEFAULT") }

    /// Whether it holds `word`, which is in upper case and begins with a letter, in any case.
    func holds(_ word: StaticString) -> Bool {
        let first = word.withUTF8Buffer { $0[0] }
        var start = index(of: first, or: first | 0x20, from: 0)
        while start < count {
            if holds(word, at: start) { return true }
            start = index(of: first, or: first | 0x20, from: start + 1)
        }
        return false
    }

    /// Whether `word`, which is in upper case, stands there in any case.
    func holds(_ word: StaticString, at start: Int) -> Bool {
        word.withUTF8Buffer { word in
            guard start + word.count <= count else { return false }
            for index in word.indices where self[start + index].upper != word[index] { return false }
            return true
        }
    }
}

extension UInt8 {
    fileprivate var upper: Self { self >= 0x61 && self <= 0x7A ? self & 0xDF : self }
}
