import MySQLWire
import Pooling
import SQLText

/// What a session has set, as far as it can be set again on any connection.
///
/// Objects of one `SettingsTable` with equal content are the same object, so that "this connection fits already" is
/// a comparison of references.
final class SessionSettings: Sendable {
    /// What is set.
    let content: Content
    /// What is set to a value that nobody told: the names to ask for before another session takes the connection.
    ///
    /// Settings with such names are shared by nobody, since two of them may differ.
    let unread: Set<Unread>
    /// What results may depend on of the content, its schema aside: the same bytes for the same settings.
    let resultKey: [UInt8]
    /// The content in short, for the choice of a connection.
    let fit: StateFit

    init(_ content: Content, unread: Set<Unread> = []) {
        self.content = content
        self.unread = unread
        fit = content.fit
        resultKey = content.resultKey
    }

    /// The values.
    struct Content: Hashable, Sendable {
        /// The default schema.
        var schema: [UInt8]?
        /// The session variables that the session or its login have set, as the server tells their values.
        ///
        /// Of `collation_connection` and `character_set_connection`, which stands for that set's default collation,
        /// there is never but one.
        var variables: [String: String] = [:]
        /// The role; empty for none, nil for the account's own.
        var role: [UInt8]?
        /// Whether a query may hold several statements.
        var takesSeveralStatements = true
    }

    /// A setting that has to be asked for.
    enum Unread: Hashable, Sendable {
        case collation
        case role
        /// A variable that was set in a way of which the server tells nothing: MariaDB 10.11 is silent on `SET @@name`.
        case variable(String)

        /// What asks for it.
        var expression: String {
            switch self {
            case .collation: "@@collation_connection"
            case .role: "CURRENT_ROLE()"
            case .variable(let name): "@@\(name)"
            }
        }
    }
}

extension SessionSettings.Content {
    fileprivate var resultKey: [UInt8] {
        var key: [UInt8] = role.map { [1] + $0 + [0] } ?? [0]
        for (name, value) in variables.sorted(by: { $0.key < $1.key }) { key += "\(name)\0\(value)\0".utf8 }
        return key
    }

    fileprivate var fit: StateFit {
        var others = self
        others.schema = nil
        return StateFit(schemaHash: schema.hashValue, settingsHash: others.hashValue)
    }

    /// What a login leaves behind.
    ///
    /// A server that doesn't know the collation, or whose statements can't be in its character set, takes its own.
    static func login(collation: UInt8, schema: [UInt8]?, takesSeveralStatements: Bool) -> Self {
        var content = Self(schema: schema, takesSeveralStatements: takesSeveralStatements)
        guard let name = Collation.name(collation) else { return content }
        let characterSet = Collation.characterSet(of: name)
        guard Collation.isSpoken(characterSet) else { return content }
        content.variables = [
            "character_set_client": characterSet, "character_set_results": characterSet,
            "collation_connection": name,
        ]
        return content
    }

    /// What COM_RESET_CONNECTION makes of it on a connection that logged in with `login`.
    ///
    /// Variables go back to those of the login; schema, role and COM_SET_OPTION stay.
    func reset(to login: Self) -> Self {
        var content = self
        content.variables = login.variables
        return content
    }
}

extension SessionSettings.Content {
    /// The number of the collation that results come in, as definitions of their columns tell it.
    var resultCollation: UInt16 {
        // NULL: results aren't converted, and what the server itself says is in its own character set.
        guard let characterSet = variables["character_set_results"], !characterSet.isEmpty else { return 33 }
        if let collation = variables["collation_connection"], Collation.characterSet(of: collation) == characterSet {
            return Collation.number(collation) ?? 45
        }
        return Collation.defaultNumber(characterSet) ?? 45
    }
}

extension SQLLexicalMode {
    /// How a server with this status reads statements.
    init(_ status: StatusFlags) {
        self = []
        if status.contains(.noBackslashEscapes) { insert(.noBackslashEscapes) }
        // MariaDB alone tells ANSI_QUOTES.
        if status.rawValue & 0x8000 != 0 { insert(.ansiQuotes) }
    }
}
