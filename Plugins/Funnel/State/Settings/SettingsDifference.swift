import MySQLWire

/// A step that brings a connection to a session's settings.
enum Preparation: Hashable, Sendable {
    /// A command's payload; every one of them is answered by OK (COM_SET_OPTION: EOF) or ERR, and they may be sent
    /// one behind the other without waiting.
    case command([UInt8])
    /// COM_CHANGE_USER to the same account without a schema, then the steps behind it.
    case changeUser
    /// Nothing makes it fit: another connection is needed.
    case replace
}

/// What to send on a connection so that its settings become those of a session.
struct SettingsDifference {
    /// What the connection has; unread where its last session left for good before anybody asked.
    let connection: SessionSettings
    /// What it had after its login.
    let login: SessionSettings
    /// What the session wants, with nothing unread.
    let session: SessionSettings
    /// Assignments of other things than settings, which go along.
    var assignments: [[UInt8]] = []

    /// What switches the server's session tracking on; it is off again after a reset.
    static let tracking = """
        session_track_system_variables='*',session_track_state_change=ON,\
        session_track_transaction_info='CHARACTERISTICS',session_track_schema=ON
        """

    /// The steps, with COM_RESET_CONNECTION first where the connection holds what another session must not see.
    func preparations(resets: Bool = false) -> [Preparation] {
        let (old, login, new) = (connection.content, login.content, session.content)
        if connection.unread.contains(.role) || (new.role == nil && old.role != nil) { return [.replace] }
        // No command but this leaves a connection without a schema; COM_SET_OPTION survives it, and on some servers the role.
        if new.schema == nil, old.schema != nil {
            var bare = old.reset(to: login)
            bare.schema = nil
            bare.role = nil
            return [.changeUser] + steps(from: bare, to: new, tracking: true)
        }
        guard resets else { return steps(from: connection.knownContent, to: new, tracking: false) }
        let reset = Preparation.command(Command.resetConnection.payload())
        return [reset] + steps(from: old.reset(to: login), to: new, tracking: true)
    }

    private func steps(
        from old: SessionSettings.Content, to new: SessionSettings.Content, tracking: Bool
    ) -> [Preparation] {
        var steps: [Preparation] = []
        // The role first: it may be what allows the rest.
        if let role = new.role, role != old.role {
            steps.append(.query(Array("SET ROLE ".utf8) + (role.isEmpty ? Array("NONE".utf8) : SQLWriter.name(role))))
        }
        if let schema = new.schema, schema != old.schema {
            steps.append(.command(Command.initDB.payload(text: schema)))
        }
        if new.takesSeveralStatements != old.takesSeveralStatements {
            let option = SetOptionCommand(option: new.takesSeveralStatements ? 0 : 1)
            steps.append(.command(option.encode()))
        }
        let settings = (tracking ? [Self.tracking] : []) + assignments(from: old.variables, to: new.variables)
        return steps + sets(settings.map { Array($0.utf8) })
    }

    /// One SET for all, or two where a name has to be read in the new character set.
    private func sets(_ settings: [[UInt8]]) -> [Preparation] {
        let isPlain = assignments.allSatisfy { $0.allSatisfy { $0 < 0x80 } }
        let groups = isPlain ? [settings + assignments] : [settings, assignments]
        return groups.filter { !$0.isEmpty }.map {
            .query(Array("SET ".utf8) + Array($0.joined(separator: [UInt8(ascii: ",")])))
        }
    }

    private func assignments(from old: [String: String], to new: [String: String]) -> [String] {
        var (assignments, old) = ([String](), old)
        if let names = Self.names(new), Self.characterSets.contains(where: { old[$0] != new[$0] }) {
            assignments.append(names)
            for name in Self.characterSets { old[name] = new[name] }
        }
        for (name, value) in new.sorted(by: { $0.key < $1.key }) where old[name] != value {
            assignments.append(name + "=" + Self.literal(value, of: name))
        }
        for name in old.keys.sorted() where new[name] == nil && !Self.isReplaced(name, new) {
            assignments.append(name + "=DEFAULT")
        }
        return assignments
    }

    private static let characterSets = [
        "character_set_client", "character_set_results", "character_set_connection", "collation_connection",
    ]

    /// SET NAMES where all character sets are one: it sets the collations behind the client's and the results' set too,
    /// which show in the definitions of columns.
    private static func names(_ variables: [String: String]) -> String? {
        guard let set = variables["character_set_client"], variables["character_set_results"] == set else { return nil }
        if variables["character_set_connection"] == set { return "NAMES \(set)" }
        guard let collation = variables["collation_connection"], Collation.characterSet(of: collation) == set else {
            return nil
        }
        return "NAMES \(set) COLLATE \(collation)"
    }

    /// Whether the collation that the variable stands for is set by its other name.
    private static func isReplaced(_ name: String, _ new: [String: String]) -> Bool {
        switch name {
        case "collation_connection": new["character_set_connection"] != nil
        case "character_set_connection": new["collation_connection"] != nil
        default: false
        }
    }

    /// The value, as SET takes it whatever sql_mode and character set are in force.
    ///
    /// Numeric variables take no text, those of text, set or choice no number; switches take words.
    static func literal(_ value: String, of name: String) -> String {
        let variable = SettingVariable(name)
        if value.isEmpty, variable.isNullWhereEmpty { return "NULL" }
        if name == "system_versioning_asof", value == "DEFAULT" { return "DEFAULT" }
        if !variable.isText, SQLWriter.isNumber(value.utf8) { return value }
        return SQLWriter.text(Array(value.utf8))
    }
}

extension Preparation {
    /// A query.
    static func query(_ text: [UInt8]) -> Self { .command(Command.query.payload(text: text)) }
}

extension SessionSettings {
    /// The content, with a collation that no session has where it isn't known, so that any is set.
    fileprivate var knownContent: Content {
        guard unread.contains(.collation) else { return content }
        var content = content
        content.variables["character_set_connection"] = nil
        content.variables["collation_connection"] = ""
        return content
    }
}
